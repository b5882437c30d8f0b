"""The road from the landing folder to a release, walked without a server."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines import database, ledger, reference
from pipelines.database import Connection
from pipelines.freeze import freeze
from pipelines.ingest import ingest
from pipelines.measure import measure
from pipelines.places import DataFolder
from pipelines.progress import stage
from pipelines.publish import Release, publish, staging
from pipelines.validate import Validated, validate


@dataclass(frozen=True)
class Journey:
    """What became of the landing folder."""

    validated: Validated
    release: Release


def landed(folder: DataFolder) -> list[Path]:
    """Return the files in the landing folder, in order: neither hidden ones nor sidecars."""
    if not folder.landing.is_dir():
        return []
    return sorted(
        path
        for path in folder.landing.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.suffix not in (".yaml", ".yml")
    )


def work_folder(folder: DataFolder) -> Path:
    """Return an empty folder for typed rows on their way; it holds personal rows and is removed at the end."""
    work = folder.snapshots / ".work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    return work


def open_database(folder: DataFolder, method: Mapping[str, Any]) -> Connection:
    """Return a database with macros and reference tables; what doesn't fit in memory spills into the data folder."""
    spill = folder.snapshots / ".work" / "spill"
    con = database.connect()
    con.execute(f"set temp_directory = {database.literal(str(spill))}")
    reference.load(con, method)
    return con


def walk(folder: DataFolder, console: Console, as_at_date: date | None = None) -> Journey:
    """Take whatever lies in the landing folder to a release.

    Args:
        folder: the data folder.
        console: where progress is shown.
        as_at_date: the date to report; None for the latest date of people in post.

    Raises:
        NothingToMeasureError: no accepted file counts people in post.
        LayoutError: a layout file can't be used.
        ValueError: the data folder's method.yaml has a setting that doesn't exist.
    """
    files = landed(folder)
    method = reference.method(folder)
    work = work_folder(folder)
    con = open_database(folder, method)
    try:
        with stage(console, "ingest", len(files)) as on:
            ingested = ingest(con, folder, files, work, on)
            rows = sum(extract.rows_in for extract in ingested.extracts)
            on.summary = f"{len(ingested.extracts):,} of {len(files):,} files read, {rows:,} rows"
        with stage(console, "validate", len({extract.feed for extract in ingested.extracts})) as on:
            taken_in = ledger.taken_in(ledger.read(folder.ledger))
            validated = validate(con, ingested, method, taken_in, on)
            on.summary = verdict_summary(validated)
        with stage(console, "freeze") as on:
            snapshot = freeze(folder, validated, method, as_at_date)
            extracts = f"{len(snapshot.extracts):,} extracts"
            on.summary = f"snapshot {snapshot.snapshot_id[:12]}, as at {snapshot.as_at_date}, {extracts}"
        with stage(console, "measure") as on:
            measured = measure(con, folder, snapshot, staging(folder, snapshot) / "internal", on)
            on.summary = f"{len(measured.marts)} marts"
        with stage(console, "publish") as on:
            release = publish(folder, measured)
            on.summary = f"release {release.release_id}, internal part only"
    finally:
        con.close()
        shutil.rmtree(work, ignore_errors=True)
    return Journey(validated, release)


def verdict_summary(validated: Validated) -> str:
    """Return one line: files accepted and refused, rows in, accepted, rejected and checking."""
    accepted = validated.accepted
    parts = [
        f"{len(accepted):,} files accepted, {len(validated.refusals):,} refused",
        f"{sum(one.extract.rows_in for one in accepted):,} rows in",
        f"{sum(one.rows_accepted for one in accepted):,} accepted",
        f"{sum(one.rows_rejected for one in accepted):,} rejected",
    ]
    checking = sum(one.rows_checking for one in accepted)
    return ", ".join(parts) + (f", {checking:,} checking" if checking else "")
