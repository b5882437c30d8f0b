"""Freeze: a validated set becomes a snapshot, named by the hash of its manifest.

The manifest holds no clock, host or file name: the same extracts, reference data, layouts, rules and method give the
same id anywhere.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import ledger, places, reference
from pipelines.places import DataFolder
from pipelines.validate import Accepted, Validated

POST_FEEDS = ("staff", "headcount")


class NothingToMeasureError(ValueError):
    """No extract of people in post was accepted, up to the date asked for."""


@dataclass(frozen=True)
class FrozenExtract:
    """An extract in a snapshot: ``owns`` is what it speaks for, where several accepted files speak about the same."""

    sha256: str
    feed: str
    layout: str
    arrives: str
    typed: Path
    owns: tuple[tuple[str, ...], ...]
    synthetic: bool


@dataclass(frozen=True)
class Snapshot:
    """A frozen set of extracts with what validated it; ``path`` holds ``manifest.json``."""

    snapshot_id: str
    path: Path
    as_at_date: date
    extracts: tuple[FrozenExtract, ...]
    method: Mapping[str, Any]

    @property
    def synthetic(self) -> bool:
        """Whether any of its rows is made up: then everything made from it is."""
        return any(extract.synthetic for extract in self.extracts)


def freeze(
    folder: DataFolder, validated: Validated, method: Mapping[str, Any], as_at_date: date | None = None
) -> Snapshot:
    """Write what was accepted into the snapshot store and note in the ledger what came, stopped and gave way.

    Args:
        folder: the data folder.
        validated: what ``validate`` returned.
        method: the method in force.
        as_at_date: the date to report; None for the latest date of people in post.

    Raises:
        NothingToMeasureError: nothing accepted is dated up to ``as_at_date``.
    """
    history = ledger.read(folder.ledger)
    owners, superseded = _owners(validated.accepted, ledger.taken_in(history))
    ledger.append(folder.ledger, _entries(validated, superseded, history))
    dates = sorted(about[1] for feed, *about in owners if feed in POST_FEEDS)
    as_at = as_at_date or (date.fromisoformat(dates[-1]) if dates else None)
    if as_at is None or not any(found <= as_at.isoformat() for found in dates):
        raise NothingToMeasureError(
            "no accepted file counts people in post" + (f" on or before {as_at}" if as_at else "") + "; "
            "put a staff or headcount extract into the landing folder"
        )
    chosen = _chosen(validated.accepted, owners, as_at)
    manifest = {
        "as_at_date": as_at.isoformat(),
        "extracts": [_manifest_entry(one, owns, validated) for one, owns in chosen],
        "files": _definitions(folder),
        # As texts: a manifest holds no floating-point number, whose spelling could differ.
        "method": json.loads(json.dumps(method), parse_float=str),
    }
    text = canonical(manifest)
    snapshot_id = hashlib.sha256(text.encode()).hexdigest()
    path = folder.snapshots / snapshot_id
    extracts = tuple(_store(folder, one, owns) for one, owns in chosen)
    if not (path / "manifest.json").is_file():
        path.mkdir(parents=True, exist_ok=True)
        write_whole(path / "manifest.json", text)
        ledger.append(folder.ledger, [{"event": "frozen", "snapshot_id": snapshot_id, "as_at_date": as_at.isoformat()}])
    return Snapshot(snapshot_id, path, as_at, extracts, method)


def _owners(
    accepted: Sequence[Accepted], order: Sequence[str]
) -> tuple[dict[tuple[str, ...], str], list[dict[str, Any]]]:
    """Decide which file speaks for each thing: a new file before an old one, a later one before an earlier one."""
    place = {sha256: number for number, sha256 in enumerate(order)}
    claims: dict[tuple[str, ...], list[str]] = {}
    for one in accepted:
        for about in one.extract.about:
            claims.setdefault((one.extract.feed, *about), []).append(one.extract.sha256)
    owners: dict[tuple[str, ...], str] = {}
    superseded = []
    for about, claimants in sorted(claims.items()):
        # Files that came together say the same (validate saw to it): the smaller hash stands for them.
        ranked = sorted(claimants, key=lambda sha256: (-place.get(sha256, len(place)), sha256))
        owners[about] = ranked[0]
        if ranked[0] not in place:
            superseded += [
                {"event": "superseded", "sha256": old, "by": ranked[0], "feed": about[0], "about": list(about[1:])}
                for old in ranked[1:]
                if old in place
            ]
    return owners, superseded


def _entries(
    validated: Validated, superseded: Sequence[dict[str, Any]], history: Sequence[ledger.Entry]
) -> list[dict[str, Any]]:
    known = set(ledger.taken_in(history))
    refused_before = {(entry["file"], entry["rule"]) for entry in history if entry["event"] == "refused"}
    received = [
        {"event": "received", "file": one.extract.file, "sha256": one.extract.sha256, "feed": one.extract.feed}
        for one in validated.accepted
        if one.extract.sha256 not in known
    ]
    refused = [
        {"event": "refused", "file": refusal.file, "rule": refusal.rule}
        for refusal in validated.refusals
        if (refusal.file, refusal.rule) not in refused_before
    ]
    return [*received, *refused, *superseded]


def _chosen(
    accepted: Sequence[Accepted], owners: Mapping[tuple[str, ...], str], as_at: date
) -> list[tuple[Accepted, tuple[tuple[str, ...], ...]]]:
    """Return the extracts that go in, with what each speaks for: people in post up to the date, every population."""
    chosen = []
    for one in sorted(accepted, key=lambda one: one.extract.sha256):
        feed = one.extract.feed
        owns = tuple(
            about
            for about in one.extract.about
            if owners[feed, *about] == one.extract.sha256 and (feed not in POST_FEEDS or about[1] <= as_at.isoformat())
        )
        if owns:
            chosen.append((one, owns))
    return chosen


def _manifest_entry(one: Accepted, owns: tuple[tuple[str, ...], ...], validated: Validated) -> dict[str, Any]:
    extract = one.extract
    return {
        "sha256": extract.sha256,
        "feed": extract.feed,
        "layout": extract.layout,
        "owns": [list(about) for about in owns],
        "synthetic": extract.synthetic,
        "rows": {
            "in": extract.rows_in,
            "accepted": one.rows_accepted,
            "rejected": one.rows_rejected,
            "checking": one.rows_checking,
        },
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "tried": finding.rows_tried,
                "failing": finding.rows_failing,
            }
            for finding in validated.findings
            if finding.extract == extract.sha256
        ],
    }


def _definitions(folder: DataFolder) -> dict[str, str]:
    """Return the hash of every file that decides how an extract is read, judged and compared."""
    files = {f"reference/{path.name}": path for path in reference.files() if path.name != "method.yaml"}
    files |= {f"layouts/{path.name}": path for path in folder.layouts()}
    files |= {f"contracts/{path.name}": path for path in sorted(places.CONTRACTS.glob("*.yaml"))}
    files |= {f"expectations/{path.name}": path for path in sorted(places.EXPECTATIONS.glob("*.json"))}
    return {name: file_sha256(path) for name, path in sorted(files.items())}


def _store(folder: DataFolder, one: Accepted, owns: tuple[tuple[str, ...], ...]) -> FrozenExtract:
    """Keep a file's bytes under their hash, and its typed rows beside them."""
    extract = one.extract
    objects = folder.snapshots / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    if not (objects / extract.sha256).is_file():
        copy_whole(extract.source, objects / extract.sha256)
    typed = objects / f"{file_sha256(one.typed)}.parquet"
    if not typed.is_file():
        copy_whole(one.typed, typed)
    return FrozenExtract(extract.sha256, extract.feed, extract.layout, extract.arrives, typed, owns, extract.synthetic)


def canonical(value: Any) -> str:
    """Return JSON that is the same for the same value: keys sorted, no spaces, one line."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(path)


def copy_whole(source: Path, path: Path) -> None:
    """Copy a file so that the copy is there whole or not at all."""
    draft = path.with_name(path.name + ".draft")
    shutil.copyfile(source, draft)
    draft.replace(path)
