"""Files in a landing folder, frozen without a rule being asked: that costs most of the time of a run."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from pipelines import contract, database, road
from pipelines.database import Connection
from pipelines.freeze import Snapshot, freeze
from pipelines.ingest import Extract, Ingested, ingest
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
    return ingest(con, folder, road.landed(folder), road.work_folder(folder))


def frozen(con: Connection, folder: DataFolder, texts: Mapping[str, str], as_at_date: date | None = None) -> Snapshot:
    """Write files into the landing folder, and freeze all that lies there."""
    accepted = tuple(entered(con, extract) for extract in read(con, folder, texts).extracts)
    return freeze(folder, Validated(accepted, (), ()), method(folder), as_at_date)
