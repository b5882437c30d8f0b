"""The ledger held to itself: each line's number and hash, and the head that says where it ends."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import ledger
from pipelines.ledger import Entry, Head, LedgerError
from pipelines.verify.stored import RESTORE, Problem

LINE = "ledger.jsonl, line"


@dataclass(frozen=True)
class Chain:
    """A ledger that was read whole: its entries with their places (from 1), the hash of every line, what is wrong."""

    entries: tuple[tuple[int, Entry], ...]
    hashes: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def head(self) -> Head:
        """How many lines there are, and the hash of the last."""
        return Head(len(self.hashes), self.hashes[-1]) if self.hashes else Head()

    def line_of(self, sha256: str) -> tuple[int, str]:
        """Return the place of the line that has a hash, and when it was written (UTC)."""
        place = self.hashes.index(sha256) + 1
        return place, next((entry["at"] for number, entry in self.entries if number == place), "")

    def unexpected(self, sha256: str | None) -> Iterator[Problem]:
        """Hold the ledger to a line's hash that was written down elsewhere, if there is one."""
        if sha256 is not None and sha256 not in self.hashes:
            what = (
                "no line has the hash that was expected: one up to it was changed, it was cut off, or all written anew"
            )
            do = "compare with a copy of the ledger from when the hash was written down"
            yield Problem("ledger.jsonl", what, do)


def read(path: Path) -> Chain:
    """Read a ledger and hold each line to the one before it, and the end to the head.

    Raises:
        LedgerError: there is no ledger.
    """
    ledger.refuse_missing(path)
    lines, torn = ledger.lines(path)
    hashes = tuple(ledger.sha256(line) for line in lines)
    entries, problems = _entries(lines, hashes)
    problems.extend(_end(path, hashes, torn))
    return Chain(tuple(entries), hashes, tuple(problems))


def _once(pairs: list[tuple[str, Any]]) -> Entry:
    """Return an object none of whose keys stands twice: of two, one reader takes the first and one the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


# Made once: a ledger has many lines.
ENTRY = json.JSONDecoder(object_pairs_hook=_once)


def _entries(lines: Sequence[bytes], hashes: Sequence[str]) -> tuple[list[tuple[int, Entry]], list[Problem]]:
    entries: list[tuple[int, Entry]] = []
    problems: list[Problem] = []
    number, previous = 1, ledger.BEGINNING
    for place, (line, sha256) in enumerate(zip(lines, hashes, strict=True), start=1):
        entry = _entry(line)
        if entry is None:
            problems.append(Problem(f"{LINE} {place:,}", "isn't an entry", RESTORE))
        else:
            entries.append((place, entry))
            problems.extend(_links(place, entry, number, previous))
            # As it counts itself: a line that is missing is said once, and not of every line behind it.
            number = entry["number"] if type(entry.get("number")) is int else number
        number, previous = number + 1, sha256
    return entries, problems


def _entry(line: bytes) -> Entry | None:
    """Return what a line says; None where it isn't an object with an event and a time, or says a thing twice."""
    try:
        found = ENTRY.decode(line.decode())
    except (ValueError, RecursionError):
        return None
    said = isinstance(found, dict) and isinstance(found.get("event"), str) and isinstance(found.get("at"), str)
    return found if said else None


def _links(place: int, entry: Entry, number: int, previous: str) -> Iterator[Problem]:
    if entry.get("number") != number or type(entry.get("number")) is not int:
        what = f"its number should be {number:,}: lines were taken out, put in, doubled or swapped"
        yield Problem(f"{LINE} {place:,}", what, RESTORE)
    if entry.get("previous") != previous:
        before = "it doesn't begin a chain" if place == 1 else f"it isn't chained to line {place - 1:,} as that stands"
        what = f"{before}: one was changed, or lines were taken out, put in or swapped"
        yield Problem(f"{LINE} {place:,}", what, RESTORE)


def _end(path: Path, hashes: Sequence[str], torn: bytes) -> Iterator[Problem]:
    """Hold the end to the head; one that says less than there is stems from a run that stopped between the two."""
    if torn:
        what = "half a line stands at the end: a run was stopped while it wrote, or somebody cut the last"
        yield Problem(path.name, what, "the next run cuts it off, and does the whole of what it told of")
    place = ledger.head_path(path).name
    try:
        head = ledger.read_head(path)
    except LedgerError:
        yield Problem(place, "can't be understood, so it was changed", RESTORE)
        return
    if head is None:
        if hashes:
            what = "is missing, and so it can't be told whether lines were cut off the ledger's end"
            yield Problem(
                place, what, "compare with a hash written down elsewhere (--expect); the next run makes it anew"
            )
    elif head.lines > len(hashes):
        missing = f"lines {len(hashes) + 1:,} to {head.lines:,} were cut off: {place} says that they were written"
        yield Problem(path.name, missing, RESTORE)
    elif hashes[head.lines - 1] != head.sha256:
        what = f"isn't what {place} says of it: the line, or {place}, was changed"
        yield Problem(f"{LINE} {head.lines:,}", what, RESTORE)
