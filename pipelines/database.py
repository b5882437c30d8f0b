"""DuckDB: a connection with the project's macros, and the SQL files as relations."""

import glob
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from pipelines import disk, places

Connection = duckdb.DuckDBPyConnection

# A Parquet file, its path a parameter. A folder above it called `a=b` is no column.
PARQUET = "read_parquet(?, hive_partitioning = false)"


# How a machine says what may be used of it; neither changes a byte of what comes out.
MEMORY_LIMIT, THREADS = "EDI_MEMORY_LIMIT", "EDI_THREADS"


def connect(threads: int | None = None) -> Connection:
    """Return an in-memory database with every macro of ``sql/macros`` made.

    It writes nothing to disk; ``road.open_database`` gives it a place in the data folder for what memory can't hold.
    EDI_MEMORY_LIMIT says how much memory it may use, EDI_THREADS how many threads where the caller doesn't.

    Raises:
        ValueError: one of the two says nothing that can be meant.
    """
    memory_limit = os.environ.get(MEMORY_LIMIT) or "4GB"
    if not re.fullmatch(r"[1-9]\d{0,5} ?[MG]i?B", memory_limit):
        raise ValueError(f"{MEMORY_LIMIT} is '{memory_limit}', but must be an amount of memory, as 512MB or 4GB")
    said = os.environ.get(THREADS) or ""
    if not re.fullmatch(r"([1-9]\d{0,2})?", said):
        raise ValueError(f"{THREADS} is '{said}', but must be a whole number from 1 to 999")
    con = duckdb.connect()
    con.execute("set enable_progress_bar = false")
    con.execute("set temp_directory = ''")
    con.execute("set memory_limit = ?", [memory_limit])
    if threads or said:
        con.execute("set threads = ?", [threads or int(said)])
    _make_macros(con, sorted((places.SQL / "macros").glob("*.sql")))
    return con


def _make_macros(con: Connection, paths: list[Path]) -> None:
    """Make macros; one that uses another that isn't there yet waits for the next round."""
    waiting: list[Path] = []
    reason: Exception | None = None
    for path in paths:
        try:
            con.execute(path.read_text(encoding="utf-8"))
        except duckdb.CatalogException as error:
            waiting.append(path)
            reason = error.with_traceback(None)  # which would hold this frame, and it the connection, to the end
    if reason and len(waiting) == len(paths):
        raise reason
    if waiting:
        _make_macros(con, waiting)


def read_sql(name: str) -> str:
    """Return the one statement of ``sql/<name>.sql``, without its semicolon."""
    return (places.SQL / f"{name}.sql").read_text(encoding="utf-8").strip().removesuffix(";")


def build(con: Connection, name: str) -> str:
    """Make the table that ``sql/<name>.sql`` selects, called as the file is, and return that name."""
    table = Path(name).name
    con.execute(f"create or replace table {identifier(table)} as {read_sql(name)}")
    return table


def define(con: Connection, name: str) -> str:
    """Make the view that ``sql/<name>.sql`` selects: as ``build``, for a relation too large to keep."""
    relation = Path(name).name
    con.execute(f"create or replace view {identifier(relation)} as {read_sql(name)}")
    return relation


def export(con: Connection, query: str, path: Path, notes: Mapping[str, str]) -> None:
    """Write an ordered query as Parquet; ``notes`` go into the file's key-value metadata.

    The bytes are the same every time as long as ``query`` ends in a total order and sums only integers and decimals.
    """
    metadata = ", ".join(f"{identifier(key)}: {literal(value)}" for key, value in sorted(notes.items()))
    con.execute(
        f"copy ({query}) to {literal(str(path))} (format parquet, compression zstd"
        + (f", kv_metadata {{{metadata}}})" if metadata else ")")
    )


def twin(con: Connection, table: Path, path: Path) -> None:
    """Write the CSV twin of a Parquet file: the same columns and rows in the same order.

    UTF-8 without a mark of it, and as RFC 4180 has it but for the ends of lines, which are LF: a tool that cuts lines
    apart would else keep a CR in the last column, and everything that reads CR LF reads LF. A missing value is an empty
    cell. The bytes are the same every time.
    """
    con.execute(
        f"copy (select * from read_parquet({literal(only(table))}, hive_partitioning = false)) to {literal(str(path))} "
        "(format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr '', dateformat '%Y-%m-%d')"
    )


def export_large(con: Connection, query: str, path: Path, notes: Mapping[str, str]) -> None:
    """Write a query that ends in its order as ``export`` does: its rows first, and then in their order.

    Windows and joins over millions of wide rows take memory, and so does putting these in order: both at once don't fit
    where either does. The bytes are others than those of ``export``, and as much the same every time.
    """
    unordered, _, order = query.rpartition("\norder by")
    draft = path.with_suffix(".draft")
    export(con, unordered, draft, {})
    # Its columns are called as in the query, whose relations aren't there any more.
    columns = re.sub(r"\b\w+\.(?=\w)", "", order)
    export(con, f"select * from {parquet(draft)} order by {columns}", path, notes)
    disk.remove(draft)


def view(con: Connection, name: str, paths: Iterable[Path]) -> None:
    """Make a view over Parquet files of one shape."""
    files = ", ".join(literal(only(path)) for path in paths)
    con.execute(
        f"create or replace view {identifier(name)} as select * from read_parquet([{files}], hive_partitioning = false)"
    )


def parquet(path: Path) -> str:
    """Return the SQL of a Parquet file, where it can be no parameter."""
    return f"read_parquet({literal(only(path))}, hive_partitioning = false)"


def only(path: Path) -> str:
    """Return a file's path as DuckDB reads it: brackets, stars and question marks in it are no pattern."""
    return glob.escape(str(path))


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL, where DuckDB takes no parameter."""
    return "'" + text.replace("'", "''") + "'"
