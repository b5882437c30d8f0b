"""What is kept per extract, its cells, rounded: a new month costs a month, and a run that stopped goes on there."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines import database, disk, places
from pipelines.database import Connection
from pipelines.freeze import FrozenExtract, Snapshot, canonical
from pipelines.freeze.objects import verified
from pipelines.measure.parts import Kept
from pipelines.measure.parts import there as parts_there
from pipelines.places import DataFolder
from pipelines.protect.key import Key
from pipelines.protect.rounding import Bounds, RoundingError, rounded
from pipelines.protect.tables import CELL, TABLE, Groups, groups, tables

KIND = "protected"

# As sql/protect/part.sql selects them.
COLUMNS = {
    **dict.fromkeys(("extract", "org_code", "employment_type", "grade_family", "clinical", "grade"), "varchar"),
    **dict.fromkeys(("characteristic", "classification", "category", "answer_status"), "varchar"),
    **dict.fromkeys(("marker", "source_level"), "varchar"),
    **dict.fromkeys(("headcount", "base", "bound_held", "bound_other"), "bigint"),
    "as_at_date": "date",
}

# Stands for a bound where nothing is promised: looser than any.
NOTHING = 1 << 40

# What the rounding hangs on beside cells, key and reference: this package, its SQL, and the settings of this name.
SETTINGS = ("base", "bound_held", "bound_other", "held_grade_groups")


def write(
    con: Connection,
    folder: DataFolder,
    snapshot: Snapshot,
    made: Kept,
    key: Key,
    published: frozenset[str],
    progress: Callable[[str], None],
) -> Kept:
    """Round the cells of each extract whose part isn't there yet; return where each part lies.

    A corrected extract keeps the roundings that the counts it doesn't change had in the extract before.

    Args:
        con: database with the reference tables.
        folder: the data folder; the parts are kept under its snapshots.
        snapshot: whose extracts; its revisions say which extract corrects which.
        made: the files of the exact cube per extract, the corrected ones too.
        key: what the leanings are drawn by.
        published: layouts whose publisher made the counts public: those pass through.
        progress: told the step of each extract.

    Raises:
        DamagedError: a part isn't what its name says.
        RoundingError: an extract's counts can't be rounded.
    """
    settings = {name: snapshot.method["disclosure"][name] for name in SETTINGS}
    rule = _rule(folder, settings, key)
    held = groups(con)
    there = parts_there(folder.snapshots / KIND)
    corrected = {(one.sha256, one.typed) for one in snapshot.revisions}
    kept: Kept = {}
    # The corrected ones first: their corrections are held to them.
    for extract in sorted(made, key=lambda one: ((one.sha256, one.typed) not in corrected, one.sha256)):
        before = _before(snapshot, extract, kept, made)
        passes = _passes(snapshot, extract, published)
        name = _name(rule, made[extract]["cube_part"], passes, before)
        if name not in there:
            cells = _cells(con, made[extract]["cube_part"], before)
            try:
                part = cells if passes else _rounded(cells, held, key.secret, settings)
            except RoundingError as error:
                raise RoundingError(f"extract {extract.sha256[:12]}: {error}; nothing was released") from error
            there[name] = _keep(con, folder, name, _finished(part, passes, settings))
        kept[extract] = {KIND: verified(there[name])}
        progress("rounding")
    return kept


def _passes(snapshot: Snapshot, extract: FrozenExtract, published: frozenset[str]) -> bool:
    """Tell whether the counts of an extract are public; of one that isn't in force any more, if its corrections are."""
    layouts = {one.sha256: one.layout for one in snapshot.extracts}
    if extract.sha256 in layouts:
        return layouts[extract.sha256] in published
    return {layouts[one.by] for one in snapshot.revisions if _is(extract, one.sha256, one.typed)} <= published


