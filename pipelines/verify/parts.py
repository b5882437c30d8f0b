"""What is kept per extract, held to the releases that were made from it, and to the disposals that it was kept for.

A part that neither names was left by a run that stopped, and the next one uses it, or somebody put it there: the next
release would be made from it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pipelines.ledger import Entry
from pipelines.seal import INTERNAL
from pipelines.verify.releases import made
from pipelines.verify.stored import MARTS, RESTORE, SNAPSHOTS, Problem, Stored

# Named by what they depend on and by their content, of which earlier versions had the first only.
PART = re.compile(r"[0-9a-f]{32}-([0-9a-f]{64})\.parquet")
PART_BEFORE = re.compile(r"[0-9a-f]{64}\.parquet")


def check(stored: Stored, entries: Sequence[tuple[int, Entry]], kinds: Iterable[str]) -> Iterator[Problem]:
    """Hold the parts to whoever names them.

    Args:
        stored: what lies in the data folder; its releases have been checked.
        entries: the ledger's, with their places.
        kinds: the folders of what is kept per extract.
    """
    folders = [f"{SNAPSHOTS}/{kind}" for kind in sorted(kinds)]
    named, is_known = _named(stored, entries)
    for path, who in sorted(named.items()):
        content = PART.fullmatch(path.rpartition("/")[2])
        if content and path.rpartition("/")[0] in folders:
            yield from stored.held_to(path, content[1], who)
    for folder in folders:
        stored.accounted.add(folder)
        yield from _others(stored, folder)
        if not is_known:
            stored.pass_over(folder)


def _named(stored: Stored, entries: Sequence[tuple[int, Entry]]) -> tuple[dict[str, str], bool]:
    """Return the parts that are named, each with who does; and whether every list of them could be read."""
    named: dict[str, str] = {}
    is_known = True
    for place, entry in entries:
        if entry["event"] == "disposed":
            named |= dict.fromkeys(_paths([entry]) or (), f"line {place:,} kept it")
    for release, lines in made(entries).items():
        path = f"{MARTS}/{release}/{INTERNAL}/parts.json"
        if lines[0][1].get("sums") is None:
            continue
        paths = _listed(stored, path)
        is_known = is_known and paths is not None
        named |= dict.fromkeys(paths or (), f"release {release} was made from it")
    return named, is_known


def _listed(stored: Stored, path: str) -> list[str] | None:
    if path not in stored.files:
        return None
    try:
        return _paths(json.loads(stored.content(path)))
    except (ValueError, RecursionError):
        return None


def _paths(said: Any) -> list[str] | None:
    """Return where the parts lie that entries name; None where they are no such entries."""
    try:
        return [f"{SNAPSHOTS}/{kind}/{name}" for entry in said for kind, name in entry["parts"].items()]
    except (LookupError, TypeError, AttributeError):
        return None


def _others(stored: Stored, folder: str) -> Iterator[Problem]:
    """Say of the parts that nobody names which aren't what their names say; the rest stay unaccounted for."""
    before = []
    for path in stored.below(folder):
        name = path.removeprefix(f"{folder}/")
        content = PART.fullmatch(name)
        if path not in stored.accounted and content and stored.sha256(path) not in (content[1], ""):
            yield Problem(path, "its content isn't what its name says, and nobody names it", RESTORE)
            stored.accounted.add(path)
        elif PART_BEFORE.fullmatch(name):
            stored.accounted.add(path)
            before.append(path)
    if before:
        what = f"{len(before):,} files of an earlier version aren't named by their content"
        yield Problem(folder, what, "whether they are as they were can't be checked", is_unchecked=True)
