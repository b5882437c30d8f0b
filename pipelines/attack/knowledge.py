"""Public knowledge: what others made public about the same people, as ``DIR/public_knowledge/*.csv`` says.

A file of counts has the columns of ``COUNTS``: an exact count that anybody can look up, as in an employer's own returns
or on the page that names its board. A file whose name begins with ``movements`` has those of ``MOVEMENTS``: everything
that changed at an employer between two dates, so that whatever it doesn't name is known not to have changed. In both a
row about a kind of answer has no classification, and ``known``, ``declined``, ``missing`` or ``unknown`` as its
category.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from pipelines.attack.known import ANSWER, CELL, SLAB, TABLE, Group, Key, Label, Rule, Sighting, Sum

FOLDER = "public_knowledge"

COUNTS = (
    *("as_at_date", "org_code", "employment_type", "grade_group", "clinical"),
    *("characteristic", "classification", "category", "headcount", "source"),
)
MOVEMENTS = (
    *("org_code", "employment_type", "from_date", "to_date", "grade", "clinical"),
    *("characteristic", "classification", "category", "change", "source"),
)

Change = tuple[tuple[str, str], Label, int]


class KnowledgeError(ValueError):
    """A file of public knowledge that can't be read; the message says which row, and what to write."""


@dataclass
class Knowledge:
    """What others made public.

    ``sums`` are counts by table, ``changes`` all changes of one employer and employment type between two dates.
    """

    sums: dict[Key, list[tuple[tuple[str, str], Label, int]]] = field(default_factory=dict)
    changes: dict[tuple[str, str, str, str], list[Change]] = field(default_factory=dict)

    def sums_of(self, key: Key, groups: Iterable[Group]) -> list[Sum]:
        """Return the counts about a table as sums over its groups of slabs.

        Args:
            key: the table.
            groups: those that its slabs are in.
        """
        names = sorted(set(groups))
        found = []
        for (grade_group, clinical), label, headcount in self.sums.get(key, []):
            fitting = [one for one in names if one[1:] == (grade_group, clinical)]
            # Everybody of an employer, not of one ladder.
            fitting = [one for one in fitting if not one[0]] if grade_group == "all" else fitting
            found += [Sum(one, label, headcount, headcount) for one in fitting]
        return found


