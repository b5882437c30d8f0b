"""Approval: which state a release is in, as the ledger tells, and a named person's decision that it may go out.

Nothing of it stands in the sealed release: built, gated, approved, published and withdrawn are lines of the ledger.
"""

import getpass
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pipelines import disk, gate, governance, ledger, seal
from pipelines.freeze import canonical
from pipelines.freeze.objects import DamagedError
from pipelines.ledger import Entry
from pipelines.places import DataFolder

State = Literal["built", "gated", "approved", "published", "withdrawn"]

# Which event leads where. What isn't here changes nothing: a line that skips a step counts for nothing, and nothing
# leads out of withdrawn.
STEPS: Mapping[tuple[State | None, str], State] = {
    (None, "released"): "built",
    ("built", "gated"): "gated",
    ("gated", "approved"): "approved",
    ("approved", "published"): "published",
    ("built", "withdrawn"): "withdrawn",
    ("gated", "withdrawn"): "withdrawn",
    ("approved", "withdrawn"): "withdrawn",
    ("published", "withdrawn"): "withdrawn",
}

CURRENT = "current"
# What stands in a release's place once it was withdrawn.
NOTICE = "WITHDRAWN.txt"

# The account where the system has no name for it.
UNKNOWN = "unknown"

# Of what is wrong with a release's files so much is named.
NAMED = 5


class ApprovalError(ValueError):
    """What was asked for can't be done with this release; the message says why and what to do first."""


class UnknownReleaseError(ApprovalError):
    """What was asked for is the id of no release, or could be that of several; the message says what to write."""


@dataclass(frozen=True)
class Standing:
    """What the ledger says of one release: ``made`` are its lines `released`, the first of them the one that made it.

    ``published`` are the folders that it was copied to, each once, in order.
    """

    release_id: str
    state: State
    made: tuple[Entry, ...]
    approved: Entry | None = None
    published: tuple[str, ...] = ()
    withdrawn: Entry | None = None

    @property
    def snapshot_id(self) -> str:
        """The snapshot that it was made from."""
        return str(self.made[0]["snapshot_id"])

    @property
    def made_by(self) -> list[str]:
        """The accounts that made it or ran it again, each once; 'unknown' for a line that names none."""
        return list(dict.fromkeys(str(one.get("by") or UNKNOWN) for one in self.made))

    @property
    def sums(self) -> dict[str, str]:
        """The SHA-256 of its lists of files, by path, as they were when it was made."""
        return dict(self.made[0].get("sums") or {})


@dataclass(frozen=True)
class Decision:
    """Who decided in which role and on which day that a release may go out, and where it is minuted."""

    name: str
    role: str
    on: date
    minute: str

    @property
    def entry(self) -> dict[str, str]:
        """Its part of the ledger's line."""
        return {"name": self.name, "role": self.role, "on": self.on.isoformat(), "minute": self.minute}


@dataclass
class _Traced:
    """A standing on its way."""

    state: State | None = None
    lines: dict[str, list[Entry]] = field(default_factory=dict)


def standings(entries: Iterable[Entry]) -> dict[str, Standing]:
    """Return what the ledger says of every release, by its id, in the order in which they were made."""
    traced: dict[str, _Traced] = {}
    for entry in entries:
        event = entry.get("event", "")
        if "release_id" not in entry:
            continue
        one = traced.setdefault(entry["release_id"], _Traced())
        after = STEPS.get((one.state, event), one.state)
        # Wherever it was ever copied to, it has to be withdrawn from, and whoever ran it may not approve it.
        if after != one.state or event in ("released", "published"):
            one.lines.setdefault(event, []).append(entry)
        one.state = after
    return {
        release_id: Standing(
            release_id,
            one.state,
            tuple(one.lines["released"]),
            approved=one.lines.get("approved", [None])[0],
            published=tuple(dict.fromkeys(line["to"] for line in one.lines.get("published", ()))),
            withdrawn=one.lines.get("withdrawn", [None])[0],
        )
        for release_id, one in traced.items()
        if one.state
    }


def state(entries: Iterable[Entry], release_id: str) -> State | None:
    """Return the state of a release by the ledger's entries; None for one that it doesn't know."""
    standing = standings(entries).get(release_id)
    return standing.state if standing else None


def is_draft(folder: DataFolder, release_id: str) -> bool:
    """Tell whether what is made of a release has to say DRAFT: nobody has approved it, or it was withdrawn."""
    return state(ledger.read(folder.ledger), release_id) not in ("approved", "published")


