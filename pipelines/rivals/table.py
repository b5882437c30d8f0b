"""Tables: the cube of one date as an organisation's tables, and every number that is published of each of them.

A table is one characteristic of one organisation and employment type: slabs (a grade, clinical or not) by answers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, product

import numpy as np
import numpy.typing as npt

from pipelines import database
from pipelines.database import Connection

Ints = npt.NDArray[np.int64]

# An answer as it was recorded: classification, category, answer status.
Answer = tuple[str, str, str]
TOTAL = "total"

# Every group is published for all its people, and apart for clinical staff and others.
SPLITS = (("clinical", "non_clinical", "unknown"), ("clinical",), ("non_clinical",))


@dataclass(frozen=True)
class Groups:
    """Which sums are published: the grades of each group, and the answers of each reported category.

    ``held`` are the names of the groups that our own method holds most tightly. Where translations are empty, each
    answer is its own category.
    """

    grades: Mapping[str, frozenset[str]]
    held: frozenset[str] = frozenset()
    translations: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """One characteristic of an organisation and employment type, and all its numbers, each a sum of some of its cells.

    Variables are the cells, slab by slab, and then the slabs' totals. Number i is the sum of the variables
    ``members[starts[i] : starts[i + 1]]``; those with one member come first, in the order of the variables.
    """

    name: tuple[str, ...]  # organisation, employment type, characteristic
    slabs: tuple[tuple[str, str], ...]
    answers: tuple[Answer, ...]
    cells: Ints  # slabs × answers
    totals: Ints  # by slab
    labels: tuple[str, ...]
    members: Ints
    starts: Ints
    is_held: npt.NDArray[np.bool_]
    shares: Ints  # pairs of numbers: people with an answer, and people of whom any is known

    @property
    def truth(self) -> Ints:
        """The variables, as they are."""
        return np.concatenate([self.cells.ravel(), self.totals])

    def summed(self, variables: Ints) -> Ints:
        """Return the numbers that values of the variables add up to."""
        sums: Ints = np.add.reduceat(variables[self.members], self.starts[:-1])
        return sums

    @property
    def sizes(self) -> Ints:
        """How many variables each number is the sum of."""
        return np.diff(self.starts)

    @property
    def small(self) -> Ints:
        """The cells of 1 to 4 people."""
        flat = self.cells.ravel()
        return np.flatnonzero((flat >= 1) & (flat <= 4))


def groups(con: Connection, held: Iterable[str]) -> Groups:
    """Read which grades and categories form the groups, in a database that has the reference tables."""
    grades: dict[str, set[str]] = {}
    for family, group, grade in con.execute(
        "select grade_family, grade_group, grade from grade_membership order by all"
    ).fetchall():
        grades.setdefault(f"{family}/{group}", set()).add(grade)
    translations: dict[tuple[str, str, str], list[str]] = {}
    for characteristic, classification, category, into in con.execute(
        "select characteristic, from_classification, from_category, to_classification || '/' || to_category "
        "from translation order by all"
    ).fetchall():
        translations.setdefault((characteristic, classification, category), []).append(into)
    kept = frozenset(held)
    return Groups(
        {name: frozenset(members) for name, members in grades.items()},
        frozenset(name for name in grades if name.split("/")[1] in kept),
        {key: tuple(into) for key, into in translations.items()},
    )


def tables(con: Connection, known: Groups) -> list[tuple[Table, Ints]]:
    """Return the tables that sql/rivals/compared_cell.sql selects, each with the protected values of its variables.

    A characteristic without an answer in a slab, or whose answers there aren't as many as its people, has no sum to
    hold: sql/rivals/compared_cell.sql leaves it out.
    """
    rows = con.execute(database.read_sql("rivals/compared_cell")).fetchall()
    answers: dict[tuple[str, str], list[Answer]] = {}
    for characteristic, classification, category, status in sorted({row[4:8] for row in rows}):
        answers.setdefault((characteristic, classification), []).append((classification, category, status))
    return [
        one
        for key, unit in groupby(rows, key=lambda row: row[:2])
        for one in _unit_tables(key, list(unit), answers, known)
    ]


def _unit_tables(
    key: tuple[str, str],
    rows: Sequence[tuple[str, str, str, str, str, str, str, str, int, int]],
    answers: Mapping[tuple[str, str], Sequence[Answer]],
    known: Groups,
) -> Iterator[tuple[Table, Ints]]:
    total = {row[2:4]: row[8:10] for row in rows if row[4] == TOTAL}
    for characteristic in sorted({row[4] for row in rows} - {TOTAL}):
        own = [row for row in rows if row[4] == characteristic]
        columns = sorted({one for row in own for one in answers[characteristic, row[5]]})
        slabs = sorted({row[2:4] for row in own})
        place = {one: i for i, one in enumerate(columns)}
        level = {one: i for i, one in enumerate(slabs)}
        both = np.zeros((2, len(slabs), len(columns)), np.int64)
        for row in own:
            both[:, level[row[2:4]], place[row[5:8]]] = row[8:10]
        totals = np.array([total[slab] for slab in slabs], np.int64)
        table = make((*key, characteristic), slabs, columns, both[0], totals[:, 0], known)
        yield table, np.concatenate([both[1].ravel(), totals[:, 1]])


def make(
    name: tuple[str, ...],
    slabs: Sequence[tuple[str, str]],
    answers: Sequence[Answer],
    cells: Ints,
    totals: Ints,
    known: Groups,
) -> Table:
    """Return a table with its numbers: cells, totals of slabs, and groups of grades × answers, categories, everybody.

    A number that is the sum of the same cells as another one is published once.
    """
    width, height = len(answers), len(slabs)
    numbers: dict[tuple[int, ...], str] = {}
    held: set[tuple[int, ...]] = set()
    shares: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for s, slab in enumerate(slabs):
        for c, answer in enumerate(answers):
            numbers[s * width + c,] = "|".join((*slab, *answer))
    for s, slab in enumerate(slabs):
        numbers[height * width + s,] = "|".join((*slab, TOTAL))
    columns, is_category, everyone_known = _columns(name[-1], answers, known)
    for (group, grades), split in product(sorted(known.grades.items()), SPLITS):
        inside = [s for s, (grade, clinical) in enumerate(slabs) if grade in grades and clinical in split]
        if not inside:
            continue
        sums = {label: tuple(s * width + c for s in inside for c in places) for label, places in columns.items()}
        # Everybody is the sum of the slabs' totals; where all answers are known, so are those who answered.
        sums[TOTAL] = tuple(height * width + s for s in inside)
        if everyone_known:
            sums["known"] = sums[TOTAL]
        for label, places in sums.items():
            numbers.setdefault(places, f"{group}|{'+'.join(split)}|{label}")
            held.update([places] if group in known.held and split == SPLITS[0] else [])
        shares += [(sums[label], sums["known"]) for label in is_category if "known" in sums]
    ordered = sorted(numbers, key=lambda places: (len(places) > 1, places))
    place = {one: i for i, one in enumerate(ordered)}
    return Table(
        name=name,
        slabs=tuple(slabs),
        answers=tuple(answers),
        cells=cells,
        totals=totals,
        labels=tuple("|".join((*name, numbers[one])) for one in ordered),
        members=np.array([v for one in ordered for v in one], np.int64),
        starts=np.cumsum([0, *(len(one) for one in ordered)]),
        is_held=np.array([one in held for one in ordered]),
        shares=np.array(sorted({(place[a], place[b]) for a, b in shares}), np.int64).reshape(-1, 2),
    )


def _columns(
    characteristic: str, answers: Sequence[Answer], known: Groups
) -> tuple[dict[str, list[int]], list[str], bool]:
    """Return the places of the answers that are published together, by name; which of them are categories; if all are.

    Published are the reported categories, those who answered, and those who didn't, by why not.
    """
    columns: dict[str, list[int]] = {}
    categories: list[str] = []
    for c, (classification, category, status) in enumerate(answers):
        if status == "known":
            own = (f"{classification}/{category}",)
            into = known.translations.get((characteristic, classification, category), () if known.translations else own)
            categories += into
            for label in (*into, "known"):
                columns.setdefault(label, []).append(c)
        else:
            columns.setdefault(status, []).append(c)
    return columns, sorted(set(categories)), all(status == "known" for *_, status in answers)
