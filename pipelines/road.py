"""The road from the landing folder to a release, walked without a server."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from pipelines import database, earlier, ledger, quarantine, reference, sidecar
from pipelines.database import Connection
from pipelines.freeze import Snapshot, freeze
from pipelines.freeze.owners import GaveWay
from pipelines.ingest import ingest
from pipelines.measure import measure
from pipelines.measure.register import at_work
from pipelines.places import DataFolder
from pipelines.progress import Stage, stage
from pipelines.publish import Release, clear_drafts, publish, staging
from pipelines.quarantine import Quarantined
from pipelines.terminal import LONG_INDENT, print_lines
from pipelines.validate import Validated, validate
from pipelines.waiver import Waiver, Waiving

# How a browser or a transfer calls a file until the whole of it is there; Excel, the mark of a file that it has open.
UNFINISHED = (".crdownload", ".download", ".filepart", ".part", ".partial", ".tmp")
EXCEL_LOCK = "~$"

# Of what a file no longer speaks for, as many are named on its line.
NAMED = 3


class AtWorkError(RuntimeError):
    """Another run is at work in the data folder."""


@dataclass(frozen=True)
class Journey:
    """What became of the landing folder; ``answered`` are the files that were refused or lost rows."""

    validated: Validated
    release: Release
    answered: Sequence[Quarantined]
    stages: Sequence[Stage]


def landed(folder: DataFolder) -> list[Path]:
    """Return the files in the landing folder, in order; ``ignored`` says why others aren't among them."""
    if not folder.landing.is_dir():
        return []
    return sorted(
        path
        for path in folder.landing.iterdir()
        if path.is_file()
        and not path.name.startswith((".", EXCEL_LOCK))
        and path.suffix not in (".yaml", ".yml")
        and path.suffix.lower() not in UNFINISHED
        and not _is_second_name(path)
    )


def _is_second_name(path: Path) -> bool:
    """Tell whether it is a link to a file that lies beside it."""
    return path.is_symlink() and path.resolve().parent == path.parent.resolve()


def ignored(folder: DataFolder) -> list[str]:
    """Say of everything in the landing folder that ``landed`` leaves out why it does: one line each, in order."""
    if not folder.landing.is_dir():
        return []
    files = landed(folder)
    read = {*files, *map(sidecar.beside, files)}
    return [
        f"ignored   {path.name}: {_why_ignored(path)}" for path in sorted(folder.landing.iterdir()) if path not in read
    ]


def _why_ignored(path: Path) -> str:
    if path.name.startswith("."):
        return "hidden files aren't read"
    if path.is_dir():
        return "sub-folders of landing aren't read"
    if path.suffix.lower() in UNFINISHED:
        return "it is called as an unfinished download is; under its own name it will be read"
    if path.name.startswith(EXCEL_LOCK):
        return f"Excel puts it beside {path.name.removeprefix(EXCEL_LOCK)} while it has that open"
    if path.is_file() and _is_second_name(path):
        return f"it is a link to {path.resolve().name} beside it, which is read under that name"
    return "it stands beside no extract" if path.is_file() else "it isn't a file that can be read"


@contextmanager
def alone(folder: DataFolder) -> Iterator[None]:
    """Keep other runs out of a data folder, and leave nothing half done in it, however this one ends.

    Raises:
        AtWorkError: another run is at work there; it isn't waited for.
    """
    folder.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.root / ".edi.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise AtWorkError(f"another run is at work in {folder.root}; wait for it to end") from error
    try:
        yield
    finally:
        shutil.rmtree(folder.snapshots / ".work", ignore_errors=True)
        clear_drafts(folder)
        lock.release()


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
    reference.load(con, method, folder)
    return con


def walk(
    folder: DataFolder,
    console: Console,
    as_at_date: date | None = None,
    show: Callable[[Validated], None] = lambda _: None,
) -> Journey:
    """Take whatever lies in the landing folder to a release.

    Args:
        folder: the data folder.
        console: where progress is shown.
        as_at_date: the date to report; None for the latest date of people in post.
        show: told the verdicts as soon as they are known: a run that stops later must not keep them to itself.

    Raises:
        AtWorkError: another run is at work in the data folder.
        NothingToMeasureError: no accepted file counts people in post.
        LayoutError: a layout file can't be used.
        ValueError: the data folder's own method.yaml or a reference table of its own can't be used.
    """
    with alone(folder):
        return _walk(folder, console, as_at_date, show)


