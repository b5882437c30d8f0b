"""What is kept per extract, so that a new month costs a month: its cube, what became of its rows and of its values."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import database, disk, places
from pipelines.contract import POST_FEEDS
from pipelines.contract import load as contract
from pipelines.database import Connection, identifier, literal
from pipelines.freeze import FrozenExtract, canonical
from pipelines.places import DataFolder

# From assignments to people, over the accepted rows of a batch of staff extracts.
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


def register(
    con: Connection,
    folder: DataFolder,
    extracts: Sequence[FrozenExtract],
    method: Mapping[str, Any],
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, list[Path]]:
    """Make each relation of ``PARTS`` over the parts of all extracts of people in post, computing those not there yet.

    Returns:
        The files of each relation.
    """
    database.build(con, "people/waterfall_step")
    paths = write(con, folder, extracts, method, progress)
    kept = {kind: [parts[kind] for parts in paths.values() if kind in parts] for kind in PARTS}
    for kind, statements in PARTS.items():
        if kept[kind]:
            database.view(con, kind, kept[kind])
        else:
            (feed, statement), *_ = statements.items()
            _accept(con, feed, [])
            con.execute(f"create or replace view {identifier(kind)} as {database.read_sql(statement)}")
    return kept


def write(
    con: Connection,
    folder: DataFolder,
    extracts: Sequence[FrozenExtract],
    method: Mapping[str, Any],
    progress: Callable[[str], None] = lambda _: None,
) -> dict[FrozenExtract, dict[str, Path]]:
    """Compute the parts of extracts of people in post that aren't there yet; return where all of them lie, by kind."""
    paths = _paths(folder, extracts, method)
    for feed in POST_FEEDS:
        missing = [
            extract
            for extract, kinds in paths.items()
            if extract.feed == feed and not all(map(Path.is_file, kinds.values()))
        ]
        for start in range(0, len(missing), EXTRACTS_PER_QUERY):
            batch = missing[start : start + EXTRACTS_PER_QUERY]
            _accept(con, feed, batch)
            for kind, statements in PARTS.items():
                if feed in statements:
                    _write(con, statements[feed], {extract: paths[extract][kind] for extract in batch})
            con.execute("drop table if exists fate")
            progress("cube")
    return paths


def _paths(
    folder: DataFolder, extracts: Sequence[FrozenExtract], method: Mapping[str, Any]
) -> dict[FrozenExtract, dict[str, Path]]:
    """Return where the parts of each extract lie, by kind.

    Each is named by the hash of the extract's typed rows and of the SQL, reference and settings that it depends on.
    """
    definitions = {
        statement: _definition(folder, statement, method)
        for statements in PARTS.values()
        for statement in statements.values()
    }
    return {
        extract: {
            kind: folder.snapshots / kind / f"{_part_name(extract, definitions[statements[extract.feed]])}.parquet"
            for kind, statements in PARTS.items()
            if extract.feed in statements
        }
        for extract in extracts
        if extract.feed in POST_FEEDS
    }


def _part_name(extract: FrozenExtract, definition: str) -> str:
    return hashlib.sha256(f"{extract.sha256} {extract.typed.stem} {definition}".encode()).hexdigest()


def _definition(folder: DataFolder, statement: str, method: Mapping[str, Any]) -> str:
    """Return the hash of a part's SQL and of the SQL, reference and settings that this reads."""
    own = folder.references()
    digest = hashlib.sha256(canonical({name: method[name] for name in PART_SETTINGS}).encode())
    for path in (
        places.SQL / f"{statement}.sql",
        *(places.SQL / "people" / f"{name}.sql" for name in (*PEOPLE, "waterfall_step")),
        *sorted((places.SQL / "macros").glob("*.sql")),
        *sorted((places.SQL / "staging").glob("*.sql")),
        *(own.get(name, places.REFERENCE / f"{name}.csv") for name in PART_REFERENCES),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _accept(con: Connection, feed: str, extracts: Sequence[FrozenExtract]) -> None:
    """Make the view ``accepted`` over the typed rows of some extracts, or of none, and what leads to people."""
    columns = {"extract": "varchar"} | contract(feed).typed
    nothing = ", ".join(f"null::{kind} as {identifier(name)}" for name, kind in columns.items())
    accepted = " union all ".join(
        f"select {literal(extract.sha256)} as extract, * from read_parquet({literal(database.only(extract.typed))})"
        for extract in extracts
    )
    con.execute(f"create or replace view accepted as {accepted or f'select {nothing} where false'}")
    if feed == "staff":
        people(con)


def people(con: Connection) -> None:
    """Make what leads from ``accepted`` to people; ``fate`` is kept, as every part of a staff extract reads it."""
    database.build(con, "people/fate")
    database.define(con, "people/person")


def _write(con: Connection, statement: str, parts: Mapping[FrozenExtract, Path]) -> None:
    """Run a statement on all accepted extracts, which is quicker to plan once, and write what each gives by itself."""
    con.execute(f"create or replace temp table part_batch as {database.read_sql(statement)}")
    for extract, part in parts.items():
        part.parent.mkdir(parents=True, exist_ok=True)
        draft = part.with_suffix(".draft")
        mine = f"select * from part_batch where extract = {literal(extract.sha256)} order by all"
        database.export(con, mine, draft, {})
        disk.replace(draft, part)
    con.execute("drop table part_batch")
