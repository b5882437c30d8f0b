"""Measure: a snapshot becomes the cube and the marts, in SQL.

One cube part per extract, named by the hash of what went in and of the SQL, so that a new month costs a month; the cube
is their union. Every mart of representation reads the cube only. What became of each file's rows, and what its values
became, is kept per extract in the same way.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import database, places
from pipelines.contract import load as contract
from pipelines.database import Connection
from pipelines.freeze import POST_FEEDS, FrozenExtract, Snapshot, canonical
from pipelines.places import DataFolder
from pipelines.sidecar import ControlTotal

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
# In this order: the later ones of the staff feed read the earlier ones.
MARTS = (
    *("representation_gap", "trend", "declaration_rate", "grade_profile"),
    *("waterfall", "value_mapping", "reconciliation", "data_quality"),
)

# From assignments to people: views over the accepted rows of a batch of staff extracts.
PEOPLE = ("fate", "person")

# What is kept per extract, by the relation that is the union of all: the statement of each feed.
PARTS = {
    "cube_part": {"staff": "cube/staff", "headcount": "cube/headcount"},
    "fate_count": {"staff": "people/fate_count"},
    "value_count": {"staff": "people/value_count"},
}

# The words of method.counted_as.
POPULATIONS = ("substantive", "bank", "other", "none")

# What else a part depends on, beside the typed rows and the SQL.
PART_REFERENCES = ("grade_groups", "staff_groups", "organisations")
PART_SETTINGS = ("counted_as",)

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
    refuse_unknown_populations(snapshot.method)
    _register_run(con, snapshot)
    _register_senders(con, snapshot)
    _register_parts(con, folder, snapshot, progress)
    marts = [_export(con, "headcount", staging, notes, progress)]
    database.view(con, "headcount", marts)
    for name in INTERMEDIATE:
        database.build(con, f"intermediate/{name}")
        progress(name)
    database.define(con, "intermediate/comparison")
    for name in MARTS:
        path = _export(con, name, staging, notes, progress)
        database.view(con, name, [path])
        marts.append(path)
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


def refuse_unknown_populations(method: Mapping[str, Any]) -> None:
    """Refuse a method that counts somebody in a population that doesn't exist.

    Raises:
        ValueError: ``counted_as`` has another word than those that it may have.
    """
    for kind, population in method["counted_as"].items():
        if population not in POPULATIONS:
            raise ValueError(
                f"method.yaml: counted_as.{kind} is '{population}', but must be one of {', '.join(POPULATIONS)}"
            )


def _register_senders(con: Connection, snapshot: Snapshot) -> None:
    """Make the tables ``extract_rows`` (rows of each file by verdict) and ``control_total`` (what its sender counted).

    A total that names no organisation or no date is about the only one that its file speaks for.
    """
    posts = [extract for extract in snapshot.extracts if extract.feed in POST_FEEDS]
    con.execute(
        "create or replace table extract_rows "
        "(extract varchar, feed varchar, rows_in bigint, accepted bigint, rejected bigint, checking bigint)"
    )
    con.execute(
        "create or replace table control_total (extract varchar, org_code varchar, as_at_date date, people bigint, "
        "assignments bigint, fte decimal(18, 4))"
    )
    for extract in posts:
        counted = [extract.rows.get(name) for name in ("in", "accepted", "rejected", "checking")]
        con.execute("insert into extract_rows values (?, ?, ?, ?, ?, ?)", [extract.sha256, extract.feed, *counted])
        for about, total in _totals(extract).items():
            cells = [extract.sha256, *about, total.people, total.assignments, total.fte]
            con.execute("insert into control_total values (?, ?, ?, ?, ?, ?)", cells)


def _totals(extract: FrozenExtract) -> dict[tuple[str, ...], ControlTotal]:
    """Return a file's control totals by the organisation and date that it speaks for; the first where two say one."""
    totals: dict[tuple[str, ...], ControlTotal] = {}
    for total in extract.control_totals:
        fitting = [
            about
            for about in extract.owns
            if total.organisation in ("", about[0]) and (total.as_at is None or total.as_at.isoformat() == about[1])
        ]
        if len(fitting) == 1:
            totals.setdefault(fitting[0], total)
    return totals


