"""How two versions of a table differ: the first difference, which an auditor is told, and how many there are.

Rows are compared by the texts of ``content``, so that two tables differ here if and only if their content hashes do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml

from pipelines import database, places
from pipelines.content import Column, cell, columns, row_id, rows
from pipelines.database import Connection, identifier

Key = tuple[tuple[str, str | None], ...]

# What is made for a comparison, and gone after it.
TABLES = ("old_row_id", "new_row_id", "row_excess", "old_key_id", "new_key_id", "row_change")


@dataclass(frozen=True)
class Difference:
    """One thing in which two versions of a table differ.

    Attributes:
        mart: the table's name.
        kind: ``column``, that only one has or that is of another type or in another place; ``row``, that only one has;
            ``value``, of a row that both have.
        key: the row's key, by column, as texts; nothing for a column. Of a table without a key all its cells.
        column: the column; nothing for a row.
        old: value, type or place in the old table, as text; None for null, and for what isn't there.
        new: the same in the new table.
        only_in: ``old`` or ``new`` for what only one of them has.
    """

    mart: str
    kind: Literal["column", "row", "value"]
    key: Key = ()
    column: str = ""
    old: str | None = None
    new: str | None = None
    only_in: Literal["", "old", "new"] = ""

    @property
    def sentence(self) -> str:
        """The difference in words; it may hold exact counts."""
        about = ", ".join(f"{name}={shown(value)}" for name, value in self.key)
        if self.kind == "row":
            return f"{self.mart}: a row that only the {self.only_in} table has: {about}"
        if self.kind == "value":
            return f"{self.mart}: {about}: {self.column}: {shown(self.old)} → {shown(self.new)}"
        if self.only_in:
            return f"{self.mart}: a column that only the {self.only_in} table has: {self.column}"
        return f"{self.mart}: the column {self.column}: {self.old} → {self.new}"


@dataclass(frozen=True)
class Differences:
    """How much two versions of a table differ.

    Attributes:
        mart: the table's name.
        added: rows that only the new table has, by their key.
        removed: rows that only the old one has.
        revised: rows that both have, with another value in some column. Without a key none: what changed was removed
            and added.
        columns: of the revised rows, how many differ in each column, the columns in the table's order.
        shape: columns that only one table has, or that are of another type or in another place. Rows are compared by
            the columns that both have with one type.
        examples: the first revised rows, in the order of their keys: for each the values that differ.
    """

    mart: str
    added: int = 0
    removed: int = 0
    revised: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)
    shape: tuple[Difference, ...] = ()
    examples: tuple[tuple[Difference, ...], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.added or self.removed or self.revised or self.shape)


def shown(value: str | None) -> str:
    """Return a value as it is told: null and an empty text are words."""
    return "nothing" if value is None else value or "an empty text"


def keys(mart: str) -> tuple[str, ...]:
    """Return the columns that tell the rows of a mart apart, in order; none where no contract says which."""
    path = places.CONTRACTS / "marts" / f"{mart}.yaml"
    return tuple(yaml.safe_load(path.read_text(encoding="utf-8"))["key"]) if path.is_file() else ()


def first_difference(
    con: Connection, mart_name: str, old: Path, new: Path, key: Sequence[str] = ()
) -> Difference | None:
    """Return the first thing in which two versions of a table differ; None if their content is the same.

    Columns come before rows, and rows in the order of their keys, null first; within a row the table's columns.

    Args:
        con: any database; nothing is left in it.
        mart_name: what the table is called in the answer.
        old: the Parquet file as it was.
        new: the Parquet file as it is.
        key: the columns that tell its rows apart; without any, whole rows are compared.

    Raises:
        UnknownTypeError: a column has a type of which it isn't said how its values are compared.
        ValueError: the key names a column that neither table has.
    """
    tables = _Tables(con, mart_name, old, new, key)
    if tables.shape:
        return tables.shape[0]
    with _row_changes(tables):
        return next((cells[0] for cells in _in_key_order(tables, 1)), None)


def differences(
    con: Connection, mart_name: str, old: Path, new: Path, key: Sequence[str] = (), examples: int = 0
) -> Differences:
    """Return how many rows were added, removed and revised between two versions of a table, and in which columns.

    Args:
        con: any database; nothing is left in it.
        mart_name: what the table is called in the answer.
        old: the Parquet file as it was.
        new: the Parquet file as it is.
        key: the columns that tell its rows apart; without any, and where only one table has one of them, whole rows
            are compared.
        examples: so many of the revised rows are given with their values.

    Raises:
        UnknownTypeError: a column has a type of which it isn't said how its values are compared.
        ValueError: the key names a column that neither table has.
    """
    tables = _Tables(con, mart_name, old, new, key)
    with _row_changes(tables):
        ((added, removed, revised),) = con.execute(database.read_sql("audit/row_change_count")).fetchall()
        return Differences(
            mart_name,
            added,
            removed,
            revised,
            _revised_columns(tables) if revised else {},
            tables.shape,
            tuple(_in_key_order(tables, examples, only_revised=True)) if revised and examples else (),
        )


class _Tables:
    """Two versions of a table, and what of them can be compared: the columns that both have with one type."""

    def __init__(self, con: Connection, mart: str, old: Path, new: Path, key: Sequence[str]) -> None:
        before, after = columns(con, old), columns(con, new)
        names = {column.name for column in (*before, *after)}
        if missing := [name for name in key if name not in names]:
            raise ValueError(f"{mart}: the key names a column that the table hasn't: {missing[0]}")
        self.con, self.mart, self.old, self.new = con, mart, old, new
        self.shape = tuple(_shape(mart, before, after))
        self.columns = [column for column in after if column in before]
        by_name = {column.name: column for column in self.columns}
        # Where only one of them has the whole key, no row of one is a row of the other.
        self.key = [by_name[name] for name in key] if set(key) <= set(by_name) else []

    @property
    def values(self) -> list[Column]:
        """The columns beside the key."""
        return [column for column in self.columns if column not in self.key] if self.key else []

    def cell(self, column: Column, qualifier: str) -> str:
        """Return the SQL of a cell as it is compared."""
        return cell(column, self.mart, qualifier)


def _shape(mart: str, before: Sequence[Column], after: Sequence[Column]) -> Iterator[Difference]:
    """Yield how columns differ, in the order of the old table, and then of the new one."""
    old, new = ({column.name: column.kind for column in one} for one in (before, after))
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new or name not in old:
            yield Difference(
                mart, "column", (), name, old.get(name), new.get(name), "new" if name not in old else "old"
            )
        elif old[name] != new[name]:
            yield Difference(mart, "column", (), name, old[name], new[name])
    were, are = [name for name in old if name in new], [name for name in new if name in old]
    for place, (was, now) in enumerate(zip(were, are, strict=True), start=1):
        if was != now:
            yield Difference(mart, "column", (), was, f"column {place}", f"column {are.index(was) + 1}")
            return


@contextmanager
def _row_changes(tables: _Tables) -> Iterator[None]:
    """Make ``row_change``: which rows of two tables differ, by their numbers in the files."""
    con, sides = tables.con, (("old", tables.old), ("new", tables.new))
    whole = row_id(tables.columns, tables.mart)
    key = row_id(tables.key, tables.mart) if tables.key else whole
    try:
        for side, path in sides:
            found = f"select file_row_number as row_number, {whole} as row_id from {rows(path, numbered=True)}"
            con.execute(f"create or replace temp table {side}_row_id as {found}")
        con.execute(f"create or replace temp table row_excess as {database.read_sql('audit/row_excess')}")
        for side, path in sides:
            con.execute(f"drop table {side}_row_id")
            found = f"select file_row_number as row_number, {key} as key_id from {_excess(side, path)}"
            con.execute(f"create or replace temp table {side}_key_id as {found}")
        con.execute(f"create or replace temp table row_change as {database.read_sql('audit/row_change')}")
        yield
    finally:
        for table in TABLES:
            con.execute(f"drop table if exists {table}")


def _excess(side: str, path: Path) -> str:
    """Return the SQL of the rows of one table that the other hasn't."""
    wanted = f"select row_number from row_excess where side = {database.literal(side)}"
    return f"(select * from {rows(path, numbered=True)} where file_row_number in ({wanted}))"


