"""Diff: how one release differs from another, in the rows of its tables and in what they were made from.

It answers a question and judges nothing: no difference is a fault.
"""

import filecmp
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines import inventory
from pipelines.approval import ApprovalError
from pipelines.audit.definitions import (
    Change,
    ExtractChange,
    changed_definitions,
    changed_extracts,
    mart_of,
    settings,
)
from pipelines.audit.differences import Difference, Differences, differences, keys, shown
from pipelines.content import columns
from pipelines.database import Connection
from pipelines.freeze import snapshot
from pipelines.freeze.objects import DamagedError
from pipelines.places import DataFolder
from pipelines.publish import provenance

# So many revised rows of a mart are told with their values, and so many of what an extract speaks for.
EXAMPLES = 5
OWNS = 3

# Of a hash so many letters are shown, as in the names of releases.
LETTERS = 12


@dataclass(frozen=True)
class Released:
    """A release as it lies in a data folder."""

    folder: DataFolder
    release_id: str
    snapshot_id: str

    @property
    def path(self) -> Path:
        """The release's folder."""
        return self.folder.marts / self.release_id

    def tables(self, *, internal: bool) -> dict[str, Path]:
        """Return the tables of the public or the internal part, by name."""
        folder = self.path / "internal" if internal else self.path
        return {path.stem: path for path in sorted(folder.glob("*.parquet"))}


def find(folder: DataFolder, given: str | None) -> Released:
    """Return the release that ``inventory.find`` finds.

    Raises:
        ApprovalError: none or several are meant, or the release lies in the folder no more.
    """
    standing = inventory.find(folder, given)
    found = Released(folder, standing.release_id, standing.snapshot_id)
    if not found.path.is_dir():
        raise ApprovalError(f"release {found.release_id} isn't in {folder.marts} any more; bring it back first")
    return found


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

    The kinds are extracts, files, the method's settings, code, libraries, and the disclosure key. Where what holds one
    of them isn't there, or isn't what it was, a line says so.
    """
    for label, changed in (("extract", _of_manifests), ("method", _of_methods), ("code", _of_provenances)):
        try:
            yield from changed(old, new)
        except DamagedError as error:
            yield [f"{label:<9} what changed in it can't be told: {error}"]


def _of_manifests(old: Released, new: Released) -> Iterator[list[str]]:
    before, after = (snapshot.manifest(one.folder, one.snapshot_id) for one in (old, new))
    yield [_extract_line(one) for one in changed_extracts(before["extracts"], after["extracts"])]
    yield _file_lines("file", changed_definitions(before["files"], after["files"]))


def _of_methods(old: Released, new: Released) -> Iterator[list[str]]:
    manifests = ((one.folder, snapshot.manifest(one.folder, one.snapshot_id)) for one in (old, new))
    before, after = (settings(snapshot.method(folder, manifest)) for folder, manifest in manifests)
    yield [_value_line("method", one) for one in changed_definitions(before, after)]


def _of_provenances(old: Released, new: Released) -> Iterator[list[str]]:
    before, after = (provenance.read(one.path) for one in (old, new))
    yield _file_lines("code", changed_definitions(before.program, after.program))
    yield [_value_line("library", one) for one in changed_definitions(before.libraries, after.libraries)]
    keys = [{"disclosure key": key} if key else {} for key in (before.disclosure_key, after.disclosure_key)]
    yield [_value_line("key", one) for one in changed_definitions(*keys)]


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
