"""Freeze: a validated set becomes a snapshot, named by the hash of its manifest.

The same extracts, reference data, layouts, rules and method give the same id anywhere. What decided about them goes
into the store beside them: whoever audits needs nothing of today.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import commentary, ledger, places, reference
from pipelines.compare import OVER_TIME
from pipelines.contract import POST_FEEDS
from pipelines.freeze import objects, snapshot, stop_list
from pipelines.freeze.carried import carried
from pipelines.freeze.owners import Claimant, GaveWay, accepted_claimant, owners
from pipelines.freeze.revisions import revisions
from pipelines.freeze.snapshot import About, FrozenExtract, Revision, Snapshot, canonical
from pipelines.places import DataFolder
from pipelines.validate import Accepted, Validated
from pipelines.waiver import Waiving

__all__ = ["FrozenExtract", "NothingToMeasureError", "Revision", "Snapshot", "canonical", "freeze"]

# What became of the rows that a rule of each severity found; a rule without any has passed.
VERDICTS = {"reject_row": "rejected", "reject_file": "rejected", "warn": "warned", "waived": "waived"}


class NothingToMeasureError(ValueError):
    """No extract of people in post was accepted, up to the date asked for."""


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
        DamagedError: a file of the store isn't what its name says.
        StopListError: the stop-list can't be used.
    """
    history = ledger.read(folder.ledger)
    validated, stopped = stop_list.honoured(folder, _without_disposed(validated, history))
    accepted = {one.extract.sha256: one for one in validated.accepted}
    disposed = {one.claimant.sha256: one for one in carried(folder, history)}
    claiming = [*map(accepted_claimant, accepted.values()), *(one.claimant for one in disposed.values())]
    speaks, gave_way = owners(claiming, ledger.received(history))
    as_at = _as_at({about[1] for feed, *about in speaks if feed in POST_FEEDS}, as_at_date)
    chosen = _chosen(claiming, speaks, as_at)
    definitions = _definitions(folder)
    manifest = {
        "as_at_date": as_at.isoformat(),
        "extracts": [
            disposed[one.sha256].entry(owns)
            if one.sha256 in disposed
            else _extract(folder, accepted[one.sha256], owns, validated, method)
            for one, owns in chosen
        ],
        "revises": [one.entry for one in revisions(folder, chosen, history, gave_way)],
        "files": {name: objects.keep(folder, path) for name, path in definitions.items()},
        # By its hash: a manifest holds no floating-point number, whose spelling could differ. Without what decides no
        # number: how long rows are kept may change, and the snapshot is the same.
        "method": objects.keep_text(folder, canonical(reference.deciding(method))),
    }
    snapshot_id = snapshot.write(folder, manifest)
    # Last, in one go: a run that stops before it has taken nothing in, and the next one finds everything new again.
    frozen = {"event": "frozen", "snapshot_id": snapshot_id, "as_at_date": as_at.isoformat()}
    known = any(entry["event"] == "frozen" and entry["snapshot_id"] == snapshot_id for entry in history)
    ledger.append(folder.ledger, [*_entries(validated, gave_way, history), *([] if known else [frozen])])
    return replace(snapshot.read(folder, snapshot_id), gave_way=tuple(gave_way), stopped=stopped)


def _without_disposed(validated: Validated, history: Sequence[ledger.Entry]) -> Validated:
    """Leave out files whose rows were disposed of, if they lie in landing again: their counts speak for them."""
    disposed = ledger.disposed(history)
    rest = tuple(one for one in validated.accepted if one.extract.sha256 not in disposed)
    return replace(validated, accepted=rest)


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
    # What gave way first: a power cut may leave some of the lines, and of a file that was received nothing gives way.
    return [*(one.entry for one in gave_way if one.entry not in said), *received]


def _chosen(
    claiming: Sequence[Claimant], owners: Mapping[tuple[str, ...], str], as_at: date
) -> list[tuple[Claimant, tuple[About, ...]]]:
    """Return the extracts that go in, with what each speaks for: people in post up to the date, every population."""
    chosen = []
    for one in sorted(claiming, key=lambda one: one.sha256):
        owns = tuple(
            about
            for about in one.about
            if owners.get((one.feed, *about)) == one.sha256
            and (one.feed not in POST_FEEDS or about[1] <= as_at.isoformat())
        )
        if owns:
            chosen.append((one, owns))
    return chosen


