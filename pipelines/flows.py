"""The road as Prefect flows: a thin skin over the stages. ``serve.py`` is what runs them on a machine by themselves.

Tasks hand each other paths and ids. Artifacts hold facts about files, and of counts of people only what was protected.
Nothing depends on Prefect's cache, and no result is stored; content addresses are ours. What stops a flow is a sentence
in its state: a library's own words could hold a cell's value.
"""

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

from prefect import Flow, Task, flow, get_run_logger, runtime, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.blocks.core import Block
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed, Failed
from prefect.utilities.urls import url_for

from pipelines import (
    approval,
    audit,
    freeze,
    ingest,
    ledger,
    listing,
    measure,
    protect,
    publish,
    quarantine,
    reference,
    remains,
    report,
    validate,
)
from pipelines.audit import words
from pipelines.disk import HeldError, owner_only, write_whole
from pipelines.failure import EXPECTED, sentences
from pipelines.landing import ignored, landed
from pipelines.places import DataFolder
from pipelines.report.words import SYNTHETIC
from pipelines.road import (
    alone,
    awaited,
    disclosure_key,
    frozen_database,
    judge,
    judge_files,
    kept_lines,
    open_database,
    receipt,
    verdict_summary,
    waiver_lines,
    who_gave_way,
    work_folder,
)
from pipelines.seal import INTERNAL
from pipelines.terminal import visible

ROAD, YEARLY, LANDING_CHECK, AUDIT = "road", "yearly", "landing-check", "audit"

# The state of a run that did all it could, where a file was refused: somebody has to write to its sender.
FILES_REFUSED = "Files refused"
# The state of a task that met a full disk, a share that went away: it is tried again. Bad data stay bad.
OUT_OF_REACH = "Out of reach"
# How a run may end; of some endings it tells a person itself.
ENDINGS = ("Completed", FILES_REFUSED, "Failed", OUT_OF_REACH, "Crashed", "Cancelled")
TO_BE_TOLD = (FILES_REFUSED, "Failed", OUT_OF_REACH)
# The notification block that a person is told through: `edi serve` makes it of an address, or it is made by hand.
ALERT = "workforce-edi-alert"

# So many refusals are named in the message of a state; the artifact names all.
NAMED = 5
# Another run in the same data folder is waited for so long.
WAIT_SECONDS = timedelta(hours=1).total_seconds()

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def in_a_sentence(stage: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a task or flow end as Failed with a sentence, where the stage stops for a reason that is known.

    What it makes is for its owner alone, whatever process a worker runs it in.
    """

    @wraps(stage)
    def told(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        owner_only()
        try:
            return stage(*arguments, **named)
        except EXPECTED as error:
            name = OUT_OF_REACH if isinstance(error, OSError | HeldError) else "Failed"
            # Prefect takes a state that is returned for the state of the run.
            return cast("Result", Failed(name=name, message=visible("; ".join(sentences(error)))))

    return told


def take(stage: Task[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
    """Run a task and return its result.

    Raises:
        RuntimeError: it ended otherwise than completed; the message is its own sentence.
    """
    state: State[Result] = stage(*arguments, **named, return_state=True)
    if not state.is_completed():
        raise RuntimeError(state.message or f"{stage.name} ended as {state.name}")
    return state.result()


def is_out_of_reach(_: object, __: object, state: State[Any]) -> bool:
    """Tell Prefect whether to try a task again."""
    return state.name == OUT_OF_REACH


# A share that is away for a moment is back by then.
DELAYS: list[float] = [10, 60, 300]


def patient(name: str) -> Callable[[Callable[Arguments, Result]], Task[Arguments, Result]]:
    """Make a task of a stage that may be done again: it is, where something was out of reach."""

    def make(stage: Callable[Arguments, Result]) -> Task[Arguments, Result]:
        return task(
            cache_policy=NO_CACHE,
            persist_result=False,
            task_run_name=name,
            retries=len(DELAYS),
            retry_delay_seconds=DELAYS,
            retry_condition_fn=is_out_of_reach,
        )(in_a_sentence(stage))

    return make


@patient("reach {folder.landing}")
def reach(folder: DataFolder) -> None:
    """Find the landing folder: on a share that isn't there nothing would have come, and all would look well."""
    if not folder.landing.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(folder.landing))


