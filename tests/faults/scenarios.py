"""What is killed: a data folder as it is before a command, and the command."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from pipelines import places

HEADER = (
    "as_at_date,org_code,employment_type,grade,clinical,staff_group,characteristic,classification,category,"
    "answer_status,headcount\n"
)
# How often a run writes its ledger; tables are written MANY times, and what comes oftener is a definition that is kept.
FEW, MANY = 4, 13

LETTER = "Dear colleague,\n"

# What every command gets that draws a secret, unless another one is ordered.
SECRET = "5ec2e7" * 10 + "5ec2"


def headcount(people: int, as_at_date: str = "2026-03-31") -> str:
    """The quickest extract there is: one count."""
    return f"{HEADER}{as_at_date},RNA,substantive,band_5,clinical,unknown,ethnicity,wres,White,known,{people}\n"


@dataclass(frozen=True)
class Step:
    """Files that come (path below the data folder → text), the command that is given then, and when that is."""

    files: Mapping[str, str]
    argv: Sequence[str]
    now: str = "2026-04-10T09:00:00+00:00"


@dataclass(frozen=True)
class Scenario:
    """Steps, of which the last is disturbed; ``again`` is what is run after that, unless it is the same command.

    ``points`` is a pattern: where few kills are to be had, only points whose names hold it are taken, and one ``of`` so
    many of them. What is on the disk is looked at in all of them.
    """

    name: str
    steps: Sequence[Step]
    again: Sequence[str] = ()
    points: str = ""
    of: int = 1

    @property
    def argv(self) -> list[str]:
        """The command that is killed."""
        return [*self.steps[-1].argv]

    @property
    def next(self) -> list[str]:
        """The command that follows a killed one, and does its work."""
        return [*(self.again or self.argv)]


# Of tables without rows there are none to make; they are files in the folder of a release to be, as its tables are.
NO_PACKS = {"method.yaml": "board_pack: {units: [none]}\n"}
FIRST = Scenario(
    "a first run", [Step({**NO_PACKS, "landing/march.csv": headcount(40), "landing/letter.csv": LETTER}, ["run"])], of=5
)
RUN = Step({**NO_PACKS, "landing/march.csv": headcount(40)}, ["run"])
RESEND = Scenario(
    "a resend and a new month beside a release",
    [RUN, Step({"landing/march.csv": headcount(44), "landing/april.csv": headcount(41, "2026-04-30")}, ["run"])],
    points=r" (ledger.jsonl|marts/<release>|marts/current.json)$",
    of=2,
)
GOVERNANCE = """
dpia: {reference: DPIA-7, approved_on: 2025-06-01, review_by: 2099-06-01}
sharing_agreements: [{organisation: RNA, reference: ISA/1, signed_on: 2025-06-01, review_by: 2099-06-01}]
runners: [{name: A. Analyst, account: anna}]
approvers: [{name: B. Member, role: chair, account: none}]
"""
APPROVE = Step(
    {"governance.yaml": GOVERNANCE},
    ["approve", "--name", "B. Member", "--role", "chair", "--on", "2026-04-14", "--minute", "EDI/14"],
)
APPROVAL = Scenario("an approval", [RUN, APPROVE])
PUBLICATION = Scenario("a publication", [RUN, APPROVE, Step({}, ["publish", "{data}/published"])], of=4)
DISPOSAL = Scenario(
    "a disposal",
    [
        RUN,
        Step(
            {},
            [
                *("dispose", "--organisation", "RNA", "--as-at", "2026-03-31"),
                *("--authorised-by", "B. Member", "--reason", "asked for"),
            ],
        ),
    ],
)

# The road first, on which any moment is taken too.
ROAD = (FIRST, RESEND)
SCENARIOS = (*ROAD, APPROVAL, PUBLICATION, DISPOSAL)


class Moment(NamedTuple):
    """A point of a process, the one before it, and how many such pairs are passed by first."""

    last: str
    point: str
    skip: int


class Commands:
    """Starts commands as processes of their own, by way of ``tests.faults.kill``."""

    def __init__(self) -> None:
        """Start the process that they are forked from."""
        # One thread, and no reports of its own: the processes are many, and the tests beside them too.
        environment = {name: value for name, value in os.environ.items() if name != "EDI_DATA"}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.kill"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=places.PROJECT,
            env=environment | {"EDI_THREADS": "1", "COLUMNS": "200", "LOGNAME": "anna"},
        )

    def run(self, data: Path, argv: Sequence[str], **order: Any) -> dict[str, Any]:
        """Run a command to its end, by itself or by a signal; return its code, seconds, points and what it said."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        words = [word.replace("{data}", str(data)) for word in argv]
        self._server.stdin.write(json.dumps({"data": str(data), "argv": words, "secret": SECRET, **order}) + "\n")
        self._server.stdin.flush()
        return dict(json.loads(self._server.stdout.readline()))

    def close(self) -> None:
        """End the process that they are forked from."""
        self._server.communicate()


