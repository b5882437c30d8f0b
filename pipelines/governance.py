"""Governance: what has to stand before a release is approved: the DPIA, sharing agreements, who runs, who approves.

``DIR/governance.yaml`` says it, and people write it; docs/governance.md describes the entries.
"""

import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipelines import declared, disk, places
from pipelines.places import DataFolder

DESCRIBED = "docs/governance.md describes the entries"

# What stands as the account of an approver who has none on the machine that runs the program.
NO_ACCOUNT = "none"

# Of organisations without an agreement so many are named.
NAMED = 5


class GovernanceError(ValueError):
    """A governance file that isn't there or can't be used; the message says what to write, or what to copy where."""


def _text(value: object) -> object:
    """Take what YAML reads as a number, as a reference may be, for the text that was meant; nothing is an empty one."""
    return "" if value is None else str(value) if isinstance(value, (int, float, date)) else value


Reference = Annotated[str, BeforeValidator(_text)]


class Entry(BaseModel):
    """A part of the file; an entry that doesn't exist is refused, so that a slip of the pen can't pass unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Dpia(Entry):
    """The data protection impact assessment; as shipped it is empty, and nothing can be approved."""

    reference: Reference = ""
    approved_on: date | None = None
    review_by: date | None = None


class Agreement(Entry):
    """The sharing agreement with an organisation, by its ODS or ONS code, as extracts name it."""

    organisation: str = Field(min_length=1)
    reference: Reference = Field(min_length=1)
    signed_on: date
    review_by: date


class Runner(Entry):
    """Somebody who runs the program or could change what it makes, and their account on the machine."""

    name: str = Field(min_length=1)
    account: Reference = ""


class Approver(Entry):
    """Somebody who may approve a release, in which role, and their account on the machine, or that they have none."""

    name: str = Field(min_length=1)
    role: str = Field(min_length=1)
    account: Reference = ""


class Governance(Entry):
    """What ``DIR/governance.yaml`` says."""

    dpia: Dpia = Dpia()
    sharing_agreements: tuple[Agreement, ...] = ()
    runners: tuple[Runner, ...] = ()
    approvers: tuple[Approver, ...] = ()


def load(folder: DataFolder) -> Governance:
    """Return what the data folder's governance file says.

    Raises:
        GovernanceError: there is none, or an entry of it can't be used.
    """
    path = folder.root / "governance.yaml"
    if not path.is_file():
        template = places.REPORTS / "governance.yaml"
        raise GovernanceError(
            f"{path} isn't there, and without it nothing is approved: copy {template} to {path} and fill it in "
            "(docs/governance.md)"
        )
    return declared.load(path, Governance, GovernanceError, DESCRIBED)


def dpia_problems(dpia: Dpia, today: date) -> list[str]:
    """Say what keeps the impact assessment from carrying an approval on a day; nothing if it does."""
    if not dpia.reference:
        return ["governance.yaml: dpia: reference is empty; write which impact assessment covers this processing"]
    if dpia.approved_on is None or dpia.review_by is None:
        return ["governance.yaml: dpia: write approved_on and review_by, as YYYY-MM-DD"]
    if dpia.approved_on > today:
        return [f"governance.yaml: dpia: {dpia.reference} is approved on {dpia.approved_on} only"]
    if dpia.review_by < today:
        return [
            f"governance.yaml: dpia: {dpia.reference} was to be reviewed by {dpia.review_by}; have it reviewed, and "
            "write the new date"
        ]
    return []


def agreement_problems(agreements: Sequence[Agreement], organisations: Collection[str], today: date) -> list[str]:
    """Name the organisations without a sharing agreement that is in force on a day, each kind in one sentence."""
    held = {one.organisation for one in agreements}
    in_force = {one.organisation for one in agreements if one.signed_on <= today <= one.review_by}
    lacking = sorted(set(organisations) - held)
    lapsed = sorted(set(organisations) & held - in_force)
    problems = []
    if lacking:
        problems.append(
            f"governance.yaml: sharing_agreements: there is none with {_some(lacking)}, whose rows or unpublished "
            "counts are in this release; write it, or run without their files"
        )
    if lapsed:
        problems.append(
            f"governance.yaml: sharing_agreements: that with {_some(lapsed)} isn't signed yet, or its review date has "
            "passed; have it reviewed, and write the new dates"
        )
    return problems


def _some(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - NAMED} more" if len(codes) > NAMED else ""
    return ", ".join(codes[:NAMED]) + more


def approver_problems(governance: Governance, name: str, role: str, ran_by: Collection[str]) -> list[str]:
    """Say why somebody may not approve a release that these accounts ran; nothing if they may.

    Whoever ran it has to be among the runners: otherwise nobody could tell whether it was the approver.
    """
    return [*_named_problems(governance, name, role, ran_by), *_runner_problems(governance.runners, ran_by)]


def _runner_problems(runners: Sequence[Runner], ran_by: Collection[str]) -> list[str]:
    if not runners:
        return ["governance.yaml: runners is empty; write who runs the program, and the account that they do it with"]
    known = {account(one.account) for one in runners}
    unknown = [one for one in ran_by if account(one) not in known]
    if unknown:
        return [
            f"governance.yaml: runners: {', '.join(unknown)} made this release or ran it again, and is nobody's "
            "account there; write whose it is"
        ]
    return []


def _named_problems(governance: Governance, name: str, role: str, ran_by: Collection[str]) -> list[str]:
    named = [one for one in governance.approvers if same(one.name, name)]
    if not any(same(one.role, role) for one in named):
        listed = "; ".join(f"{one.name}, {one.role}" for one in governance.approvers) or "nobody"
        return [f"governance.yaml: approvers: {name}, {role}, isn't among them; they are: {listed}"]
    if any(same(one.name, name) for one in governance.runners):
        return [f"{name} is one of the runners in governance.yaml, and nobody approves what they may have run"]
    if not all(one.account for one in named):
        return [
            f"governance.yaml: approvers: {name} has no account there; write the account that they have on the machine "
            f"that runs the program, or 'account: {NO_ACCOUNT}' if they have none"
        ]
    accounts = {account(one.account) for one in named} - {NO_ACCOUNT}
    taken = {account(one.account) for one in governance.runners if one.account} | {account(one) for one in ran_by}
    if accounts & taken:
        return [f"{name} has the account of a runner, or that which made this release; another approver has to"]
    return []


def same(one: str, other: str) -> bool:
    """Tell whether two names are one person's or role's: case, blanks and the writing of accents don't count."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def account(name: str) -> str:
    """Return an account as it is compared: without the domain that Windows puts before it, and without capitals."""
    return _folded(name.rpartition("\\")[2])


