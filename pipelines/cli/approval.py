"""Commands about releases once they are made: lists of what there is, approval, publication, withdrawal."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipelines.cli.app import DONE, REFUSED, Data, WrongUseError, app, open_console

if TYPE_CHECKING:
    from pipelines.places import DataFolder


@app.command
def snapshots(*, data: Data = Path("data")) -> int:
    """List the snapshots: as-at date, extracts, organisations, when each was frozen, and the releases made from it."""
    from pipelines import inventory
    from pipelines.places import DataFolder

    inventory.show_snapshots(open_console(), inventory.snapshots(DataFolder(data)))
    return DONE


@app.command
def releases(*, data: Data = Path("data")) -> int:
    """List the releases: state, snapshot, who made and approved each and when, and where it was published."""
    from pipelines import inventory
    from pipelines.places import DataFolder

    inventory.show_releases(open_console(), inventory.releases(DataFolder(data)))
    return DONE


@app.command
def approve(
    release: str | None = None, /, *, name: str, role: str, on: date, minute: str, data: Data = Path("data")
) -> int:
    """Write down that somebody approved a release, if governance.yaml of the data folder lets them.

    Args:
        release: the release's id, or as much of it as no other begins with; otherwise the current release.
        name: who approved it, as governance.yaml names them.
        role: in which role.
        on: the day of the decision (YYYY-MM-DD).
        minute: where the decision is minuted.
    """
    from pipelines import approval
    from pipelines.terminal import print_lines

    with _alone(data) as folder:
        standing, is_new = approval.approve(folder, release, approval.Decision(name, role, on, minute), date.today())
        head = approval.head(folder)
    said = standing.approved or {}
    already = "" if is_new else "; it was written down before, and nothing was added"
    lines = [
        f"approved  {standing.release_id} by {said['name']}, {said['role']}, on {said['on']}, minute {said['minute']}"
        f"{already}",
        f"minutes   put this into {said['minute']}; it stands for every line of the ledger up to now:",
        f"          {head}",
    ]
    print_lines(open_console(), lines)
    return DONE


@app.command
def publish(destination: Path, release: str | None = None, /, *, data: Data = Path("data")) -> int:
    """Copy the public part of an approved release to a folder that others read.

    Args:
        destination: the folder; the release becomes a folder in it, named by its id.
        release: the release's id, or as much of it as no other begins with; otherwise the current release.
    """
    from pipelines import handover
    from pipelines.terminal import print_lines

    with _alone(data) as folder:
        done = handover.publish(folder, destination, release)
    there = "" if done.copied else "; it lay there already, byte by byte"
    print_lines(open_console(), [f"published {done.standing.release_id} to {done.path}{there}"])
    return DONE


@app.command
def withdraw(
    release: str,
    /,
    *,
    reason: str,
    name: str,
    also: Annotated[Path | None, Parameter(name="--from")] = None,
    data: Data = Path("data"),
) -> int:
    """Withdraw a release for good, and leave a notice in place of its tables wherever it was published.

    Exits with 1 if a place couldn't be reached; the same command tries it again.

    Args:
        release: the release's id, or at least 15 letters of it that no other begins with: it can't be undone.
        reason: why, in a sentence that everybody may read: the notice says it.
        name: who decided it.
        also: a folder with a copy that the ledger doesn't know of.
    """
    from pipelines import approval, handover
    from pipelines.terminal import print_lines

    with _alone(data) as folder:
        done = handover.withdraw(folder, release, reason, name, also)
    before = "" if done.first else "; that was so before, and its reason stays"
    lines = [
        f"withdrawn {done.standing.release_id}{before}",
        *(f"notice    {path / approval.NOTICE}" for path in done.replaced),
        *(f"left      {sentence}" for sentence in done.left),
    ]
    print_lines(open_console(), lines)
    return REFUSED if done.left else DONE


@contextmanager
def _alone(data: Path) -> "Iterator[DataFolder]":
    """Keep runs out of a data folder that has releases, and say of an id that isn't one that it was asked wrongly."""
    from pipelines.approval import ApprovalError, UnknownReleaseError
    from pipelines.places import DataFolder
    from pipelines.road import alone

    folder = DataFolder(data)
    if not folder.ledger.is_file():
        raise ApprovalError(f"{data} has no release yet; make one with 'edi run'")
    try:
        with alone(folder):
            yield folder
    except UnknownReleaseError as error:
        raise WrongUseError(str(error)) from error
