"""Publish: the marts become a sealed release, whole or not at all, and ``current.json`` points to it.

The public part has tables of protected counts, and of none; the exact marts lie in ``internal``.
"""

import hashlib
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import approval, describe, disk, gate, handover, internal_pack, ledger, seal
from pipelines.disk import write_whole
from pipelines.freeze import Snapshot, canonical
from pipelines.freeze.snapshot import manifest
from pipelines.measure import Measured
from pipelines.places import DataFolder
from pipelines.protect.key import Key
from pipelines.publish import program, provenance
from pipelines.report.words import SYNTHETIC
from pipelines.seal import INTERNAL, held

DESCRIPTOR = "datapackage.json"

PUBLIC = (
    "What may be published of a release. Counts are rounded so that nobody can be found in them: `rounding` says to "
    "multiples of which base, and a cell of 0 has fewer people than the base, not none."
)
EXACT = "The exact tables of a release: personal data where counts are small. Never to be published or passed on."

# Where a file of ours lies until the whole of it is written: no sender's or analyst's own file is called so.
DRAFTS = (
    *(".edi.holder.draft", "ledger.head.draft", "disclosure.key.draft"),
    *("quarantine/*/re*.draft", "snapshots/*/*.draft", "marts/.*.draft", "marts/current.json.draft"),
    "marts/current/*.draft",
)


@dataclass(frozen=True)
class Release:
    """What was made from one snapshot; ``closed`` is why its gate stayed closed, a line each, none where it opened."""

    release_id: str
    path: Path
    snapshot: Snapshot
    state: str = "built"
    closed: tuple[str, ...] = ()

    @property
    def internal(self) -> Path:
        """The exact marts, never published."""
        return self.path / INTERNAL


def release_id(snapshot: Snapshot, key: str) -> str:
    """Return ``<as-at>-<12 hex>`` of the snapshot, the program with its libraries, and the configuration.

    The configuration is a part of the snapshot: its method, reference tables, layouts, mappings and waivers. But for
    the disclosure key, of which what it is called counts.
    """
    parts = canonical([snapshot.snapshot_id, program.sha256(program.hashes()), program.libraries(), key])
    return f"{snapshot.as_at_date}-{hashlib.sha256(parts.encode()).hexdigest()[:12]}"


def staging(folder: DataFolder, snapshot: Snapshot, key: Key) -> Path:
    """Return an empty folder on the file system of the releases, for the marts of one snapshot."""
    path = folder.marts / f".{release_id(snapshot, key.identifier)}.draft"
    disk.remove_tree(path)
    (path / INTERNAL).mkdir(parents=True)
    return path


def publish(folder: DataFolder, measured: Measured, progress: Callable[[str], None] = lambda _: None) -> Release:
    """Seal the staged marts, rename them into their release, try its gate, and point ``current.json`` at it.

    The same snapshot, code and configuration give the same release: one that is already there stays as it is.

    Raises:
        RuntimeError: a release of that name is there and its bytes are others; nothing is changed.
        HeldError: another program holds the marts or ``current.json``.
    """
    snapshot = measured.snapshot
    identifier = release_id(snapshot, measured.key)
    path = folder.marts / identifier
    draft = measured.folder.parent
    sums = complete(draft, measured, manifest(folder, snapshot.snapshot_id))
    if path.exists():
        changed = seal.problems(path, sums)
        disk.remove_tree(draft)
        if changed:
            raise RuntimeError(
                f"release {identifier} exists with other bytes ({changed[0]}); a release is never overwritten: find "
                f"out who changed {path}, move it elsewhere and run again"
            )
    else:
        disk.settle_tree(draft)
        disk.replace(draft, path)
    _note(folder, identifier, measured, sums)
    standing = approval.standings(ledger.read(folder.ledger))[identifier]
    tried = gate.tried(folder, standing, progress)
    if tried.attack and tried.attack.tables:
        gate.note(folder, standing, tried.attack)
    closed = tried.problems
    if not closed and standing.state == "built":
        gated = {"event": "gated", "release_id": identifier, "checks": list(gate.CHECKS)}
        ledger.append(folder.ledger, [gated])
    state = approval.state(ledger.read(folder.ledger), identifier) or "built"
    # One whose gate is closed now isn't shown, whatever it was before.
    point(folder, identifier, snapshot, "built" if closed else state)
    return Release(identifier, path, snapshot, state, closed)


