"""The command `edi`. Exit codes: 0 done, 1 refused, 2 wrong use."""

import atexit
import codecs
import errno
import gc
import io
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.judge import Finding
    from pipelines.places import DataFolder
    from pipelines.road import Journey
    from pipelines.validate import Validated

DONE, REFUSED, WRONG_USE = 0, 1, 2
# How DuckDB says that the disk is full: in the system's words.
FULL = (os.strerror(errno.ENOSPC), "There is not enough space on the disk")

# What terminals without Unicode show instead of letters that lines are made of: a minus must not become anything else.
IN_ASCII = {"−": "-", "–": "-", "…": "...", "→": "->", "×": "x", "≤": "<=", "≥": ">=", "‘": "'", "’": "'"}

app = App(
    name="edi",
    help="Does our workforce, at every pay band, look like the people we serve?",
    version_flags=["--version"],
)


class WrongUseError(ValueError):
    """The command can't mean what was asked for."""


def _no_file(_: object, data: Path) -> None:
    if data.exists() and not data.is_dir():
        raise ValueError(f"{data} is a file; name a folder.")


Data = Annotated[
    Path,
    Parameter(name="--data", env_var="EDI_DATA", help="Data folder; EDI_DATA sets it too.", validator=_no_file),
]


@app.command
def demo(*, data: Data = Path("data"), people: int = 60_000, months: int = 13, seed: int = 1) -> int:
    """Make a synthetic sample, run the road on it and show the widest gaps.

    Args:
        people: people in post in each month, over all employers.
        months: months of extracts.
        seed: the same seed gives the same bytes.
    """
    code = sample(data=data, people=people, months=months, seed=seed)
    return code or run(data=data)


@app.command
def sample(*, data: Data = Path("data"), people: int = 60_000, months: int = 13, seed: int = 1) -> int:
    """Write synthetic staff extracts of seventeen employers into the landing folder.

    Args:
        people: people in post in each month, over all employers.
        months: months of extracts, the last one 31 March 2026.
        seed: the same seed gives the same bytes.
    """
    from pipelines.places import DataFolder
    from pipelines.progress import stage
    from pipelines.sample import write_sample

    console = _console()
    with stage(console, "sample") as on:
        files = write_sample(DataFolder(data).landing, people, months, seed)
        on.summary = f"{len(files):,} synthetic extracts in {DataFolder(data).landing}"
    return DONE


@app.command
def run(*, data: Data = Path("data"), as_at: date | None = None, strict: bool = False) -> int:
    """Take whatever lies in the landing folder to a release, and show the widest gaps.

    Args:
        as_at: the date to report (YYYY-MM-DD); otherwise the latest date of a staff or headcount extract.
        strict: exit with 1 if any file was refused.
    """
    from pipelines.places import DataFolder
    from pipelines.road import walk

    console = _console()
    journey = walk(DataFolder(data), console, as_at, lambda validated: _show_verdicts(console, validated))
    _show_release(console, DataFolder(data), journey)
    return REFUSED if strict and journey.validated.refusals else DONE


@app.command
def check(*files: Path, data: Data = Path("data"), report: bool = False, out: Path = Path()) -> int:
    """Judge files as a run would, without moving or storing anything.

    Exits with 1 if a file is refused or a row of it is rejected.

    Args:
        files: the files to judge.
        report: write a page for each file, FILE.report.html: every expectation, rows tried, rows failing, verdict.
        out: the folder for these pages; otherwise the one that you stand in.
    """
    from pipelines import answer, disk, earlier, reference
    from pipelines.database import connect
    from pipelines.ingest import ingest
    from pipelines.places import DataFolder
    from pipelines.road import print_lines, verdict_summary
    from pipelines.validate import validate

    missing = [path for path in files if not path.is_file()]
    if missing or not files:
        raise WrongUseError(f"there is no file {missing[0]}" if missing else "name the files to check")
    console = _console()
    folder = DataFolder(data)
    method = reference.method(folder)
    with disk.passing_folder() as work, connect() as con:
        reference.load(con, method, folder)
        ingested = ingest(con, folder, files, work)
        before = earlier.taken_in(folder, ingested.extracts, method["total_jump"]["max_days"])
        validated = validate(con, ingested, method, earlier=before)
        pages = {one.file: answer.page(one) for one in answer.answers(con, validated)} if report else {}
    console.print(verdict_summary(validated), highlight=False, soft_wrap=True)
    _show_verdicts(console, validated)
    for file, page in pages.items():
        path = out / f"{disk.plain_name(file)}.report.html"
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8", newline="\n")
        print_lines(console, [f"report    {path}"])
    return REFUSED if validated.refusals or any(one.rows_rejected for one in validated.accepted) else DONE


def _console() -> "Console":
    from rich.console import Console

    return Console()


