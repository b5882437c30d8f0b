"""Remains: what there is of an extract beside the counts kept of it, and how it goes.

The ledger is told before anything goes. Objects go last: where one is left that a line of the ledger says is gone, the
work was cut off, and the next run or the next `edi dispose` ends it.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from pipelines import disk, ledger, quarantine, sidecar
from pipelines.freeze import snapshot
from pipelines.freeze.snapshot import About
from pipelines.ingest.recognise import identity
from pipelines.places import DataFolder
from pipelines.sidecar import Sidecar, SidecarError

# So much of an extract's hash names it well enough for people.
SHORT = 12

# What an object may be called.
OBJECT = re.compile(r"[0-9a-f]{64}([.]parquet)?")


@dataclass(frozen=True)
class Held:
    """An extract as all manifests tell: ``owns`` is whatever it spoke for in any of them, ``objects`` their names.

    ``typed`` are its rows as the newest manifest has them; a layout or mapping that changed may have read it otherwise.
    """

    sha256: str
    feed: str
    content_sha256: str
    typed: Path
    owns: tuple[About, ...]
    objects: frozenset[str]


@dataclass(frozen=True)
class Store:
    """The extracts that manifests name, by their hash, and the objects of everything else."""

    extracts: Mapping[str, Held]
    others: frozenset[str]

    def in_use(self, gone: Set[str]) -> Set[str]:
        """Return the names of objects that something needs when these extracts' rows are gone."""
        return self.others.union(*(one.objects for one in self.extracts.values() if one.sha256 not in gone))