def complete(draft: Path, measured: Measured, written: Mapping[str, Any]) -> dict[str, str]:
    """Put beside the marts whatever makes them a release, and seal it.

    Args:
        draft: the folder of the release to be, with the marts in it.
        measured: what ``measure`` returned.
        written: the snapshot's manifest.

    Returns:
        the hashes of its lists of hashes, by path.

    Raises:
        ValueError: an internal pack is asked for in a way that can't be meant.
    """
    if measured.snapshot.synthetic:
        write_whole(draft / "SYNTHETIC.txt", SYNTHETIC + "\n")
    write_whole(draft / INTERNAL / "parts.json", canonical(_parts(measured)))
    internal_pack.write(draft, measured.snapshot, SYNTHETIC if measured.snapshot.synthetic else "")
    _describe(draft, measured)
    program.wheel(draft / INTERNAL)
    provenance.write(
        draft,
        measured.snapshot,
        digests={extract["sha256"]: extract["content_sha256"] for extract in written["extracts"]},
        program=program.hashes(),
        libraries=program.libraries(),
        version=program.version(),
        disclosure_key=measured.key,
    )
    return seal.seal(draft)


def _describe(draft: Path, measured: Measured) -> None:
    """Write a descriptor into each part of a release: a Data Package of its tables."""
    as_at, synthetic = measured.snapshot.as_at_date, f" {SYNTHETIC}" * measured.snapshot.synthetic
    for folder, name, title, description, licences in (
        (draft, "workforce-edi", "public tables", PUBLIC, describe.LICENCES),
        (draft / INTERNAL, "workforce-edi-internal", "exact tables", EXACT, ()),
    ):
        descriptor = describe.datapackage(
            [path for path in measured.content if path.parent == folder],
            name=name,
            title=f"Workforce EDI, {title} as at {as_at}",
            description=description + synthetic,
            version=f"{as_at}-{measured.snapshot.snapshot_id[:12]}",
            content_hashes={path.stem: sha256 for path, sha256 in measured.content.items() if path.parent == folder},
            licences=licences,
            is_protected=folder == draft,
            documents=[path for path in held(folder) if path.suffix in describe.DOCUMENTS],
        )
        write_whole(folder / DESCRIPTOR, canonical(descriptor))


def _parts(measured: Measured) -> list[dict[str, Any]]:
    """Return which file of each kind holds the counts of each extract: an audit of rows disposed of starts there."""
    return sorted(
        (
            {"extract": one.sha256, "typed": one.typed.stem, "parts": {kind: path.name for kind, path in parts.items()}}
            for one, parts in measured.kept.items()
        ),
        key=lambda entry: (entry["extract"], entry["typed"]),
    )


def _note(folder: DataFolder, identifier: str, measured: Measured, sums: Mapping[str, str]) -> None:
    """Tell the ledger of a release: once, and again for each other account that runs it, who then can't approve it.

    And where files were refused since, so that it holds that they were.
    """
    entries = ledger.read(folder.ledger)
    known = [one for one in entries if one["event"] == "released" and one["release_id"] == identifier]
    account = approval.account()
    if account not in {one.get("by") for one in known} or ledger.refused_since_release(entries):
        released = {
            "event": "released",
            "release_id": identifier,
            "snapshot_id": measured.snapshot.snapshot_id,
            "disclosure_key": measured.key,
            "sums": dict(sums),
            "by": account,
            "python": platform.python_version(),
            "platform": platform.platform(),
        }
        ledger.append(folder.ledger, [released])


def point(folder: DataFolder, identifier: str, snapshot: Snapshot, state: str) -> None:
    """Let ``current`` and ``current.json`` be this release: its public files under their own names, one by one.

    Whoever reads a file of ``current`` finds it whole; ``datapackage.json``, which names the release, comes last but
    for the hashes. A release whose gate is closed, or that was withdrawn, doesn't take the place of another one; of
    one that was withdrawn in its place the notice is left there.
    """
    if state == "withdrawn":
        handover.leave_notice(folder, identifier)
    if state in ("built", "withdrawn"):
        return
    _copy_public(folder.marts / identifier, folder.marts / approval.CURRENT)
    pointer = {
        "release_id": identifier,
        "path": identifier,
        "snapshot_id": snapshot.snapshot_id,
        "as_at_date": snapshot.as_at_date.isoformat(),
        "state": state,
    }
    write_whole(folder.marts / "current.json", canonical(pointer))


def _copy_public(release: Path, current: Path) -> None:
    names = [path.relative_to(release) for path in held(release)]
    for name in sorted(names, key=lambda name: (name.as_posix() == DESCRIPTOR, name.as_posix())):
        (current / name).parent.mkdir(parents=True, exist_ok=True)
        disk.copy_whole(release / name, current / name)
    for path in [path for path in held(current) if path.relative_to(current) not in names]:
        disk.remove(path)
    disk.copy_whole(release / seal.SUMS, current / seal.SUMS)


def clear_drafts(folder: DataFolder) -> None:
    """Remove what runs left that were killed while they wrote it: a release to be is exact, and nobody's.

    Raises:
        HeldError: another program holds some of it.
    """
    for draft in (draft for pattern in DRAFTS for draft in folder.root.glob(pattern)):
        (disk.remove_tree if draft.is_dir() and not draft.is_symlink() else disk.remove)(draft)
