"""Measure: a snapshot becomes the cube and the marts, in SQL.

One cube part per extract, named by the hash of what went in and of the SQL, so that a new month costs a month; the cube
is their union. Every mart of representation reads the cube only.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipelines import database, places
from pipelines.contract import load as contract
from pipelines.database import Connection
from pipelines.freeze import POST_FEEDS, FrozenExtract, Snapshot
from pipelines.places import DataFolder

INTERMEDIATE = (
    "roll_up",
    "reporting_date",
    "coverage",
    "answer_count",
    "answer_base",
    "group_count",
    "resident",
    "footprint_residents",
)
MARTS = ("representation_gap", "trend", "declaration_rate", "grade_profile")


EXTRACTS_PER_QUERY = 20


@dataclass(frozen=True)
class Measured:
    """The marts of one snapshot, as Parquet in ``folder``."""

    snapshot: Snapshot
    folder: Path
    marts: tuple[Path, ...]


def measure(
    con: Connection,
    folder: DataFolder,
    snapshot: Snapshot,
    staging: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Compute the marts of a snapshot into ``staging``.

    Args:
        con: database with the reference tables.
        folder: the data folder; cube parts are kept under its snapshots.
        snapshot: what ``freeze`` returned.
        staging: an empty folder for the marts.
        progress: told the name of each step when it is done.
    """
    notes = {"snapshot_id": snapshot.snapshot_id, "synthetic": "yes" if snapshot.synthetic else "no"}
    _register_run(con, snapshot)
    _register_cube_parts(con, folder, snapshot, progress)
    marts = [_export(con, "headcount", staging, notes, progress)]
    database.view(con, "headcount", marts)
    for name in INTERMEDIATE:
        database.build(con, f"intermediate/{name}")
        progress(name)
    database.define(con, "intermediate/comparison")
    marts += [_export(con, name, staging, notes, progress) for name in MARTS]
    return Measured(snapshot, staging, tuple(marts))


def _export(con: Connection, name: str, staging: Path, notes: dict[str, str], progress: Callable[[str], None]) -> Path:
    path = staging / f"{name}.parquet"
    database.export(con, database.read_sql(f"marts/{name}"), path, notes)
    progress(name)
    return path


def _register_run(con: Connection, snapshot: Snapshot) -> None:
    """Make the tables ``run`` (the as-at date), ``owned`` (who speaks for what) and ``landing_population``."""
    con.execute("create or replace table run as select ?::date as as_at_date", [snapshot.as_at_date])
    owned = [(extract, about) for extract in snapshot.extracts for about in extract.owns]
    posts = [(extract, about) for extract, about in owned if extract.feed in POST_FEEDS]
    rows = pa.table(
        {
            "extract": [extract.sha256 for extract, _ in posts],
            "arrives": [extract.arrives for extract, _ in posts],
            "org_code": [about[0] for _, about in posts],
            "as_at_date": [about[1] for _, about in posts],
        }
    )
    con.register("owned_rows", rows)
    con.execute("create or replace table owned as select * replace (as_at_date::date as as_at_date) from owned_rows")
    con.unregister("owned_rows")
    _register_population(con, [extract for extract in snapshot.extracts if extract.feed == "population"])


def _register_population(con: Connection, extracts: list[FrozenExtract]) -> None:
    typed = ", ".join(f"{database.identifier(name)} {kind}" for name, kind in contract("population").typed.items())
    con.execute(f"create or replace table landing_population ({typed})")
    for extract in extracts:
        owns = pa.table({"about": [" ".join(about) for about in extract.owns]})
        con.register("owns", owns)
        con.execute(
            "insert into landing_population select * from read_parquet(?) "
            "where area_code || ' ' || characteristic || ' ' || age_range in (select about from owns)",
            [str(extract.typed)],
        )
        con.unregister("owns")


def _register_cube_parts(
    con: Connection, folder: DataFolder, snapshot: Snapshot, progress: Callable[[str], None]
) -> None:
    """Make the view ``cube_part`` over the cube of every extract of people in post, computing those not yet there."""
    cubes = folder.snapshots / "cube"
    cubes.mkdir(parents=True, exist_ok=True)
    parts = {
        extract: cubes / f"{_part_name(extract)}.parquet" for extract in snapshot.extracts if extract.feed in POST_FEEDS
    }
    for feed in POST_FEEDS:
        missing = [extract for extract, part in parts.items() if extract.feed == feed and not part.is_file()]
        for start in range(0, len(missing), EXTRACTS_PER_QUERY):
            _write_parts(
                con, feed, {extract: parts[extract] for extract in missing[start : start + EXTRACTS_PER_QUERY]}
            )
            progress("cube")
    database.view(con, "cube_part", parts.values())


def _write_parts(con: Connection, feed: str, parts: Mapping[FrozenExtract, Path]) -> None:
    """Compute the cubes of some extracts in one query, which is quicker to plan once, and write each by itself."""
    accepted = " union all ".join(
        f"select {database.literal(extract.sha256)} as extract, * "
        f"from read_parquet({database.literal(str(extract.typed))})"
        for extract in parts
    )
    con.execute(f"create or replace view accepted as {accepted}")
    con.execute(f"create or replace temp table cube_batch as {database.read_sql(f'cube/{feed}')}")
    for extract, part in parts.items():
        draft = part.with_suffix(".draft")
        mine = f"select * from cube_batch where extract = {database.literal(extract.sha256)} order by all"
        database.export(con, mine, draft, {})
        draft.replace(part)
    con.execute("drop table cube_batch")


def _part_name(extract: FrozenExtract) -> str:
    """Return the hash of an extract's typed rows, its SQL and the reference that the SQL reads."""
    digest = hashlib.sha256(extract.typed.stem.encode() + extract.sha256.encode())
    for path in (
        places.SQL / "cube" / f"{extract.feed}.sql",
        *sorted((places.SQL / "staging").glob("*.sql")),
        *(places.REFERENCE / f"{name}.csv" for name in ("grade_groups", "staff_groups", "organisations")),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()
