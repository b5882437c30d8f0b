"""The reference tables of ``data/reference`` and the method, as relations in the database."""

import csv
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import database, declared, places
from pipelines.database import Connection, identifier, literal
from pipelines.places import DataFolder

TABLES = (
    "areas",
    "catchments",
    "categories",
    "classifications",
    "crosswalk",
    "expected_submissions",
    "footprints",
    "geography",
    "grade_groups",
    "organisations",
    "population",
    "source_values",
    "staff_groups",
    "successions",
)

# Who there is and whom they serve: what a data folder may bring a table of its own for.
OF_A_FOLDER = (
    "areas",
    "catchments",
    "expected_submissions",
    "footprints",
    "geography",
    "organisations",
    "population",
    "successions",
)

# What is true of a cell of such a table that isn't text or empty, and how to write it.
A_DATE = ("try_cast({} as date) is not null", "a date, written YYYY-MM-DD")
A_TEXT = (
    "a text to every spreadsheet: with = + - or @ at its beginning, or behind a semicolon, it could be run as a formula"
)
CELLS = {
    "valid_from": A_DATE,
    "valid_to": A_DATE,
    "effective_on": A_DATE,
    "vintage": A_DATE,
    "weight": ("try_cast({} as decimal(13, 12)) between 0 and 1", "a share from 0 to 1"),
    "population": ("try_cast({} as bigint) >= 0", "a whole number"),
    # These go into public tables, which are opened in spreadsheets.
    "org_code": ("not is_formula({})", A_TEXT),
    "org_name": ("not is_formula({})", A_TEXT),
}

# Settings that say how long rows are kept, and decide no number: an audit of a snapshot mustn't hang on them.
NO_NUMBER = ("retention_months",)

# Shares printed to three decimals sum to nearly 1.
WEIGHTS_TOLERANCE = "0.005"


def load(con: Connection, method: Mapping[str, Any], folder: DataFolder | None = None) -> None:
    """Make a table ``reference_<file>`` of text columns for each reference file, and the one-row table ``method``.

    ``sql/staging`` gives the text its types.

    Args:
        con: the database.
        method: the method in force.
        folder: the data folder, whose own reference tables come before the packaged ones; none without one.

    Raises:
        ValueError: a table of the folder can't be replaced, or isn't written as the packaged one is.
    """
    own = _own_files(folder)
    for name in TABLES:
        if name in own:
            _check_columns(own[name], name)
        read_table(con, name, folder.reference(name) if folder else places.REFERENCE / f"{name}.csv")
        if name in own:
            _check_cells(con, own[name], name)
    con.register("method_row", pa.Table.from_pylist([_one_row(method)]))
    con.execute("create or replace table method as select * from method_row")
    con.unregister("method_row")
    stage(con)


def _own_files(folder: DataFolder | None) -> dict[str, Path]:
    """Return a data folder's own tables, each of which must be one that a folder may bring."""
    own = folder.references() if folder else {}
    for name, path in own.items():
        if name not in OF_A_FOLDER or name not in TABLES:
            raise ValueError(
                f"{path}: a data folder can't bring this table, only {', '.join(OF_A_FOLDER)}; remove the file"
            )
    return own


def stage(con: Connection) -> None:
    """Give the text of the reference tables its types."""
    for path in sorted((places.SQL / "staging").glob("*.sql")):
        database.build(con, f"staging/{path.stem}")


def read_table(con: Connection, name: str, path: Path) -> None:
    """Make the table ``reference_<name>`` of a CSV file, all of it text.

    Raises:
        ValueError: it isn't a CSV table.
    """
    try:
        con.execute(
            f"create or replace table {identifier('reference_' + name)} as select * from "
            f"read_csv({literal(database.only(path))}, all_varchar = true, header = true, delim = ',', quote = '\"', "
            "hive_partitioning = false)"
        )
    except duckdb.InvalidInputException as error:
        raise ValueError(
            f"{path} isn't a CSV table: each line needs as many cells as the first, separated by commas; correct it"
        ) from error


def _columns(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), [])


