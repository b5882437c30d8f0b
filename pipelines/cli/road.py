"""Commands on the road: a sample, a run, a check of files, and the server that runs them by themselves."""

import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipelines.cli.app import DONE, REFUSED, Data, WrongUseError, app, open_console

if TYPE_CHECKING:
    from pipelines.progress import Stage

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
    with stage(open_console(), "sample", months) as on:
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

    console, folder = open_console(), DataFolder(data)
    journey = walk(folder, console, as_at, lambda validated: show.verdicts(console, validated))
    show.release(console, folder, journey)
    if timings:
        show.timings(console, (*before, *journey.stages), time.perf_counter() - started)
    show.what_next(console, folder, journey)
    is_refused = strict and journey.validated.refusals
    return REFUSED if is_refused or journey.release.closed else DONE


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
    console = open_console()
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

    serve(data, port, alert, open_console())
    return DONE
