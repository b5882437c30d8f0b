"""Files in a landing folder, taken as far as a test needs: frozen without a rule being asked, or counted exactly.

Rules, protection and the attack each cost more of a run's time than all the rest.
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines import contract, database, road
from pipelines.database import Connection
from pipelines.freeze import Snapshot, freeze
from pipelines.ingest import Extract, Ingested, ingest
from pipelines.landing import landed
from pipelines.measure import measure
from pipelines.places import DataFolder
from pipelines.reference import method
from pipelines.validate import Accepted, Validated, rows_about, taken_on


def sha256(text: str) -> str:
    """What an extract of this text is called, with nothing beside it."""
    return hashlib.sha256(text.encode()).hexdigest()


def entered(con: Connection, extract: Extract) -> Accepted:
    """A file of which every row is accepted."""
    typed, terms = extract.typed.with_name(f"{extract.sha256}.accepted.parquet"), contract.load(extract.feed)
    rows = f"read_parquet({database.literal(str(extract.typed))}) where extract = {database.literal(extract.sha256)}"
    database.export(con, f"select {', '.join(terms.typed)} from {rows} order by {', '.join(terms.key)}", typed, {})
    about = rows_about(con, extract.feed, typed)
    days = taken_on(con, extract.feed, typed)
    return Accepted(replace(extract, about=tuple(about)), typed, extract.rows_in, 0, 0, about, days)


def read(con: Connection, folder: DataFolder, texts: Mapping[str, str]) -> Ingested:
    """Write files into the landing folder, and read all that lies there."""
    for name, text in texts.items():
        (folder.landing / f"{name}.csv").write_text(text, encoding="utf-8")
    return ingest(con, folder, landed(folder), road.work_folder(folder))


def frozen(con: Connection, folder: DataFolder, texts: Mapping[str, str], as_at_date: date | None = None) -> Snapshot:
    """Write files into the landing folder, and freeze all that lies there."""
    accepted = tuple(entered(con, extract) for extract in read(con, folder, texts).extracts)
    return freeze(folder, Validated(accepted, (), ()), method(folder), as_at_date)


@dataclass(frozen=True)
class Counted:
    """What became of the landing folder as far as the exact marts, which lie in ``internal``."""

    validated: Validated
    snapshot: Snapshot
    internal: Path

    def mart(self, name: str, columns: str = "*", where: str = "true", order: str = "all") -> list[tuple[Any, ...]]:
        """Some columns of a mart's rows, in order."""
        query = f"select {columns} from read_parquet('{self.internal / name}.parquet') where {where} order by {order}"
        return duckdb.execute(query).fetchall()


def judged(folder: DataFolder) -> tuple[Validated, Snapshot]:
    """Judge what lies in the landing folder, as a run does, and freeze what is accepted."""
    said = method(folder)
    with road.open_database(folder, said) as con:
        ingested = ingest(con, folder, landed(folder), road.work_folder(folder))
        validated = road.judge(con, folder, ingested)
        return validated, freeze(folder, validated, said)


def counted(folder: DataFolder) -> Counted:
    """The same, and compute the exact marts; nothing is protected."""
    validated, snapshot = judged(folder)
    with road.frozen_database(folder, snapshot) as (con, definitions):
        return Counted(validated, snapshot, measured(con, definitions, snapshot))


def measured(con: Connection, folder: DataFolder, snapshot: Snapshot) -> Path:
    """Compute the exact marts of a snapshot; return their folder, in which those of an earlier call are gone."""
    internal = folder.root / "measured" / snapshot.snapshot_id[:12] / "internal"
    shutil.rmtree(internal.parent, ignore_errors=True)
    internal.mkdir(parents=True)
    measure(con, folder, snapshot, internal)
    return internal
