"""Protect: rounded cells take the place of the exact ones, and the same SQL makes of them what is published.

Each organisation and date is rounded by itself, so that a sender who is late or sends again moves nobody else's numbers
(docs/decisions/0022). Nothing public is computed from anything but rounded cells and what everybody may know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines import database, declared, loss
from pipelines.content import content_sha256
from pipelines.contract import POST_FEEDS
from pipelines.database import Connection
from pipelines.disk import write_whole
from pipelines.freeze import FrozenExtract, Snapshot
from pipelines.measure import Measured, notes, public, revise
from pipelines.places import DataFolder
from pipelines.protect import parts
from pipelines.protect.key import Key

# What of the road to the marts hangs on counts; the rest is there from measuring.
COUNTED = ("answer_count", "answer_base", "group_count")
EXACT_MARTS = ("representation_gap", "trend", "declaration_rate", "grade_profile")

# In this order: a statement reads the earlier ones.
TABLES = (
    *("rounding", "headcount", "representation_gap", "trend", "declaration_rate", "grade_profile"),
    *("comparator_area", "fallback", "answerable"),
)


def protect(
    con: Connection,
    folder: DataFolder,
    measured: Measured,
    key: Key,
    progress: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Write the public tables with counts beside those without, each with a CSV twin, and what protection costs.

    Args:
        con: the database that ``measure`` used.
        folder: the data folder; rounded cells are kept under its snapshots.
        measured: what ``measure`` returned.
        key: the data folder's.
        progress: told the name of each step when it is done.

    Returns:
        What ``measure`` returned, with the public tables and the files of the rounded cells.

    Raises:
        RoundingError: an organisation's counts can't be rounded.
        FormulaError: a text of a public table could be run as a formula.
        ValueError: a setting of ``disclosure`` makes no sense.
    """
    snapshot = measured.snapshot
    refuse_nonsense(snapshot.method["disclosure"])
    kept = parts.write(con, folder, snapshot, measured.kept, key, published_layouts(folder), progress)
    con.execute("create schema if not exists protected")
    con.execute("set search_path = 'protected,main'")
    try:
        _count(con, snapshot, [files[parts.KIND] for files in kept.values()])
        progress("protected counts")
        written = _write(con, measured.folder.parent, notes(snapshot), progress)
    finally:
        con.execute("set search_path = 'main'")
    public_part = measured.folder.parent
    write_whole(public_part / loss.SUMMARY, loss.summary(con, public_part, snapshot.as_at_date, key.identifier))
    loss.write_report(con, public_part, measured.folder, snapshot.as_at_date)
    progress("errors")
    return replace(
        measured,
        kept={one: {**made, **kept[one]} for one, made in measured.kept.items()},
        key=key.identifier,
        content={**measured.content, **{path: content_sha256(con, path) for path in written}},
    )


def to_be_protected(folder: DataFolder, snapshot: Snapshot) -> list[FrozenExtract]:
    """Return the extracts of a snapshot whose counts are rounded: not those that their publisher made public.

    Args:
        folder: the data folder with the definitions that were frozen.
        snapshot: the snapshot.
    """
    published = published_layouts(folder)
    return [one for one in snapshot.extracts if one.feed in POST_FEEDS and one.layout not in published]


def published_layouts(folder: DataFolder) -> frozenset[str]:
    """Return the layouts whose publisher made the counts public, as they were when the snapshot was frozen."""
    said = [declared.read(path) for name, path in folder.frozen.items() if name.startswith("layouts/")]
    return frozenset(one["layout"] for one in said if one.get("published") is True)


def refuse_nonsense(settings: Mapping[str, Any]) -> None:
    """Refuse settings with which nothing would be protected, or nothing could be.

    Raises:
        ValueError: one makes no sense; it is named, with what it may be.
    """
    base, values = settings["base"], settings["attack_min_values"]
    for name, is_sound, what in (
        ("base", 3 <= base <= 100, "a whole number from 3 to 100: a multiple of 2 hides one other number at most"),
        ("bound_held", settings["bound_held"] >= base - 1, f"at least {base - 1}, by which any one count may be off"),
        ("bound_other", settings["bound_other"] >= settings["bound_held"], "at least bound_held"),
        ("min_known_headcount", settings["min_known_headcount"] >= 2 * base, f"at least {2 * base}, twice the base"),
        ("attack_min_values", 2 <= values <= base, f"from 2 to the base, {base}"),
        ("min_known_per_bound", settings["min_known_per_bound"] >= 1, "at least 1"),
    ):
        if not is_sound:
            raise ValueError(f"method.yaml: disclosure.{name} is {settings[name]}, but must be {what}")


def _count(con: Connection, snapshot: Snapshot, rounded: Sequence[Path]) -> None:
    """Make the cube of rounded cells and the counts that the marts read, as measuring makes the exact ones."""
    if rounded:
        # An extract that is corrected for one organisation may be in force for another: its part is read once.
        database.view(con, "protected_part", sorted(set(rounded)))
    else:
        nothing = ", ".join(f"null::{kind} as {name}" for name, kind in parts.COLUMNS.items())
        con.execute(f"create or replace view protected_part as select {nothing} where false")
    database.define(con, "protect/cube_part")
    database.build(con, "marts/headcount")
    for name in COUNTED:
        database.build(con, f"intermediate/{name}")
    revise.compare(con, snapshot, "protected")
    database.define(con, "intermediate/comparison")
    for name in EXACT_MARTS:
        database.define(con, f"marts/{name}")
    database.build(con, "public/rounding")
    for name in ("unit_bound", "cell_count"):
        database.build(con, f"protect/{name}")
    database.define(con, "protect/consistent")


def _write(con: Connection, folder: Path, notes: Mapping[str, str], progress: Callable[[str], None]) -> list[Path]:
    database.view(con, "unit", [folder / "unit.parquet"])
    paths = []
    for name in TABLES:
        path = public.write(con, name, folder, notes)
        database.view(con, f"public_{name}", [path])
        paths.append(path)
        progress(name)
    return paths