@patient("receive the files of {folder.landing}")
def receive(folder: DataFolder) -> validate.Validated:
    """Ingest and validate what lies in the landing folder; what is refused goes to quarantine."""
    show_lines("disposed", "Finished for a dispose that was stopped", remains.finish(folder, landed(folder)))
    files = landed(folder)
    with open_database(folder, reference.method(folder)) as con:
        with progress("progress-ingest", "ingest", len(files)) as on:
            ingested = ingest.ingest(con, folder, files, work_folder(folder), on)
        with progress("progress-validate", "validate", len({extract.feed for extract in ingested.extracts})) as on:
            validated = judge(con, folder, ingested, on)
        placed = quarantine.quarantine(con, folder, validated)
        show_lines("answers", "Answers to senders", quarantine.lines(placed))
        return validated


@task(cache_policy=NO_CACHE, persist_result=False, task_run_name="freeze")
@in_a_sentence
def freeze_snapshot(folder: DataFolder, validated: validate.Validated, as_at: date | None) -> freeze.Snapshot:
    """Freeze what was accepted."""
    return freeze.freeze(folder, validated, reference.method(folder), as_at)


@patient("measure {snapshot.as_at_date}")
def measure_snapshot(folder: DataFolder, snapshot: freeze.Snapshot) -> measure.Measured:
    """Compute the marts of a snapshot, and protect what is published of them."""
    extracts = len(snapshot.extracts)
    with frozen_database(folder, snapshot) as (con, frozen):
        key = disclosure_key(folder, frozen, snapshot)
        place = publish.staging(folder, snapshot, key) / INTERNAL
        steps = extracts + 1 + len(measure.INTERMEDIATE) + len(measure.MARTS)
        with progress("progress-measure", "measure", steps) as on:
            measured = measure.measure(con, frozen, snapshot, place, on)
        with progress("progress-protect", "protect", extracts + 2 + len(protect.TABLES)) as on:
            return protect.protect(con, frozen, measured, key, on)


@patient("report {measured.snapshot.as_at_date}")
def report_packs(folder: DataFolder, measured: measure.Measured) -> report.Reported:
    """Write the board packs, and tell the findings that they begin with: from protected counts."""
    snapshot = measured.snapshot
    identifier = publish.release_id(snapshot, measured.key)
    units = len({about[0] for one in snapshot.extracts for about in one.owns})
    frozen = DataFolder(folder.root, frozen=freeze.snapshot.definitions(folder, snapshot))
    with progress("progress-report", "report", units) as on:
        made = report.report(frozen, measured, identifier, SYNTHETIC * snapshot.synthetic, on)
    show_lines("left-out", "Left out of the board packs", list(made.left_out))
    show_table(
        "findings", [dict(one) for one in made.findings], f"What the board packs of {identifier} begin with: a draft"
    )
    return made


@task(cache_policy=NO_CACHE, persist_result=False, task_run_name="publish {measured.snapshot.as_at_date}")
@in_a_sentence
def publish_release(folder: DataFolder, measured: measure.Measured) -> publish.Release:
    """Rename the marts into their release, try its gate, and tell whom it covers."""
    # A table or two of each extract, by kind of employment.
    with progress("progress-attack", "attack", 2 * len(measured.snapshot.extracts)) as on:
        release = publish.publish(folder, measured, on)
    with open_database(folder, reference.method(folder)) as con:
        listing.open_release(con, release)
        show_lines("coverage", "Who has reported, of those expected", listing.coverage(con))
    return release


@patient("judge the files of {folder.landing}")
def judge_landing(folder: DataFolder) -> validate.Validated:
    """Judge what lies in the landing folder, as `edi check` does, and tell who is still awaited."""
    with open_database(folder, reference.method(folder)) as con:
        validated = judge_files(con, folder, landed(folder), work_folder(folder))
        missing = awaited(con, folder, validated)
    rows = [{"as at": str(day), "code": code, "name": name} for day, code, name in missing]
    show_table("awaited", rows, "Expected for the latest date, and not here yet")
    return validated


@patient("audit {release.release_id}")
def audit_release(folder: DataFolder, release: approval.Standing) -> audit.Receipt:
    """Make a release again beside the data folder, in which nothing is written, and compare."""
    steps = len(measure.INTERMEDIATE) + len(measure.MARTS) + 3
    with progress("progress-audit", "audit", steps) as on:
        return audit.audit(folder, release, on)