def find(folder: DataFolder, asked: str | None) -> Standing:
    """Return the release with an id, or with the one id that begins so; without one, the current release.

    Raises:
        UnknownReleaseError: none has the id that was asked for, or more than one begins so.
        ApprovalError: there is no current release, or the ledger doesn't know it.
    """
    known = standings(ledger.read(folder.ledger))
    if asked is None:
        return _current(folder, known)
    found = [asked] if asked in known else [one for one in known if asked and one.startswith(asked)]
    if len(found) == 1:
        return known[found[0]]
    if found:
        named = ", ".join(found[:NAMED])
        raise UnknownReleaseError(
            f"{len(found)} releases begin with {asked}: {named}; write more of it ('edi releases' lists them)"
        )
    if asked in release_folders(folder):
        raise UnknownReleaseError(
            f"the ledger doesn't know {asked}: nobody can say what made that folder; make the release with 'edi run'"
        )
    raise UnknownReleaseError(
        f"there is no release {asked or 'without a name'}; 'edi releases' lists those that there are"
    )


def _current(folder: DataFolder, known: Mapping[str, Standing]) -> Standing:
    release_id = current(folder)
    if not release_id:
        raise ApprovalError(f"{folder.root} has no release yet; make one with 'edi run'")
    if release_id not in known:
        raise ApprovalError(
            f"{folder.marts / 'current.json'} names {release_id}, which the ledger doesn't know; 'edi ledger verify' "
            "says what is wrong"
        )
    return known[release_id]


def release_folders(folder: DataFolder) -> list[str]:
    """Return the names of the folders among the releases, whether or not the ledger knows them, in order."""
    if not folder.marts.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.marts.iterdir()
        if path.is_dir() and path.name != CURRENT and not path.name.startswith(".")
    )


def current(folder: DataFolder) -> str:
    """Return the id of the current release, or nothing where there is none yet.

    Raises:
        DamagedError: ``current.json`` names none.
    """
    path = folder.marts / "current.json"
    if not path.is_file():
        return ""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))["release_id"]
    except (ValueError, LookupError, TypeError, RecursionError):
        said = None
    if not isinstance(said, str):
        raise DamagedError(
            f"{path} names no release; 'edi run' writes it anew, and 'edi ledger verify' says what else is wrong"
        )
    return said


def show_state(folder: DataFolder) -> None:
    """Have ``current.json`` say the state that the ledger tells of its release.

    Raises:
        HeldError: another program holds it.
    """
    now = state(ledger.read(folder.ledger), current(folder))
    path = folder.marts / "current.json"
    if not path.is_file():
        return
    pointer = json.loads(path.read_text(encoding="utf-8"))
    if now and now != pointer.get("state"):
        disk.write_whole(path, canonical({**pointer, "state": now}))


def refuse_broken(release: Path, standing: Standing) -> None:
    """Refuse a release whose files aren't those that were sealed.

    Raises:
        ApprovalError: one isn't; the message names some.
    """
    if problems := seal.problems(release, standing.sums):
        more = f", and {len(problems) - NAMED:,} more" if len(problems) > NAMED else ""
        raise ApprovalError(
            f"{release} isn't what was sealed: {'; '.join(problems[:NAMED])}{more}. Find out who changed it; restore "
            "the folder from a backup, or move it away and make it again with 'edi run'"
        )


def approve(folder: DataFolder, asked: str | None, decision: Decision, today: date) -> tuple[Standing, bool]:
    """Write into the ledger that somebody approved a release, if everything that has to stand first does.

    The same decision a second time is already written; nothing is added.

    Args:
        folder: the data folder; the caller keeps others out of it.
        asked: the release's id or its beginning; None for the current release.
        decision: whose it is.
        today: the day on which it is written down; agreements have to be in force on it.

    Returns:
        What the ledger says of the release now, and whether a line was added.

    Raises:
        UnknownReleaseError: as ``find`` does.
        ApprovalError: the release or the decision can't be approved; further reasons are its notes.
        GovernanceError: there is no governance file, or it can't be used.
    """
    standing = find(folder, asked)
    if standing.state in ("approved", "published") and standing.approved:
        refuse_broken_ledger(folder)
        said = {key: standing.approved.get(key) for key in decision.entry}
        if said == decision.entry:
            show_state(folder)
            return standing, False
        raise ApprovalError(
            f"{standing.release_id} was approved by {said['name']}, {said['role']}, on {said['on']} (minute "
            f"{said['minute']}); a second decision would leave open which one counts, and isn't written"
        )
    refuse_withdrawn(standing, "approved")
    if standing.state == "built":
        _refuse_ungated(folder, standing)
    refuse_broken(folder.marts / standing.release_id, standing)
    _refuse_unsafe(folder, standing)
    _refuse(_problems(folder, standing, decision, today))
    line = {"event": "approved", "release_id": standing.release_id, **decision.entry, "by": account()}
    ledger.append(folder.ledger, [line])
    show_state(folder)
    return find(folder, standing.release_id), True