@dataclass(frozen=True)
class Undisturbed:
    """A scenario with the folder before and after its last command, that command's points, and how long it took."""

    scenario: Scenario
    before: Path
    after: Path
    points: Sequence[str]
    seconds: float

    def moments(self) -> list[Moment]:
        """The moments at which a kill finds another thing on the disk than at the one before, in order.

        Between the end of one operation and the beginning of the next nothing happens to the disk, and by an fsync
        nothing happens that a process could see, so that such points are one moment. Only where a file was opened,
        content comes without an operation of its own. Of what is repeated, as the writing of a table, one is taken.
        """
        found: dict[tuple[str, str], list[int]] = {}
        for number, names in enumerate(pairwise(("", *self.points))):
            if _is_last_of_moment(names[1], (*self.points, "")[number + 1]):
                found.setdefault(names, []).append(number)
        # Of many files, some are killed early and others late. Of the ledger's lines always the first that is still to
        # come: what was killed before may have left fewer of them.
        taken = []
        for turn, (names, numbers) in enumerate(found.items()):
            skip = turn % len(numbers) if len(numbers) > FEW else 0
            taken.append((numbers[skip], Moment(*names, skip)))
        return [moment for _, moment in sorted(taken)]

    def every_point(self) -> list[Moment]:
        """Every point, whether or not a kill finds another thing there; of what comes more than MANY times, some."""
        found = Counter(pairwise(("", *self.points)))
        return [Moment(*names, skip) for names, times in found.items() for skip in range(0, times, -(-times // MANY))]


def _is_last_of_moment(point: str, following: str) -> bool:
    """Tell whether something happens to the disk between a point and the following one."""
    when, operation, path = point.split(" ", 2)
    if when != "before":
        return when == "within" or operation == "open" or not following
    # What isn't followed by its own end wasn't done: there was such a folder already.
    was_done = following == f"after {operation} {path}" or following.startswith("within")
    return operation == "unseen" or (was_done and operation != "fsync")


def undisturbed(scenario: Scenario, commands: Commands, folder: Path) -> Undisturbed:
    """Walk a scenario with nobody disturbing it, or read what was found when that was done.

    Scenarios that begin alike are walked from where the first of them was, in folders beside this one.
    """
    before, after, told = folder / "before", folder / "after", folder / "points.json"
    if not told.is_file():
        folder.mkdir(parents=True)
        begun = _begun(scenario.steps[:-1], commands, folder.parent / "begun")
        shutil.copytree(begun, before)
        _put(scenario.steps[-1], before)
        shutil.copytree(before, after)
        ended = _take(scenario.steps[-1], commands, after)
        told.write_text(json.dumps([ended["points"], ended["seconds"]]), encoding="utf-8")
    points, seconds = json.loads(told.read_text(encoding="utf-8"))
    return Undisturbed(scenario, before, after, points, seconds)


def _begun(steps: Sequence[Step], commands: Commands, folder: Path) -> Path:
    """Return a folder in which the first steps of a scenario were taken."""
    name = hashlib.sha256(repr(steps).encode()).hexdigest()[:12]
    with FileLock(f"{folder}-{name}.lock"):
        made, done = Path(f"{folder}-{name}"), Path(f"{folder}-{name}.done")
        if not done.is_file():
            if steps:
                shutil.copytree(_begun(steps[:-1], commands, folder), made)
                _put(steps[-1], made)
                _take(steps[-1], commands, made)
            else:
                made.mkdir(parents=True)
            done.touch()
    return made


def _put(step: Step, folder: Path) -> None:
    for name, text in step.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _take(step: Step, commands: Commands, folder: Path) -> dict[str, Any]:
    ended = commands.run(folder, step.argv, watched=True, now=step.now)
    assert ended["code"] == 0, ended["said"]
    return ended