@dataclass(frozen=True)
class Remains:
    """What goes of an extract; ``shared`` are objects that stay, as another extract's bytes or rows are the same."""

    landing: tuple[Path, ...] = ()
    quarantine: tuple[Path, ...] = ()
    objects: tuple[Path, ...] = ()
    shared: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything goes."""
        return bool(self.landing or self.quarantine or self.objects)

    @property
    def words(self) -> str:
        """What goes, in words."""
        counts = [
            (len(self.objects), "object", "objects"),
            (len(self.landing), "file in landing", "files in landing"),
            (len(self.quarantine), "folder of quarantine", "folders of quarantine"),
        ]
        return (
            ", ".join(f"{count:,} {one if count == 1 else many}" for count, one, many in counts if count) or "nothing"
        )

    def remove(self) -> None:
        """Remove it, each file before its sidecar, without which it would be another extract.

        Raises:
            HeldError: another program holds some of it; what is left goes the next time.
        """
        for path in self.landing:
            beside = sidecar.beside(path)
            disk.remove(path)
            disk.remove(beside)
        for place in self.quarantine:
            disk.remove_tree(place)
        for path in self.objects:
            disk.remove(path)


def store(folder: DataFolder, history: Sequence[ledger.Entry]) -> Store:
    """Read all manifests.

    Raises:
        DamagedError: one isn't what its id says.
    """
    frozen = {entry["snapshot_id"]: number for number, entry in enumerate(history) if entry["event"] == "frozen"}
    ids = [path.parent.name for path in folder.snapshots.glob("*/manifest.json")]
    extracts: dict[str, Held] = {}
    others: set[str] = set()
    # One that the ledger doesn't have was written by a run that stopped; it holds rows no less.
    for snapshot_id in sorted(ids, key=lambda one: (frozen.get(one, -1), one)):
        written = snapshot.manifest(folder, snapshot_id)
        others |= {written["method"], *written["files"].values()}
        for entry in written["extracts"]:
            before = extracts.get(entry["sha256"])
            content = set() if entry.get("withheld") else {entry["content_sha256"]}
            rows = {f"{entry['typed']}.parquet"}
            extracts[entry["sha256"]] = Held(
                sha256=entry["sha256"],
                feed=entry["feed"],
                content_sha256=entry["content_sha256"],
                typed=folder.objects / f"{entry['typed']}.parquet",
                owns=tuple(sorted({*map(tuple, entry["owns"]), *(before.owns if before else ())})),
                objects=frozenset(content | rows | (before.objects if before else set())),
            )
    return Store(extracts, frozenset(others))


def landed_as(files: Sequence[Path]) -> dict[Path, str]:
    """Return which extract each file in the landing folder is, as far as it can be read."""
    found = {}
    for path in files:
        try:
            # What a link leads to isn't in the folder, and what lies in the cloud only would be fetched.
            if not path.is_symlink() and not disk.cloud_only(path.stat()):
                found[path] = identity(path, _beside(path))[0]
        except OSError:
            continue
    return found


def _beside(path: Path) -> Sidecar:
    try:
        return sidecar.read(path)
    except SidecarError:
        return Sidecar()


@dataclass(frozen=True)
class Scene:
    """All that decides what goes of an extract: ``gone`` are the extracts whose rows are to be gone.

    ``landed`` says which extract each file in landing is, ``lines`` what the ledger says was disposed of before.
    """

    folder: DataFolder
    store: Store
    in_use: Set[str]
    landed: Mapping[Path, str]
    lines: Mapping[str, ledger.Entry]
    called: Mapping[str, Set[str]]

    def remains(self, sha256: str) -> Remains:
        """Return what goes of one of the extracts whose rows are to be gone."""
        held = self.store.extracts.get(sha256)
        line = self.lines.get(sha256, {"objects": [], "landing": []})
        landing = tuple(path for path, extract in self.landed.items() if extract == sha256)
        files = {*self.called.get(sha256, ()), *line["landing"], *(path.name for path in landing)}
        named = {*line["objects"], *(held.objects if held else ())}
        there = [
            path for path in (self.folder.objects / name for name in sorted(named) if is_object(name)) if path.is_file()
        ]
        return Remains(
            landing=landing,
            quarantine=tuple(quarantine.places(self.folder, files, held.content_sha256)) if held else (),
            objects=tuple(path for path in there if path.name not in self.in_use),
            shared=tuple(path.name for path in there if path.name in self.in_use),
        )


def scene(
    folder: DataFolder, kept: Store, gone: Set[str], files: Sequence[Path], history: Sequence[ledger.Entry]
) -> Scene:
    """Look at what there is.

    Args:
        folder: the data folder.
        kept: what all manifests name.
        gone: the extracts whose rows are to be gone.
        files: those in the landing folder.
        history: the ledger.
    """
    called: dict[str, set[str]] = {}
    for one in ledger.received(history):
        called.setdefault(one.sha256, set()).add(one.file)
    return Scene(folder, kept, kept.in_use(gone), landed_as(files), ledger.disposed(history), called)


def is_object(name: str) -> bool:
    """Tell whether a name is one of an object: a name in the ledger leads to no other file, whoever wrote it."""
    return bool(OBJECT.fullmatch(name))


def finish(folder: DataFolder, files: Sequence[Path]) -> list[str]:
    """Remove what the ledger says was disposed of and is there still, as whoever wrote it was stopped; say so.

    A file that was put back into landing later isn't such a rest, and is left alone: none of its objects is there.

    Args:
        folder: the data folder.
        files: those in the landing folder.

    Raises:
        DamagedError: a manifest isn't what its id says.
        HeldError: another program holds some of it.
    """
    history = ledger.read(folder.ledger)
    disposed = ledger.disposed(history)
    unfinished = [
        sha256
        for sha256, line in disposed.items()
        if any(is_object(name) and (folder.objects / name).is_file() for name in line["objects"])
    ]
    if not unfinished:
        return []
    seen, lines = scene(folder, store(folder, history), set(disposed), files, history), []
    for sha256 in unfinished:
        left = seen.remains(sha256)
        # What is left may be another extract's by now.
        if left.objects:
            left.remove()
            lines.append(
                f"disposed  {sha256[:SHORT]}: {left.words} removed that was left when it was disposed of "
                f"(ledger, line {disposed[sha256]['number']})"
            )
    return lines
