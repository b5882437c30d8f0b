"""Revisions: what an earlier snapshot counted at the dates of which files were sent again.

The same SQL is run a second time, in a schema of its own in which the earlier files still speak.
"""

from collections.abc import Callable
from pathlib import Path

from pipelines import database
from pipelines.database import Connection
from pipelines.freeze import FrozenExtract, Revision, Snapshot
from pipelines.measure import parts
from pipelines.places import DataFolder

# From the cube to the counts that are compared.
COUNTED = ("roll_up", "answer_count", "answer_base", "group_count")
COMPARED = ("answer_count", "group_count")


def register(
    con: Connection,
    folder: DataFolder,
    snapshot: Snapshot,
    kept: parts.Kept,
    progress: Callable[[str], None] = lambda _: None,
) -> parts.Kept:
    """Make ``revised_submission`` (whose file was sent again), and ``revised_group`` and ``revised_answer``.

    The latter two say which counts differ from before: of a group, and of who answered.

    Args:
        con: database with the cube and the counts of this snapshot.
        folder: the data folder, in which parts of the earlier extracts are kept too.
        snapshot: its ``revisions`` say whose earlier rows lie where.
        kept: the files of this snapshot's parts.
        progress: told when it is done.

    Returns:
        the files of the earlier extracts' parts.
    """
    con.execute(
        "create or replace table revised_submission "
        "(org_code varchar, as_at_date date, extract varchar, earlier_extract varchar, reason varchar)"
    )
    for one in snapshot.revisions:
        con.execute(
            "insert into revised_submission values (?, ?, ?, ?, ?)", [*one.about, one.by, one.sha256, one.reason]
        )
    earlier: parts.Kept = {}
    if snapshot.revisions:
        earlier = parts.write(con, folder, _earlier(snapshot), snapshot.method, progress)
        # A file that is corrected for one organisation may be in force for another: its part is read once.
        database.view(con, "cube_part", sorted({one["cube_part"] for one in (*kept.values(), *earlier.values())}))
    compare(con, snapshot)
    if snapshot.revisions:
        progress("revisions")
    return earlier


def compare(con: Connection, snapshot: Snapshot, schema: str = "main") -> None:
    """Make ``revised_group`` and ``revised_answer`` of the counts in a schema, which the search path leads to.

    Args:
        con: database with the counts, and ``cube_part`` of the earlier extracts too.
        snapshot: its ``revisions`` say whether anything was sent again.
        schema: where the counts lie.
    """
    for name in COMPARED:
        con.execute(f"create or replace table earlier_{name} as select * from {name} limit 0")
    if snapshot.revisions:
        _count_earlier(con, schema)
    for name in ("revised_group", "revised_answer"):
        database.build(con, f"intermediate/{name}")


def _earlier(snapshot: Snapshot) -> list[FrozenExtract]:
    """Return the extracts that an earlier snapshot held, as far as they spoke for what is revised."""
    owned: dict[tuple[str, str, Path], list[Revision]] = {}
    for one in snapshot.revisions:
        owned.setdefault((one.sha256, one.feed, one.typed), []).append(one)
    return [
        FrozenExtract(
            sha256=sha256,
            feed=feed,
            layout="",
            arrives="",
            typed=typed,
            owns=tuple(one.about for one in revised),
            synthetic=snapshot.synthetic,
            kept=revised[0].kept,
        )
        for (sha256, feed, typed), revised in owned.items()
    ]


def _count_earlier(con: Connection, schema: str) -> None:
    """Fill the tables of ``COMPARED`` with what the earlier files give at the dates that are revised."""
    path = schema if schema == "main" else f"{schema},main"
    con.execute("create schema earlier")
    con.execute(f"set search_path = 'earlier,{path}'")
    try:
        con.execute(
            "create table owned as select coalesce(revised.earlier_extract, owned.extract) as extract, owned.arrives, "
            "owned.org_code, owned.as_at_date from main.owned left join revised_submission as revised "
            "using (org_code, as_at_date) where owned.as_at_date in (select as_at_date from revised_submission)"
        )
        con.execute(f"create table headcount as {database.read_sql('marts/headcount')}")
        for name in COUNTED:
            con.execute(f"create table {name} as {database.read_sql(f'intermediate/{name}')}")
    finally:
        con.execute(f"set search_path = '{path}'")
    for name in COMPARED:
        con.execute(f"insert into earlier_{name} select * from earlier.{name}")
    con.execute("drop schema earlier cascade")
