"""The road from the landing folder to a release, walked without a server."""

import errno
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from pipelines import database, disk, earlier, ledger, quarantine, reference, remains
from pipelines.contract import POST_FEEDS
from pipelines.database import Connection
from pipelines.failure import sentence
from pipelines.freeze import Snapshot, freeze
from pipelines.freeze.owners import GaveWay
from pipelines.freeze.snapshot import definitions
from pipelines.ingest import Extract, Ingested, ingest
from pipelines.landing import ignored, landed
from pipelines.measure import measure, parts
from pipelines.measure.register import at_work
from pipelines.places import DataFolder
from pipelines.progress import Stage, stage
from pipelines.protect import protect, to_be_protected
from pipelines.protect.key import NAME as KEY
from pipelines.protect.key import Key, existing
from pipelines.protect.key import key as disclosure_key_of
from pipelines.publish import Release, clear_drafts, publish, release_id, staging
from pipelines.quarantine import Quarantined
from pipelines.report import report
from pipelines.report.words import SYNTHETIC
from pipelines.seal import INTERNAL
from pipelines.terminal import LONG_INDENT, print_lines
from pipelines.validate import Validated, validate
from pipelines.waiver import Waiver, Waiving

# What a file system that has no locks says of them, by name: not every system has each of these.
NO_LOCKS = ("EINVAL", "ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")

# Of what a file no longer speaks for, as many are named on its line.
NAMED = 3


class AtWorkError(RuntimeError):
    """Another run is, or may be, at work in the data folder."""


class LinkError(ValueError):
    """A link stands where the program keeps a file or folder of its own."""


@dataclass(frozen=True)
class Journey:
    """What became of the landing folder; ``answered`` are the files that were refused or lost rows."""

    validated: Validated
    release: Release
    answered: Sequence[Quarantined]
    stages: Sequence[Stage]


@contextmanager
def alone(folder: DataFolder, wait_seconds: float = 0) -> Iterator[None]:
    """Keep other runs out of a data folder, and leave nothing half done in it, however this one ends.

    Args:
        folder: the data folder.
        wait_seconds: how long to wait for another run to end.

    Raises:
        AtWorkError: another run is at work there, and didn't end in this time; or another machine may be, or have been.
        LedgerError: lines are missing at the end of the ledger.
        LinkError: a link stands where the program keeps a file or folder of its own.
        HeldError: another program holds what was half done.
    """
    _refuse_links(folder)
    folder.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.root / ".edi.lock", fallback_to_soft=False)
    holder = _holder(folder)
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise AtWorkError(f"another run is at work in {folder.root}{_who(holder)}; wait for it to end") from error
    except OSError as error:
        if errno.errorcode.get(error.errno or 0) not in NO_LOCKS:
            raise
        raise AtWorkError(
            f"{folder.root} lies on a file system without locks, and another run couldn't be kept out; put the data "
            "folder on a local disk, or have the share mounted with locks (docs/folders.md)"
        ) from error
    try:
        _refuse_conflict_copies(folder)
        ledger.mend(folder.ledger)
        disk.write_whole(holder, f"process {os.getpid()} on {platform.node()}\n")
        with _left_clean(folder):
            yield
    finally:
        lock.release()


def _refuse_links(folder: DataFolder) -> None:
    """Refuse a data folder in which a link stands for one of the program's own files: it would write or read others.

    The folders themselves may be links: somebody put them on another disk.
    """
    own = (
        folder.root / KEY,
        folder.root / ".edi.lock",
        _holder(folder),
        folder.ledger,
        ledger.head_path(folder.ledger),
    )
    drafts = (path.with_name(f"{path.name}.draft") for path in own)
    below = (link for kept in (folder.snapshots, folder.marts) for link in disk.links(kept))
    for link in chain((path for path in (*own, *drafts) if path.is_symlink()), below):
        raise LinkError(
            f"{link} is a link, and this program follows none from its own files; find out who put it there, put what "
            "it leads to in its place or remove it, and run again"
        )


def _refuse_conflict_copies(folder: DataFolder) -> None:
    """Refuse a data folder in which a synchroniser put two machines' files beside each other.

    Such a folder has no lock that holds on both, and neither ledger is whole.
    """
    for path in (folder.ledger, folder.marts / "current.json", folder.root / ".edi.lock"):
        for copy in disk.conflict_copies(path):
            raise AtWorkError(
                f"{copy} looks like a synchroniser's copy of {path.name}: two machines may have been at work in this "
                f"folder. Stop the synchronising, keep the right one as {path.name}, move the other one out of the "
                "folder, and run again (docs/folders.md)"
            )


