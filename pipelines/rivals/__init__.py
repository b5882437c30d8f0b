"""Rivals: what other ways of protecting counts would leak and lose on the same cube, beside our own.

It reads exact counts, and what it finds is about them: internal, and no part of what guards a release.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from math import gcd
from pathlib import Path

import numpy as np

from pipelines import database
from pipelines.database import Connection
from pipelines.rivals import methods
from pipelines.rivals.bounds import Sums, UnprovenError, settle
from pipelines.rivals.methods import HIDDEN, Printed
from pipelines.rivals.table import Ints, Table, groups, tables

# Of one method so many small cells are tried, or somewhat more: of a large cube every n-th table.
MOST_TRIED = 20_000

# Shares are compared as whole numbers of so many to one.
SHARE_UNIT = 10**9

Print = Callable[[Table, Ints], Printed]


class ComparisonError(ValueError):
    """A release on which methods can't be compared."""


@dataclass
class Found:
    """What one method does to a cube: ``cells`` are those of the cube with anybody in them."""

    method: str
    cells: int = 0
    altered: int = 0
    hidden: int = 0
    small: int = 0
    tried: int = 0
    determined: int = 0
    proven_small: int = 0
    seconds: float = 0.0
    count_errors: list[int] = field(default_factory=list)
    share_errors: list[int] = field(default_factory=list)
    shares: int = 0


@dataclass(frozen=True)
class Compared:
    """What every method does to one release's cube; ``every`` n-th table was attacked."""

    as_at: date
    organisations: int
    left_out: tuple[str, ...]
    min_known: int
    every: int
    found: Sequence[Found]


def of_release(
    con: Connection, release: Path, as_at_date: date, progress: Callable[[str], None] = lambda _: None
) -> Compared:
    """Compare on the exact cube of a release, at its as-at date.

    Args:
        con: database with the reference tables and the method of the release.
        release: its folder.
        as_at_date: its date.
        progress: told the name of each method when it is done.

    Raises:
        ComparisonError: the release has no protected counts, no exact ones any more, or nothing to protect.
        UnprovenError: the solver gave no answer, or a count lies outside the bounds that the release states.
    """
    parts = {"exact_headcount": release / "internal" / "headcount.parquet"}
    parts |= {"public_headcount": release / "headcount.parquet", "rounding": release / "rounding.parquet"}
    for name, path in parts.items():
        if not path.is_file():
            raise ComparisonError(
                f"release {release.name} has no {path.relative_to(release)}; 'edi run' makes a release with exact and "
                "protected counts, which is what can be compared"
            )
        database.view(con, name, [path])
    settings = con.execute("select disclosure from method").fetchall()[0][0]
    con.execute("create or replace table run as select ?::date as as_at_date", [as_at_date])
    cube = tables(con, groups(con, settings["held_grade_groups"]))
    stated = {org_code: bounds for org_code, *bounds in con.execute(database.read_sql("rivals/stated")).fetchall()}
    there = sorted({table.name[0] for table, _ in cube})
    if not there:
        raise ComparisonError(f"release {release.name} has no counts that were protected: nothing to compare")
    printed_by = rivals(settings["base"], lambda org_code: stated[org_code])
    every = sampling(cube)
    found = compare(cube, printed_by, settings["min_known_headcount"], every, progress)
    left_out = tuple(sorted(set(stated) - set(there)))
    return Compared(as_at_date, len(there), left_out, settings["min_known_headcount"], every, found)


