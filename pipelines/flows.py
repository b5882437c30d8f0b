"""The road as a Prefect flow: the only module that imports Prefect, and a thin skin over the stages.

Tasks hand each other paths and ids. Artifacts hold facts about files, and no value computed from counts of people:
those are exact until disclosure control exists. Nothing depends on Prefect's cache; content addresses are ours.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from pipelines import earlier, freeze, ingest, ledger, measure, publish, quarantine, reference, validate
from pipelines.places import DataFolder
from pipelines.road import (
    alone,
    ignored,
    landed,
    open_database,
    verdict_summary,
    waiver_lines,
    who_gave_way,
    work_folder,
)


@task(cache_policy=NO_CACHE, task_run_name="receive files of {folder.root}")
def receive(folder: DataFolder) -> validate.Validated:
    """Ingest and validate what lies in the landing folder; what is refused goes to quarantine."""
    method = reference.method(folder)
    with open_database(folder, method) as con:
        ingested = ingest.ingest(con, folder, landed(folder), work_folder(folder))
        before = earlier.taken_in(folder, ingested.extracts, method["total_jump"]["max_days"])
        received = ledger.received(ledger.read(folder.ledger))
        validated = validate.validate(con, ingested, method, received, earlier=before)
        quarantine.quarantine(con, folder, validated)
        return validated


@task(cache_policy=NO_CACHE)
def freeze_snapshot(folder: DataFolder, validated: validate.Validated, as_at_date: date | None) -> freeze.Snapshot:
    """Freeze what was accepted."""
    return freeze.freeze(folder, validated, reference.method(folder), as_at_date)


@task(cache_policy=NO_CACHE, task_run_name="measure {snapshot.as_at_date}")
def measure_snapshot(folder: DataFolder, snapshot: freeze.Snapshot) -> measure.Measured:
    """Compute the marts of a snapshot."""
    with open_database(folder, reference.method(folder)) as con:
        return measure.measure(con, folder, snapshot, publish.staging(folder, snapshot) / "internal")


@task(cache_policy=NO_CACHE)
def publish_release(folder: DataFolder, measured: measure.Measured) -> publish.Release:
    """Rename the marts into their release."""
    return publish.publish(folder, measured)


@flow(name="road", flow_run_name="road of {data}", validate_parameters=True)
def road(data: Path = Path("data"), as_at: date | None = None, strict: bool = False) -> str:
    """Take whatever lies in the landing folder to a release; return its id.

    Args:
        data: the data folder.
        as_at: the date to report; none for the latest date of people in post.
        strict: fail if any file was refused, after the release has been made from the others.

    Raises:
        AtWorkError: another run is at work in the data folder.
        RuntimeError: ``strict``, and a file was refused; the message names it and its rule.
    """
    folder = DataFolder(data)
    with alone(folder):
        validated = receive(folder)
        show_verdicts(validated, ignored(folder))
        snapshot = freeze_snapshot(folder, validated, as_at)
        show_lines("gave-way", "Files that gave way", who_gave_way(snapshot.gave_way))
        show_lines("waivers", "Waivers at work", waiver_lines(snapshot))
        release = publish_release(folder, measure_snapshot(folder, snapshot))
    if strict and validated.refusals:
        raise RuntimeError("; ".join(f"{one.file} refused [{one.rule}]: {one.sentence}" for one in validated.refusals))
    return release.release_id


def show_lines(key: str, title: str, lines: Sequence[str]) -> None:
    """Leave lines as an artifact, if there are any."""
    if lines:
        create_markdown_artifact(key=key, markdown=f"## {title}\n\n" + "".join(f"- {line}\n" for line in lines))


def show_verdicts(validated: validate.Validated, ignored_lines: Sequence[str] = ()) -> None:
    """Leave the verdicts as artifacts: files, rules and counts of rows."""
    create_markdown_artifact(key="verdicts", markdown=f"## Files received\n\n{verdict_summary(validated)}.\n")
    show_lines("ignored", "Ignored in the landing folder", ignored_lines)
    create_table_artifact(
        key="files",
        table=[
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
    create_table_artifact(
        key="refused",
        table=[{"file": one.file, "rule": one.rule, "why and what to do": one.sentence} for one in validated.refusals],
    )