def tell_a_person(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Tell how a run ended, if it is worth telling and somebody is to be told.

    The run does it itself: an automation of the server's misses an event now and then, where its database is locked.
    """
    if state.name not in TO_BE_TOLD:
        return
    with get_client(sync_client=True) as client:
        name = client.read_flow_run(flow_run.id).name or flow.name
        kinds = [one.block_type for one in client.read_block_documents() if one.name == ALERT]
    for kind in kinds:
        # Called from here, where no loop runs, both do their work before they return, whatever their types say.
        block: Any = Block.load(f"{kind.slug if kind else ''}/{ALERT}")
        block.notify(f"{state.message}\n{url_for(flow_run)}", f"Workforce EDI, {name}: {state.name}")


def telling(name: str, called: str | Callable[[], str]) -> Callable[[Callable[Arguments, str]], Flow[Arguments, str]]:
    """Make a flow that ends in a sentence, and tells a person of it if it is worth telling."""

    def make(road: Callable[Arguments, str]) -> Flow[Arguments, str]:
        return flow(
            name=name,
            flow_run_name=called,
            persist_result=False,
            on_completion=[tell_a_person],
            on_failure=[tell_a_person],
        )(in_a_sentence(road))

    return make


def as_at_words() -> str:
    """Return what a run of the road is called: which one it is, as at which date, and where."""
    given = runtime.flow_run.parameters
    as_at = given.get("as_at") or (f"31 March {given['year']}" if given.get("year") else "")
    return f"{runtime.flow_run.flow_name} {as_at or _dates_meant()} in {given['data']}"


def _dates_meant() -> str:
    return "to the last 31 March" if runtime.flow_run.flow_name == YEARLY else "to the latest date"


@telling(ROAD, as_at_words)
def road(data: Path = Path("data"), as_at: date | None = None, strict: bool = False) -> str:
    """Take whatever lies in the landing folder to a release; return its id.

    The run ends as Completed, as "Files refused" (completed: the release is made from the others), or as Failed.

    Args:
        data: the data folder.
        as_at: the date to report; none for the latest date of people in post.
        strict: fail if any file was refused, after the release has been made from the others.
    """
    return _walk(DataFolder(data), as_at, strict)


@telling(YEARLY, as_at_words)
def yearly(data: Path = Path("data"), year: int | None = None, strict: bool = True) -> str:
    """Make the release as at 31 March, which the year's statutory returns describe; return its id.

    Args:
        data: the data folder.
        year: the year; none for that of the latest 31 March before the run's scheduled time.
        strict: fail if any file was refused: a year's figures rest on all of them.
    """
    return _walk(DataFolder(data), latest_year_end(year, runtime.flow_run.scheduled_start_time.date()), strict)


@telling(LANDING_CHECK, f"{LANDING_CHECK} of {{data}}")
def landing_check(data: Path = Path("data")) -> str:
    """Judge what lies in the landing folder without moving or keeping anything, and say who is still awaited.

    Args:
        data: the data folder.
    """
    folder = DataFolder(data)
    take(reach, folder)
    with alone(folder, WAIT_SECONDS):
        validated = take(judge_landing, folder)
        show_verdicts(validated, [*ignored(folder), *validated.ignored])
    refused = [(one.file, one.rule) for one in validated.refusals]
    return _ended(receipt(validated), refused, "what to do stands in the run's artifacts")


@telling(AUDIT, f"{AUDIT} of {{data}}")
def audit_latest(data: Path = Path("data")) -> str:
    """Make the current release again from its snapshot, and enter the receipt in the ledger; fail if it differs.

    What differs stands in the receipt, in the data folder: it holds exact numbers.

    Args:
        data: the data folder.
    """
    folder = DataFolder(data)
    (release,) = audit.releases(folder, words.current(folder))
    receipt = take(audit_release, folder, release)
    path = folder.audits / receipt.file_name
    with alone(folder, WAIT_SECONDS):
        path.parent.mkdir(exist_ok=True)
        write_whole(path, receipt.text)
        ledger.register(folder.ledger, path)
    summary = words.summary(receipt)
    get_run_logger().info(summary)
    if receipt.is_equal:
        return cast("str", Completed(message=summary))
    return cast("str", Failed(message=f"{summary}; what differs: {path}"))


def latest_year_end(year: int | None, day: date) -> date:
    """Return the 31 March of a year, or without one the latest before a day."""
    return date(year or day.year - (day <= date(day.year, 3, 31)), 3, 31)


def _walk(folder: DataFolder, as_at: date | None, strict: bool) -> str:
    take(reach, folder)
    with alone(folder, WAIT_SECONDS):
        validated = take(receive, folder)
        show_verdicts(validated, [*ignored(folder), *validated.ignored])
        refused = _refused(folder, validated)
        snapshot = take(freeze_snapshot, folder, validated, as_at)
        show_lines("gave-way", "Files that gave way", who_gave_way(snapshot.gave_way))
        show_lines("stopped", "Rows left out by the stop-list", [one.line for one in snapshot.stopped])
        show_lines("waivers", "Waivers at work", waiver_lines(snapshot))
        show_lines("kept", "Counted from what was kept", kept_lines(folder, snapshot))
        measured = take(measure_snapshot, folder, snapshot)
        release = take(publish_release, folder, take(report_packs, folder, measured).measured)
    if release.closed:
        raise RuntimeError(f"release {release.release_id}: its gate is closed: {'; '.join(release.closed[:NAMED])}")
    summary = f"release {release.release_id}: {receipt(validated)}"
    return _ended(summary, refused, f"what their senders have to mend stands in {folder.quarantine}", strict)


def _refused(folder: DataFolder, validated: validate.Validated) -> list[tuple[str, str]]:
    """Return what was refused, with its rule: by this run, or by one that stopped before it told of it."""
    accepted = {one.extract.file for one in validated.accepted}
    before = [one for one in ledger.refused_since_release(ledger.read(folder.ledger)) if one[0] not in accepted]
    return list(dict.fromkeys([*before, *((one.file, one.rule) for one in validated.refusals)]))


def _ended(summary: str, refused: Sequence[tuple[str, str]], what_next: str, strict: bool = False) -> str:
    """Return how a run ends: as completed, or with a state that names what was refused.

    What a state says may reach a person by way of others: it names files and rules, and tells no numbers of rows.
    """
    get_run_logger().info(summary)
    if not refused:
        return cast("str", Completed(message=summary))
    named = [f"{file} [{rule}]" for file, rule in refused[:NAMED]]
    more = [f"and {len(refused) - NAMED:,} more"] if len(refused) > NAMED else []
    message = visible(f"{summary}; refused: {', '.join([*named, *more])}; {what_next}")
    return cast("str", Failed(message=message) if strict else Completed(name=FILES_REFUSED, message=message))


@contextmanager
def progress(key: str, title: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show how far a long stage is, as an artifact that grows: the server hears of it once in twenty times."""
    artifact = cast("UUID", create_progress_artifact(progress=0.0, key=key, description=title))
    done = told = 0

    def one_more(_: str) -> None:
        nonlocal done, told
        done += 1
        if 20 * done // max(total, 1) > told:
            told = 20 * done // max(total, 1)
            update_progress_artifact(artifact, progress=min(5.0 * told, 99.0), description=f"{title}: {done:,} done")

    yield one_more
    update_progress_artifact(artifact, progress=100.0, description=f"{title}: done")


def show_lines(key: str, title: str, lines: Sequence[str]) -> None:
    """Leave lines as an artifact, if there are any: as they are, for a file's name could be markup."""
    if lines:
        create_markdown_artifact(
            key=key, markdown="\n".join([f"## {title}", "", "````", *map(visible, lines), "````", ""])
        )


def show_table(key: str, rows: Sequence[Mapping[str, str | int]], description: str = "") -> None:
    """Leave a table as an artifact."""
    shown = [{name: visible(str(cell)) for name, cell in row.items()} for row in rows]
    create_table_artifact(key=key, table=shown, description=description)


def show_verdicts(validated: validate.Validated, ignored_lines: Sequence[str]) -> None:
    """Leave the verdicts as artifacts: files, rules and counts of rows."""
    create_markdown_artifact(key="verdicts", markdown=f"## Files received\n\n{verdict_summary(validated)}.\n")
    show_lines("ignored", "Ignored in the landing folder", ignored_lines)
    show_table(
        "files",
        [
            {
                "file": one.extract.file,
                "feed": one.extract.feed,
                "layout": one.extract.layout,
                "rows in": one.extract.rows_in,
                "accepted": one.rows_accepted,
                "rejected": one.rows_rejected,
                "checking": one.rows_checking,
            }
            for one in validated.accepted
        ],
    )
    show_table(
        "refused",
        [{"file": one.file, "rule": one.rule, "why and what to do": one.sentence} for one in validated.refusals],
    )
