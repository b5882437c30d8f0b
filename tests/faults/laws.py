"""What holds of a data folder whenever a process in it was killed, and what after the next one ended by itself."""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Tree = dict[str, str]

# The clock is in the ledger, and its hash therefore in the ledger's head; who holds the lock is a process's number.
OF_THE_MOMENT = ("ledger.jsonl", "ledger.head", ".edi.lock", ".edi.holder")
CLOCKED = ("number", "at", "previous")
BEGINNING = "0" * 64

NAMED = re.compile(r"(marts|published)/20[^/]+")


def tree(folder: Path, but: tuple[str, ...] = ()) -> Tree:
    """Every path below a folder with the SHA-256 of its content, sorted; a folder and a link say what they are."""
    return {
        path.relative_to(folder).as_posix(): _content(path)
        for path in sorted(folder.rglob("*"))
        if path.relative_to(folder).as_posix() not in but
    }


@cache
def still(folder: Path) -> Tree:
    """The tree of a folder in which nothing happens any more."""
    return tree(folder)


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if path.is_dir():
        return "folder"
    told = path.stat()
    # A file that lies in many copies of a folder is read once.
    return _shared(path, told.st_ino, told.st_mtime_ns) if told.st_nlink > 1 else _sha256(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


HASHES: dict[tuple[int, int], str] = {}


def _shared(path: Path, number: int, changed: int) -> str:
    if (number, changed) not in HASHES:
        HASHES[number, changed] = _sha256(path)
    return HASHES[number, changed]


def lines(ledger: Path) -> tuple[list[bytes], bytes]:
    """The lines of a ledger, and what stands behind the last whole one: of a line that was never finished."""
    *whole, torn = ledger.read_bytes().split(b"\n") if ledger.is_file() else [b""]
    return whole, torn


def chain(ledger: Path) -> list[dict[str, Any]]:
    """The entries of a ledger, every line of which names the hash of the one before; a torn last one is no entry."""
    before, entries = BEGINNING, []
    for number, line in enumerate(lines(ledger)[0], start=1):
        entry = json.loads(line)
        assert (entry["number"], entry["previous"]) == (number, before), f"line {number} doesn't follow"
        before = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    return entries


def events(ledger: Path) -> list[str]:
    """What happened, without the clock and where the data folder lies, in an order that doesn't matter."""
    happened = [{key: value for key, value in entry.items() if key not in CLOCKED} for entry in chain(ledger)]
    return sorted(json.dumps(entry, sort_keys=True).replace(str(ledger.parent), "") for entry in happened)


def below(files: Mapping[str, str], name: str) -> Tree:
    """The part of a tree that lies below a folder."""
    return {path.removeprefix(f"{name}/"): content for path, content in files.items() if path.startswith(f"{name}/")}


def releases(files: Mapping[str, str]) -> dict[str, Tree]:
    """The folders that are named as a release is, by their paths: in ``marts``, and where releases are published."""
    found = {match[0] for match in map(NAMED.match, files) if match}
    return {name: below(files, name) for name in found}


def check_killed(folder: Path, before: Path, after: Path) -> None:
    """Hold a folder to what is true at every moment.

    Args:
        folder: where a process was killed.
        before: the folder as it was when the process began.
        after: the folder as a process leaves it that nobody disturbs.
    """
    found, earlier, later = tree(folder), still(before), still(after)
    known = releases(earlier) | releases(later)
    whole = {name for name, files in releases(found).items() if files == known.get(name)}
    assert set(releases(found)) == whole, "half a release"
    assert set(releases(earlier)) <= whole, "a release is gone"
    _check_pointer(folder, before, whole)
    chain(folder / "ledger.jsonl")
    written = [
        one.read_bytes() if one.is_file() else b"" for one in (path / "ledger.jsonl" for path in (folder, before))
    ]
    assert written[0].startswith(written[1]), "the ledger was written anew"
    sent = {content for path, content in earlier.items() if path.startswith("landing/")}
    assert sent & _kept(later) <= _kept(found), "a file is gone"
    key = earlier.get("disclosure.key")
    assert found.get("disclosure.key") in ((key,) if key else (None, later.get("disclosure.key"))), "another key"
    gone = {path for path, content in earlier.items() if found.get(path) != content and path.startswith("snapshots/")}
    assert gone & later.keys() == set(), "something frozen is gone or changed"


def _kept(files: Mapping[str, str]) -> set[str]:
    """The contents of files that were sent, wherever they are kept."""
    places = ("landing/", "quarantine/", "snapshots/objects/")
    return {content for path, content in files.items() if path.startswith(places)}


def _check_pointer(folder: Path, before: Path, whole: set[str]) -> None:
    """Hold ``current.json`` to naming a whole release, and ``current`` to being of one, wherever they are."""
    pointer = folder / "marts" / "current.json"
    if pointer.is_file():
        said = json.loads(pointer.read_text(encoding="utf-8"))
        assert {f"marts/{said['release_id']}", f"marts/{said['path']}"} <= whole, "current.json names no release"
        assert (folder / "snapshots" / said["snapshot_id"] / "manifest.json").is_file(), "its snapshot is gone"
    else:
        assert not (before / "marts" / "current.json").exists(), "current.json is gone"


def check_converged(folder: Path, after: Path) -> None:
    """Hold a folder in which a killed process's work was done again to one in which nobody disturbed it."""
    found = tree(folder, OF_THE_MOMENT)
    expected = {path: content for path, content in still(after).items() if path not in OF_THE_MOMENT}
    assert sorted(set(found.items()) ^ set(expected.items())) == [], "other bytes than undisturbed"
    assert not (folder / ".edi.holder").exists()
    assert lines(folder / "ledger.jsonl")[1] == b"", "half a line in the ledger"
    assert events(folder / "ledger.jsonl") == events(after / "ledger.jsonl")
    head = [(path / "ledger.head").is_file() for path in (folder, after)]
    assert head[0] == head[1]
