"""The reference tables of ``data/reference`` and the method, as relations in the database."""

import csv
import math
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


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} isn't UTF-8 text; save it as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise ValueError(f"{path} isn't YAML{where}; write each setting as 'name: value'") from error
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


def files() -> list[Path]:
    """Return every file of the reference data, in order: what a snapshot names beside the extracts."""
    return sorted(path for path in places.REFERENCE.iterdir() if not path.name.startswith("sample_"))
