"""Freeze: a validated set becomes a snapshot, named by the hash of its manifest.

The manifest holds no clock, host or file name: the same extracts, reference data, layouts, rules and method give the
same id anywhere.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import ledger, places, reference
from pipelines.compare import OVER_TIME
from pipelines.contract import POST_FEEDS
from pipelines.disk import copy_whole, file_sha256, write_whole
from pipelines.freeze.owners import GaveWay, owners
from pipelines.freeze.revisions import Revision, revisions
from pipelines.judge import Finding
from pipelines.places import DataFolder
from pipelines.sidecar import ControlTotal
from pipelines.validate import Accepted, Validated
from pipelines.waiver import Waiving


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
    control_totals: tuple[ControlTotal, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict, compare=False)  # in, accepted, rejected, checking
    findings: tuple[Finding, ...] = ()
    waivings: tuple[Waiving, ...] = ()
    extracted_on: date | None = None  # what the sidecar says; the rows' own comes before it


@dataclass(frozen=True)
class Snapshot:
    """A frozen set of extracts with what validated it; ``path`` holds ``manifest.json``.

    ``revisions`` are the organisations and dates of which an earlier snapshot says something else. ``gave_way`` is what
    happened in this run, for its reader; the manifest doesn't hold it.
    """

    snapshot_id: str
    path: Path
    as_at_date: date
    extracts: tuple[FrozenExtract, ...]
    method: Mapping[str, Any]
    revisions: tuple[Revision, ...] = ()
    gave_way: tuple[GaveWay, ...] = ()

    @property
    def synthetic(self) -> bool:
        """Whether any of its rows is made up: then everything made from it is."""
        return any(extract.synthetic for extract in self.extracts)


def freeze(
    folder: DataFolder, validated: Validated, method: Mapping[str, Any], as_at_date: date | None = None
) -> Snapshot:
    """Write what was accepted into the snapshot store and note in the ledger what came and gave way.

    Args:
        folder: the data folder.
        validated: what ``validate`` returned.
        method: the method in force.
        as_at_date: the date to report; None for the latest date of people in post.

    Raises:
        NothingToMeasureError: nothing accepted counts people in post, or nothing at ``as_at_date``.
    """
    history = ledger.read(folder.ledger)
    speaks, gave_way = owners(validated.accepted, ledger.received(history))
    as_at = _as_at({about[1] for feed, *about in speaks if feed in POST_FEEDS}, as_at_date)
    chosen = _chosen(validated.accepted, speaks, as_at)
    revised = revisions(folder, chosen, history, gave_way)
    manifest = {
        "as_at_date": as_at.isoformat(),
        "extracts": [_manifest_entry(one, owns, validated) for one, owns in chosen],
        "revises": [one.entry for one in revised],
        "files": _definitions(folder),
        # As texts: a manifest holds no floating-point number, whose spelling could differ.
        "method": json.loads(json.dumps(method), parse_float=str),
    }
    text = canonical(manifest)
    snapshot_id = hashlib.sha256(text.encode()).hexdigest()
    path = folder.snapshots / snapshot_id
    extracts = tuple(_store(folder, one, owns, validated) for one, owns in chosen)
    if not (path / "manifest.json").is_file():
        path.mkdir(parents=True, exist_ok=True)
        write_whole(path / "manifest.json", text)
    # Last, in one go: a run that stops before it has taken nothing in, and the next one finds everything new again.
    frozen = {"event": "frozen", "snapshot_id": snapshot_id, "as_at_date": as_at.isoformat()}
    known = any(entry["event"] == "frozen" and entry["snapshot_id"] == snapshot_id for entry in history)
    ledger.append(folder.ledger, [*_entries(validated, gave_way, history), *([] if known else [frozen])])
    return Snapshot(snapshot_id, path, as_at, extracts, method, revised, tuple(gave_way))


def _as_at(found: Set[str], asked: date | None) -> date:
    """Return the date to report: the one asked for, if anybody counted people then, or else the latest."""
    if not found:
        raise NothingToMeasureError(
            "no accepted file counts people in post; put a staff or headcount extract into the landing folder"
        )
    if asked is None:
        return date.fromisoformat(max(found))
    day = asked.isoformat()
    if day not in found:
        earlier = max((one for one in found if one < day), default="none")
        later = min((one for one in found if one > day), default="none")
        raise NothingToMeasureError(
            f"no accepted file counts people in post on {day}; the nearest dates that do: {earlier} before it, "
            f"{later} after it; ask for one of these, or put an extract of that date into the landing folder"
        )
    return asked


def _entries(
    validated: Validated, gave_way: Sequence[GaveWay], history: Sequence[ledger.Entry]
) -> list[dict[str, Any]]:
    known = {one.sha256 for one in ledger.received(history)}
    received = [
        ledger.Received(one.extract.sha256, one.extract.file, one.extract.feed, one.rows_about).entry
        # The smallest hash last: it stands for files that say the same, in this run and, as the latest, in the next.
        for one in sorted(validated.accepted, key=lambda one: one.extract.sha256, reverse=True)
        if one.extract.sha256 not in known
    ]
    said = [{key: entry.get(key) for key in ("event", "sha256", "by", "feed", "about", "reason")} for entry in history]
    return [*received, *(one.entry for one in gave_way if one.entry not in said)]


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
            if owners.get((feed, *about)) == one.extract.sha256
            and (feed not in POST_FEEDS or about[1] <= as_at.isoformat())
        )
        if owns:
            chosen.append((one, owns))
    return chosen


def _manifest_entry(one: Accepted, owns: tuple[tuple[str, ...], ...], validated: Validated) -> dict[str, Any]:
    extract = one.extract
    return {
        "sha256": extract.sha256,
        "content_sha256": extract.content_sha256,
        "typed": file_sha256(one.typed),
        "sidecar": extract.sidecar.model_dump(mode="json"),
        "feed": extract.feed,
        "layout": extract.layout,
        "owns": [list(about) for about in owns],
        "synthetic": extract.synthetic,
        "rows": _rows(one),
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "tried": finding.rows_tried,
                "failing": finding.rows_failing,
                "waiver": finding.waiver,
            }
            for finding in validated.findings
            # What hangs on earlier runs is said to whoever runs, and is no part of the name.
            if finding.extract == extract.sha256 and not finding.rule.endswith(OVER_TIME)
        ],
        "waivers": [waiving.entry for waiving in _waivings(extract.sha256, validated)],
    }


def _waivings(extract: str, validated: Validated) -> list[Waiving]:
    """Return the waivers at work in an extract, but for those that hang on earlier runs, like the findings."""
    return [one for one in validated.waivings if one.extract == extract and not one.rule.endswith(OVER_TIME)]


def _rows(one: Accepted) -> dict[str, int]:
    return {
        "in": one.extract.rows_in,
        "accepted": one.rows_accepted,
        "rejected": one.rows_rejected,
        "checking": one.rows_checking,
    }


def _definitions(folder: DataFolder) -> dict[str, str]:
    """Return the hash of every file that decides how an extract is read, judged and compared."""
    files = {f"reference/{path.name}": path for path in reference.files(folder) if path.name != "method.yaml"}
    files |= {f"layouts/{path.name}": path for path in folder.layouts()}
    files |= {f"mappings/{path.name}": path for path in folder.mappings()}
    files |= {f"waivers/{path.name}": path for path in folder.waivers()}
    files |= {f"contracts/{path.name}": path for path in sorted(places.CONTRACTS.glob("*.yaml"))}
    files |= {f"expectations/{path.name}": path for path in sorted(places.EXPECTATIONS.glob("*.json"))}
    for folder_of_sql in ("checks", "judge"):
        files |= {f"{folder_of_sql}/{path.name}": path for path in (places.SQL / folder_of_sql).glob("*.sql")}
    return {name: file_sha256(path) for name, path in sorted(files.items())}


def _store(folder: DataFolder, one: Accepted, owns: tuple[tuple[str, ...], ...], validated: Validated) -> FrozenExtract:
    """Keep a file's bytes under their hash, and its typed rows beside them."""
    extract = one.extract
    objects = folder.snapshots / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    if not (objects / extract.content_sha256).is_file():
        copy_whole(extract.source, objects / extract.content_sha256, extract.content_sha256)
    typed = objects / f"{file_sha256(one.typed)}.parquet"
    if not typed.is_file():
        copy_whole(one.typed, typed)
    return FrozenExtract(
        sha256=extract.sha256,
        feed=extract.feed,
        layout=extract.layout,
        arrives=extract.arrives,
        typed=typed,
        owns=owns,
        synthetic=extract.synthetic,
        control_totals=extract.sidecar.control_totals,
        rows=_rows(one),
        extracted_on=extract.sidecar.extracted_on,
        findings=tuple(finding for finding in validated.findings if finding.extract == extract.sha256),
        waivings=tuple(_waivings(extract.sha256, validated)),
    )


def canonical(value: Any) -> str:
    """Return JSON that is the same for the same value: keys sorted, no spaces, one line."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"
