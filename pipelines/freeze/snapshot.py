"""A snapshot as it lies in the store: the manifest that names it, written and read.

The manifest holds no clock, host, file name or floating-point number: the same extracts, definitions and method give
the same id anywhere. What is measured is read back from it, so that an audit starts from what the run itself used.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import ledger
from pipelines.disk import write_whole
from pipelines.freeze.objects import RESTORE, DamagedError, verified
from pipelines.freeze.owners import GaveWay
from pipelines.freeze.stop_list import Stopped
from pipelines.places import DataFolder
from pipelines.sidecar import ControlTotal, Sidecar
from pipelines.waiver import Waiver, Waiving

About = tuple[str, ...]

# What a rule is called that finds words in no list.
NOT_IN_LIST = ".not_in_list"

# What every manifest holds, and of which kind.
SHAPE = {"as_at_date": str, "extracts": list, "revises": list, "files": dict, "method": str}


@dataclass(frozen=True)
class FrozenExtract:
    """An extract in a snapshot: ``owns`` is what it speaks for, where several accepted files speak about the same.

    ``unmapped`` is how many rows have a word that no list holds, by column; ``taken_on`` when the rows were taken, as
    they say or else the sidecar. ``kept`` are the counts that stand for rows that were disposed of, by kind.
    """

    sha256: str
    feed: str
    layout: str
    arrives: str
    typed: Path
    owns: tuple[About, ...]
    synthetic: bool
    control_totals: tuple[ControlTotal, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict, compare=False)  # in, accepted, rejected, checking, stopped
    unmapped: Mapping[str, int] = field(default_factory=dict, compare=False)
    taken_on: Mapping[About, str] = field(default_factory=dict, compare=False)
    waivings: tuple[Waiving, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Revision:
    """What an earlier snapshot says of an organisation's people in post on a date, and this one says otherwise.

    ``sha256`` names the earlier extract, ``typed`` its rows as that snapshot took them; ``by`` the one that speaks now.
    """

    feed: str
    about: About
    sha256: str
    typed: Path
    by: str
    reason: str
    kept: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def entry(self) -> dict[str, Any]:
        """The manifest's entry."""
        return {
            "feed": self.feed,
            "about": list(self.about),
            "sha256": self.sha256,
            "typed": self.typed.stem,
            "by": self.by,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Snapshot:
    """A frozen set of extracts with what validated it; ``path`` holds ``manifest.json``.

    ``revisions`` are the organisations and dates of which an earlier snapshot says something else. ``files`` are the
    definitions that were in force: their hashes, by name. ``gave_way`` and ``stopped`` are what happened in this run,
    for its reader; the manifest doesn't hold them.
    """

    snapshot_id: str
    path: Path
    as_at_date: date
    extracts: tuple[FrozenExtract, ...]
    method: Mapping[str, Any]
    revisions: tuple[Revision, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    gave_way: tuple[GaveWay, ...] = ()
    stopped: tuple[Stopped, ...] = ()

    @property
    def synthetic(self) -> bool:
        """Whether any of its rows is made up: then everything made from it is."""
        return any(extract.synthetic for extract in self.extracts)


def canonical(value: Any) -> str:
    """Return JSON that is the same for the same value: keys sorted, no spaces, one line."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"


def write(folder: DataFolder, manifest: Mapping[str, Any]) -> str:
    """Write a manifest under its id, once; return the id.

    Raises:
        DamagedError: one is there under this id and isn't what it was.
    """
    text = canonical(manifest)
    snapshot_id = hashlib.sha256(text.encode()).hexdigest()
    path = folder.snapshots / snapshot_id / "manifest.json"
    if path.is_file():
        verified(path, snapshot_id)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return snapshot_id


def manifest(folder: DataFolder, snapshot_id: str) -> dict[str, Any]:
    """Return a snapshot's manifest.

    Raises:
        DamagedError: it is missing, isn't what its id says, or isn't a manifest.
    """
    path = verified(folder.snapshots / snapshot_id / "manifest.json", snapshot_id)
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        written = None
    if not isinstance(written, dict) or not all(isinstance(written.get(name), kind) for name, kind in SHAPE.items()):
        raise DamagedError(f"{path} isn't the manifest of a snapshot; {RESTORE}")
    return written


def manifests(folder: DataFolder, entries: Iterable[ledger.Entry]) -> Iterator[dict[str, Any]]:
    """Yield the manifest of each snapshot that lines of the ledger froze, in their order; what is gone is passed over.

    Raises:
        DamagedError: one isn't what its id says.
    """
    for entry in entries:
        if entry["event"] == "frozen" and (folder.snapshots / entry["snapshot_id"] / "manifest.json").is_file():
            yield manifest(folder, entry["snapshot_id"])


def method(folder: DataFolder, written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the method that a manifest names.

    Raises:
        DamagedError: it is missing, or isn't what its hash says.
    """
    return dict(json.loads(verified(folder.objects / written["method"]).read_text(encoding="utf-8")))


def read(folder: DataFolder, snapshot_id: str) -> Snapshot:
    """Return a snapshot, as its manifest says; objects are verified by whoever reads them.

    Raises:
        DamagedError: the manifest or the method is missing, or isn't what its hash says.
    """
    written = manifest(folder, snapshot_id)
    disposed = ledger.disposed(ledger.read(folder.ledger))
    return Snapshot(
        snapshot_id=snapshot_id,
        path=folder.snapshots / snapshot_id,
        as_at_date=date.fromisoformat(written["as_at_date"]),
        extracts=tuple(_extract(folder, entry, disposed) for entry in written["extracts"]),
        method=method(folder, written),
        revisions=tuple(_revision(folder, entry, disposed) for entry in written["revises"]),
        files=written["files"],
    )


def definitions(folder: DataFolder, snapshot: Snapshot) -> dict[str, Path]:
    """Return where the definitions lie that were frozen, by what the manifest calls them.

    Raises:
        DamagedError: one is missing, or isn't what its hash says.
    """
    return {name: verified(folder.objects / sha256) for name, sha256 in snapshot.files.items()}


def _extract(folder: DataFolder, entry: Mapping[str, Any], disposed: Mapping[str, ledger.Entry]) -> FrozenExtract:
    sidecar = Sidecar.model_validate(entry["sidecar"])
    unmapped: Counter[str] = Counter()
    for one in entry["evidence"]:
        if one["rule"].endswith(NOT_IN_LIST):
            unmapped[one["rule"].removeprefix(f"{entry['feed']}.").removesuffix(NOT_IN_LIST)] += one["failing"]
    return FrozenExtract(
        sha256=entry["sha256"],
        feed=entry["feed"],
        layout=entry["layout"],
        arrives=entry["arrives"],
        typed=folder.objects / f"{entry['typed']}.parquet",
        owns=tuple(tuple(about) for about in entry["owns"]),
        synthetic=entry["synthetic"],
        control_totals=sidecar.control_totals,
        rows=entry["rows"],
        unmapped=unmapped,
        taken_on={tuple(about): day for *about, day in entry["taken_on"]},
        waivings=tuple(_waiving(entry["sha256"], one) for one in entry["waivers"]),
        kept=disposed.get(entry["sha256"], {}).get("parts", {}),
    )


def _waiving(extract: str, entry: Mapping[str, Any]) -> Waiving:
    said = {name: value for name, value in entry.items() if name not in ("waiver", "code", "as_at", "rows")}
    waiver = Waiver.model_validate(said).model_copy(update={"name": entry["waiver"]})
    return Waiving(waiver, extract, entry["rule"], entry["code"], date.fromisoformat(entry["as_at"]), entry["rows"])


def _revision(folder: DataFolder, entry: Mapping[str, Any], disposed: Mapping[str, ledger.Entry]) -> Revision:
    typed = folder.objects / f"{entry['typed']}.parquet"
    kept = disposed.get(entry["sha256"], {}).get("parts", {})
    about = tuple(entry["about"])
    return Revision(entry["feed"], about, entry["sha256"], typed, entry["by"], entry["reason"], kept)
