"""From the cells of an extract to the tables that are rounded each by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from pipelines import database
from pipelines.database import Connection
from pipelines.protect.rounding import Sums, Table, leans

# Whose counts are rounded together, and what a cell is called in there. A cell's name has no date: it leans as it does
# on every date.
TABLE = ("as_at_date", "org_code", "employment_type")
SLAB = ("grade", "clinical")
ANSWER = ("characteristic", "classification", "category", "answer_status")
CELL = (*SLAB, *ANSWER)

EVERYBODY = "total"


@dataclass(frozen=True)
class Groups:
    """The groups of answers and of grades whose sums are published, by what belongs to them."""

    answers: dict[tuple[str, ...], tuple[str, ...]]
    grades: dict[tuple[str, ...], tuple[tuple[str, ...], ...]]
    held: frozenset[tuple[str, ...]]

    def of_answer(self, answer: tuple[str, ...]) -> list[str]:
        """Return the groups of an answer: its status, and each category of a reported classification that it is in."""
        characteristic, classification, category, status = answer
        of_category = self.answers.get((characteristic, classification, category), ()) if status == "known" else ()
        return [f"{characteristic} {status}", *of_category]


def groups(con: Connection) -> Groups:
    """Return the groups whose sums are published.

    Args:
        con: database with the reference tables.
    """
    answers: dict[tuple[str, ...], list[str]] = {}
    for characteristic, source, category, to, group in con.execute(
        "select characteristic, from_classification, from_category, to_classification, to_category from translation"
    ).fetchall():
        answers.setdefault((characteristic, source, category), []).append(f"{to} {group}")
    grades: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    held = set()
    for family, name, split, grade, clinical, is_held in con.execute(
        database.read_sql("protect/grade_split")
    ).fetchall():
        grades.setdefault((grade, clinical), []).append((family, name, split))
        if is_held:
            held.add((family, name, split))
    return Groups(
        {answer: tuple(sorted(of)) for answer, of in answers.items()},
        {grade: tuple(sorted(of)) for grade, of in grades.items()},
        frozenset(held),
    )


def tables(cells: pd.DataFrame, groups: Groups, key: bytes) -> Iterator[tuple[np.ndarray, Table]]:
    """Yield each table of an extract, with the places of its cells in ``cells``; withheld counts are in none.

    Args:
        cells: a row per detail cell: the columns of TABLE and CELL, ``headcount``, and where the cell was published
            before a correction ``earlier_headcount`` and ``earlier_rounded``.
        groups: whose sums are held.
        key: what the leanings are drawn by.
    """
    # By hand: pandas takes longer to group a small table than the solver to round it.
    names = list(zip(*(cells[name].fillna("") for name in (*TABLE, *CELL)), strict=True))
    counts = _whole(cells["headcount"])
    unchanged = _whole(cells["earlier_headcount"]) == counts
    before = np.where(unchanged, _whole(cells["earlier_rounded"]), -1)
    there = sorted(np.flatnonzero(cells["headcount"].notna()).tolist(), key=names.__getitem__)
    for _, of_table in groupby(there, key=lambda place: names[place][: len(TABLE)]):
        places = np.fromiter(of_table, dtype=np.int64)
        # A cell's name has no date.
        called = [names[place][1:] for place in places]
        yield places, _table([name[2:] for name in called], counts[places], before[places], leans(key, called), groups)


def _whole(counts: pd.Series) -> np.ndarray:
    """Return counts as whole numbers, -1 where there is none."""
    return np.asarray(counts.to_numpy(np.int64, na_value=-1))


def _table(
    cells: Sequence[tuple[str, ...]], counts: np.ndarray, before: np.ndarray, lean: np.ndarray, groups: Groups
) -> Table:
    slabs = {slab: number for number, slab in enumerate(dict.fromkeys(cell[:2] for cell in cells))}
    partitions = {part: number for number, part in enumerate(dict.fromkeys(cell[:3] for cell in cells))}
    return Table(
        counts,
        np.array([slabs[cell[:2]] for cell in cells]),
        np.array([-1 if cell[2] == EVERYBODY else partitions[cell[:3]] for cell in cells]),
        lean,
        before,
        _sums(cells, groups),
    )


def _sums(cells: Sequence[tuple[str, ...]], groups: Groups) -> Sums:
    answers = [groups.of_answer(cell[2:]) for cell in cells]
    grades = [groups.grades.get(cell[:2], ()) for cell in cells]
    names = sorted({group for of in grades for group in of})
    return Sums(
        _matrix(answers, sorted({group for of in answers for group in of})),
        _matrix(grades, names),
        np.array([name in groups.held for name in names], dtype=bool),
    )


def _matrix(memberships: Sequence[Sequence[object]], names: Sequence[object]) -> np.ndarray:
    """Return groups × cells of ones where a cell belongs to a group."""
    place = {name: number for number, name in enumerate(names)}
    matrix = np.zeros((len(names), len(memberships)))
    for cell, of in enumerate(memberships):
        for group in of:
            matrix[place[group], cell] = 1
    return matrix