def _register_parts(con: Connection, folder: DataFolder, snapshot: Snapshot, progress: Callable[[str], None]) -> None:
    """Make each relation of ``PARTS`` over the parts of all extracts, computing those that aren't there yet."""
    database.build(con, "people/waterfall_step")
    paths = _part_paths(folder, snapshot)
    for feed in POST_FEEDS:
        missing = [
            extract
            for extract, parts in paths.items()
            if extract.feed == feed and not all(map(Path.is_file, parts.values()))
        ]
        for start in range(0, len(missing), EXTRACTS_PER_QUERY):
            batch = missing[start : start + EXTRACTS_PER_QUERY]
            _accept(con, feed, batch)
            for kind, statements in PARTS.items():
                if feed in statements:
                    _write_parts(con, statements[feed], {extract: paths[extract][kind] for extract in batch})
            progress("cube")
    for kind, statements in PARTS.items():
        parts = [parts[kind] for parts in paths.values() if kind in parts]
        if parts:
            database.view(con, kind, parts)
        else:
            (feed, statement), *_ = statements.items()
            _accept(con, feed, [])
            con.execute(f"create or replace view {database.identifier(kind)} as {database.read_sql(statement)}")


def _part_paths(folder: DataFolder, snapshot: Snapshot) -> dict[FrozenExtract, dict[str, Path]]:
    """Return where the parts of each extract of people in post lie, by kind.

    Each is named by the hash of the extract's typed rows and of the SQL, reference and settings that it depends on.
    """
    definitions = {
        statement: _definition(statement, snapshot.method)
        for statements in PARTS.values()
        for statement in statements.values()
    }
    return {
        extract: {
            kind: folder.snapshots / kind / f"{_part_name(extract, definitions[statements[extract.feed]])}.parquet"
            for kind, statements in PARTS.items()
            if extract.feed in statements
        }
        for extract in snapshot.extracts
        if extract.feed in POST_FEEDS
    }


def _part_name(extract: FrozenExtract, definition: str) -> str:
    return hashlib.sha256(f"{extract.sha256} {extract.typed.stem} {definition}".encode()).hexdigest()


def _definition(statement: str, method: Mapping[str, Any]) -> str:
    """Return the hash of a part's SQL and of the SQL, reference and settings that this reads."""
    digest = hashlib.sha256(canonical({name: method[name] for name in PART_SETTINGS}).encode())
    for path in (
        places.SQL / f"{statement}.sql",
        *(places.SQL / "people" / f"{name}.sql" for name in (*PEOPLE, "waterfall_step")),
        *sorted((places.SQL / "staging").glob("*.sql")),
        *(places.REFERENCE / f"{name}.csv" for name in PART_REFERENCES),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _accept(con: Connection, feed: str, extracts: Sequence[FrozenExtract]) -> None:
    """Make the view ``accepted`` over the typed rows of some extracts, or of none, and what leads to people."""
    columns = {"extract": "varchar"} | contract(feed).typed
    nothing = ", ".join(f"null::{kind} as {database.identifier(name)}" for name, kind in columns.items())
    accepted = " union all ".join(
        f"select {database.literal(extract.sha256)} as extract, * "
        f"from read_parquet({database.literal(str(extract.typed))})"
        for extract in extracts
    )
    con.execute(f"create or replace view accepted as {accepted or f'select {nothing} where false'}")
    if feed == "staff":
        for name in PEOPLE:
            database.define(con, f"people/{name}")


def _write_parts(con: Connection, statement: str, parts: Mapping[FrozenExtract, Path]) -> None:
    """Run a statement on all accepted extracts, which is quicker to plan once, and write what each gives by itself."""
    con.execute(f"create or replace temp table part_batch as {database.read_sql(statement)}")
    for extract, part in parts.items():
        part.parent.mkdir(parents=True, exist_ok=True)
        draft = part.with_suffix(".draft")
        mine = f"select * from part_batch where extract = {database.literal(extract.sha256)} order by all"
        database.export(con, mine, draft, {})
        draft.replace(part)
    con.execute("drop table part_batch")