def _who(holder: Path) -> str:
    """Return who is at work, or nothing where it doesn't stand there yet, or no longer."""
    try:
        return f" ({holder.read_text(encoding='utf-8').strip()})"
    except OSError:
        return ""


@contextmanager
def _left_clean(folder: DataFolder) -> Iterator[None]:
    """Remove typed rows and drafts at the end; what can't be removed is said, also after another error."""
    try:
        yield
    except BaseException as error:
        try:
            _clear(folder)
        except (disk.HeldError, OSError) as left:
            error.add_note(sentence(left))
        raise
    _clear(folder)


def _clear(folder: DataFolder) -> None:
    """Remove what is half done, each of it whatever becomes of the others."""
    with ExitStack() as each:
        each.callback(disk.remove, _holder(folder))
        each.callback(clear_drafts, folder)
        each.callback(disk.remove_tree, folder.snapshots / ".work")


def _holder(folder: DataFolder) -> Path:
    """Return where it stands who holds the lock: not in the lock, which on Windows nobody else can read."""
    return folder.root / ".edi.holder"


def work_folder(folder: DataFolder) -> Path:
    """Return an empty folder for typed rows on their way; it holds personal rows and is removed at the end.

    Raises:
        HeldError: another program holds what an earlier run left there.
        ValueError: the data folder's path is too long.
    """
    work = folder.snapshots / ".work"
    disk.remove_tree(work)
    work.mkdir(parents=True)
    disk.refuse_long_paths(folder.root, work)
    return work


def open_database(folder: DataFolder, method: Mapping[str, Any]) -> Connection:
    """Return a database with macros and reference tables; what doesn't fit in memory spills into the data folder."""
    spill = folder.snapshots / ".work" / "spill"
    con = database.connect()
    con.execute(f"set temp_directory = {database.literal(str(spill))}")
    reference.load(con, method, folder)
    return con


def put_back(one: Extract, disposed: ledger.Entry) -> str:
    """Say why a file that lies in landing again isn't taken in: an instruction to dispose of rows isn't undone so."""
    return (
        f"ignored   {one.file}: its rows were disposed of on {disposed['at'][:10]} by {disposed['authorised_by']}; the "
        "counts that were kept stand for it, and 'edi dispose' removes it from landing"
    )


def judge_files(con: Connection, folder: DataFolder, files: Sequence[Path], work: Path) -> Validated:
    """Judge files as a run would, and move and keep nothing.

    Args:
        con: database with the reference tables.
        folder: the data folder, with its method and layouts, and what was taken in earlier.
        files: the files.
        work: an empty folder, for typed rows; the caller removes it.
    """
    return judge(con, folder, ingest(con, folder, files, work))


def judge(
    con: Connection, folder: DataFolder, ingested: Ingested, progress: Callable[[str], None] = lambda _: None
) -> Validated:
    """Validate what was ingested, beside what earlier runs took in; files whose rows were disposed of are ignored.

    Args:
        con: the database that ``ingest`` used.
        folder: the data folder, with its method, its ledger and its snapshots.
        ingested: what ``ingest`` returned.
        progress: told each feed when it is done.
    """
    method, history = reference.method(folder), ledger.read(folder.ledger)
    disposed = ledger.disposed(history)
    ignored = tuple(put_back(one, disposed[one.sha256]) for one in ingested.extracts if one.sha256 in disposed)
    # Before they are judged: an answer to their sender would keep rows again.
    judged = replace(ingested, extracts=tuple(one for one in ingested.extracts if one.sha256 not in disposed))
    before = earlier.taken_in(folder, judged.extracts, method["total_jump"]["max_days"])
    return replace(validate(con, judged, method, ledger.received(history), progress, before), ignored=ignored)


