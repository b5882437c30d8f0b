"""The content of a table as one hash: the same whatever wrote its Parquet file, and in whatever order the rows lie.

It is the SHA-256 of a head, which names the columns with their types, and of the SHA-256 of every row, sorted, a row
that is there twice counting twice. A row is written as its cells one after the other: ``~`` for null, or the number of
bytes, a colon, and the value as text. So no two rows have one text, whatever their cells hold. The texts are ours, not
DuckDB's choice: a date is its number of days since 1970, a double the 64 digits of its bits. Another version of DuckDB,
or another program, gives the same hash.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import database
from pipelines.database import Connection, identifier, literal

# Stands before everything else that is hashed. Another way to write rows is another number here.
HEAD = "edi content 1"

WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
WIDEST_DECIMAL = 38

ROWS_AT_ONCE = 100_000


class UnknownTypeError(ValueError):
    """A column has a type of which nobody has said how its values are written."""


@dataclass(frozen=True)
class Column:
    """A table's column; ``kind`` is its type in DuckDB's words, as ``DECIMAL(18,9)`` or ``VARCHAR[]``."""

    name: str
    kind: str


def content_sha256(con: Connection, path: Path) -> str:
    """Return the hash of a Parquet table's content: names, order and types of its columns, and a bag of rows.

    Args:
        con: any database; nothing is left in it. Sorting takes some 100 bytes of memory a row, or a temporary folder.
        path: the table.

    Raises:
        UnknownTypeError: a column has a type of which it isn't said how its values are written.
    """
    known = columns(con, path)
    digest = hashlib.sha256(_head(known).encode())
    result = con.execute(f"select {row_id(known, path.name)} as row_id from {rows(path)} order by row_id")
    while found := result.fetchmany(ROWS_AT_ONCE):
        digest.update(b"".join(one for (one,) in found))
    return digest.hexdigest()


def columns(con: Connection, path: Path) -> list[Column]:
    """Return the columns of a Parquet table, in its order."""
    found = con.execute(f"describe select * from {rows(path)}").fetchall()
    return [Column(name, kind) for name, kind, *_ in found]


def rows(path: Path, *, numbered: bool = False) -> str:
    """Return the SQL of a Parquet table; ``numbered`` adds ``file_row_number``, counted from 0.

    Without a word to the contrary a folder above it called ``a=b`` would add a column.
    """
    number = ", file_row_number = true" if numbered else ""
    return f"read_parquet({literal(database.only(path))}, hive_partitioning = false{number})"


def row_id(known: Sequence[Column], table: str) -> str:
    """Return the SQL of the SHA-256, 32 bytes, of some cells of a row.

    Args:
        known: the cells' columns.
        table: the table's name, for the error.

    Raises:
        UnknownTypeError: a column has a type of which it isn't said how its values are written.
    """
    # An empty text first: a row may have no cells.
    cells = ", ".join(["''", *(cell(one, table) for one in known)])
    return f"unhex(sha256(concat({cells})))"


def cell(column: Column, table: str, qualifier: str = "") -> str:
    """Return the SQL of a cell as it is hashed; never null.

    Args:
        column: its column.
        table: the table's name, for the error.
        qualifier: what the relation is called in the query, where it must be said.

    Raises:
        UnknownTypeError: the column has a type of which it isn't said how its values are written.
    """
    name = f"{qualifier}.{identifier(column.name)}" if qualifier else identifier(column.name)
    text = _text(name, column.kind)
    if text is None:
        raise UnknownTypeError(
            f"{table}: column '{column.name}' is of the type {column.kind}, and it isn't said how its values are "
            "hashed; write whole numbers, decimals, doubles, dates, booleans, texts, or lists of these"
        )
    return _delimited(name, text)


def _delimited(name: str, text: str) -> str:
    return f"case when {name} is null then '~' else strlen({text})::varchar || ':' || {text} end"


def _text(name: str, kind: str, depth: int = 0) -> str | None:
    """Return the SQL of a value that isn't null as text; None for a type that isn't known."""
    if kind.endswith("[]"):
        element = f"element_{depth}"
        text = _text(element, kind.removesuffix("[]"), depth + 1)
        # Of an empty list some versions of DuckDB make null.
        return text and f"coalesce(array_to_string([{_delimited(element, text)} for {element} in {name}], ''), '')"
    if kind == "VARCHAR":
        return name
    if kind in WHOLE_NUMBERS:
        return f"{name}::varchar"
    if kind == "BOOLEAN":
        return f"case when {name} then 't' else 'f' end"
    if kind == "DOUBLE":
        return f"{name}::bit::varchar"
    if kind == "DATE":
        # An infinite date has no number of days.
        return f"case when isfinite({name}) then ({name} - date '1970-01-01')::varchar else {name}::varchar end"
    return _decimal(name, kind)


def _decimal(name: str, kind: str) -> str | None:
    """Return the SQL of a decimal as text: a digit before the point, all digits of its scale behind it."""
    if not (found := DECIMAL.fullmatch(kind)):
        return None
    width, scale = map(int, found.groups())
    if width > scale:
        return f"{name}::varchar"
    # Where there is room for none before the point, as in .5, none would be written.
    return f"{name}::decimal({width + 1},{scale})::varchar" if width < WIDEST_DECIMAL else None


def _head(known: Sequence[Column]) -> str:
    words = [word for one in known for word in (one.name, one.kind)]
    return f"{HEAD}:{len(known)}:" + "".join(f"{len(word.encode())}:{word}" for word in words)