def _show_verdicts(console: "Console", validated: "Validated") -> None:
    """Name every refused file and every rule that failed in an accepted one; never a value."""
    from pipelines.answer import where
    from pipelines.road import print_lines

    print_lines(console, (f"refused   {one.file} [{one.rule}]: {one.sentence}" for one in validated.refusals))
    said = {(refusal.file, refusal.rule) for refusal in validated.refusals}
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for finding in validated.findings:
        if (finding.file, finding.rule) not in said:
            key = (finding.severity, finding.rule, finding.column, finding.sentence, finding.advice, finding.waiver)
            alike.setdefault(key, []).append(finding)
    words = {"warn": "warning", "waived": "waived"}
    for (severity, rule, column, sentence, advice, waiver), findings in alike.items():
        first = findings[0]
        more = f", and in {len(findings) - 1:,} files more" if len(findings) > 1 else ""
        by = f"waiver {waiver}, docs/waivers.md" if waiver else advice
        line = (
            f"{words.get(severity, 'rejected'):<9} {first.file} [{rule}]: {column + ': ' if column else ''}{sentence}"
            f": {where(first)}{more}; {by}"
        )
        print_lines(console, [line])


def _show_release(console: "Console", folder: "DataFolder", journey: "Journey") -> None:
    from pipelines import reference
    from pipelines.publish import SYNTHETIC
    from pipelines.report import coverage, open_release, reconciliation_lines, table, waterfall_lines, widest_gaps
    from pipelines.road import open_database, print_lines, waiver_lines

    release = journey.release
    with open_database(folder, reference.method(folder)) as con:
        open_release(con, release)
        print_lines(console, waiver_lines(release.snapshot))
        print_lines(console, [f"coverage  {line}" for line in coverage(con)])
        print_lines(console, ["", *waterfall_lines(con), "", *reconciliation_lines(con)])
        gaps = widest_gaps(con)
    if release.snapshot.synthetic:
        console.print(f"\n{SYNTHETIC}", style="bold", highlight=False)
    if gaps:
        console.print(table(gaps))
    else:
        console.print("No gap is both clear and large enough to list here.")
    console.print(
        f"Exact counts, for internal use: {release.internal}\nNothing is published until disclosure control exists.",
        highlight=False,
        soft_wrap=True,
    )


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return what ends in a sentence; asked for only when it is needed: `edi --help` needn't wait."""
    import duckdb

    return (ValueError, OSError, RuntimeError, duckdb.Error)


def _sentence(error: Exception) -> str:
    """Say what went wrong and what to do; a library's own words could hold a cell's value, and aren't repeated."""
    import duckdb

    from pipelines import disk

    is_full = disk.is_full(error) if isinstance(error, OSError) else any(words in str(error) for words in FULL)
    if is_full and isinstance(error, (OSError, duckdb.Error)):
        return "the disk is full; make room and run again: nothing half done is left"
    if isinstance(error, OSError):
        reason = (error.strerror or type(error).__name__).lower()
        if error.errno == errno.ENAMETOOLONG:
            return f"{error.filename or 'a path'} is too long a path; put the data folder higher up (docs/folders.md)"
        return (
            f"{error.filename or 'a file'} can't be used: {reason}; look at its permissions and at the disk's space, "
            "and whether another program has it open"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return "the memory or the disk's space is used up; make room, or run on a larger machine"
    if isinstance(error, duckdb.Error):
        return f"the database stopped ({type(error).__name__}); run again, and if it stays, report this fault"
    return str(error)


def _collect_seldom() -> None:
    """Let the collector of cyclic garbage rest: the libraries make many lasting objects, and no garbage to speak of.

    Looking through them time and again, and once more at the end, took a second of the five that a check lasted.
    """
    gc.set_threshold(200_000, 50, 100)
    atexit.register(gc.freeze)


def _show_anything() -> None:
    """Let no letter end a run that the terminal, or the file that it writes to, has no place for."""
    codecs.register_error("edi", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="edi")


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for a letter that can't be written; a name's letters are shown by their numbers."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    return IN_ASCII.get(letter) or letter.encode("ascii", "backslashreplace").decode(), error.start + 1


def main() -> None:
    """Run the command line; every refusal ends in a sentence, none in a traceback."""
    _collect_seldom()
    _show_anything()
    try:
        code = app(sys.argv[1:], exit_on_error=False, print_error=True)
    except CycloptsError:
        sys.exit(WRONG_USE)
    except SystemExit:
        raise
    except _expected_errors() as error:
        # The notes are the road's: what it couldn't remove.
        for sentence in (_sentence(error), *getattr(error, "__notes__", ())):
            print(f"edi: {sentence}", file=sys.stderr)
        sys.exit(WRONG_USE if isinstance(error, WrongUseError) else REFUSED)
    sys.exit(code if isinstance(code, int) else DONE)
