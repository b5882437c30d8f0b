"""Dispose: rows go when they are past their retention, or on instruction; the counts made of them stay.

Who said so, and why, stands in the ledger before anything goes. Manifests, evidence, counts and releases stay.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import approval, database, ledger, quarantine, reference, remains
from pipelines.contract import POST_FEEDS
from pipelines.database import Connection
from pipelines.freeze import FrozenExtract
from pipelines.freeze.objects import DamagedError, verified
from pipelines.measure import parts
from pipelines.places import DataFolder
from pipelines.remains import SHORT, Held, Remains, Store
from pipelines.road import landed, open_database, work_folder
from pipelines.validate import rows_about, taken_on

# Which setting of method.retention_months an extract's rows fall under.
KINDS = {"staff": "staff_rows", "headcount": "headcount_rows"}

# Of what an extract spoke for, as many are named on its line.
NAMED = 3


class DisposeError(ValueError):
    """What was asked for can't be disposed of; the message says why."""


@dataclass(frozen=True)
class Order:
    """Who authorised it, and why."""

    authorised_by: str
    reason: str

    @property
    def said(self) -> dict[str, str]:
        """The ledger's words, with the account that it was done under."""
        return {"authorised_by": self.authorised_by, "reason": self.reason, "by": approval.account()}


@dataclass(frozen=True)
class Wanted:
    """What is to go: one extract, or those that spoke for an organisation and date; neither: what is past retention."""

    extract: str = ""
    about: tuple[str, str] | None = None

    @property
    def is_selection(self) -> bool:
        """Whether it names anything."""
        return bool(self.extract or self.about)

    def covers(self, sha256: str, owns: Sequence[Sequence[str]]) -> bool:
        """Tell whether an extract is selected."""
        if self.extract:
            return sha256.startswith(self.extract)
        return self.about is None or self.about in map(tuple, owns)


@dataclass(frozen=True)
class Done:
    """What was done, a line each, and how many extracts couldn't be disposed of."""

    lines: tuple[str, ...]
    refused: int = 0


@dataclass(frozen=True)
class _Counted:
    """What stays of an extract: its counts, what they speak for and when the rows were taken, as the rows said."""

    held: Held
    parts: Mapping[str, str] = field(default_factory=dict)
    owns: tuple[tuple[str, ...], ...] = ()
    taken_on: Mapping[tuple[str, ...], str] = field(default_factory=dict)


def dispose(folder: DataFolder, wanted: Wanted, order: Order, today: date, *, dry_run: bool = False) -> Done:
    """Remove rows, and keep what was counted of them; the caller keeps other runs out of the folder.

    Args:
        folder: the data folder.
        wanted: what is to go.
        order: who said so, and why.
        today: what retention is held against.
        dry_run: say what would go, and change nothing.

    Raises:
        DisposeError: nothing, or more than one extract, is called so, or it holds nobody's rows.
        DamagedError: a manifest isn't what its id says.
        HeldError: another program holds some of it; what is left goes the next time.
        ValueError: the method can't be used.
    """
    method, history = reference.method(folder), ledger.read(folder.ledger)
    kept, disposed = remains.store(folder, history), ledger.disposed(history)
    again = [one for one, line in disposed.items() if wanted.covers(one, line["owns"])]
    chosen = _chosen(kept, set(disposed), wanted, bool(again), method, today)
    counted, refusals = _count(folder, chosen, method, dry_run)
    gone = {*disposed, *(one.held.sha256 for one in counted)}
    scene = remains.scene(folder, kept, gone, landed(folder), history)
    plans = {one: scene.remains(one) for one in (*again, *(one.held.sha256 for one in counted))}
    old = [] if wanted.is_selection else _old_answers(folder, history, method, today, plans)
    lines = [_line(one, plans[one.held.sha256], dry_run) for one in counted]
    lines += [line for one in again for line in _again(one, disposed[one], plans[one], wanted, dry_run)]
    lines += [f"stays     {name[:SHORT]}: another extract's bytes or rows are the same" for name in _shared(plans)]
    lines += [f"{_verb(dry_run)}{place}: an answer past its retention, with what lies there" for place in old]
    if not dry_run:
        entries = [_entry(one, plans[one.held.sha256], order) for one in counted]
        entries += [_answers_entry(old, order)] if old else []
        if entries:
            ledger.append(folder.ledger, entries)
        for one in (*plans.values(), Remains(quarantine=tuple(old))):
            one.remove()
    return Done((*refusals, *lines, _summary(len(counted), len(refusals), len(old), dry_run)), len(refusals))


def _chosen(
    kept: Store, disposed: set[str], wanted: Wanted, is_known: bool, method: Mapping[str, Any], today: date
) -> list[Held]:
    """Return the extracts that are to go and haven't gone; where some were selected, refuse what can't be meant."""
    if not wanted.is_selection:
        months = _months(method)
        return [
            one
            for sha256, one in sorted(kept.extracts.items())
            if sha256 not in disposed
            and one.feed in KINDS
            and is_past(date.fromisoformat(max(about[1] for about in one.owns)), months[KINDS[one.feed]], today)
        ]
    found = [one for sha256, one in sorted(kept.extracts.items()) if wanted.covers(sha256, one.owns)]
    if wanted.about:
        found = [one for one in found if one.feed in POST_FEEDS]
    if not found and not is_known:
        named = f"begins with {wanted.extract}" if wanted.extract else f"spoke for {' on '.join(wanted.about or ())}"
        raise DisposeError(f"no snapshot holds an extract that {named}; the mart submission names those that there are")
    if wanted.extract and len(found) > 1:
        names = ", ".join(one.sha256[: len(wanted.extract) + SHORT] for one in found[:NAMED])
        raise DisposeError(f"{len(found):,} extracts begin with {wanted.extract}; say which: {names}")
    if any(one.feed not in POST_FEEDS for one in found):
        raise DisposeError(f"{found[0].sha256[:SHORT]} holds residents as they were published, and nobody's rows")
    return [one for one in found if one.sha256 not in disposed]