def awaited(con: Connection, folder: DataFolder, validated: Validated) -> list[tuple[date, str, str]]:
    """Return who is expected to report for the latest date that anything has come of, and hasn't: date, code, name.

    Args:
        con: database with the reference tables.
        folder: the data folder, whose ledger says what was taken in.
        validated: verdicts on what lies in landing; an accepted file has come.
    """
    came = [
        *(about for one in validated.accepted if one.extract.feed in POST_FEEDS for about in one.extract.about),
        *(about for one in ledger.received(ledger.read(folder.ledger)) if one.feed in POST_FEEDS for about in one.rows),
    ]
    con.execute("create or replace temp table arrived (org_code varchar, as_at_date date)")
    if came:
        con.executemany("insert into arrived values (?, ?)", sorted(set(came)))
    return con.execute(database.read_sql("report/awaited")).fetchall()


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
    print_lines(console, remains.finish(folder, landed(folder)))
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
            validated = judge(con, folder, ingested, validating)
            validating.summary = verdict_summary(validated)
        show(validated)
        answered = quarantine.quarantine(con, folder, validated)
        print_lines(console, quarantine.lines(answered), rest=f"each has a folder in {folder.quarantine}")
    with stage(console, "freeze") as freezing:
        snapshot = freeze(folder, validated, method, as_at_date)
        extracts = f"{len(snapshot.extracts):,} extracts"
        freezing.summary = f"snapshot {snapshot.snapshot_id[:12]}, as at {snapshot.as_at_date}, {extracts}"
    print_lines(console, who_gave_way(snapshot.gave_way), LONG_INDENT, f"{folder.ledger} has a line for each")
    print_lines(console, [one.line for one in snapshot.stopped], rest="the mart submission counts them")
    with frozen_database(folder, snapshot) as (con, frozen):
        key = disclosure_key(folder, frozen, snapshot)
        with stage(console, "measure") as measuring:
            measured = measure(con, frozen, snapshot, staging(folder, snapshot, key) / INTERNAL, measuring)
            measuring.summary = f"{len(measured.marts)} marts"
        with stage(console, "protect") as protecting:
            protected = protect(con, frozen, measured, key, protecting)
            protecting.summary = f"{len(protected.content) - len(protected.marts)} public tables"
        with stage(console, "report") as reporting:
            identifier = release_id(snapshot, key.identifier)
            reported = report(frozen, protected, identifier, SYNTHETIC * snapshot.synthetic, reporting)
            reporting.summary = f"{len(reported.packs)} board packs"
    print_lines(console, [f"left out  {line}" for line in reported.left_out], rest="the packs have the others")
    with stage(console, "publish") as publishing:
        release = publish(folder, reported.measured, publishing)
        publishing.summary = f"release {release.release_id}, {release.state}"
    print_lines(console, [f"gate      closed: {line}" for line in release.closed], rest="'edi approve' names them")
    for one in (ingesting, validating, measuring, protecting, reporting):
        one.handled = (rows, "rows")
    freezing.handled = (len(snapshot.extracts), "files")
    return Journey(
        validated, release, answered, (ingesting, validating, freezing, measuring, protecting, reporting, publishing)
    )


@contextmanager
def frozen_database(folder: DataFolder, snapshot: Snapshot) -> Iterator[tuple[Connection, DataFolder]]:
    """Give a database with the tables, mappings and method that a snapshot froze, whatever is in force by now.

    Yields:
        the database, and the data folder with what was frozen in the place of its own definitions.

    Raises:
        DamagedError: something that was frozen isn't what its name says.
    """
    frozen = DataFolder(folder.root, frozen=definitions(folder, snapshot))
    with open_database(frozen, snapshot.method) as con:
        yield con, frozen


def disclosure_key(folder: DataFolder, frozen: DataFolder, snapshot: Snapshot) -> Key:
    """Return the key that a snapshot's counts are protected with; where its publishers made all public, any will do.

    Raises:
        DisclosureKeyError: the key is missing, or isn't the one that earlier releases were protected with.
    """
    extracts = to_be_protected(frozen, snapshot)
    if not extracts:
        return existing(folder)
    # One made-up file beside real ones mustn't have real people protected with a key that everybody knows.
    return disclosure_key_of(folder, is_synthetic=all(one.synthetic for one in extracts))


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


def kept_lines(folder: DataFolder, snapshot: Snapshot) -> list[str]:
    """Say how many extracts of a snapshot are counted from what was kept when their rows were disposed of, if any."""
    kept = [one for one in snapshot.extracts if one.kept]
    if not kept:
        return []
    outdated = len(parts.outdated(folder, kept, snapshot.method))
    since = f"; {outdated:,} of them by SQL, lists or settings that have changed since" if outdated else ""
    who = f"{len(kept):,} extracts are" if len(kept) > 1 else "1 extract is"
    whose = "their" if len(kept) > 1 else "its"
    return [f"kept      {who} counted from what was kept when {whose} rows were disposed of{since}"]


def receipt(validated: Validated) -> str:
    """Return how many files were accepted, and whether they are made up."""
    return f"{len(validated.accepted):,} files accepted{_synthetic(validated)}"


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
    return ", ".join(parts) + _synthetic(validated)


def _synthetic(validated: Validated) -> str:
    return ", synthetic data" * any(one.extract.synthetic for one in validated.accepted)