def _walk(folder: DataFolder, console: Console, as_at_date: date | None, show: Callable[[Validated], None]) -> Journey:
    files = landed(folder)
    print_lines(console, ignored(folder), rest=f"look into {folder.landing}")
    method = reference.method(folder)
    work = work_folder(folder)
    with open_database(folder, method) as con:
        with stage(console, "ingest", len(files)) as ingesting:
            ingested = ingest(con, folder, files, work, ingesting, ingesting.step)
            rows = sum(extract.rows_in for extract in ingested.extracts)
            ingesting.summary = f"{len(ingested.extracts):,} of {len(files):,} files read, {rows:,} rows"
        with stage(console, "validate", len({extract.feed for extract in ingested.extracts})) as validating:
            before = earlier.taken_in(folder, ingested.extracts, method["total_jump"]["max_days"])
            validated = validate(con, ingested, method, ledger.received(ledger.read(folder.ledger)), validating, before)
            validating.summary = verdict_summary(validated)
        show(validated)
        answered = quarantine.quarantine(con, folder, validated)
        print_lines(console, quarantine.lines(answered), rest=f"each has a folder in {folder.quarantine}")
        with stage(console, "freeze") as freezing:
            snapshot = freeze(folder, validated, method, as_at_date)
            extracts = f"{len(snapshot.extracts):,} extracts"
            freezing.summary = f"snapshot {snapshot.snapshot_id[:12]}, as at {snapshot.as_at_date}, {extracts}"
        print_lines(console, who_gave_way(snapshot.gave_way), LONG_INDENT, f"{folder.ledger} has a line for each")
        with stage(console, "measure") as measuring:
            measured = measure(con, folder, snapshot, staging(folder, snapshot) / "internal", measuring)
            measuring.summary = f"{len(measured.marts)} marts"
        with stage(console, "publish") as publishing:
            release = publish(folder, measured)
            publishing.summary = f"release {release.release_id}, internal part only"
    for one in (ingesting, validating, measuring):
        one.handled = (rows, "rows")
    freezing.handled = (len(snapshot.extracts), "files")
    return Journey(validated, release, answered, (ingesting, validating, freezing, measuring, publishing))


def who_gave_way(gave_way: Sequence[GaveWay]) -> list[str]:
    """Return a line for each file that another takes the place of, wholly or in part."""
    pairs: dict[tuple[str, str, str, str, str], list[str]] = {}
    for one in gave_way:
        pairs.setdefault((one.event, one.feed, one.file, one.by_file, one.reason), []).append(" ".join(one.about))
    lines = []
    for (event, feed, file, by_file, reason), keys in pairs.items():
        more = f" and {len(keys) - NAMED:,} more" if len(keys) > NAMED else ""
        what = ", ".join(keys[:NAMED]) + more
        if event == "superseded":
            why = reason or f"no reason given: 'reason: …' in {by_file}.yaml says it"
            lines.append(f"supersedes  {by_file} takes the place of old file {file} for {feed} data of {what} ({why})")
        else:
            lines.append(f"set aside   {file} for {what}: {by_file} has these people row by row")
    return lines


def waiver_lines(snapshot: Snapshot) -> list[str]:
    """Return a line for each waiver at work in a snapshot: for whom, how many rows, why, who said so, until when."""
    waived: dict[Waiver, list[Waiving]] = {}
    for waiving in (one for extract in snapshot.extracts for one in at_work(extract)):
        waived.setdefault(waiving.waiver, []).append(waiving)
    return [_waiver_line(waiver, waived[waiver]) for waiver in sorted(waived, key=lambda waiver: waiver.name)]


def _waiver_line(waiver: Waiver, waivings: Sequence[Waiving]) -> str:
    column = f" of {waiver.column}" if waiver.column else ""
    whose = sorted({f"{one.code} {one.as_at}" for one in waivings})
    more = f" and {len(whose) - NAMED:,} more" if len(whose) > NAMED else ""
    rows = sum(one.rows for one in waivings)
    return (
        f"waiver    {waiver.name}: {waiver.rule}{column} set aside for {', '.join(whose[:NAMED])}{more}, "
        f"{rows:,} row{'s' * (rows != 1)} ({waiver.reason}; approved by {waiver.approved_by}, until {waiver.expires})"
    )


def verdict_summary(validated: Validated) -> str:
    """Return one line: files accepted and refused, rows by what became of them, and whether they are made up."""
    accepted = validated.accepted
    parts = [
        f"{len(accepted):,} files accepted, {len(validated.refusals):,} refused",
        f"{sum(one.extract.rows_in for one in accepted):,} rows in",
        f"{sum(one.rows_accepted for one in accepted):,} accepted",
        f"{sum(one.rows_rejected for one in accepted):,} rejected",
    ]
    checking = sum(one.rows_checking for one in accepted)
    if checking:
        parts.append(f"{checking:,} checking")
    if any(one.extract.synthetic for one in accepted):
        parts.append("synthetic data")
    return ", ".join(parts)
