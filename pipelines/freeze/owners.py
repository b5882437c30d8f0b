"""Owners: which of several files speaks for an organisation and date, and what gives way to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines import ledger
from pipelines.validate import Accepted


@dataclass(frozen=True)
class Claimant:
    """A file that would speak for ``about``: accepted in this run, or one whose rows were disposed of.

    ``reason`` is why it was sent again.
    """

    sha256: str
    feed: str
    file: str
    about: tuple[tuple[str, ...], ...]
    reason: str = ""


def accepted_claimant(one: Accepted) -> Claimant:
    """Return an accepted file as one that would speak for what its rows are about."""
    extract = one.extract
    return Claimant(extract.sha256, extract.feed, extract.file, extract.about, extract.sidecar.reason)


@dataclass(frozen=True)
class GaveWay:
    """What a file no longer speaks for, because another one does.

    ``event`` is the ledger's: ``superseded`` by a newer file of its feed, or ``set_aside`` for a feed that says more.
    """

    event: str
    feed: str
    about: tuple[str, ...]
    sha256: str
    file: str
    by: str
    by_file: str

    reason: str = ""

    @property
    def entry(self) -> dict[str, Any]:
        """The ledger's line."""
        return {
            "event": self.event,
            "sha256": self.sha256,
            "by": self.by,
            "feed": self.feed,
            "about": list(self.about),
            "reason": self.reason,
        }


def owners(
    claiming: Sequence[Claimant], received: Sequence[ledger.Received]
) -> tuple[dict[tuple[str, ...], str], list[GaveWay]]:
    """Decide which file speaks for each thing: a new file before an old one, a later one before an earlier one.

    What gives way is known from the ledger: the earlier file may be gone from the landing folder, or overwritten.
    """
    place = {one.sha256: number for number, one in enumerate(received)}
    before = ledger.in_force(received)
    names = {one.sha256: one.file for one in claiming}
    reasons = {one.sha256: one.reason for one in claiming}
    claims: dict[tuple[str, ...], list[str]] = {}
    for one in claiming:
        for about in one.about:
            claims.setdefault((one.feed, *about), []).append(one.sha256)
    owners: dict[tuple[str, ...], str] = {}
    gave_way = []
    for (feed, *key), claimants in sorted(claims.items()):
        # Files that came together say the same (validate saw to it): the smaller hash stands for them.
        first = min(claimants, key=lambda sha256: (-place.get(sha256, len(place)), sha256))
        owners[feed, *key] = first
        earlier = before.get((feed, *key))
        if earlier and first not in place:
            superseded = (feed, tuple(key), earlier.sha256, earlier.file, first, names[first], reasons[first])
            gave_way.append(GaveWay("superseded", *superseded))
    return owners, gave_way + _set_aside(owners, names, reasons)


def _set_aside(
    owners: dict[tuple[str, ...], str], names: Mapping[str, str], reasons: Mapping[str, str]
) -> list[GaveWay]:
    """Take from ``owners`` the headcounts of which there are staff rows too: both together count everybody twice."""
    twice = [key for feed, *key in owners if feed == "headcount" and ("staff", *key) in owners]
    set_aside = []
    for key in twice:
        counts, staff = owners.pop(("headcount", *key)), owners["staff", *key]
        gave_way = ("headcount", tuple(key), counts, names[counts], staff, names[staff], reasons[staff])
        set_aside.append(GaveWay("set_aside", *gave_way))
    return set_aside