def _rule(folder: DataFolder, settings: Mapping[str, Any], key: Key) -> str:
    """Return the hash of what rounds: the program's part in it, the settings, the reference and the key's name."""
    import highspy

    digest = hashlib.sha256(canonical([settings, key.identifier, highspy.Highs().version()]).encode())
    for path in (
        *sorted(Path(__file__).parent.glob("*.py")),
        *sorted((places.SQL / "protect").glob("*.sql")),
        *sorted((places.SQL / "macros").glob("*.sql")),
        *sorted((places.SQL / "staging").glob("*.sql")),
        *(folder.reference(name) for name in ("grade_groups", "categories", "crosswalk")),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _before(snapshot: Snapshot, extract: FrozenExtract, kept: Kept, made: Kept) -> list[tuple[str, str, Path, Path]]:
    """Return of each organisation and date that an extract corrects the exact and the rounded cells before."""
    found: list[tuple[str, str, Path, Path]] = []
    for one in snapshot.revisions:
        if one.by == extract.sha256 and tuple(one.about) in extract.owns:
            earlier = next((other for other in kept if _is(other, one.sha256, one.typed)), None)
            if earlier:
                org_code, as_at = one.about
                found.append((org_code, as_at, made[earlier]["cube_part"], kept[earlier][KIND]))
    return sorted(found)


def _is(extract: FrozenExtract, sha256: str, typed: Path) -> bool:
    return extract.sha256 == sha256 and extract.typed == typed


def _name(rule: str, cube: Path, passes: bool, before: Sequence[tuple[str, str, Path, Path]]) -> str:
    earlier = [(org_code, as_at, exact.name, rounded.name) for org_code, as_at, exact, rounded in before]
    return hashlib.sha256(canonical([rule, cube.name, passes, earlier]).encode()).hexdigest()[:32]


def _cells(con: Connection, cube: Path, before: Sequence[tuple[str, str, Path, Path]]) -> pd.DataFrame:
    """Return the detail cells of an extract, with what stood in them before a correction."""
    database.view(con, "cube_part", [cube])
    cells = con.execute(database.read_sql("protect/cell")).df()
    cells["headcount"] = cells["headcount"].astype("Int64")
    earlier = [_earlier(con, *one) for one in before]
    if earlier:
        cells = cells.merge(pd.concat(earlier), on=[*TABLE, *CELL], how="left")
    # A column that isn't there is one of nothing.
    before_it = ("earlier_headcount", "earlier_rounded")
    return cells.assign(**{name: cells.get(name, pd.Series(pd.NA, cells.index)).astype("Int64") for name in before_it})


def _earlier(con: Connection, org_code: str, as_at: str, exact: Path, part: Path) -> pd.DataFrame:
    database.view(con, "exact_part", [exact])
    database.view(con, "rounded_part", [part])
    cells = con.execute(database.read_sql("protect/earlier")).df()
    return cells[cells["org_code"].eq(org_code) & cells["as_at_date"].eq(pd.Timestamp(as_at))]


def _rounded(cells: pd.DataFrame, held: Groups, key: bytes, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return the cells with their counts rounded, and the bounds that hold for the sums of each organisation and date.

    Raises:
        RoundingError: an organisation's counts can't be rounded; its code and date are named.
    """
    counts = cells["headcount"].to_numpy(np.int64, na_value=0).copy()
    promised = np.zeros((len(cells), 2), dtype=np.int64)
    wanted = Bounds(settings["bound_held"], settings["bound_other"])
    for rows, table in tables(cells, held, key):
        try:
            counts[rows], bounds = rounded(table, settings["base"], wanted)
        except RoundingError as error:
            as_at, org_code = cells.loc[cells.index[rows[0]], ["as_at_date", "org_code"]]
            raise RoundingError(f"{org_code} as at {as_at:%Y-%m-%d}: {error}") from error
        promised[rows] = [NOTHING if bound is None else bound for bound in (bounds.held, bounds.other)]
    # The loosest of an organisation's tables of a date stands for all of them.
    stated = pd.DataFrame(promised, cells.index, ["bound_held", "bound_other"])
    loosest = stated.groupby([cells["as_at_date"], cells["org_code"]]).transform("max").astype("Int64")
    protected = pd.Series(counts, cells.index, dtype="Int64").where(cells["headcount"].notna())
    return cells.assign(headcount=protected).join(loosest.where(loosest < NOTHING))


def _finished(cells: pd.DataFrame, passes: bool, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return the cells as they are kept: a count that passes through has the base 1, and its sums are exact."""
    said = {"base": 1, "bound_held": 0, "bound_other": 0} if passes else {"base": settings["base"]}
    kept = cells.assign(**said).drop(columns=["earlier_headcount", "earlier_rounded"])
    numbers = dict.fromkeys(("headcount", "base", "bound_held", "bound_other"), "Int64")
    return kept.astype(numbers)


def _keep(con: Connection, folder: DataFolder, name: str, cells: pd.DataFrame) -> Path:
    path = folder.snapshots / KIND / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    con.register("protected_cells", cells)
    database.export(con, database.read_sql("protect/part"), draft, {})
    con.unregister("protected_cells")
    disk.settle(draft)
    final = path.with_name(f"{name}-{disk.file_sha256(draft)}.parquet")
    disk.replace(draft, final)
    return final
