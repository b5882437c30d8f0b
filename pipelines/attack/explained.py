"""Every number of the public tables, worked out again from the printed detail cells: what can't be, tells something."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines import database, seal
from pipelines.attack import files
from pipelines.attack.known import Key, Sum
from pipelines.database import Connection

# Of one table and column so many rows are named.
NAMED = 3

KEY = (
    *("as_at_date", "org_code", "employment_type", "grade_family", "clinical", "grade_group"),
    *("characteristic", "classification", "category", "comparator"),
)

# A count of answers of a kind has no category, but what kind it is.
STATUS = {"known": "known", "declined": "declined", "missing": "missing", "unknown": "unknown"}


@dataclass
class Unexplained:
    """What isn't explained, a line each, and the sums among it by the organisation's table that they are about."""

    lines: list[str] = field(default_factory=list)
    sums: dict[Key, list[Sum]] = field(default_factory=dict)
    count: int = 0


def unexplained(con: Connection, release: Path) -> Unexplained:
    """Hold every count, share, interval and verdict of the public tables to the printed detail cells.

    Args:
        con: database with the reference tables, and the views of ``files.views``.
        release: the release's folder.
    """
    found = Unexplained()
    _prepare(con)
    for row in _rows(con, "attack/unexplained_count"):
        _note(found, row, "count")
        if row["org_level"] == "organisation":
            _add(found, row)
    for statement, kind in (("attack/unexplained_share", "number"), ("attack/unexplained_part", "share")):
        for row in _rows(con, statement):
            _note(found, row, kind)
    for name, column in _inconstant(con):
        found.lines.append(f"{name}.parquet: {column} isn't the same for all grades of a unit")
        found.count += 1
    found.lines += files.twin_problems(con, release) if seal.held(release) else []
    return found


def _prepare(con: Connection) -> None:
    # Who reported: an organisation whose every count is printed as 0 has no cell, and its bounds count as well.
    con.execute("create or replace view headcount as from printed_rounding")
    database.build(con, "intermediate/roll_up")
    con.execute("create or replace view headcount as from printed_headcount")
    for name in ("attack/answer_sum", "attack/group_sum", "attack/base_sum"):
        database.build(con, name)
    database.define(con, "attack/told_count")


def _rows(con: Connection, statement: str) -> list[dict[str, Any]]:
    result = con.execute(database.read_sql(statement))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _note(found: Unexplained, row: dict[str, Any], kind: str) -> None:
    """Name a row that isn't explained by its key, and never by its number."""
    found.count += 1
    named = f"{row['table_name']}.parquet: {row['column_name']}"
    if sum(line.startswith(f"{named} ") for line in found.lines) < NAMED:
        key = " ".join(f"{column}={row[column]}" for column in KEY if row.get(column) not in (None, ""))
        found.lines.append(f"{named} is a {kind} that the printed cells don't give ({key})")


def _add(found: Unexplained, row: dict[str, Any]) -> None:
    group_name = "all" if row["what"] == "family" else str(row["grade_group"])
    group = (str(row["grade_family"]), group_name, str(row["clinical"]))
    if row["what"] in STATUS:
        label = (str(row["characteristic"]), "", STATUS[row["what"]])
    elif row["what"] == "total":
        label = ("total", "total", "all")
    else:
        label = (str(row["characteristic"]), str(row["classification"]), str(row["category"]))
    key = (str(row["as_at_date"]), str(row["org_code"]), str(row["employment_type"]))
    found.sums.setdefault(key, []).append(Sum(group, label, int(row["told"]), int(row["told"])))


def _inconstant(con: Connection) -> list[tuple[str, str]]:
    """Return the residents' shares that differ between grades: they would tell something of the staff."""
    found = []
    for name in ("representation_gap", "trend"):
        for column in ("comparator_share", *(["comparator_unanswered_share"] if name == "representation_gap" else [])):
            query = f"{database.read_sql('attack/inconstant')}"
            query = query.replace("printed_table", f"printed_{name}").replace("told_column", column)
            if con.execute(query).fetchall():
                found.append((name, column))
    return found