def _extract(
    folder: DataFolder, one: Accepted, owns: tuple[About, ...], validated: Validated, method: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep a file's bytes and its typed rows; return the manifest's entry.

    The bytes of a file with rows of people on the stop-list are withheld from the store: only what names them is kept.
    """
    extract, withheld = one.extract, bool(one.rows_stopped)
    said = extract.sidecar.extracted_on
    taken_on = {about: one.taken_on.get(about) or (said and said.isoformat()) for about in owns}
    return {
        "sha256": extract.sha256,
        "content_sha256": extract.content_sha256
        if withheld
        else objects.keep(folder, extract.source, extract.content_sha256),
        "withheld": withheld,
        "typed": objects.keep(folder, one.typed, suffix=".parquet"),
        "sidecar": json.loads(extract.sidecar.model_dump_json()),
        "feed": extract.feed,
        "layout": extract.layout,
        "arrives": extract.arrives,
        "owns": [list(about) for about in owns],
        "taken_on": [[*about, day] for about, day in taken_on.items() if day],
        "synthetic": extract.synthetic,
        "rows": {
            "in": extract.rows_in,
            "accepted": one.rows_accepted,
            "rejected": one.rows_rejected,
            "checking": one.rows_checking,
            "stopped": one.rows_stopped,
        },
        "evidence": _evidence(extract.sha256, validated, method),
        "waivers": [waiving.entry for waiving in _waivings(extract.sha256, validated)],
    }


def _evidence(extract: str, validated: Validated, method: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each rule that was asked of a file: how many rows were tried and failed, and the verdict.

    ``tolerance`` is the share of the file's rows up to which a rule costs rows only, and beyond which the whole file.
    What hangs on earlier runs is said to whoever runs, and is no part of the evidence: it would change the name.
    """
    tolerances = {"reject_row": str(method["max_rejected_share"]), "reject_file": "0"}
    passed = [
        (one.rule, one.column, one.severity, one.rows_tried, 0, "passed", "")
        for one in validated.asked
        if one.extract == extract and not one.rows_failing
    ]
    failed = [
        (one.rule, one.column, one.severity, one.rows_tried, one.rows_failing, VERDICTS[one.severity], one.waiver)
        for one in validated.findings
        if one.extract == extract
    ]
    names = ("rule", "column", "severity", "tried", "failing", "verdict", "waiver")
    return [
        dict(zip(names, line, strict=True)) | {"tolerance": tolerances.get(line[2])}
        for line in sorted([*passed, *failed])
        if not line[0].endswith(OVER_TIME)
    ]


def _waivings(extract: str, validated: Validated) -> list[Waiving]:
    """Return the waivers at work in an extract, but for those that hang on earlier runs, like the evidence."""
    return [one for one in validated.waivings if one.extract == extract and not one.rule.endswith(OVER_TIME)]


def _definitions(folder: DataFolder) -> dict[str, Path]:
    """Return every file that decides how an extract is read, judged and compared, by what the manifest calls it."""
    files = {f"reference/{path.name}": path for path in reference.files(folder) if path.name != "method.yaml"}
    files |= {f"layouts/{path.name}": path for path in folder.layouts()}
    files |= {f"mappings/{path.name}": path for path in folder.mappings()}
    files |= {f"waivers/{path.name}": path for path in folder.waivers()}
    if folder.commentary:
        commentary.refuse_unusable(folder.commentary)
        files[commentary.NAME] = folder.commentary
    files |= {f"contracts/{path.name}": path for path in sorted(places.CONTRACTS.glob("*.yaml"))}
    files |= {f"expectations/{path.name}": path for path in sorted(places.EXPECTATIONS.glob("*.json"))}
    for folder_of_sql in ("checks", "judge"):
        files |= {f"{folder_of_sql}/{path.name}": path for path in (places.SQL / folder_of_sql).glob("*.sql")}
    return dict(sorted(files.items()))
