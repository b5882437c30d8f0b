"""The command `edi`. Exit codes: 0 done, 1 refused, 2 wrong use."""

import atexit
import codecs
import gc
import io
import sys
import time
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.progress import Stage

DONE, REFUSED, WRONG_USE = 0, 1, 2
# What terminals without Unicode show instead of letters that lines are made of: a minus must not become anything else.
IN_ASCII = {"−": "-", "–": "-", "…": "...", "→": "->", "×": "x", "≤": "<=", "≥": ">=", "‘": "'", "’": "'"}

app = App(
    name="edi",
    help="Does our workforce, at every pay band, look like the people we serve?",
    version=lambda: metadata.version("workforce-edi"),
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
    from pipelines import answer, disk, reference, show
    from pipelines.database import connect
    from pipelines.places import DataFolder
    from pipelines.road import judge_files, verdict_summary
    from pipelines.terminal import print_lines

    missing = [path for path in files if not path.is_file()]
    if missing or not files:
        raise WrongUseError(f"there is no file {missing[0]}" if missing else "name the files to check")
    console = _console()
    folder = DataFolder(data)
    with disk.passing_folder() as work, connect() as con:
        reference.load(con, reference.method(folder), folder)
        validated = judge_files(con, folder, files, work)
        pages = {one.file: answer.page(one) for one in answer.answers(con, validated)} if report else {}
    print_lines(console, [verdict_summary(validated)], indent=0)
    show.verdicts(console, validated)
    for file, page in pages.items():
        path = out / f"{disk.plain_name(file)}.report.html"
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8", newline="\n")
        print_lines(console, [f"report    {path}"])
    return REFUSED if validated.refusals or any(one.rows_rejected for one in validated.accepted) else DONE


@app.command
def serve(
    *,
    data: Data = Path("data"),
    port: int = 4200,
    alert: Annotated[str | None, Parameter(env_var="EDI_ALERT_URL")] = None,
) -> int:
    """Run by itself: start a Prefect server and worker on this machine, with the deployments of prefect.yaml.

    Args:
        port: where the server's pages are, on this machine only.
        alert: a webhook that is told of runs that failed, refused a file or began late; EDI_ALERT_URL sets it too.
    """
    from pipelines.serve import serve

    serve(data, port, alert, _console())
    return DONE


def _console() -> "Console":
    from rich.console import Console

    return Console()


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
    except Exception as error:
        # Known only here, or `edi --help` would wait for the database; what is no expected error is raised again.
        from pipelines.failure import EXPECTED, sentences

        if not isinstance(error, EXPECTED):
            raise
        for words in sentences(error):
            _show_error(words)
        sys.exit(WRONG_USE if isinstance(error, WrongUseError) else REFUSED)
    sys.exit(code if isinstance(code, int) else DONE)


if __name__ == "__main__":  # `python -m pipelines.cli`, where a machine lets no program run but Python
    main()
