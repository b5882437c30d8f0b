"""Publish: the marts become a release, whole or not at all, and ``current.json`` points to it.

Until disclosure control exists a release has an internal part only, and nothing of it may be published.
"""

import filecmp
import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import disk, ledger, places
from pipelines.disk import write_whole
from pipelines.freeze import Snapshot, canonical
from pipelines.measure import Measured
from pipelines.places import DataFolder

SYNTHETIC = "SYNTHETIC DATA, made by edi sample: no real person or employer is described."


@dataclass(frozen=True)
class Release:
    """What was made from one snapshot."""

    release_id: str
    path: Path
    snapshot: Snapshot

    @property
    def internal(self) -> Path:
        """The exact marts, never published."""
        return self.path / "internal"


def release_id(snapshot: Snapshot) -> str:
    """Return ``<as-at>-<12 hex>`` of the snapshot, the code and SQL with its libraries, and the configuration."""
    parts = (
        snapshot.snapshot_id,
        _code_sha256(),
        # What computes the marts: another version may round or order otherwise.
        duckdb.__version__,
        hashlib.sha256(canonical(dict(snapshot.method)).encode()).hexdigest(),
    )
    return f"{snapshot.as_at_date}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"


def _code_sha256() -> str:
    """Return the hash of the program: every module and SQL file, by name and content, and the lock file if there."""
    digest = hashlib.sha256()
    for root, pattern in ((places.PACKAGE, "*.py"), (places.SQL, "*.sql")):
        for path in sorted(root.rglob(pattern)):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    lock = places.PROJECT / "uv.lock"
    if lock.is_file():
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def staging(folder: DataFolder, snapshot: Snapshot) -> Path:
    """Return an empty folder on the file system of the releases, for the marts of one snapshot."""
    path = folder.marts / f".{release_id(snapshot)}.draft"
    disk.remove_tree(path)
    (path / "internal").mkdir(parents=True)
    return path


def publish(folder: DataFolder, measured: Measured) -> Release:
    """Rename the staged marts into their release, then point ``current.json`` at it.

    The same snapshot, code and configuration give the same release: one that is already there stays as it is.

    Raises:
        RuntimeError: a release of that name is there and its bytes are others; nothing is changed.
        HeldError: another program holds the marts or ``current.json``.
    """
    snapshot = measured.snapshot
    identifier = release_id(snapshot)
    path = folder.marts / identifier
    draft = measured.folder.parent
    if snapshot.synthetic:
        write_whole(draft / "SYNTHETIC.txt", SYNTHETIC + "\n")
    if path.exists():
        differing = _differing(draft, path)
        disk.remove_tree(draft)
        if differing:
            raise RuntimeError(
                f"release {identifier} exists with other bytes ({differing[0]}); a release is never overwritten: find "
                f"out who changed {path}, move it elsewhere and run again"
            )
    else:
        disk.replace(draft, path)
    entries = ledger.read(folder.ledger)
    is_known = any(one["event"] == "released" and one["release_id"] == identifier for one in entries)
    # Also where nothing came of a run but refusals: the line says that it came to its end, and told of them.
    if not is_known or ledger.refused_since_release(entries):
        released = {"event": "released", "release_id": identifier, "snapshot_id": snapshot.snapshot_id}
        ledger.append(folder.ledger, [released])
    pointer = {
        "release_id": identifier,
        "path": identifier,
        "snapshot_id": snapshot.snapshot_id,
        "as_at_date": snapshot.as_at_date.isoformat(),
        "state": "built",
    }
    write_whole(folder.marts / "current.json", canonical(pointer))
    return Release(identifier, path, snapshot)


def _differing(one: Path, other: Path) -> list[str]:
    """Return the files, by their paths below two folders, that only one of them has or whose bytes differ."""
    names = {path.relative_to(root) for root in (one, other) for path in root.rglob("*") if not path.is_dir()}
    return sorted(
        name.as_posix()
        for name in names
        if not ((one / name).is_file() and (other / name).is_file())
        or not filecmp.cmp(one / name, other / name, shallow=False)
    )


def clear_drafts(folder: DataFolder) -> None:
    """Remove the marts of runs that stopped before they became a release: they are exact, and nobody's.

    Raises:
        HeldError: another program holds one of them.
    """
    for draft in folder.marts.glob(".*.draft"):
        disk.remove_tree(draft)
