"""Releases held to the ledger: every file to the sums of its release, the sums to the line that released it."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines.approval import NOTICE, STEPS, State
from pipelines.ledger import Entry
from pipelines.seal import INTERNAL, SUMS, parsed
from pipelines.verify.chain import LINE
from pipelines.verify.snapshots import frozen
from pipelines.verify.stored import MARTS, RESTORE, Problem, Stored

RELEASE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{12}")
LISTS = (SUMS, f"{INTERNAL}/{SUMS}")

POINTER, CURRENT = f"{MARTS}/current.json", f"{MARTS}/current"
RENEW = "find out who changed it, and run again, which makes it anew"

OF_A_RELEASE = ("attacked", "gated", "approved", "published", "withdrawn", "audited")


def check(stored: Stored, entries: Sequence[tuple[int, Entry]]) -> Iterator[Problem]:
    """Hold the releases, and what points to the latest, to the ledger's entries."""
    yield from _in_order(entries)
    for lines in made(entries).values():
        yield from _same_sums(lines)
        yield from _release(stored, *lines[0])
    yield from _pointer(stored, entries)


def made(entries: Sequence[tuple[int, Entry]]) -> dict[str, list[tuple[int, Entry]]]:
    """Return the lines that released something under a name that can be one, with their places, by release.

    A run that makes a release again may say so with another line.
    """
    lines: dict[str, list[tuple[int, Entry]]] = {}
    for place, entry in entries:
        if entry["event"] == "released" and RELEASE.fullmatch(str(entry.get("release_id"))):
            lines.setdefault(entry["release_id"], []).append((place, entry))
    return lines


def _same_sums(lines: Sequence[tuple[int, Entry]]) -> Iterator[Problem]:
    (first, made), *again = lines
    for place, entry in again:
        if entry.get("sums") != made.get("sums") or entry.get("snapshot_id") != made.get("snapshot_id"):
            what = f"says something else of {entry['release_id']} than line {first:,}, which released it first"
            yield Problem(f"{LINE} {place:,}", what, RESTORE)


def _in_order(entries: Sequence[tuple[int, Entry]]) -> Iterator[Problem]:
    """Hold what is said of a release to what was said before: it was released, and from a snapshot that was frozen."""
    frozen_at = frozen(entries)
    released: set[str] = set()
    for place, entry in entries:
        release = str(entry.get("release_id", ""))
        if entry["event"] == "released":
            released.add(release)
            if not RELEASE.fullmatch(release):
                yield Problem(f"{LINE} {place:,}", "names no release", RESTORE)
            if frozen_at.get(str(entry.get("snapshot_id")), place) >= place:
                what = f"releases {release} from a snapshot that no line before it froze"
                yield Problem(f"{LINE} {place:,}", what, RESTORE)
        elif entry["event"] in OF_A_RELEASE and release not in released:
            what = f"speaks of release {release}, which no line before it released"
            yield Problem(f"{LINE} {place:,}", what, RESTORE)


def _release(stored: Stored, place: int, entry: Entry) -> Iterator[Problem]:
    folder, sums = f"{MARTS}/{entry['release_id']}", entry.get("sums")
    if folder not in stored.folders:
        yield Problem(folder, f"is missing, though line {place:,} released it", RESTORE)
    elif sums is None:
        stored.pass_over(folder)
        what = f"line {place:,}, of an earlier version, has no sums of its files"
        yield Problem(folder, what, "whether they are as they were can't be checked", is_unchecked=True)
    elif not isinstance(sums, dict) or set(sums) != set(LISTS):
        stored.pass_over(folder)
        yield Problem(f"{LINE} {place:,}", f"doesn't say the sums of {entry['release_id']}", RESTORE)
    else:
        for name in LISTS:
            path = f"{folder}/{name}"
            yield from stored.held_to(path, str(sums[name]), f"line {place:,} released it")
            yield from _listed(stored, path, str(sums[name]))


