"""What a release was made from, as its snapshot keeps it: manifest, method and reference tables of that day."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines import disk, reference
from pipelines.approval import Standing
from pipelines.contract import POST_FEEDS
from pipelines.database import Connection
from pipelines.freeze import Snapshot
from pipelines.freeze.objects import verified
from pipelines.freeze.snapshot import manifest, read
from pipelines.places import DataFolder


@dataclass(frozen=True)
class Made:
    """A release, what the ledger says of it, and the snapshot that it was made from with its manifest."""

    path: Path
    standing: Standing
    manifest: Mapping[str, Any]
    snapshot: Snapshot

    @property
    def internal(self) -> Path:
        """The exact marts."""
        return self.path / "internal"

    @property
    def extracts(self) -> dict[str, Mapping[str, Any]]:
        """The manifest's entries of extracts, by hash."""
        return {one["sha256"]: one for one in self.manifest["extracts"]}


def open_release(folder: DataFolder, standing: Standing) -> Made:
    """Return a release with its snapshot.

    Raises:
        DamagedError: the snapshot isn't there, or isn't what its id says.
    """
    path, snapshot_id = folder.marts / standing.release_id, standing.snapshot_id
    return Made(path, standing, manifest(folder, snapshot_id), read(folder, snapshot_id))


def load(con: Connection, folder: DataFolder, made: Made) -> list[str]:
    """Make the reference tables and the method as the snapshot holds them.

    Returns:
        What can't be had as it was, because it has changed and the snapshot keeps no copy: today's stands in its place.

    Raises:
        DamagedError: a copy isn't what its name says.
    """
    # A setting that there wasn't yet is one that today's SQL asks for.
    reference.load(con, {**reference.method(folder), **made.snapshot.method}, folder)
    lost, renewed = [], False
    for name in reference.TABLES:
        file = f"reference/{name}.csv"
        recorded = made.snapshot.files.get(file)
        if recorded in (None, disk.file_sha256(folder.reference(name))):
            continue
        kept = folder.objects / recorded
        if kept.is_file():
            reference.read_table(con, name, verified(kept))
            renewed = True
        else:
            lost.append(file)
    if renewed:
        reference.stage(con)
    return lost


def without_gone(snapshot: Snapshot) -> tuple[Snapshot, list[str]]:
    """Return a snapshot as far as its files are there to be read, and the population extracts that are gone."""
    gone = [one.sha256 for one in snapshot.extracts if one.feed not in POST_FEEDS and not one.typed.is_file()]
    return replace(snapshot, extracts=tuple(one for one in snapshot.extracts if one.sha256 not in gone)), gone
