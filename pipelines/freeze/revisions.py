"""Revisions: what an earlier snapshot says otherwise (docs/decisions/0013)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines import ledger
from pipelines.contract import POST_FEEDS
from pipelines.freeze.owners import Claimant, GaveWay
from pipelines.freeze.snapshot import Revision, manifests
from pipelines.places import DataFolder


def revisions(
    folder: DataFolder,
    chosen: Sequence[tuple[Claimant, tuple[tuple[str, ...], ...]]],
    history: Sequence[ledger.Entry],
    gave_way: Sequence[GaveWay],
) -> tuple[Revision, ...]:
    """Return what an earlier snapshot says otherwise of people in post, as the line of files that gave way leads to it.

    A file that gave way before any snapshot held it said nothing to anybody, and is passed over. Counts that rows took
    the place of are revised as counts that were sent again.
    """
    before: dict[tuple[str, ...], list[ledger.Entry]] = {}
    for entry in sorted([*history, *(one.entry for one in gave_way)], key=_supersedes_first):
        if entry["event"] in ("superseded", "set_aside"):
            before.setdefault((*entry["about"], entry["by"]), []).append(entry)
    if not before:
        return ()
    frozen = _frozen_rows(folder, history)
    found = []
    for one, owns in chosen:
        for about in owns if one.feed in POST_FEEDS else ():
            earlier = _earlier(about, one.sha256, before, frozen)
            if earlier:
                first, last = earlier
                feed, sha256 = last["feed"], last["sha256"]
                typed = frozen[feed, *about, sha256]
                found.append(Revision(feed, about, sha256, typed, one.sha256, first.get("reason", "")))
    return tuple(found)


def _supersedes_first(entry: ledger.Entry) -> bool:
    """Order what gave way: a file's own feed leads on before another one does."""
    return bool(entry["event"] != "superseded")


def _earlier(
    about: tuple[str, ...],
    by: str,
    before: Mapping[tuple[str, ...], Sequence[ledger.Entry]],
    frozen: Mapping[tuple[str, ...], Path],
) -> tuple[ledger.Entry, ledger.Entry] | None:
    """Follow the line of files that gave way back to one that a snapshot holds; return its first and last step."""
    for step in before.get((*about, by), ()):
        if (step["feed"], *about, step["sha256"]) in frozen:
            return step, step
        further = _earlier(about, step["sha256"], before, frozen)
        if further:
            return step, further[1]
    return None


def _frozen_rows(folder: DataFolder, history: Sequence[ledger.Entry]) -> dict[tuple[str, ...], Path]:
    """Return where the typed rows lie that the latest snapshot holding them took of an extract, by what it owned."""
    rows: dict[tuple[str, ...], Path] = {}
    for manifest in manifests(folder, history):
        for extract in manifest["extracts"]:
            for about in extract["owns"]:
                typed = folder.objects / f"{extract['typed']}.parquet"
                rows[extract["feed"], *about, extract["sha256"]] = typed
    return rows