def _joined(tables: _Tables, *, both: bool) -> str:
    """Return the SQL of the changed rows with the cells that they have in both tables."""
    join = "inner join" if both else "left join"
    return (
        f"row_change {join} {_excess('old', tables.old)} as o on old_row_number = o.file_row_number "
        f"{join} {_excess('new', tables.new)} as n on new_row_number = n.file_row_number"
    )


def _revised_columns(tables: _Tables) -> dict[str, int]:
    """Return in how many revised rows each column differs."""
    counts = ", ".join(
        f"count(*) filter (where {tables.cell(column, 'o')} <> {tables.cell(column, 'n')})" for column in tables.values
    )
    (found,) = tables.con.execute(f"select {counts} from {_joined(tables, both=True)}").fetchall()
    return {column.name: count for column, count in zip(tables.values, found, strict=True) if count}


def _in_key_order(tables: _Tables, limit: int, *, only_revised: bool = False) -> Iterator[tuple[Difference, ...]]:
    """Yield the differences of the first changed rows, a tuple for each row."""
    key = tables.key or tables.columns
    names = [f"coalesce(o.{identifier(column.name)}, n.{identifier(column.name)})" for column in key]
    texts = ", ".join(["old_row_number", "new_row_number", *(f"{name}::varchar" for name in names)])
    # The numbers last: without a key, and in a key of several rows, the order would hang on chance.
    order = ", ".join(f"{name} nulls first" for name in [*names, "old_row_number", "new_row_number"])
    found = tables.con.execute(
        f"select {texts} from {_joined(tables, both=only_revised)} order by {order} limit {limit}"
    ).fetchall()
    for old, new, *values in found:
        about = tuple(zip((column.name for column in key), values, strict=True))
        if old is None or new is None:
            yield (Difference(tables.mart, "row", about, only_in="new" if old is None else "old"),)
        else:
            yield tuple(_revised_cells(tables, about, old, new))


def _revised_cells(tables: _Tables, about: Key, old: int, new: int) -> Iterable[Difference]:
    """Yield the values in which a row of the old table and one of the new differ, in the order of the columns."""
    was, now = (_fetch_row(tables, path, number) for path, number in ((tables.old, old), (tables.new, new)))
    for column in tables.values:
        (old_text, old_cell), (new_text, new_cell) = was[column.name], now[column.name]
        if old_cell != new_cell:
            yield Difference(tables.mart, "value", about, column.name, old_text, new_text)


def _fetch_row(tables: _Tables, path: Path, number: int) -> dict[str, tuple[str | None, str]]:
    """Return the values of a row by column: as text, and as they are compared."""
    both = ", ".join(f"{identifier(column.name)}::varchar, {tables.cell(column, '')}" for column in tables.values)
    query = f"select {both} from {rows(path, numbered=True)} where file_row_number = ?"
    (found,) = tables.con.execute(query, [number]).fetchall()
    pairs = zip(found[::2], found[1::2], strict=True)
    return dict(zip((column.name for column in tables.values), pairs, strict=True))