def read(folder: Path) -> Knowledge:
    """Read the files of a data folder's public knowledge; nothing where there is no such folder.

    Args:
        folder: the folder with the files.

    Raises:
        KnowledgeError: a file can't be read.
    """
    knowledge = Knowledge()
    for path in sorted(folder.glob("*.csv")):
        is_movements = path.name.startswith("movements")
        for number, row in _rows(path, MOVEMENTS if is_movements else COUNTS):
            label = (row["characteristic"], row["classification"], row["category"])
            if is_movements:
                _day(path, number, row, "from_date")
                _day(path, number, row, "to_date")
                whose = (row["org_code"], row["employment_type"], row["from_date"], row["to_date"])
                change = (row["grade"], row["clinical"]), label, _number(path, number, row, "change")
                knowledge.changes.setdefault(whose, []).append(change)
            else:
                _day(path, number, row, "as_at_date")
                headcount = _number(path, number, row, "headcount")
                if headcount < 0:
                    raise KnowledgeError(f"{path}, row {number}: headcount is below 0; write how many people there are")
                key = (row["as_at_date"], row["org_code"], row["employment_type"])
                knowledge.sums.setdefault(key, []).append(((row["grade_group"], row["clinical"]), label, headcount))
    return knowledge


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != columns:
                raise KnowledgeError(f"{path}: its columns must be {', '.join(columns)}, in this order; write them so")
            rows = [(number, row) for number, row in enumerate(reader, start=2)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise KnowledgeError(f"{path} isn't a CSV table in UTF-8; save it as one") from error
    for number, row in rows:
        if None in row or None in row.values():
            raise KnowledgeError(f"{path}, row {number}: it hasn't {len(columns)} cells; write one for each column")
        if not row["source"].strip():
            raise KnowledgeError(f"{path}, row {number}: source is empty; write where anybody can look it up")
    return rows


def _day(path: Path, number: int, row: Mapping[str, str], column: str) -> None:
    try:
        date.fromisoformat(row[column])
    except ValueError as error:
        raise KnowledgeError(f"{path}, row {number}: {column} isn't a date, written YYYY-MM-DD") from error


def _number(path: Path, number: int, row: Mapping[str, str], column: str) -> int:
    try:
        return int(row[column])
    except ValueError as error:
        raise KnowledgeError(f"{path}, row {number}: {column} isn't a whole number") from error


def sightings(
    knowledge: Knowledge, cells: Mapping[Key, pd.DataFrame], rules: Mapping[tuple[str, str], Rule]
) -> tuple[dict[Key, list[Sighting]], list[str]]:
    """Return what another date's printing tells of a table when every change between the two is known.

    Args:
        knowledge: what others made public.
        cells: of each table the columns of CELL, ``headcount`` and ``printed``.
        rules: how each organisation and date is rounded.

    Returns:
        The sightings by table, and a line for each employer whose changes our counts contradict: these aren't used.
    """
    found: dict[Key, list[Sighting]] = {}
    contradicted = []
    for (org_code, employment_type, before, after), changes in sorted(knowledge.changes.items()):
        keys = (before, org_code, employment_type), (after, org_code, employment_type)
        if not all(key in cells and key[:2] in rules for key in keys):
            continue
        both = _both(cells[keys[0]], cells[keys[1]], changes)
        if both is None or (both["headcount_after"] != both["headcount_before"] + both["change"]).any():
            contradicted.append(f"movements of {org_code}, {employment_type}, {before} to {after}")
            continue
        names = list(CELL)
        then = both[names].assign(printed=both["printed_before"] + both["change"], is_same=True)
        now = both[names].assign(printed=both["printed_after"] - both["change"], is_same=True)
        found.setdefault(keys[1], []).append(Sighting(rules[keys[0][:2]], then))
        found.setdefault(keys[0], []).append(Sighting(rules[keys[1][:2]], now))
    return found, contradicted


def _both(before: pd.DataFrame, after: pd.DataFrame, changes: Iterable[Change]) -> pd.DataFrame | None:
    """Return the cells of two dates beside each other with what changed; None where a change fits no one cell."""
    names = list(CELL)
    both = before.merge(after, how="outer", on=names, suffixes=("_before", "_after"))
    counts = ["headcount_before", "printed_before", "headcount_after", "printed_after"]
    known = before[names].assign(there_before=True).merge(after[names].assign(there_after=True), how="outer", on=names)
    both = both.merge(known, on=names)
    for side in ("before", "after"):
        absent = both[f"there_{side}"].isna()
        both.loc[absent, [f"headcount_{side}", f"printed_{side}"]] = 0
    if both[counts].isna().any(axis=None):
        return None
    both["change"] = 0
    for slab, label, change in changes:
        characteristic, classification, category = label
        wanted = (both[SLAB[0]] == slab[0]) & (both[SLAB[1]] == slab[1]) & (both[ANSWER[0]] == characteristic)
        if classification:
            wanted &= (both["classification"] == classification) & (both["category"] == category)
        else:
            wanted &= (both["answer_status"] == category) & (both["category"] == "")
        if int(wanted.sum()) != 1:
            return None
        both.loc[wanted, "change"] += change
    return both


def by_table(cells: pd.DataFrame) -> dict[Key, pd.DataFrame]:
    """Return the cells of each table."""
    return {
        (str(as_at), str(org_code), str(employment_type)): rows
        for (as_at, org_code, employment_type), rows in cells.groupby(list(TABLE), sort=True)
    }
