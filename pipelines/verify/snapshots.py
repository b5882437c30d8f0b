"""Snapshots held to the ledger: manifests to their ids, objects to their names, and all of them there."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.ledger import Entry
from pipelines.verify.chain import LINE
from pipelines.verify.stored import HASH, RESTORE, SNAPSHOTS, Problem, Stored

OBJECTS = f"{SNAPSHOTS}/objects"
OBJECT = re.compile(r"([0-9a-f]{64})(\.parquet)?")

# What is kept per extract: named by its definition and by its content, of which earlier versions had the first only.
PART = re.compile(r"[0-9a-f]{32}-([0-9a-f]{64})\.parquet")
PART_BEFORE = re.compile(r"[0-9a-f]{64}\.parquet")


def check(stored: Stored, entries: Sequence[tuple[int, Entry]], kinds: Iterable[str]) -> Iterator[Problem]:
    """Hold the snapshots to the ledger's entries.

    Args:
        stored: what lies in the data folder.
        entries: the ledger's, with their places.
        kinds: the folders of what is kept per extract.
    """
    named: dict[str, tuple[str, int]] = {}
    is_known = True
    for snapshot, place in frozen(entries).items():
        names: set[str] | None = None
        if HASH.fullmatch(snapshot):
            path = f"{SNAPSHOTS}/{snapshot}/manifest.json"
            yield from stored.held_to(path, snapshot, f"line {place:,} froze it")
            if path in stored.files and stored.sha256(path) == snapshot:
                manifest = _read(stored.content(path))
                names = manifest.names
                yield from _of_manifest(path, manifest)
        else:
            yield Problem(f"{LINE} {place:,}", "names no snapshot", RESTORE)
        is_known = is_known and names is not None
        named.update((name, (snapshot, place)) for name in names or ())
    stored.accounted.add(OBJECTS)
    yield from _objects(stored, named, disposed(entries))
    if not is_known:
        # What else is named isn't known, and nobody should move an object out for it.
        stored.pass_over(OBJECTS)
    for kind in sorted(kinds):
        yield from _parts(stored, f"{SNAPSHOTS}/{kind}")


def frozen(entries: Sequence[tuple[int, Entry]]) -> dict[str, int]:
    """Return the snapshots that were frozen, each with the place of the line that says so."""
    said: dict[str, int] = {}
    for place, entry in entries:
        if entry["event"] == "frozen":
            said.setdefault(str(entry.get("snapshot_id", "")), place)
    return said


@dataclass(frozen=True)
class Manifest:
    """What a snapshot's manifest names: ``names`` is None where it isn't one.

    ``is_earlier`` is one of a version that kept hashes of the definitions, and not what they say.
    """

    names: set[str] | None
    is_earlier: bool = False


def _read(content: bytes) -> Manifest:
    try:
        said = json.loads(content)
        is_earlier = not isinstance(said["method"], str)
        return Manifest(_names(said, with_definitions=not is_earlier), is_earlier)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Manifest(None)


def _names(manifest: Any, *, with_definitions: bool) -> set[str]:
    """Return what the objects are called that a manifest names: raw bytes, typed rows, definitions and the method.

    The bytes of a file with rows of people on the stop-list were withheld from the store.
    """
    names = {f"{one['typed']}.parquet" for one in (*manifest["extracts"], *manifest["revises"])}
    names.update(one["content_sha256"] for one in manifest["extracts"] if not one.get("withheld"))
    if with_definitions:
        names.update((manifest["method"], *manifest["files"].values()))
    if not all(OBJECT.fullmatch(name) for name in names):
        raise ValueError("an object is named by something else than a hash")
    return names


def _of_manifest(path: str, manifest: Manifest) -> Iterator[Problem]:
    if manifest.names is None:
        yield Problem(path, "isn't a manifest of a snapshot, though its id is right", RESTORE)
    elif manifest.is_earlier:
        what = "an earlier version froze it, and kept the hashes of its definitions only"
        yield Problem(path, what, "whether they are still had can't be checked", is_unchecked=True)


def _objects(stored: Stored, named: Mapping[str, tuple[str, int]], disposed_at: Mapping[str, int]) -> Iterator[Problem]:
    """Hold each object to its name: those that manifests name, with the latest that does, and the others."""
    for name, (snapshot, frozen_at) in sorted(named.items()):
        path = f"{OBJECTS}/{name}"
        if path in stored.files:
            yield from _still_there(path, disposed_at.get(name, 0), frozen_at)
        if path in stored.files or name not in disposed_at:
            yield from stored.held_to(path, name.removesuffix(".parquet"), f"snapshot {snapshot[:12]}… names it")
    for path in stored.below(OBJECTS):
        called = OBJECT.fullmatch(path.removeprefix(f"{OBJECTS}/"))
        if path not in stored.accounted and called and stored.sha256(path) not in (called[1], ""):
            yield Problem(path, "its content isn't what its name says, and no manifest names it", RESTORE)
            stored.accounted.add(path)


def disposed(entries: Sequence[tuple[int, Entry]]) -> dict[str, int]:
    """Return the objects that were disposed of, each with the place of the last line that says so."""
    return {
        str(name): place
        for place, entry in entries
        if entry["event"] == "disposed" and isinstance(entry.get("objects"), list)
        for name in entry["objects"]
    }


def _still_there(path: str, disposed_at: int, frozen_at: int) -> Iterator[Problem]:
    if disposed_at > frozen_at:
        what = f"is still there, though line {disposed_at:,} says that it was disposed of"
        yield Problem(path, what, "dispose of it again, and find out where it came from")


def _parts(stored: Stored, folder: str) -> Iterator[Problem]:
    """Hold what is kept per extract to its name."""
    stored.accounted.add(folder)
    before = []
    for path in stored.below(folder):
        name = path.removeprefix(f"{folder}/")
        content = PART.fullmatch(name)
        if content:
            yield from stored.held_to(path, content[1], "its name says it")
        elif PART_BEFORE.fullmatch(name):
            stored.accounted.add(path)
            before.append(path)
    if before:
        what = f"{len(before):,} files of an earlier version aren't named by their content"
        yield Problem(folder, what, "whether they are as they were can't be checked", is_unchecked=True)