def sampling(cube: Sequence[tuple[Table, Ints]], most_tried: int = MOST_TRIED) -> int:
    """Return of how many tables one is attacked, so that about so many small cells are tried at most."""
    every = max(1, -(-sum(len(table.small) for table, _ in cube) // most_tried))
    # Seven characteristics, and two or three employment types, come again and again: each has to have its turn.
    while gcd(every, 2 * 3 * 7) > 1:
        every += 1
    return every


def rivals(base: int, bounds: Callable[[str], Sequence[int | None]]) -> dict[str, Print]:
    """Return the methods that are compared, by what they are called, ours last.

    Args:
        base: what our cells are multiples of.
        bounds: the bounds that the release states of an organisation, for sums over held groups and for others.
    """

    def by_number(method: methods.Method) -> Print:
        return lambda table, _: method(table.summed(table.truth), table.labels)

    def release(table: Table, protected: Ints) -> Printed:
        return methods.ours(table, protected, base, *bounds(table.name[0]))

    return {
        "1–4 hidden, rest exact": by_number(methods.suppressed),
        "1–7 hidden, rest nearest 5": by_number(methods.nhs),
        "nearest 5, each by itself": by_number(methods.independent),
        "random by key, each alone": by_number(methods.keyed),
        "controlled, this release": release,
    }


def compare(
    cube: Sequence[tuple[Table, Ints]],
    printed_by: dict[str, Print],
    min_known: int,
    every: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Found]:
    """Return what each method leaks and loses on the same tables.

    Args:
        cube: the tables of each organisation and employment type together, each with its protected values.
        printed_by: the methods, by name.
        min_known: a share is measured where as many people have a known answer, as printed.
        every: small cells of every n-th table are tried, in the tables' order.
        progress: told the name of each method when it is done.

    Raises:
        UnprovenError: the solver gave no answer, or a method's numbers contradict each other.
    """
    found = []
    for name, printing in printed_by.items():
        began = time.perf_counter()
        one = Found(name)
        number = 0
        for _, unit in groupby(cube, key=lambda pair: pair[0].name[:2]):
            printed = [(table, printing(table, protected)) for table, protected in unit]
            for table, numbers in printed:
                _measure_loss(one, table, numbers, min_known)
            chosen = [(number + i) % every == 0 for i in range(len(printed))]
            number += len(printed)
            if any(chosen):
                _measure_leak(one, printed, chosen)
        one.seconds = time.perf_counter() - began
        found.append(one)
        progress(name)
    return found


def _measure_loss(one: Found, table: Table, printed: Printed, min_known: int) -> None:
    values = table.summed(table.truth)
    cells, is_cell = table.cells.size, np.arange(len(values)) < table.cells.size
    is_hidden, is_there = printed.values == HIDDEN, values > 0
    one.cells += int(is_there[:cells].sum())
    one.altered += int((is_cell & is_there & (printed.values != values)).sum())
    one.hidden += int((is_cell & is_there & is_hidden).sum())
    one.small += len(table.small)
    one.count_errors += np.abs(printed.values - values)[is_there & ~is_hidden].tolist()
    for count, known in table.shares:
        if printed.values[known] >= min_known and values[known]:
            one.shares += 1
            if not is_hidden[count]:
                error = Decimal(int(printed.values[count])) / int(printed.values[known])
                error -= Decimal(int(values[count])) / int(values[known])
                one.share_errors.append(int(abs(error) * SHARE_UNIT))


def _measure_leak(one: Found, printed: Sequence[tuple[Table, Printed]], chosen: Sequence[bool]) -> None:
    """Count what is certain of small cells; what one table tells of a slab's total holds in the others too."""
    for table, numbers in printed:
        values = table.summed(table.truth)
        if ((values < numbers.lower) | (values > numbers.upper)).any():
            raise UnprovenError(f"{one.method}: a count of {' '.join(table.name)} lies outside the stated bounds")
    sums = [Sums(table, numbers) for table, numbers in printed]
    for own in sums:
        own.narrow()
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for (table, _), own in zip(printed, sums, strict=True):
        for i, slab in enumerate(table.slabs, start=table.cells.size):
            low, high = totals.get(slab, (0, int(own.ranges.upper[i])))
            totals[slab] = (max(low, int(own.ranges.lower[i])), min(high, int(own.ranges.upper[i])))
    for (table, _), own, is_chosen in zip(printed, sums, chosen, strict=True):
        if not is_chosen:
            continue
        for i, slab in enumerate(table.slabs, start=table.cells.size):
            own.ranges.lower[i], own.ranges.upper[i] = totals[slab]
        own.narrow()
        settle(own, table.small)
        one.tried += len(table.small)
        one.determined += int(own.ranges.is_determined(table.small).sum())
        one.proven_small += int(own.ranges.is_small(table.small).sum())


def spread(errors: Sequence[int]) -> tuple[Decimal, Decimal]:
    """Return the mean of whole numbers, and the least of them that 95 in a hundred don't exceed; 0 of none."""
    if not errors:
        return Decimal(0), Decimal(0)
    rank = (95 * len(errors) + 99) // 100
    return Decimal(sum(errors)) / len(errors), Decimal(sorted(errors)[rank - 1])
