"""Carried: extracts whose rows were disposed of speak on, through the counts that were kept of them.

To every other file such an extract is what it would be if it still lay in the landing folder.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines import ledger
from pipelines.freeze import snapshot
from pipelines.freeze.owners import Claimant
from pipelines.freeze.snapshot import About
from pipelines.places import DataFolder


@dataclass(frozen=True)
class Carried:
    """An extract whose rows were disposed of.

    ``written`` is what the newest manifest that holds it says of it, ``disposed`` the ledger's line.
    """

    claimant: Claimant
    written: Mapping[str, Any]
    disposed: ledger.Entry

    def entry(self, owns: Sequence[About]) -> dict[str, Any]:
        """Return the manifest's entry of what it speaks for now: that may be more than an earlier run asked for."""
        said = self.written["sidecar"]["extracted_on"]
        days = {tuple(about): day for *about, day in self.disposed["taken_on"]}
        taken_on = [[*about, days.get(about) or said] for about in owns]
        return {
            **self.written,
            "owns": [list(about) for about in owns],
            "taken_on": [line for line in taken_on if line[-1]],
        }


def carried(folder: DataFolder, history: Sequence[ledger.Entry]) -> list[Carried]:
    """Return the extracts that were disposed of and are in force still about anything, each with that.

    Raises:
        DamagedError: a manifest isn't what its id says.
    """
    received = ledger.received(history)
    in_force, files = ledger.in_force(received), {one.sha256: one.file for one in received}
    speaking: dict[str, tuple[About, ...]] = {}
    disposed = ledger.disposed(history)
    for sha256, line in disposed.items():
        about = [tuple(about) for about in line["owns"]]
        mine = tuple(one for one in about if _in_force(in_force.get((line["feed"], *one)), sha256))
        if mine and sha256 in files:
            speaking[sha256] = mine
    found = []
    for written in _newest(folder, history, set(speaking)):
        sha256 = written["sha256"]
        reason = written["sidecar"]["reason"]
        claimant = Claimant(sha256, written["feed"], files[sha256], speaking[sha256], reason)
        found.append(Carried(claimant, written, disposed[sha256]))
    return sorted(found, key=lambda one: one.claimant.sha256)


def _in_force(latest: ledger.Received | None, sha256: str) -> bool:
    """Tell whether no later file was received about the same: it took the place for good, wherever it is now."""
    return latest is None or latest.sha256 == sha256


def _newest(folder: DataFolder, history: Sequence[ledger.Entry], wanted: set[str]) -> Iterator[dict[str, Any]]:
    """Yield what the newest snapshot that holds it says of each extract; read no further than that."""
    for manifest in snapshot.manifests(folder, reversed(history)) if wanted else ():
        for written in manifest["extracts"]:
            if written["sha256"] in wanted:
                wanted = wanted - {written["sha256"]}
                yield written
        if not wanted:
            return
