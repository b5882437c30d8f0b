"""The command `edi`. Exit codes: 0 done, 1 refused, 2 wrong use."""

import atexit
import errno
import gc
import os
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.progress import Stage

DONE, REFUSED, WRONG_USE = 0, 1, 2
FULL = (errno.ENOSPC, errno.EDQUOT)

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
    Parameter(name="--data", env_var="EDI_DATA", help="data folder; EDI_DATA sets it too.", validator=_no_file),
]
Timings = Annotated[bool, Parameter(negative=(), help="show how long each stage took, and the slowest steps.")]


@app.command
def demo(
    *, data: Data = Path("data"), people: int = 60_000, months: int = 13, seed: int = 1, timings: Timings = False
) -> int:
    """Make a synthetic sample, run the road on it and show the widest gaps.

    Args:
        people: people in post in each month, over all employers.
        months: months of extracts.
        seed: the same seed gives the same bytes.
    """
    started = time.perf_counter()
    made = _sample(data, people, months, seed)
    return _run(data, None, strict=False, timings=timings, started=started, before=(made,))


@app.command
def sample(*, data: Data = Path("data"), people: int = 60_000, months: int = 13, seed: int = 1) -> int:
    """Write synthetic staff extracts of seventeen employers into the landing folder.

    Args:
        people: people in post in each month, over all employers.
        months: months of extracts, the last one 31 March 2026.
        seed: the same seed gives the same bytes.
    """
    _sample(data, people, months, seed)
    return DONE


def _sample(data: Path, people: int, months: int, seed: int) -> "Stage":
    from pipelines.places import DataFolder
    from pipelines.progress import stage
    from pipelines.sample import write_sample

    landing = DataFolder(data).landing
    with stage(_console(), "sample", months) as on:
        files = write_sample(landing, people, months, seed, progress=lambda month: on(month.split(":")[0]))
        on.summary = f"{len(files):,} synthetic extracts in {landing}"
        on.handled = (len(files), "files")
    return on


@app.command
def run(*, data: Data = Path("data"), as_at: date | None = None, strict: bool = False, timings: Timings = False) -> int:
    """Take whatever lies in the landing folder to a release, and show the widest gaps.

    Args:
        as_at: the date to report (YYYY-MM-DD); otherwise the latest date of a staff or headcount extract.
        strict: exit with 1 if any file was refused.
    """
    return _run(data, as_at, strict=strict, timings=timings, started=time.perf_counter())


def _run(
    data: Path,
    as_at: date | None,
    *,
    strict: bool,
    timings: bool,
    started: float,
    before: "tuple[Stage, ...]" = (),
) -> int:
    from pipelines import show
    from pipelines.places import DataFolder
    from pipelines.road import walk

    console, folder = _console(), DataFolder(data)
    journey = walk(folder, console, as_at, lambda validated: show.verdicts(console, validated))
    show.release(console, folder, journey)
    if timings:
        show.timings(console, (*before, *journey.stages), time.perf_counter() - started)
    show.what_next(console, folder, journey)
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
    import tempfile

    from pipelines import answer, earlier, reference, show
    from pipelines.database import connect
    from pipelines.ingest import ingest
    from pipelines.places import DataFolder
    from pipelines.road import verdict_summary
    from pipelines.terminal import print_lines
    from pipelines.validate import validate

    missing = [path for path in files if not path.is_file()]
    if missing or not files:
        raise WrongUseError(f"there is no file {missing[0]}" if missing else "name the files to check")
    console = _console()
    folder = DataFolder(data)
    method = reference.method(folder)
    with tempfile.TemporaryDirectory() as work, connect() as con:
        reference.load(con, method, folder)
        ingested = ingest(con, folder, files, Path(work))
        before = earlier.taken_in(folder, ingested.extracts, method["total_jump"]["max_days"])
        validated = validate(con, ingested, method, earlier=before)
        pages = {one.file: answer.page(one) for one in answer.answers(con, validated)} if report else {}
    print_lines(console, [verdict_summary(validated)], indent=0)
    show.verdicts(console, validated)
    for file, page in pages.items():
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{file}.report.html").write_text(page, encoding="utf-8", newline="\n")
        print_lines(console, [f"report    {out / f'{file}.report.html'}"])
    return REFUSED if validated.refusals or any(one.rows_rejected for one in validated.accepted) else DONE


def _console() -> "Console":
    from rich.console import Console

    return Console()


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return what ends in a sentence; asked for only when it is needed: `edi --help` needn't wait."""
    import duckdb

    return (ValueError, OSError, RuntimeError, duckdb.Error)


def _sentence(error: Exception) -> str:
    """Say what went wrong and what to do; a library's own words could hold a cell's value, and aren't repeated."""
    import duckdb

    is_full = error.errno in FULL if isinstance(error, OSError) else os.strerror(errno.ENOSPC) in str(error)
    if is_full and isinstance(error, (OSError, duckdb.Error)):
        return "the disk is full; make room and run again: nothing half done is left"
    if isinstance(error, OSError):
        reason = (error.strerror or type(error).__name__).lower()
        return f"{error.filename or 'a file'} can't be used: {reason}; look at its permissions and at the disk's space"
    if isinstance(error, duckdb.OutOfMemoryException):
        return "the memory or the disk's space is used up; make room, or run on a larger machine"
    if isinstance(error, duckdb.Error):
        return f"the database stopped ({type(error).__name__}); run again, and if it stays, report this fault"
    return str(error)


def _show_error(sentence: str) -> None:
    from rich.console import Console

    from pipelines.terminal import print_lines

    print_lines(Console(stderr=True), [f"edi: {sentence}"], indent=len("edi: "))


def _collect_seldom() -> None:
    """Let the collector of cyclic garbage rest: the libraries make many lasting objects, and no garbage to speak of.

    Looking through them time and again, and once more at the end, took a second of the five that a check lasted. It is
    Great Expectations that makes most of them; frozen without it, what DuckDB leaves is told on the terminal as leaked.
    """
    gc.set_threshold(200_000, 50, 100)
    atexit.register(_freeze)


def _freeze() -> None:
    if "great_expectations" in sys.modules:
        gc.freeze()


def main() -> None:
    """Run the command line; every refusal ends in a sentence, none in a traceback."""
    _collect_seldom()
    try:
        code = app(sys.argv[1:], exit_on_error=False, print_error=True)
    except CycloptsError:
        sys.exit(WRONG_USE)
    except SystemExit:
        raise
    except _expected_errors() as error:
        _show_error(_sentence(error))
        sys.exit(WRONG_USE if isinstance(error, WrongUseError) else REFUSED)
    sys.exit(code if isinstance(code, int) else DONE)