def _months(method: Mapping[str, Any]) -> dict[str, int]:
    """Return how many months each kind of object is kept.

    Raises:
        ValueError: fewer than none.
    """
    months: dict[str, int] = method["retention_months"]
    for kind, number in months.items():
        if number < 0:
            raise ValueError(f"method.yaml: retention_months.{kind} is {number}, but must be 0 (for ever) or more")
    return months


def is_past(day: date, months: int, today: date) -> bool:
    """Tell whether a day lies more than so many months back; with 0 months it never does.

    A month on from 31 January is the last day of February.
    """
    if not months:
        return False
    number = 12 * day.year + day.month - 1 + months
    year, month = divmod(number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) < today


def _count(
    folder: DataFolder, chosen: Sequence[Held], method: Mapping[str, Any], dry_run: bool
) -> tuple[list[_Counted], list[str]]:
    """Make sure that the counts of extracts are there and whole; return them, and a line for each that isn't.

    Those of what gave way long ago may never have been made by today's SQL: they are made now.
    """
    if not chosen:
        return [], []
    work_folder(folder)
    counted, refusals = [], []
    with database.connect() if dry_run else open_database(folder, method) as con:
        for one in chosen:
            try:
                counted.append(_counted(con, folder, one, method, dry_run))
            except DamagedError as error:
                refusals.append(f"refused   {one.sha256[:SHORT]}: {error}; or 'edi run' with its file in landing first")
    return counted, refusals


def _counted(con: Connection, folder: DataFolder, one: Held, method: Mapping[str, Any], dry_run: bool) -> _Counted:
    verified(one.typed)
    if dry_run:
        return _Counted(one)
    about = tuple(rows_about(con, one.feed, one.typed))
    frozen = FrozenExtract(one.sha256, one.feed, layout="", arrives="", typed=one.typed, owns=about, synthetic=False)
    files = parts.write(con, folder, [frozen], method)[frozen]
    named = {kind: verified(path).name for kind, path in sorted(files.items())}
    return _Counted(one, named, about, taken_on(con, one.feed, one.typed))


def _old_answers(
    folder: DataFolder,
    history: Sequence[ledger.Entry],
    method: Mapping[str, Any],
    today: date,
    plans: Mapping[str, Remains],
) -> list[Path]:
    """Return the folders of quarantine that are past their retention, but for those that go with their extract."""
    months = _months(method)["quarantine"]
    going = {place for one in plans.values() for place in one.quarantine}
    named = quarantine.last_named(folder, history)
    return [place for place, day in named.items() if is_past(day, months, today) and place not in going]


def _entry(one: _Counted, plan: Remains, order: Order) -> ledger.Entry:
    return {
        "event": "disposed",
        "extract": one.held.sha256,
        "feed": one.held.feed,
        "typed": one.held.typed.stem,
        "owns": [list(about) for about in one.owns],
        "taken_on": [[*about, day] for about, day in one.taken_on.items()],
        "objects": [path.name for path in plan.objects],
        "parts": dict(one.parts),
        "landing": [path.name for path in plan.landing],
        "quarantine": [place.name for place in plan.quarantine],
        **order.said,
    }


def _answers_entry(old: Sequence[Path], order: Order) -> ledger.Entry:
    """Return the ledger's line about folders of quarantine: of files that may never have been an extract."""
    nothing: ledger.Entry = {"extract": "", "feed": "", "typed": "", "owns": [], "taken_on": [], "objects": []}
    places = [place.name for place in old]
    return {"event": "disposed", **nothing, "parts": {}, "landing": [], "quarantine": places, **order.said}


def _verb(dry_run: bool) -> str:
    return "would go  " if dry_run else "disposed  "


def _line(one: _Counted, plan: Remains, dry_run: bool) -> str:
    owns = [" ".join(about) for about in one.held.owns]
    more = f" and {len(owns) - NAMED:,} more" if len(owns) > NAMED else ""
    return (
        f"{_verb(dry_run)}{one.held.sha256[:SHORT]}: {one.held.feed} rows of {', '.join(owns[:NAMED])}{more}: "
        f"{plan.words}; the counts stay"
    )


def _again(sha256: str, line: ledger.Entry, plan: Remains, wanted: Wanted, dry_run: bool) -> list[str]:
    """Say what is left, or was put back, of an extract that was disposed of before."""
    if plan:
        return [f"{_verb(dry_run)}{sha256[:SHORT]}: {plan.words}, left or put back since {line['at'][:10]}"]
    if not wanted.is_selection:
        return []
    return [f"already   {sha256[:SHORT]}: disposed of on {line['at'][:10]} by {line['authorised_by']}; nothing is left"]


def _shared(plans: Mapping[str, Remains]) -> list[str]:
    return sorted({name for one in plans.values() for name in one.shared})


def _summary(disposed: int, refused: int, answers: int, dry_run: bool) -> str:
    said = [f"{disposed:,} extract{'s' * (disposed != 1)} {'would be ' * dry_run}disposed of"]
    said += [f"{refused:,} refused"] if refused else []
    said += [f"{answers:,} folder{'s' * (answers != 1)} of quarantine"] if answers else []
    end = "nothing was changed" if dry_run else "the ledger says who, when and why; backups are yours to clear"
    return f"summary   {', '.join(said)}; {end}"