def _problems(folder: DataFolder, standing: Standing, decision: Decision, today: date) -> list[str]:
    """Say everything that keeps a decision from counting, so that it can be mended in one go."""
    rules = governance.load(folder)
    made = datetime.fromisoformat(standing.made[0]["at"]).astimezone().date()
    problems = [f"the {what} is empty; write it" for what, text in decision.entry.items() if not text.strip()]
    problems += [unprintable(what, text) for what, text in decision.entry.items() if unprintable(what, text)]
    if decision.on > today:
        problems.append(f"{decision.on} is yet to come: an approval is written down after the decision")
    if decision.on < made:
        problems.append(f"{decision.on} is before {made}, when the release was made: nobody could have seen it")
    return [
        *problems,
        *_ledger_problems(folder),
        *governance.approver_problems(rules, decision.name, decision.role, standing.made_by),
        *governance.dpia_problems(rules.dpia, today),
        *governance.agreement_problems(
            rules.sharing_agreements, governance.senders(folder, standing.snapshot_id), today
        ),
    ]


def _ledger_problems(folder: DataFolder) -> list[str]:
    from pipelines.verify import chain  # which reads the states from here

    broken = chain.read(folder.ledger).problems
    return [f"the ledger isn't whole ({one.file}: {one.what}); see 'edi ledger verify'" for one in broken[:1]]


def refuse_broken_ledger(folder: DataFolder) -> None:
    """Refuse to go by a ledger whose lines don't hold together: anybody could have typed one of them.

    Raises:
        ApprovalError: they don't.
    """
    _refuse(_ledger_problems(folder))


def unprintable(what: str, text: str) -> str:
    """Say of a text that people read in a line that it would end the line, or steer a terminal; nothing if not.

    Args:
        what: what it is called, as in "reason".
        text: the text.
    """
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        return f"the {what} has a line's end or another control character in it; write it in one line"
    return ""


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        error = ApprovalError(problems[0])
        for problem in problems[1:]:
            error.add_note(problem)
        raise error


def refuse_withdrawn(standing: Standing, what: str) -> None:
    """Refuse what can't be done with a withdrawn release.

    Raises:
        ApprovalError: it is one.
    """
    if standing.withdrawn:
        at, reason = standing.withdrawn["at"][:10], standing.withdrawn["reason"]
        raise ApprovalError(
            f"{standing.release_id} was withdrawn on {at} ({reason}), and a withdrawn release is never {what}: put "
            "right what was wrong, in data, settings or program, and run again, which makes another"
        )


def _refuse_ungated(folder: DataFolder, standing: Standing) -> None:
    """Refuse a release of which the ledger has no line that it passed the gate; what is seen to be wrong is said."""
    found = gate.tried(folder, standing).problems
    seen = "; ".join(found[:NAMED]) or "its checks hold now"
    raise ApprovalError(f"{standing.release_id} is built and hasn't passed its gate ({seen}); run 'edi run' again")


def _refuse_unsafe(folder: DataFolder, standing: Standing) -> None:
    """Refuse a release that doesn't pass its gate any more: others may have been shown since, or more be known."""
    found = gate.attacked(folder, standing).problems
    if found:
        raise ApprovalError(
            f"{standing.release_id} passed its gate, and doesn't any more ({'; '.join(found[:NAMED])}); 'edi attack' "
            "tells more"
        )


def head(folder: DataFolder) -> str:
    """Return the SHA-256 of the ledger's last line, which stands for all of them."""
    lines = folder.ledger.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return hashlib.sha256(lines[-1].encode()).hexdigest()


def account() -> str:
    """Return the account that this process runs as, or 'unknown' where the system has no name for it."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return UNKNOWN
