"""Inventory: the snapshots and releases that a data folder holds, and what the ledger says of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines import approval, ledger
from pipelines.approval import Standing, UnknownReleaseError
from pipelines.contract import POST_FEEDS
from pipelines.freeze import snapshot
from pipelines.freeze.objects import DamagedError
from pipelines.places import DataFolder
from pipelines.terminal import print_lines, visible

if TYPE_CHECKING:
    from rich.console import Console

# So many digits of a hash name a snapshot well enough for people.
SHORT = 12
UNKNOWN = "not in the ledger"


@dataclass(frozen=True)
class SnapshotRow:
    """A snapshot: how much is in it, whose, when it was frozen (UTC), and the releases made from it.

    ``organisations`` counts those with people in post in it; ``fault`` says what is amiss.
    """

    snapshot_id: str
    as_at: str
    extracts: int
    organisations: int
    synthetic: bool
    frozen: str
    releases: tuple[str, ...]
    fault: str = ""

    @property
    def line(self) -> str:
        """The same for a log."""
        parts = [
            f"as at {self.as_at}" if self.as_at else "",
            f"{self.extracts:,} extracts of {self.organisations:,} organisations" if self.extracts else "",
            "synthetic" if self.synthetic else "",
            f"frozen {self.frozen} UTC" if self.frozen else "",
            f"releases {', '.join(self.releases)}" if self.releases else "no release",
            self.fault,
        ]
        return f"snapshot  {self.snapshot_id[:SHORT]}: {', '.join(part for part in parts if part)}"


@dataclass(frozen=True)
class ReleaseRow:
    """A release: its state, the snapshot that it was made from, and what happened to it, a phrase for each step."""

    release_id: str
    as_at: str
    state: str
    snapshot: str
    history: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The same for a log."""
        snapshot = f", snapshot {self.snapshot}" if self.snapshot else ""
        as_at = f", as at {self.as_at}" if self.as_at else ""
        return f"release   {self.release_id}: {self.state}{as_at}{snapshot}" + "".join(
            f"; {step}" for step in self.history
        )


def find(folder: DataFolder, asked: str | None) -> Standing:
    """Return the release with an id, or the latest one of the snapshot with it, or whose id begins so; or the current.

    Raises:
        UnknownReleaseError: none is called so, or more than one.
        ApprovalError: there is no current release.
    """
    known = approval.standings(ledger.read(folder.ledger)).values()
    release_of = {one.snapshot_id: one.release_id for one in known} | {one.release_id: one.release_id for one in known}
    meant = [asked] if asked in release_of else [one for one in release_of if asked and one.startswith(asked)]
    if len(meant) > 1:
        raise UnknownReleaseError(f"{asked} may be {meant[0]} or {meant[1]}; write more of it")
    return approval.find(folder, release_of[meant[0]] if meant else asked)


def snapshots(folder: DataFolder) -> list[SnapshotRow]:
    """Return the snapshots in the folder and in the ledger, in the order of as-at date and freezing."""
    entries = ledger.read(folder.ledger)
    frozen = {one["snapshot_id"]: one for one in reversed(entries) if one.get("event") == "frozen"}
    releases: dict[str, list[str]] = {}
    for release_id, standing in approval.standings(entries).items():
        releases.setdefault(standing.snapshot_id, []).append(release_id)
    there = {path.parent.name for path in folder.snapshots.glob("*/manifest.json")}
    rows = [_snapshot(folder, one, frozen.get(one, {}), releases.get(one, ())) for one in {*there, *frozen}]
    return sorted(rows, key=lambda row: (row.as_at, row.frozen, row.snapshot_id))


def _snapshot(folder: DataFolder, snapshot_id: str, frozen: ledger.Entry, releases: Sequence[str]) -> SnapshotRow:
    manifest: dict[str, Any] = {}
    faults = [] if frozen else [UNKNOWN]
    try:
        manifest = snapshot.manifest(folder, snapshot_id)
    except DamagedError:
        faults.append("its manifest is gone or damaged: see 'edi ledger verify'")
    extracts = manifest.get("extracts", [])
    return SnapshotRow(
        snapshot_id,
        as_at=manifest.get("as_at_date") or frozen.get("as_at_date", ""),
        extracts=len(extracts),
        organisations=len({about[0] for one in extracts if one["feed"] in POST_FEEDS for about in one["owns"]}),
        synthetic=any(one["synthetic"] for one in extracts),
        frozen=_minute(frozen.get("at", "")),
        releases=tuple(releases),
        fault=", ".join(faults),
    )