def _listed(stored: Stored, path: str, sha256: str) -> Iterator[Problem]:
    """Hold the files of a part of a release to its list of sums; what isn't in it stays unaccounted for."""
    folder = path.removesuffix(f"/{SUMS}")
    is_public = not folder.endswith(f"/{INTERNAL}")
    if path not in stored.files or stored.sha256(path) != sha256:
        # What the list named isn't known, and nobody should move a file out for it.
        inside = set(stored.below(f"{folder}/{INTERNAL}")) if is_public else set()
        stored.accounted.update(set(stored.below(folder)) - inside)
        return
    listed = parsed(stored.content(path))
    if listed is None or (is_public and any(name.startswith(f"{INTERNAL}/") for name in listed)):
        stored.pass_over(folder)
        yield Problem(path, "isn't a list of sums of this folder's own files, though its own sum is right", RESTORE)
        return
    for name, sha256 in listed.items():
        yield from stored.held_to(f"{folder}/{name}", sha256, f"{SUMS} beside it names it")


def _pointer(stored: Stored, entries: Sequence[tuple[int, Entry]]) -> Iterator[Problem]:
    """Hold `current.json`, and the copy beside it, to the release that it names and to its state by the ledger."""
    released = made(entries)
    if POINTER not in stored.files:
        stored.pass_over(CURRENT)
        if released:
            yield Problem(POINTER, "is missing, though there are releases", RENEW)
        return
    stored.accounted.add(POINTER)
    said = _json(stored.content(POINTER))
    stored.progress(POINTER)
    release = str(said.get("release_id"))
    if release not in released:
        stored.pass_over(CURRENT)
        yield Problem(POINTER, "names no release that the ledger knows", RENEW)
        return
    _, made_by = released[release][0]
    meant = {
        "release_id": release,
        "path": release,
        "snapshot_id": made_by.get("snapshot_id"),
        "as_at_date": release[: len("2026-03-31")],
        "state": state(entries, release),
    }
    for key in sorted(said.keys() | meant.keys()):
        if said.get(key) != meant.get(key):
            should = f"should be {meant[key]}" if key in meant else "shouldn't be there"
            yield Problem(POINTER, f"its {key} {should}, by the ledger", RENEW)
    if meant["state"] == "withdrawn" and CURRENT in stored.folders:
        yield from _notice(stored, release)
    else:
        yield from _copy(stored, release, made_by.get("sums"))


def _notice(stored: Stored, release: str) -> Iterator[Problem]:
    """Hold `current` to what it is once its release was withdrawn: the notice, and nothing else."""
    path = f"{CURRENT}/{NOTICE}"
    stored.accounted.update((CURRENT, path))
    if not stored.content(path).decode(errors="replace").startswith(f"WITHDRAWN: release {release}\n"):
        what = f"isn't the notice of release {release}, which was withdrawn"
        yield Problem(path, what, "withdraw it again, which writes the notice")


def _json(content: bytes) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _copy(stored: Stored, release: str, sums: object) -> Iterator[Problem]:
    """Hold the files of `current`, if it is there at all, to those of the release's public part."""
    if CURRENT not in stored.folders:
        return
    path = f"{MARTS}/{release}/{SUMS}"
    meant = sums.get(SUMS) if isinstance(sums, dict) else None
    is_right = path in stored.files and stored.sha256(path) == meant
    listed = parsed(stored.content(path)) if is_right else None
    if listed is None:
        stored.pass_over(CURRENT)
        return
    for name, sha256 in (listed | {SUMS: str(meant)}).items():
        yield from stored.held_to(f"{CURRENT}/{name}", sha256, f"release {release} has it")


def state(entries: Sequence[tuple[int, Entry]], release: str) -> str:
    """Return the state of a release by the ledger: built, gated, approved, published or withdrawn."""
    now: State | None = None
    for _, entry in entries:
        if entry.get("release_id") == release:
            now = STEPS.get((now, entry["event"]), now)
    return now or ""