def _check_columns(path: Path, name: str) -> None:
    """Refuse a table of a data folder whose columns aren't those of the packaged one, in any order."""
    packaged = _columns(places.REFERENCE / f"{name}.csv")
    try:
        own = _columns(path)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} isn't UTF-8 text; save it as UTF-8") from error
    for column in packaged:
        if column not in own:
            raise ValueError(f"{path}: the column '{column}' is missing; add it: the columns are {', '.join(packaged)}")
    for column in own:
        if column not in packaged or own.count(column) > 1:
            what = "unknown" if column not in packaged else "there twice"
            raise ValueError(
                f"{path}: the column '{column}' is {what}; remove it: the columns are {', '.join(packaged)}"
            )


def _check_cells(con: Connection, path: Path, name: str) -> None:
    """Refuse a table of a data folder with a cell of another kind, or a merger that doesn't name its parties."""
    table = identifier(f"reference_{name}")
    for column in _columns(path):
        if column in CELLS:
            is_true, words = CELLS[column]
            cell = identifier(column)
            line = con.execute(
                f"select min(line) from (select row_number() over () + 1 as line, * from {table}) "
                f"where {cell} is not null and ({is_true.format(cell)}) is not true"
            ).fetchall()[0][0]
            if line:
                raise ValueError(f"{path}, row {line}: {column} isn't {words}; correct the cell")
    if name == "successions":
        _check_successions(con, path)
    if name == "catchments":
        _check_catchments(con, path)


def _check_catchments(con: Connection, path: Path) -> None:
    """Refuse weights that aren't shares of all of a trust's patients, on any day on which there are some."""
    wrong = con.execute(
        """
        with weighted as (
            select
                org_code,
                weight::decimal(13, 12) as weight,
                coalesce(valid_from::date, date '0001-01-01') as valid_from,
                coalesce(valid_to::date, date '9999-12-30') as valid_to
            from reference_catchments
        ),
        turn as (
            select org_code, valid_from as day from weighted
            union
            select org_code, valid_to + 1 as day from weighted
        )
        select turn.org_code, turn.day::date::varchar, sum(weighted.weight)
        from turn
        inner join weighted
            on turn.org_code = weighted.org_code and turn.day between weighted.valid_from and weighted.valid_to
        group by turn.org_code, turn.day
        having abs(coalesce(sum(weighted.weight), 0) - 1) > ?::decimal(13, 12)
        order by turn.org_code, turn.day
        limit 1
        """,
        [WEIGHTS_TOLERANCE],
    ).fetchall()
    for org_code, day, total in wrong:
        when = "" if day == "0001-01-01" else f" on {day}"
        raise ValueError(
            f"{path}: the weights of {org_code}{when} sum to {total.normalize():f}; they are the shares of all of its "
            "patients and sum to 1: add the areas that are missing, or correct the weights or their dates"
        )


def _check_successions(con: Connection, path: Path) -> None:
    numbered = "(select row_number() over () + 1 as line, * from reference_successions)"
    incomplete = con.execute(
        f"select min(line) from {numbered} where effective_on is null or kind is null "
        "or kind not in ('merged', 'renamed', 'split')"
    ).fetchall()[0][0]
    if incomplete:
        raise ValueError(
            f"{path}, row {incomplete}: kind must be merged, renamed or split, and effective_on a date; correct the row"
        )
    alone = con.execute(
        f"select min(line) from (select * from {numbered} where kind = 'merged' "
        "qualify count(*) over (partition by successor_code, effective_on) = 1)"
    ).fetchall()[0][0]
    if alone:
        raise ValueError(
            f"{path}, row {alone}: a merger has at least two parties; give each a row of its own, also the successor "
            "to itself if it kept its code, or write renamed"
        )


def method(folder: DataFolder) -> dict[str, Any]:
    """Return the method: the packaged one, overridden by the data folder's own key by key, also within a mapping.

    Raises:
        ValueError: the folder's own method isn't YAML, or has a setting that doesn't exist or is of another kind.
    """
    packaged, *own = folder.methods()
    settings = _settings(packaged)
    for path in own:
        for name, value in _settings(path).items():
            settings[name] = _override(path, str(name), settings.get(name), value)
    return settings


