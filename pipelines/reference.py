"""The reference tables of ``data/reference`` and the method, as relations in the database."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from pipelines import database, places
from pipelines.database import Connection, identifier, literal
from pipelines.places import DataFolder

TABLES = (
    "areas",
    "categories",
    "classifications",
    "crosswalk",
    "footprints",
    "grade_groups",
    "organisations",
    "population",
    "source_values",
    "staff_groups",
)


def load(con: Connection, method: Mapping[str, Any]) -> None:
    """Make a table ``reference_<file>`` of text columns for each reference file, and the one-row table ``method``.

    ``sql/staging`` gives the text its types.
    """
    for name in TABLES:
        source = literal(str(places.REFERENCE / f"{name}.csv"))
        con.execute(
            f"create or replace table {identifier('reference_' + name)} as "
            f"select * from read_csv({source}, all_varchar = true, header = true, delim = ',', quote = '\"')"
        )
    con.register("method_row", pa.Table.from_pylist([_one_row(method)]))
    con.execute("create or replace table method as select * from method_row")
    con.unregister("method_row")
    for path in sorted((places.SQL / "staging").glob("*.sql")):
        database.build(con, f"staging/{path.stem}")


def method(folder: DataFolder) -> dict[str, Any]:
    """Return the method: the packaged one, overridden key by key by the data folder's own.

    Raises:
        ValueError: the folder's own method has a key that doesn't exist.
    """
    packaged, *own = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.methods())
    for overrides in own:
        unknown = sorted(set(overrides or {}) - set(packaged))
        if unknown:
            raise ValueError(
                f"{folder.root / 'method.yaml'}: there is no setting '{unknown[0]}'; "
                f"the settings are those of {places.REFERENCE / 'method.yaml'}"
            )
        packaged |= overrides or {}
    return dict(packaged)


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
def codes(column: str) -> tuple[str, ...]:
    """Return the codes of a contract's ``reference``: every grade, or every staff group."""
    name = {"grade": "grade_groups", "staff_group": "staff_groups"}[column]
    with (places.REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(sorted({row[column] for row in csv.DictReader(file)}))


def files() -> list[Path]:
    """Return every file of the reference data, in order: what a snapshot names beside the extracts."""
    return sorted(path for path in places.REFERENCE.iterdir() if not path.name.startswith("sample_"))
