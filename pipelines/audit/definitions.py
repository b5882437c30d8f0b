"""What changed between two releases in what decides their numbers: extracts, definitions, method, code, libraries."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal


@dataclass(frozen=True)
class Change:
    """A definition, by name, that only one of two releases has or that isn't the same in both.

    ``old`` and ``new`` are what each has: a file's hash, a setting's value, a library's version; or nothing.
    """

    name: str
    kind: Literal["added", "removed", "changed"]
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class ExtractChange:
    """An extract, by ``sha256``, that only one of two snapshots has, or that stands otherwise in both.

    ``kind``: added; removed; replaced, by one of the same feed that speaks for something that it spoke for (``by``);
    narrowed or widened, where it speaks for less or for more than before; reread, where its typed rows are others.
    ``owns`` is what that is about: all that it speaks for, or the part that was handed on, lost or won.
    """

    kind: Literal["added", "removed", "replaced", "narrowed", "widened", "reread"]
    feed: str
    sha256: str
    owns: tuple[tuple[str, ...], ...]
    by: str = ""


def changed_definitions(old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    """Return which names were added, removed or changed between two mappings of a name to a hash, version or value."""
    changes = []
    for name in sorted({*old, *new}):
        if name not in old:
            changes.append(Change(name, "added", new=new[name]))
        elif name not in new:
            changes.append(Change(name, "removed", old=old[name]))
        elif old[name] != new[name]:
            changes.append(Change(name, "changed", old[name], new[name]))
    return changes


def settings(method: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return a method's settings by dotted name, as ``counted_as.bank``; a list is one setting, written as JSON."""
    said: dict[str, str] = {}
    for name, value in method.items():
        if isinstance(value, Mapping) and value:
            said |= settings(value, f"{above}{name}.")
        else:
            said[above + name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return said


def mart_of(file: str) -> str:
    """Return the mart that an SQL file makes by itself; nothing for any other file."""
    path = PurePosixPath(file)
    return path.stem if path.match("sql/marts/*.sql") else ""


def changed_extracts(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[ExtractChange]:
    """Return how the extracts of two manifests differ, by feed and by what they speak for.

    What took the place of another stands with that one, and not among the added.
    """
    before, after = ({one["sha256"]: one for one in extracts} for extracts in (old, new))
    came = [one for sha256, one in after.items() if sha256 not in before]
    changes = [
        change
        for sha256, one in before.items()
        for change in (_moved(one, after[sha256]) if sha256 in after else _gone(one, came))
    ]
    known = {change.by for change in changes}
    changes += [ExtractChange("added", one["feed"], one["sha256"], _owns(one)) for one in came]
    return sorted(
        (one for one in changes if one.sha256 not in known), key=lambda one: (one.feed, one.owns, one.sha256, one.kind)
    )


def _gone(one: Mapping[str, Any], came: Sequence[Mapping[str, Any]]) -> Iterator[ExtractChange]:
    """Yield what became of an extract that the new snapshot hasn't: removed, or replaced by each in its place."""
    about = set(_owns(one))
    heirs = [other for other in came if other["feed"] == one["feed"] and about & set(_owns(other))]
    for heir in heirs:
        shared = tuple(sorted(about & set(_owns(heir))))
        yield ExtractChange("replaced", one["feed"], one["sha256"], shared, heir["sha256"])
    if not heirs:
        yield ExtractChange("removed", one["feed"], one["sha256"], _owns(one))


def _moved(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[ExtractChange]:
    """Yield how an extract that both snapshots have stands otherwise in the new one."""
    before, after = set(_owns(one)), set(_owns(other))
    if lost := before - after:
        yield ExtractChange("narrowed", one["feed"], one["sha256"], tuple(sorted(lost)))
    if won := after - before:
        yield ExtractChange("widened", one["feed"], one["sha256"], tuple(sorted(won)))
    if one.get("typed") != other.get("typed"):
        yield ExtractChange("reread", one["feed"], one["sha256"], _owns(other))


def _owns(extract: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(tuple(about) for about in extract["owns"]))
