"""What of a release a stranger can open: only files and columns that are described, and each twin as its table."""

from pathlib import Path

import pyarrow.parquet as pq

from pipelines import database, describe, seal
from pipelines.database import Connection, identifier, literal
from pipelines.gate import COUNTED, WITHOUT_COUNTS

# What may stand in a Parquet file beside its table; the second holds the types of its columns.
METADATA = frozenset({b"snapshot_id", b"synthetic", b"ARROW:schema"})

DUCKDB_TYPES = {
    "string": "varchar",
    "integer": "bigint",
    "number": "decimal(18, 9)",
    "boolean": "boolean",
    "date": "date",
    "array": "varchar[]",
}


def twin_problems(con: Connection, release: Path) -> list[str]:
    """Say which CSV twins aren't as their tables, and which tables carry more than their rows.

    Args:
        con: any database; nothing is left in it.
        release: the release's folder; its files are those that may go out.
    """
    found = []
    for name in (*WITHOUT_COUNTS, *COUNTED):
        table, twin = release / f"{name}.parquet", release / f"{name}.csv"
        if table.is_file():
            more = set(pq.read_metadata(table).metadata or {}) - METADATA
            found += [f"{table.name} carries notes that aren't known" for _ in more][:1]
        if table.is_file() and twin.is_file() and not _same(con, table, twin):
            found.append(f"{twin.name} isn't what {table.name} is")
    return found


def _same(con: Connection, table: Path, twin: Path) -> bool:
    names = [name for name, *_ in con.execute(f"describe from {database.parquet(table)}").fetchall()]
    cells = ", ".join(f"coalesce({identifier(name)}::varchar, '')" for name in names)
    of_twin = (
        f"read_csv({literal(database.only(twin))}, all_varchar = true, header = true, delim = ',', quote = '\"', "
        "escape = '\"', hive_partitioning = false)"
    )
    # Row by row, as a twin has its table's order: a bag of either would hold all of its texts at once.
    (differing,) = con.execute(
        f"select count(*) from (select row({cells}) as printed from {database.parquet(table)}) as of_table "
        f"positional join (select row({cells}) as printed from {of_twin}) as of_twin "
        "where of_table.printed is distinct from of_twin.printed"
    ).fetchall()
    return bool(differing[0] == 0)


def views(con: Connection, release: Path, prefix: str = "printed") -> None:
    """Make a view ``<prefix>_<table>`` of each counted table, without rows where the release has no such table.

    Args:
        con: the database.
        release: the release's folder.
        prefix: what the views' names begin with.
    """
    for name in COUNTED:
        path = release / f"{name}.parquet"
        if path.is_file():
            database.view(con, f"{prefix}_{name}", [path])
            continue
        columns = describe.load(name, is_protected=True).columns
        nothing = ", ".join(f"null::{DUCKDB_TYPES[one.type]} as {identifier(each)}" for each, one in columns.items())
        con.execute(f"create or replace view {identifier(f'{prefix}_{name}')} as select {nothing} where false")


def counts_people(release: Path) -> bool:
    """Tell whether any public table of a release has a quantity in it."""
    there = [path.stem for path in seal.held(release) if path.suffix in (".parquet", ".csv")]
    return any(name in COUNTED or name not in WITHOUT_COUNTS for name in there)