def releases(folder: DataFolder) -> list[ReleaseRow]:
    """Return the releases that the ledger knows, oldest first, and then the folders that it doesn't know."""
    known = approval.standings(ledger.read(folder.ledger))
    there = approval.release_folders(folder)
    current = approval.current(folder)
    rows = [
        _release(one, is_there=one.release_id in there, is_current=one.release_id == current) for one in known.values()
    ]
    return [*rows, *(ReleaseRow(name, "", UNKNOWN, "") for name in there if name not in known)]


def _release(standing: Standing, *, is_there: bool, is_current: bool) -> ReleaseRow:
    made, approved, withdrawn = standing.made[0], standing.approved, standing.withdrawn
    steps = [
        "the current release" if is_current else "",
        f"made {_minute(made['at'])} UTC{_by(made)}",
        f"approved by {approved['name']}, {approved['role']}, on {approved['on']}, minute {approved['minute']}"
        if approved
        else "",
        *(f"published to {place}" for place in standing.published),
        f"withdrawn {_minute(withdrawn['at'])} UTC: {withdrawn['reason']}" if withdrawn else "",
        "" if is_there else "its folder is gone",
    ]
    return ReleaseRow(
        standing.release_id,
        as_at=standing.release_id[: len("2026-03-31")],
        state=standing.state,
        snapshot=standing.snapshot_id[:SHORT],
        history=tuple(step for step in steps if step),
    )


def _by(entry: ledger.Entry) -> str:
    return f" by {entry['by']}" if entry.get("by") else ""


def _minute(at: str) -> str:
    """Return a time of the ledger to the minute, as people read it; it is UTC, as there."""
    return at[: len("2026-03-31T10:11")].replace("T", " ")


def show_snapshots(console: "Console", rows: Sequence[SnapshotRow]) -> None:
    """Print snapshots: a table in a terminal of 80 columns, in a log a line each."""
    if _print_lines(console, "snapshots", rows):
        return
    cells = [
        (
            row.snapshot_id[:SHORT],
            row.as_at,
            f"{row.extracts:,}",
            f"{row.organisations:,}",
            row.frozen.replace(" ", "\n"),
            "\n".join([*row.releases, *(["synthetic"] if row.synthetic else []), *([row.fault] if row.fault else [])]),
        )
        for row in rows
    ]
    _print_table(console, ("Snapshot", "As at", "Extracts", "Organi-\nsations", "Frozen\n(UTC)", "Releases"), cells)


def show_releases(console: "Console", rows: Sequence[ReleaseRow]) -> None:
    """Print releases: a table in a terminal of 80 columns, in a log a line each."""
    if _print_lines(console, "releases", rows):
        return
    cells = [(row.release_id, row.state, row.snapshot, "\n".join(row.history)) for row in rows]
    _print_table(console, ("Release", "State", "Snapshot", "What happened"), cells)


def _print_lines(console: "Console", what: str, rows: Sequence[SnapshotRow | ReleaseRow]) -> bool:
    """Print what needs no table: that there is nothing, or a line each in a log. Return whether that was all."""
    if not rows:
        print_lines(console, [f"There are no {what} yet; 'edi run' makes them."], indent=0)
    elif not console.is_terminal:
        print_lines(console, [row.line for row in rows])
    return not rows or not console.is_terminal


def _print_table(console: "Console", names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False, leading=1)
    for name in names[:-1]:
        is_number = name in ("Extracts", "Organi-\nsations")
        drawn.add_column(name, justify="right" if is_number else "left", max_width=9 if name == "State" else None)
    drawn.add_column(names[-1], overflow="fold")
    for row in rows:
        drawn.add_row(*(Text("\n".join(map(visible, cell.split("\n")))) for cell in row))
    console.print(drawn)
