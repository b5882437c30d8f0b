"""Publish: the marts become a release, whole or not at all, and ``current.json`` points to it.

Until disclosure control exists a release has an internal part only, and nothing of it may be published.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipelines import ledger, places
from pipelines.freeze import Snapshot, canonical, write_whole
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
    """Return ``<as-at>-<12 hex>`` of the snapshot, the code and the SQL, and the configuration."""
    parts = (
        snapshot.snapshot_id,
        _code_sha256(),
        hashlib.sha256(canonical(dict(snapshot.method)).encode()).hexdigest(),
    )
    return f"{snapshot.as_at_date}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"


def _code_sha256() -> str:
    """Return the hash of the program: every module and every SQL file, by name and content."""
    digest = hashlib.sha256()
    for root, pattern in ((places.PROJECT / "pipelines", "*.py"), (places.SQL, "*.sql")):
        for path in sorted(root.rglob(pattern)):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def staging(folder: DataFolder, snapshot: Snapshot) -> Path:
    """Return an empty folder on the file system of the releases, for the marts of one snapshot."""
    path = folder.marts / f".{release_id(snapshot)}.draft"
    shutil.rmtree(path, ignore_errors=True)
    (path / "internal").mkdir(parents=True)
    return path


def publish(folder: DataFolder, measured: Measured) -> Release:
    """Rename the staged marts into their release, then point ``current.json`` at it.

    The same snapshot, code and configuration give the same release: it is then replaced by itself.
    """
    snapshot = measured.snapshot
    identifier = release_id(snapshot)
    path = folder.marts / identifier
    draft = measured.folder.parent
    if snapshot.synthetic:
        write_whole(draft / "SYNTHETIC.txt", SYNTHETIC + "\n")
    if path.is_dir():
        shutil.rmtree(path)
    else:
        ledger.append(
            folder.ledger, [{"event": "released", "release_id": identifier, "snapshot_id": snapshot.snapshot_id}]
        )
    draft.replace(path)
    pointer = {
        "release_id": identifier,
        "path": identifier,
        "snapshot_id": snapshot.snapshot_id,
        "as_at_date": snapshot.as_at_date.isoformat(),
        "state": "built",
    }
    write_whole(folder.marts / "current.json", canonical(pointer))
    return Release(identifier, path, snapshot)
