"""Measure: a snapshot becomes the cube and the marts, in SQL.

One cube part per extract, so that a new month costs a month; the cube is their union. Every mart of representation
reads the cube only. What became of each file's rows, and what its values became, is kept per extract in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines import database, internal_pack, mapping
from pipelines.content import content_sha256
from pipelines.database import Connection
from pipelines.freeze import Snapshot
from pipelines.measure import parts, public, register, revise
from pipelines.places import DataFolder

# In this order: a statement reads the earlier ones.
INTERMEDIATE = (
    *("roll_up", "reporting_date", "coverage", "answer_count", "answer_base", "group_count"),
    *("resident", "footprint_residents", "waived_unit", "waived_comparison"),
)
MARTS = (
    *("representation_gap", "trend", "declaration_rate", "grade_profile"),
    *("waterfall", "value_mapping", "reconciliation", "data_quality"),
    *("submission", "revision", "category_source", "waiver"),
    *("wres_return", "wdes_return"),
)

# What somebody fills a form in from has a CSV twin.
RETURNS = ("wres_return", "wdes_return")

# Of 60,000 people over thirteen months they have more than a million rows each.
LARGE = ("representation_gap", "trend")


@dataclass(frozen=True)
class Measured:
    """The marts of one snapshot, as Parquet in ``folder``, and the parts per extract that they were made from.

    ``content`` is the hash of the content of each table, public ones too, whatever wrote its bytes. ``key`` is what the
    key is called that the public counts are protected with.
    """

    snapshot: Snapshot
    folder: Path
    marts: tuple[Path, ...]
    kept: parts.Kept = field(default_factory=dict)
    content: Mapping[Path, str] = field(default_factory=dict)
    key: str = ""


def measure(
    con: Connection,
    folder: DataFolder,
    snapshot: Snapshot,
    staging: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Compute the marts of a snapshot into ``staging``.

    Args:
        con: database with the reference tables.
        folder: the data folder; cube parts are kept under its snapshots.
        snapshot: what ``freeze`` returned.
        staging: an empty folder for the marts; the public tables go into the one that it lies in.
        progress: told the name of each step when it is done.

    Raises:
        ValueError: ``counted_as`` of the method names a population that doesn't exist, or the threshold of internal
            packs can't be meant.
        FormulaError: a text of a public table could be run as a formula.
    """
    noted = notes(snapshot)
    parts.refuse_unknown_populations(snapshot.method)
    internal_pack.threshold(snapshot.method)
    register.run(con, snapshot)
    register.senders(con, snapshot)
    register.mappings(con, mapping.load_all(folder))
    kept = parts.register(con, folder, snapshot.extracts, snapshot.method, progress)
    marts = [_export(con, "headcount", staging, noted, progress)]
    database.view(con, "headcount", marts)
    for name in INTERMEDIATE:
        database.build(con, f"intermediate/{name}")
        progress(name)
    earlier = revise.register(con, folder, snapshot, kept, progress)
    database.define(con, "intermediate/comparison")
    database.build(con, "intermediate/return_line")
    for name in MARTS:
        path = _export(con, name, staging, noted, progress)
        database.view(con, name, [path])
        marts.append(path)
    tables = [*marts, *public.write_public(con, staging.parent, noted)]
    return Measured(
        snapshot, staging, tuple(marts), kept | earlier, {path: content_sha256(con, path) for path in tables}
    )


def notes(snapshot: Snapshot) -> dict[str, str]:
    """Return what stands in the metadata of each table of a snapshot."""
    return {"snapshot_id": snapshot.snapshot_id, "synthetic": "yes" if snapshot.synthetic else "no"}


def _export(con: Connection, name: str, staging: Path, notes: dict[str, str], progress: Callable[[str], None]) -> Path:
    path = staging / f"{name}.parquet"
    write = database.export_large if name in LARGE else database.export
    write(con, database.read_sql(f"marts/{name}"), path, notes)
    if name in RETURNS:
        public.write_twin(con, path)
    progress(name)
    return path
