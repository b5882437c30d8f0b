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
from pipelines.freeze.objects import DamagedError, verified
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

# The files of each extract, by kind.
Kept = dict[FrozenExtract, dict[str, Path]]


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
) -> Kept:
    """Make each relation of ``PARTS`` over the parts of all extracts of people in post, computing those not there yet.

    Returns:
        the files of each extract, by relation.
    """
    paths = write(con, folder, extracts, method, progress)
    kept = {kind: [parts[kind] for parts in paths.values() if kind in parts] for kind in PARTS}
    for kind, statements in PARTS.items():
        if kept[kind]:
            database.view(con, kind, kept[kind])
        else:
            (feed, statement), *_ = statements.items()
            _accept(con, feed, [])
            # Kept, empty as it is: what it is made of is gone once the parts of an earlier snapshot are computed.
            empty = identifier(f"no_{kind}")
            con.execute(f"create or replace table {empty} as {database.read_sql(statement)}")
            con.execute(f"create or replace view {identifier(kind)} as from {empty}")
    return paths


def write(
    con: Connection,
    folder: DataFolder,
    extracts: Sequence[FrozenExtract],
    method: Mapping[str, Any],
    progress: Callable[[str], None] = lambda _: None,
) -> Kept:
    """Compute the parts of extracts of people in post that aren't there yet; return where all of them lie, by kind.

    Raises:
        DamagedError: a part, or the rows that one is to be computed from, isn't what its name says.
    """
    database.build(con, "people/waterfall_step")
    names = _names(folder, extracts, method)
    at_hand = {kind: there(folder.snapshots / kind) for kind in PARTS}
    paths = {extract: _found(folder, extract, kinds, at_hand) for extract, kinds in names.items()}
    for feed in POST_FEEDS:
        missing = [
            extract for extract, kinds in names.items() if extract.feed == feed and len(paths[extract]) < len(kinds)
        ]
        for start in range(0, len(missing), EXTRACTS_PER_QUERY):
            batch = missing[start : start + EXTRACTS_PER_QUERY]
            _accept(con, feed, batch)
            for kind, statements in PARTS.items():
                if feed in statements:
                    parts = {extract: folder.snapshots / kind / names[extract][kind] for extract in batch}
                    for extract, part in _write(con, statements[feed], parts).items():
                        paths[extract][kind] = part
            con.execute("drop table if exists fate")
            progress("cube")
    return paths


def outdated(folder: DataFolder, extracts: Sequence[FrozenExtract], method: Mapping[str, Any]) -> list[FrozenExtract]:
    """Return those of rows disposed of whose counts were made by other SQL, lists or settings than today's."""
    kept = [extract for extract in extracts if extract.kept]
    names = _names(folder, kept, method) if kept else {}
    return [
        extract
        for extract, kinds in names.items()
        if any(extract.kept.get(kind, "").split("-")[0] != name for kind, name in kinds.items())
    ]


def _names(
    folder: DataFolder, extracts: Sequence[FrozenExtract], method: Mapping[str, Any]
) -> dict[FrozenExtract, dict[str, str]]:
    """Return how the names of each extract's parts begin, by kind: with the hash of what they depend on.

    That is the extract's typed rows, and the SQL, reference and settings. Behind it stands the hash of their bytes.
    """
    definitions = {
        statement: _definition(folder, statement, method)
        for statements in PARTS.values()
        for statement in statements.values()
    }
    return {
        extract: {
            kind: _part_name(extract, definitions[statements[extract.feed]])
            for kind, statements in PARTS.items()
            if extract.feed in statements
        }
        for extract in extracts
        if extract.feed in POST_FEEDS
    }


def there(folder: Path) -> dict[str, Path]:
    """Return the parts in a folder by how their names begin.

    Raises:
        DamagedError: two stand for the same: one of them was put there.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*-*.parquet")):
        name = path.name.split("-")[0]
        if name in found:
            raise DamagedError(
                f"{found[name]} and {path.name} stand for the same rows: one of them was put there; move away the one "
                "that 'edi ledger verify' has no name for, and find out whose it is"
            )
        found[name] = path
    return found


def _found(
    folder: DataFolder, extract: FrozenExtract, names: Mapping[str, str], there: Mapping[str, Mapping[str, Path]]
) -> dict[str, Path]:
    """Return the parts that are there; for rows that were disposed of those that were kept then."""
    if extract.kept:
        return {kind: verified(folder.snapshots / kind / name) for kind, name in extract.kept.items()}
    return {kind: verified(there[kind][name]) for kind, name in names.items() if name in there[kind]}


def _part_name(extract: FrozenExtract, definition: str) -> str:
    # Half of the hash tells any two apart; paths on Windows are short.
    return hashlib.sha256(f"{extract.sha256} {extract.typed.stem} {definition}".encode()).hexdigest()[:32]


def _definition(folder: DataFolder, statement: str, method: Mapping[str, Any]) -> str:
    """Return the hash of a part's SQL and of the SQL, reference and settings that this reads."""
    digest = hashlib.sha256(canonical({name: method[name] for name in PART_SETTINGS}).encode())
    for path in (
        places.SQL / f"{statement}.sql",
        *(places.SQL / "people" / f"{name}.sql" for name in (*PEOPLE, "waterfall_step")),
        *sorted((places.SQL / "macros").glob("*.sql")),
        *sorted((places.SQL / "staging").glob("*.sql")),
        *(folder.reference(name) for name in PART_REFERENCES),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _accept(con: Connection, feed: str, extracts: Sequence[FrozenExtract]) -> None:
    """Make the view ``accepted`` over the typed rows of some extracts, or of none, and what leads to people."""
    for extract in extracts:
        verified(extract.typed)
    columns = {"extract": "varchar"} | contract(feed).typed
    nothing = ", ".join(f"null::{kind} as {identifier(name)}" for name, kind in columns.items())
    accepted = " union all ".join(
        f"select {literal(extract.sha256)} as extract, * from {database.parquet(extract.typed)}" for extract in extracts
    )
    con.execute(f"create or replace view accepted as {accepted or f'select {nothing} where false'}")
    if feed == "staff":
        people(con)


def people(con: Connection) -> None:
    """Make what leads from ``accepted`` to people; ``fate`` is kept, as every part of a staff extract reads it."""
    database.build(con, "people/fate")
    database.define(con, "people/person")


def _write(con: Connection, statement: str, parts: Mapping[FrozenExtract, Path]) -> dict[FrozenExtract, Path]:
    """Run a statement on all accepted extracts, which is quicker to plan once, and write what each gives by itself.

    Returns:
        the files, whose names end with the hash of their bytes.
    """
    written = {}
    con.execute(f"create or replace temp table part_batch as {database.read_sql(statement)}")
    for extract, part in parts.items():
        part.parent.mkdir(parents=True, exist_ok=True)
        draft = part.with_suffix(".draft")
        mine = f"select * from part_batch where extract = {literal(extract.sha256)} order by all"
        database.export(con, mine, draft, {})
        disk.settle(draft)
        written[extract] = part.with_name(f"{part.name}-{disk.file_sha256(draft)}.parquet")
        disk.replace(draft, written[extract])
    con.execute("drop table part_batch")
    return written
