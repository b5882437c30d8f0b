"""What a release was made from, as its snapshot keeps it: manifest, method and reference tables of that day."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import disk, places, reference
from pipelines.contract import POST_FEEDS
from pipelines.database import Connection
from pipelines.explain.choose import AskedWronglyError
from pipelines.freeze import FrozenExtract, Snapshot
from pipelines.places import DataFolder


@dataclass(frozen=True)
class Made:
    """A release and the snapshot that it was made from."""

    release_id: str
    path: Path
    snapshot_id: str
    manifest: Mapping[str, Any]
    manifest_is_whole: bool

    @property
    def internal(self) -> Path:
        """The exact marts."""
        return self.path / "internal"

    @property
    def as_at_date(self) -> str:
        """The release's date."""
        return str(self.manifest["as_at_date"])

    @property
    def extracts(self) -> dict[str, Mapping[str, Any]]:
        """The manifest's entries of extracts, by hash."""
        return {one["sha256"]: one for one in self.manifest["extracts"]}


def find(folder: DataFolder, release_id: str | None) -> tuple[str, Path]:
    """Return the id and the folder of a release: the one that is named, or the latest.

    Raises:
        ValueError: nothing has been released yet.
        AskedWronglyError: there is no release of that name.
    """
    pointer = folder.marts / "current.json"
    if not pointer.is_file():
        raise ValueError(f"{folder.root} holds no release yet; make one: edi run --data {folder.root}")
    there = sorted(path.name for path in folder.marts.iterdir() if (path / "internal").is_dir() and path.name[0] != ".")
    named = release_id or str(json.loads(pointer.read_text(encoding="utf-8"))["release_id"])
    if named not in there:
        raise AskedWronglyError(f"there is no release '{named}' in {folder.marts}; there is {', '.join(there)}")
    return named, folder.marts / named


def open_release(con: Connection, folder: DataFolder, release_id: str, path: Path, mart: Path) -> Made:
    """Return a release with the manifest of the snapshot that its marts name.

    Raises:
        ValueError: the manifest isn't there.
    """
    noted = con.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [str(mart)]).fetchall()
    snapshot_id = dict(noted).get("snapshot_id", "")
    file = folder.snapshots / snapshot_id / "manifest.json"
    if not snapshot_id or not file.is_file():
        raise ValueError(f"{file}, which the release was made from, isn't there; restore the snapshots from a backup")
    text = file.read_bytes()
    return Made(release_id, path, snapshot_id, json.loads(text), hashlib.sha256(text).hexdigest() == snapshot_id)


def load(con: Connection, folder: DataFolder, made: Made) -> list[str]:
    """Make the reference tables and the method as the snapshot holds them.

    Returns:
        What can't be had as it was, because it has changed and the snapshot keeps no copy: today's stands in its place.
    """
    today = reference.method(folder)
    method = _method(folder, made, today)
    reference.load(con, method or today, folder)
    own, lost, renewed = folder.references(), [] if method else ["method.yaml"], False
    for name in reference.TABLES:
        file, recorded = f"reference/{name}.csv", made.manifest["files"].get(f"reference/{name}.csv")
        if recorded in (None, disk.file_sha256(own.get(name, places.REFERENCE / f"{name}.csv"))):
            continue
        kept = _object(folder, recorded)
        if kept.is_file():
            reference.read_table(con, name, kept)
            renewed = True
        else:
            lost.append(file)
    if renewed:
        reference.stage(con)
    return lost


def _object(folder: DataFolder, sha256: str) -> Path:
    return folder.snapshots / "objects" / sha256


def _method(folder: DataFolder, made: Made, today: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the method of a snapshot; None where it isn't kept."""
    recorded = made.manifest["method"]
    if isinstance(recorded, str):
        kept = _object(folder, recorded)
        recorded = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else None
    if recorded is None:
        return None
    # A setting that there wasn't yet is one that today's SQL asks for.
    return dict(today) | {name: _of_kind(today.get(name), value) for name, value in recorded.items()}


def _of_kind(today: Any, recorded: Any) -> Any:
    """Return a recorded setting as the program takes it: a manifest writes numbers with a point as texts."""
    if isinstance(today, float):
        return float(recorded)
    if isinstance(today, dict) and isinstance(recorded, dict):
        return {name: _of_kind(today.get(name), value) for name, value in recorded.items()}
    return recorded


def snapshot(folder: DataFolder, made: Made) -> tuple[Snapshot, list[str]]:
    """Return the snapshot as far as its files are there to be read, and the population extracts that are gone."""
    extracts, gone = [], []
    for one in made.manifest["extracts"]:
        typed = _object(folder, f"{one['typed']}.parquet")
        if one["feed"] not in POST_FEEDS and not typed.is_file():
            gone.append(str(one["sha256"]))
            continue
        extracts.append(
            FrozenExtract(
                sha256=one["sha256"],
                feed=one["feed"],
                layout=one["layout"],
                # How often it comes decides which dates are reported, and the row was.
                arrives=one.get("arrives", "monthly"),
                typed=typed,
                owns=tuple(tuple(about) for about in one["owns"]),
                synthetic=one["synthetic"],
                rows=one["rows"],
            )
        )
    day = date.fromisoformat(made.as_at_date)
    return Snapshot(made.snapshot_id, folder.snapshots / made.snapshot_id, day, tuple(extracts), {}), gone
