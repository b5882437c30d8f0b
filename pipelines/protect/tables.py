"""From the cells of an extract to the tables that are rounded each by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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


def tables(cells: pd.DataFrame, groups: Groups, key: bytes) -> Iterator[tuple[pd.Index, Table]]:
    """Return each table of an extract, with the rows of ``cells`` that it is made of; withheld counts are in none.

    Args:
        cells: a row per detail cell: the columns of TABLE and CELL, ``headcount``, and where the cell was published
            before a correction ``earlier_headcount`` and ``earlier_rounded``.
        groups: whose sums are held.
        key: what the leanings are drawn by.
    """
    there = cells[cells["headcount"].notna()]
    for _, rows in there.groupby(list(TABLE), sort=True):
        named = rows.sort_values(list(CELL), kind="stable")
        yield named.index, _table(named, groups, leans(key, _names(named)))


def _names(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return what each cell is called: everything but its date; a blank is a part as any other."""
    named = rows[["org_code", "employment_type", *CELL]].fillna("")
    return list(named.itertuples(index=False, name=None))


def _table(rows: pd.DataFrame, groups: Groups, lean: np.ndarray) -> Table:
    counts = rows["headcount"].to_numpy(np.int64)
    slab = rows.groupby(list(SLAB), sort=True).ngroup().to_numpy()
    partition = rows.groupby([*SLAB, "characteristic"], sort=True).ngroup().to_numpy()
    is_total = rows["characteristic"].eq(EVERYBODY).to_numpy()
    unchanged = rows["earlier_headcount"].eq(rows["headcount"]).fillna(False).to_numpy(bool)
    before = np.where(unchanged, rows["earlier_rounded"].fillna(-1).to_numpy(np.int64), -1)
    return Table(counts, slab, np.where(is_total, -1, partition), lean, before, _sums(rows, groups))


def _sums(rows: pd.DataFrame, groups: Groups) -> Sums:
    answers = [
        groups.of_answer(tuple("" if pd.isna(part) else part for part in answer))
        for answer in rows[list(ANSWER)].itertuples(index=False)
    ]
    grades = [groups.grades.get(tuple(grade), ()) for grade in rows[list(SLAB)].itertuples(index=False)]
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