def senders(folder: DataFolder, snapshot_id: str) -> set[str]:
    """Return the organisations with whom a snapshot needs sharing agreements.

    They are those of which it holds rows about people (``staff``), or counts that their publisher hasn't made public.
    Extracts that `edi sample` made need none.

    Raises:
        GovernanceError: the manifest isn't there, or isn't what the snapshot's id says.
    """
    path = folder.snapshots / snapshot_id / "manifest.json"
    if not path.is_file() or disk.file_sha256(path) != snapshot_id:
        raise GovernanceError(
            f"{path} isn't there or was changed, and so nobody can say whose rows the release holds; restore it from a "
            "backup"
        )
    manifest = json.loads(path.read_text(encoding="utf-8"))
    published = published_layouts(folder, manifest["files"])
    return {
        about[0]
        for extract in manifest["extracts"]
        if not extract["synthetic"]
        and (extract["feed"] == "staff" or (extract["feed"] == "headcount" and extract["layout"] not in published))
        for about in extract["owns"]
    }


def published_layouts(folder: DataFolder, files: Mapping[str, str]) -> set[str]:
    """Return the layouts whose publisher made the counts public, as they were when a snapshot was frozen.

    A layout that isn't kept as it was counts as one that isn't public.

    Args:
        folder: the data folder.
        files: the manifest's ``files``, name and SHA-256 of each definition.
    """
    at_hand = {f"layouts/{path.name}": path for path in folder.layouts()}
    found = set()
    for name, sha256 in files.items():
        if not name.startswith("layouts/"):
            continue
        kept = folder.snapshots / "objects" / sha256
        path = next((one for one in (kept, at_hand.get(name)) if one and _has_hash(one, sha256)), None)
        said: Any = declared.read(path, GovernanceError) if path else {}
        if said.get("published") is True:
            found.add(said["layout"])
    return found


def _has_hash(path: Path, sha256: str) -> bool:
    return path.is_file() and disk.file_sha256(path) == sha256
