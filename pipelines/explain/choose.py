"""Which number is meant: the mart's one row that has the cells asked for, or what else to say so that there is one."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import database
from pipelines.database import Connection, identifier
from pipelines.explain.words import some

UNIT = ("as_at_date", "org_level", "org_code", "employment_type", "grade_family", "clinical", "grade_group")
GROUP = (*UNIT, "characteristic", "classification", "category")

# The marts whose rows can be explained, each with its key.
KEYS: dict[str, tuple[str, ...]] = {
    "representation_gap": (*GROUP, "comparator"),
    "trend": (*GROUP, "comparator"),
    "grade_profile": GROUP,
    "declaration_rate": (*UNIT, "characteristic"),
    "headcount": (
        *("as_at_date", "org_code", "employment_type", "grade_family", "clinical", "staff_group", "grade"),
        *("characteristic", "classification", "category", "answer_status"),
    ),
}

# What is meant where nothing is said and there is a choice; the release's date stands for the as-at date.
MEANT = {"employment_type": "substantive", "clinical": "all", "grade_group": "all", "grade_family": "all"}


class AskedWronglyError(ValueError):
    """No one number is meant: the mart, a column or a value isn't there, or several rows fit."""


def parse(mart: str, key: Sequence[str]) -> dict[str, str]:
    """Return the cells that are asked for, by column.

    Raises:
        AskedWronglyError: the mart isn't one that is explained, or a word isn't ``column=value`` of its key.
    """
    if mart not in KEYS:
        raise AskedWronglyError(f"'{mart}' is no mart whose numbers are explained; those are {', '.join(KEYS)}")
    wanted: dict[str, str] = {}
    for word in key:
        column, sign, value = word.partition("=")
        if not sign or column not in KEYS[mart]:
            raise AskedWronglyError(
                f"'{word}' says no cell of {mart}; write column=value, where the columns are {', '.join(KEYS[mart])}"
            )
        if column in wanted:
            raise AskedWronglyError(f"{column} is named twice; name it once")
        wanted[column] = value
    return wanted


def row(con: Connection, mart: str, file: Path, wanted: Mapping[str, str], as_at_date: str) -> dict[str, Any]:
    """Return the one row of a mart that has the cells asked for.

    It becomes the table ``asked``, and the mart the view ``mart``.

    Args:
        con: the database.
        mart: the mart's name.
        file: its Parquet file.
        wanted: cells of the key, as text; what isn't named is what is meant most often, if there is a choice.
        as_at_date: the release's date.

    Raises:
        AskedWronglyError: no row has these cells, or several have.
    """
    database.view(con, "mart", [file])
    cells = dict(wanted)
    rows, values = _values(con, mart, cells)
    if not rows:
        raise AskedWronglyError(_nearest(con, mart, cells))
    for column, value in ({"as_at_date": as_at_date} | MEANT).items():
        if len(values.get(column, ())) > 1 and value in values[column]:
            cells[column] = value
            rows, values = _values(con, mart, cells)
    if rows > 1:
        open_ = [f"{column}= one of {some(found)}" for column, found in values.items() if len(found) > 1]
        raise AskedWronglyError(f"{rows:,} rows of {mart} fit; say which one is meant: {'; '.join(open_)}")
    con.execute(f"create or replace table asked as select * from mart where {_condition(cells)}", list(cells.values()))
    result = con.execute("select * from asked")
    names = [column[0] for column in result.description or []]
    return dict(zip(names, result.fetchall()[0], strict=True))


def _condition(cells: Mapping[str, str]) -> str:
    # A cell of the cube's key can be empty: of people without an answer the category.
    return " and ".join(f"coalesce({identifier(column)}::varchar, '') = ?" for column in cells) or "true"


def _columns(con: Connection, mart: str) -> list[str]:
    """Return the columns of a mart's key that the file has: the public cube has no staff groups."""
    there = {name for name, *_ in con.execute("describe mart").fetchall()}
    return [column for column in KEYS[mart] if column in there]


def _values(con: Connection, mart: str, cells: Mapping[str, str]) -> tuple[int, dict[str, list[str]]]:
    """Return how many rows have some cells, and of each column of the key the values that these have."""
    columns = _columns(con, mart)
    lists = ", ".join(f"list(distinct coalesce({identifier(column)}::varchar, ''))" for column in columns)
    query = f"select count(*), {lists} from mart where {_condition(cells)}"
    ((rows, *values),) = con.execute(query, list(cells.values())).fetchall()
    return rows, {column: sorted(found or []) for column, found in zip(columns, values, strict=True)}


def _nearest(con: Connection, mart: str, cells: Mapping[str, str]) -> str:
    """Say which cell no row has, alone or beside the others, and what that column has instead."""
    for column, value in cells.items():
        _, values = _values(con, mart, {})
        if value not in values.get(column, ()):
            return f"no row of {mart} has {column}={value}; {_instead(value, values.get(column, []))}"
    for column in reversed(list(cells)):
        others = {name: value for name, value in cells.items() if name != column}
        rows, values = _values(con, mart, others)
        if rows:
            beside = " ".join(f"{name}={value}" for name, value in others.items())
            there = some(values[column])
            return f"no row of {mart} has {column}={cells[column]} beside {beside}; there {column} is {there}"
    return f"no row of {mart} has all of {' '.join(f'{name}={value}' for name, value in cells.items())}; name fewer"


def _instead(value: str, there: Sequence[str]) -> str:
    alike = {one.lower(): one for one in there}
    near = difflib.get_close_matches(value.lower(), alike, n=5, cutoff=0.6)
    return f"nearest: {', '.join(alike[one] for one in near)}" if near else f"there is {some(there)}"