def deciding(method: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that decide a number: a snapshot is named by these, and holds no others."""
    return {name: value for name, value in method.items() if name not in NO_NUMBER}


def _settings(path: Path) -> dict[str, Any]:
    settings = declared.read(path, called=str(path))
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ValueError(f"{path} holds no settings; write each as 'name: value'")
    return settings


def _override(path: Path, name: str, packaged: Any, own: Any) -> Any:
    """Return a setting's own value, of the kind of the packaged one; a mapping keeps what its own doesn't name."""
    if packaged is None:
        raise ValueError(
            f"{path}: there is no setting '{name}'; the settings are those of {places.REFERENCE / 'method.yaml'}"
        )
    if _kind(own) != _kind(packaged) and not (isinstance(packaged, float) and _kind(own) == "a whole number"):
        raise ValueError(f"{path}: {name} must be {_kind(packaged)}, and is {_kind(own)}")
    if isinstance(packaged, float):
        return float(own)
    if isinstance(packaged, dict):
        inner = {key: _override(path, f"{name}.{key}", packaged.get(key), value) for key, value in own.items()}
        return packaged | inner
    if isinstance(packaged, list):
        return _override_list(path, name, packaged, own)
    return own


def _override_list(path: Path, name: str, packaged: list[Any], own: list[Any]) -> list[Any]:
    """Return a list of a method's own; an empty one would make what it lists vanish in silence."""
    if not own:
        raise ValueError(f"{path}: {name} is empty; name at least one, or leave the setting out")
    for one in own:
        if _kind(one) != _kind(packaged[0]) or (isinstance(one, dict) and set(one) != set(packaged[0])):
            keys = f" of {', '.join(packaged[0])}" if isinstance(packaged[0], dict) else ""
            raise ValueError(f"{path}: each of {name} must be {_kind(packaged[0])}{keys}")
    return own


def _kind(value: Any) -> str:
    """Name the kind of a setting's value, in words."""
    if isinstance(value, float):
        return "a number" if math.isfinite(value) else "not a finite number"
    # A bool is an int to Python, and isn't a number to anybody else.
    kinds: dict[type, str] = {
        bool: "yes or no",
        int: "a whole number",
        str: "a text",
        list: "a list",
        dict: "a mapping",
        type(None): "empty",
    }
    return kinds.get(type(value), f"a {type(value).__name__}")


def _one_row(method: Mapping[str, Any]) -> dict[str, Any]:
    """Spell the method out as one row, in which the classifications of all characteristics are one list."""
    row = dict(method)
    row["classifications"] = [name for names in method["classifications"].values() for name in names]
    return row


@cache
def source_values() -> tuple[dict[str, str], ...]:
    """Return how senders' values become categories: the rows of ``source_values.csv``."""
    with (places.REFERENCE / "source_values.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def coded_lists() -> dict[str, tuple[dict[str, str], ...]]:
    """Return how senders' words become codes, of grades and the like: the rows of ``coded_values.csv``, by list."""
    with (places.REFERENCE / "coded_values.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["value_list"] for row in rows}
    return {name: tuple(row for row in rows if row["value_list"] == name) for name in names}


@cache
def codes(column: str) -> tuple[str, ...]:
    """Return the codes of a contract's ``reference``: every grade, or every staff group."""
    name = {"grade": "grade_groups", "staff_group": "staff_groups"}[column]
    with (places.REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(sorted({row[column] for row in csv.DictReader(file)}))


def files(folder: DataFolder) -> list[Path]:
    """Return every file of the reference data that is used, in order: what a snapshot names beside the extracts."""
    packaged = {path.name: path for path in places.REFERENCE.iterdir() if _is_used(path)}
    own = {path.name: path for path in _own_files(folder).values()}
    return [path for _, path in sorted((packaged | own).items())]


def _is_used(path: Path) -> bool:
    """Tell whether a packaged file is reference data: not what the sample is drawn from, nor an editor's copy."""
    return path.suffix in (".csv", ".yaml") and not path.name.startswith(("sample_", "."))
