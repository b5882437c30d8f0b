"""What describes a release's tables: their columns, from ``data/contracts``, and the Data Package made of them.

A descriptor depends on the tables and the program only, so that it is the same each time a release is made again. It
has no ``created``, which would be a clock (the ledger says when a release was made), and says no number of rows.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from pipelines import declared, places
from pipelines.disk import file_sha256

PROFILES = "https://datapackage.org/profiles/2.0"

# What the public tables are made of: names and definitions that the project holds under its own licence.
LICENCES = ({"name": "MIT", "title": "MIT License", "path": "https://opensource.org/license/mit"},)
KEYWORDS = ("workforce", "representation", "equality, diversity and inclusion", "NHS", "social care")

MEDIATYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}

DOCUMENTS = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

# As database.twin writes it. It is said in full because Table Dialect takes the ends of lines for CR LF otherwise.
DIALECT = {
    "$schema": f"{PROFILES}/tabledialect.json",
    "header": True,
    "delimiter": ",",
    "lineTerminator": "\n",
    "quoteChar": '"',
    "doubleQuote": True,
}

# The types of Table Schema that a column of a table may have, by its type in DuckDB.
TYPES = {
    "VARCHAR": "string",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "VARCHAR[]": "array",
}


class Column(BaseModel):
    """A column of a table, with its type as Table Schema calls it.

    ``required``: never blank. ``enum``: the only words there are, with their meanings or without. ``minimum`` and
    ``maximum`` can be reached. ``unit`` is empty where the column is no quantity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["string", "integer", "number", "boolean", "date", "array"]
    description: str
    required: bool = False
    unit: str = ""
    enum: dict[str, str] | tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    def field(self, name: str) -> dict[str, Any]:
        """Return the column as a field of a Table Schema; its unit is a property of our own."""
        constraints = {
            "required": self.required or None,
            "enum": list(self.enum) or None,
            "minimum": self.minimum,
            "maximum": self.maximum,
        }
        labelled = isinstance(self.enum, dict) and [
            {"value": value, "label": label} for value, label in self.enum.items()
        ]
        properties = {
            "type": self.type,
            "description": self.description,
            "unit": self.unit or None,
            "categories": labelled or None,
            "constraints": {key: value for key, value in constraints.items() if value is not None} or None,
        }
        return {"name": name, **{key: value for key, value in properties.items() if value is not None}}


class Table(BaseModel):
    """A table of a release. No two rows share its ``key``, in which a blank counts as a value of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    title: str
    description: str
    key: tuple[str, ...]
    columns: dict[str, Column]

    def schema_(self) -> dict[str, Any]:
        """Return the Table Schema.

        A primary key has no blanks: a key that may have some is a unique key.
        """
        is_whole = all(self.columns[name].required for name in self.key)
        return {
            "$schema": f"{PROFILES}/tableschema.json",
            "fields": [column.field(name) for name, column in self.columns.items()],
            **({"primaryKey": list(self.key)} if is_whole else {"uniqueKeys": [list(self.key)]}),
            "missingValues": [""],
        }


@cache
def load(table: str, *, is_protected: bool = False) -> Table:
    """Read what describes a table; of a mart that is published too, what describes the protected one or the exact."""
    protected = places.PUBLIC_CONTRACTS / f"{table}.yaml"
    path = protected if is_protected and protected.is_file() else places.MART_CONTRACTS / f"{table}.yaml"
    return Table.model_validate(declared.read(path))


def field_type(duckdb_type: str) -> str:
    """Return what Table Schema calls a type of DuckDB's.

    Raises:
        KeyError: no table has a column of this type.
    """
    return "number" if duckdb_type.startswith("DECIMAL") else TYPES[duckdb_type]


def datapackage(
    tables: Sequence[Path],
    *,
    name: str,
    title: str,
    description: str,
    version: str,
    content_hashes: Mapping[str, str],
    licences: Sequence[Mapping[str, str]] = (),
    is_protected: bool = False,
    documents: Sequence[Path] = (),
) -> dict[str, Any]:
    """Return the Data Package (version 2) of the tables in one folder, in which it is to lie as ``datapackage.json``.

    Args:
        tables: the Parquet files; one that has a CSV twin beside it makes two resources.
        name: of the package: lower-case letters, digits, dots, hyphens and underscores.
        title: in words.
        description: what it is, and how it may be used.
        version: of what is described.
        content_hashes: of each table the hash of its content, whatever the bytes of its file.
        licences: under which it is published; none where it isn't.
        is_protected: whether the counts in it are.
        documents: what was written from the tables, in folders below that of the tables.

    Raises:
        KeyError: a table has no content hash.
        FileNotFoundError: no file in ``data/contracts/marts`` describes a table.
    """
    return {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": name,
        "title": title,
        "description": description,
        "version": version,
        "keywords": list(KEYWORDS),
        **({"licenses": [dict(licence) for licence in licences]} if licences else {}),
        "resources": [
            _resource(path, content_hashes[path.stem], is_protected)
            for table in sorted(tables, key=lambda path: path.name)
            for path in (table, table.with_suffix(".csv"))
            if path == table or path.is_file()
        ]
        + [_document(path, tables[0].parent) for path in documents],
    }


def _document(path: Path, folder: Path) -> dict[str, Any]:
    """Return a board pack, or a part of one, as a resource that is no table."""
    name = path.relative_to(folder).as_posix()
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": re.sub(r"[^a-z0-9]+", "-", name.lower()),
        "path": name,
        "title": f"Board pack of {path.relative_to(folder).parts[1]}",
        "format": path.suffix.removeprefix("."),
        "mediatype": DOCUMENTS[path.suffix],
        "bytes": path.stat().st_size,
        "hash": f"sha256:{file_sha256(path)}",
    }


def _resource(path: Path, content_hash: str, is_protected: bool) -> dict[str, Any]:
    table = load(path.stem, is_protected=is_protected)
    form = path.suffix.removeprefix(".")
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": path.stem if form == "parquet" else f"{path.stem}-{form}",
        "type": "table",
        "path": path.name,
        "title": table.title,
        "description": table.description,
        "format": form,
        "mediatype": MEDIATYPES[form],
        **({"encoding": "utf-8", "dialect": dict(DIALECT)} if form == "csv" else {}),
        "bytes": path.stat().st_size,
        "hash": f"sha256:{file_sha256(path)}",
        "contentHash": content_hash,
        "schema": table.schema_(),
    }
