"""Diff: how one release differs from another, in the rows of its tables and in what they were made from.

It answers a question and judges nothing: no difference is a fault.
"""

import filecmp
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import ledger
from pipelines.audit.definitions import (
    Change,
    ExtractChange,
    changed_definitions,
    changed_extracts,
    code_files,
    libraries,
    mart_of,
    settings,
)
from pipelines.audit.differences import Difference, Differences, differences, keys, shown
from pipelines.content import columns
from pipelines.database import Connection
from pipelines.places import DataFolder

# An id may be given by its beginning, of so many letters or more.
SHORTEST = 6

# So many revised rows of a mart are told with their values, and so many of what an extract speaks for.
EXAMPLES = 5
OWNS = 3

# Of a hash so many letters are shown, as in the names of releases.
LETTERS = 12


class UnknownIdError(ValueError):
    """No release goes by what was given, or more than one does."""


@dataclass(frozen=True)
class Released:
    """A release as it lies in a data folder: what it is made of, where each part was kept.

    ``manifest``, ``method`` and ``provenance`` are None where the file that holds them isn't there.
    """

    release_id: str
    path: Path
    manifest: Mapping[str, Any] | None
    method: Mapping[str, Any] | None
    provenance: Mapping[str, Any] | None

    def tables(self, *, internal: bool) -> dict[str, Path]:
        """Return the tables of the public or the internal part, by name."""
        folder = self.path / "internal" if internal else self.path
        return {path.stem: path for path in sorted(folder.glob("*.parquet"))}


def find(folder: DataFolder, given: str) -> Released:
    """Return the release that an id means: its own, that of the snapshot it was made from, or the beginning of one.

    Of a snapshot it is the release that the ledger has last.

    Raises:
        UnknownIdError: none or several are meant, or the release lies in the folder no more.
    """
    release_of = _release_of(folder)
    if len(given) < SHORTEST:
        raise UnknownIdError(f"'{given}' is too short for an id; give {SHORTEST} letters of it or more")
    meant = [given] if given in release_of else sorted(one for one in release_of if one.startswith(given))
    if len(meant) > 1:
        raise UnknownIdError(f"'{given}' may be {meant[0]} or {meant[1]}; give more letters of the id")
    if not meant:
        raise UnknownIdError(f"the ledger knows no release of the id '{given}', and no snapshot that became one")
    release_id, snapshot_id = release_of[meant[0]]
    path = folder.marts / release_id
    if not path.is_dir():
        raise UnknownIdError(f"release {release_id} is in the ledger, but not in {folder.marts}; bring it back first")
    return _read(folder, release_id, snapshot_id, path)


def current(folder: DataFolder) -> Released:
    """Return the latest release, which ``current.json`` names.

    Raises:
        UnknownIdError: there is none yet, or it lies in the folder no more.
    """
    said = _json(folder.marts / "current.json")
    if said is None:
        raise UnknownIdError(f"there is no release in {folder.root} yet; say `edi run` first")
    return find(folder, said["release_id"])


def _release_of(folder: DataFolder) -> dict[str, tuple[str, str]]:
    """Return release and snapshot by the ids of both."""
    known: dict[str, tuple[str, str]] = {}
    for entry in ledger.read(folder.ledger):
        if entry["event"] == "released":
            both = (entry["release_id"], entry["snapshot_id"])
            known |= dict.fromkeys(both, both)
    return known


def _read(folder: DataFolder, release_id: str, snapshot_id: str, path: Path) -> Released:
    manifest = _json(folder.snapshots / snapshot_id / "manifest.json")
    method = manifest and manifest["method"]
    if isinstance(method, str):
        method = _json(folder.snapshots / "objects" / method)
    return Released(release_id, path, manifest, method, _json(path / "internal" / "provenance.intoto.json"))


def _json(path: Path) -> dict[str, Any] | None:
    """Return what a JSON file holds; None where there is no such file.

    Raises:
        ValueError: it isn't JSON.
    """
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path} isn't as it was written; restore it from a backup") from error


