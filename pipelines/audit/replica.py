"""The replica: a data folder of an audit's own, with what a snapshot froze in the place of what is in force today."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines import places
from pipelines.contract import POST_FEEDS
from pipelines.disk import copy_whole, write_whole
from pipelines.freeze import FrozenExtract, Snapshot, canonical
from pipelines.freeze.objects import DamagedError, verified
from pipelines.places import DataFolder
from pipelines.seal import INTERNAL


def damaged(folder: DataFolder, release: Path, written: Mapping[str, Any], frozen: Snapshot) -> list[str]:
    """Return what is wrong with the files that an audit starts from, a line each.

    They are those that the manifest names, and of rows that were disposed of the counts that the release came from.

    Args:
        folder: the data folder.
        release: the release's folder.
        written: the manifest.
        frozen: the snapshot, as read from it.
    """
    disposed = {one.sha256 for one in frozen.extracts if one.kept} | {
        one.sha256 for one in frozen.revisions if one.kept
    }
    kept = [
        folder.snapshots / kind / name
        for (extract, _), parts in _parts(release).items()
        if extract in disposed
        for kind, name in parts.items()
    ]
    found = []
    for path in (*_named(folder, written, disposed), *kept):
        try:
            verified(path)
        except DamagedError as error:
            found.append(str(error))
    return found


def _named(folder: DataFolder, written: Mapping[str, Any], disposed: set[str]) -> Iterator[Path]:
    for extract in written["extracts"]:
        if extract["sha256"] not in disposed:
            yield folder.objects / f"{extract['typed']}.parquet"
            if not extract.get("withheld"):
                yield folder.objects / extract["content_sha256"]
    yield from (
        folder.objects / f"{one['typed']}.parquet" for one in written["revises"] if one["sha256"] not in disposed
    )
    yield from (folder.objects / name for name in sorted({*written["files"].values(), written["method"]}))


def make(folder: DataFolder, release: Path, frozen: Snapshot, place: Path) -> tuple[DataFolder, Snapshot]:
    """Lay out a data folder of the audit's own; return it, and the snapshot with the counts that were kept.

    Reference tables, mappings and method are the snapshot's. Typed rows are read where they lie. Where rows were
    disposed of, the counts are those from which this very release was made.

    Args:
        folder: the data folder under audit.
        release: the release's folder.
        frozen: its snapshot.
        place: an empty folder.

    Raises:
        DamagedError: something that was frozen or kept isn't what its name says.
    """
    copy = DataFolder(place, packaged=place / "packaged")
    for name, sha256 in frozen.files.items():
        kind, _, file = name.partition("/")
        where = {"reference": copy.packaged, "mappings": place / "mappings"}.get(kind)
        if where:
            where.mkdir(parents=True, exist_ok=True)
            copy_whole(verified(folder.objects / sha256), where / file, sha256)
    write_whole(copy.packaged / "method.yaml", canonical(dict(frozen.method)))
    # A table that the program came to need later isn't in an older snapshot.
    for path in sorted(places.REFERENCE.glob("*.csv")):
        if not (copy.packaged / path.name).is_file() and not path.name.startswith("sample_"):
            copy_whole(path, copy.packaged / path.name)
    made_from = _parts(release)
    return copy, replace(
        frozen,
        extracts=tuple(_with_kept(folder, copy, one, made_from) for one in frozen.extracts),
        revisions=tuple(_with_kept(folder, copy, one, made_from) for one in frozen.revisions),
    )


def _parts(release: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return from which files the counts of a release came, by extract and the hash of its typed rows."""
    entries = json.loads((release / INTERNAL / "parts.json").read_text(encoding="utf-8"))
    return {(entry["extract"], entry["typed"]): entry["parts"] for entry in entries}


def _with_kept(folder: DataFolder, copy: DataFolder, one: Any, made_from: Mapping[tuple[str, str], Any]) -> Any:
    """Return an extract or revision whose kept counts, if its rows are gone, are the release's and lie in the copy."""
    if not one.kept:
        return one
    kept = made_from[one.sha256, one.typed.stem]
    for kind, name in kept.items():
        part = verified(folder.snapshots / kind / name)
        (copy.snapshots / kind).mkdir(parents=True, exist_ok=True)
        copy_whole(part, copy.snapshots / kind / name)
    return replace(one, kept=kept)


def started_from(frozen: Snapshot) -> str:
    """Say what there was to start from: typed rows, or of extracts whose rows were disposed of the counts kept."""
    posts: list[FrozenExtract] = [one for one in frozen.extracts if one.feed in POST_FEEDS]
    disposed = sum(bool(one.kept) for one in posts)
    rows = f"the typed rows of {len(posts) - disposed:,} extracts of people in post"
    if not disposed:
        return rows
    counts = f"of {disposed:,} the rows were disposed of, and it began with the counts kept of them"
    return f"{rows}; {counts}" if disposed < len(posts) else f"no rows: {counts}"