def table_lines(con: Connection, old: Released, new: Released, *, internal: bool) -> Iterator[str]:
    """Yield a line for each table of the public or the internal part, and for the exact ones lines of revised rows.

    Raises:
        UnknownTypeError: a table has a column of a type that can't be compared.
    """
    before, after = (one.tables(internal=internal) for one in (old, new))
    part = "internal" if internal else "public"
    if not before and not after:
        hint = "" if internal else "; --internal compares the exact marts"
        yield f"table     neither release has a table in its {part} part{hint}"
    same = []
    for name in sorted({*before, *after}):
        if name not in before or name not in after:
            yield f"table     {name}: only {old.release_id if name in before else new.release_id} has it"
            continue
        found = _compared(con, name, before[name], after[name], EXAMPLES if internal else 0)
        if found:
            yield f"table     {name}: {_counts(found)}"
            for example in found.examples:
                yield f"revised   {_revised(example)}"
        else:
            same.append(name)
    if same:
        yield f"table     no difference in {', '.join(same)}"


def _compared(con: Connection, name: str, old: Path, new: Path, examples: int) -> Differences:
    if filecmp.cmp(old, new, shallow=False):
        return Differences(name)
    known = {column.name for path in (old, new) for column in columns(con, path)}
    # The contract is today's: two old releases may have been made before a column of the key was.
    key = keys(name)
    return differences(con, name, old, new, key if set(key) <= known else (), examples)


def _counts(found: Differences) -> str:
    rows = ", ".join(
        f"{count:,} {what}"
        for count, what in (
            (found.added, "added"),
            (found.removed, "removed"),
            (found.revised, "revised"),
        )
        if count
    )
    columns = ", ".join(f"{name} in {count:,}" for name, count in found.columns.items())
    shape = "".join(f"; {_shape(one)}" for one in found.shape)
    return f"rows {rows or 'the same'}{f' ({columns})' if columns else ''}{shape}"


def _shape(one: Difference) -> str:
    if one.only_in:
        return f"column {one.column} {'added' if one.only_in == 'new' else 'removed'}"
    return f"column {one.column} {one.old} → {one.new}"


def _revised(cells: tuple[Difference, ...]) -> str:
    about = ", ".join(f"{name}={shown(value)}" for name, value in cells[0].key)
    changes = "; ".join(f"{one.column} {shown(one.old)} → {shown(one.new)}" for one in cells)
    return f"{cells[0].mart}, {about}: {changes}"


def definition_lines(old: Released, new: Released) -> Iterator[list[str]]:
    """Yield lines, of one kind each time, for what decides the numbers and changed.

    The kinds are extracts, files, the method's settings, code, and libraries. Where what holds one of them isn't there,
    a line says so.
    """
    if old.manifest is None or new.manifest is None:
        yield [_untold("extract", "manifest of its snapshot", old, old.manifest, new)]
    else:
        yield [_extract_line(one) for one in changed_extracts(old.manifest["extracts"], new.manifest["extracts"])]
        yield _file_lines("file", changed_definitions(old.manifest["files"], new.manifest["files"]))
    if old.method is None or new.method is None:
        yield [_untold("method", "method", old, old.method, new)]
    else:
        yield [_value_line("method", one) for one in changed_definitions(settings(old.method), settings(new.method))]
    if old.provenance is None or new.provenance is None:
        yield [_untold("code", "provenance", old, old.provenance, new)]
    else:
        yield _file_lines("code", changed_definitions(code_files(old.provenance), code_files(new.provenance)))
        versions = changed_definitions(libraries(old.provenance), libraries(new.provenance))
        yield [_value_line("library", one) for one in versions]


def _untold(label: str, what: str, old: Released, held: object, new: Released) -> str:
    lacking = old if held is None else new
    return f"{label:<9} release {lacking.release_id}: the {what} isn't there; what changed in it can't be told"


def _extract_line(one: ExtractChange) -> str:
    about = "; ".join(" ".join(words) for words in one.owns[:OWNS])
    more = f" and {len(one.owns) - OWNS:,} more" if len(one.owns) > OWNS else ""
    by = f" by {one.by[:LETTERS]}" if one.by else ""
    return f"extract   {one.kind}: {one.feed} {one.sha256[:LETTERS]}{by}, {about}{more}"


def _file_lines(label: str, changes: list[Change]) -> list[str]:
    return [
        f"{label:<9} {one.kind}: {one.name}" + (f", which makes the mart {mart}" if (mart := mart_of(one.name)) else "")
        for one in changes
    ]


def _value_line(label: str, one: Change) -> str:
    values = {"added": one.new, "removed": f"{one.old}, no more", "changed": f"{one.old} → {one.new}"}
    return f"{label:<9} {one.kind}: {one.name}: {values[one.kind]}"
