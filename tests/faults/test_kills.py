"""`kill -9` at every named point and at random moments: nothing is half there, and the next run makes it whole.

What a kill leaves is held to the laws at once. Then the next process starts in the same folder; a few times it is
killed as well, at a later point, and the last one is left alone. So each has to get past what all before it left, and
at the end every byte is as if nobody had disturbed the first. Of the named points some are taken; what a kill would
leave at the others is held to the laws in copies of the disk. EDI_KILLS says how many random moments are taken,
EDI_KILLS_SEED where they come from; where it is set, as by `make soak`, each kill is followed by a process that is left
alone, and every point is taken by itself.
"""

import os
import random
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults import laws
from tests.faults.scenarios import FIRST, ROAD, SCENARIOS, SECRET, Commands, Scenario, Undisturbed

IS_SOAK = "EDI_KILLS" in os.environ
KILLS = int(os.environ.get("EDI_KILLS", "8"))
SEED = int(os.environ.get("EDI_KILLS_SEED", "1"))
IN_A_ROW, RANDOM_IN_A_ROW = (1, 1) if IS_SOAK else (10, 4)

# Tests among which the points are shared out, so that processes can share the tests.
SLOTS, RANDOM_SLOTS = 13, 4

Count = Callable[[str, int], None]
Order = dict[str, Any]
Walked = Callable[[Scenario], Undisturbed]


class Killer:
    """Kills a scenario's command, each time in what the last one left, and leaves one alone at the end."""

    def __init__(self, commands: Commands, folder: Path) -> None:
        """Work in a folder that isn't there yet."""
        self.commands, self.folder = commands, folder

    def kill(self, one: Undisturbed, orders: Sequence[Order]) -> list[int]:
        """Kill as ordered, hold what each kill leaves to the laws, and let the last process make it whole.

        Returns:
            The exit codes of those that were to be killed.
        """
        self._begin(one)
        codes = []
        for ordered in orders:
            code = self._run(one, ordered)
            while code == 0:
                # What was killed before has done that already, or the process was quicker than undisturbed.
                laws.check_converged(self.folder, one.after)
                self._begin(one)
                ordered = ordered | {"seconds": ordered["seconds"] / 2} if "seconds" in ordered else ordered
                code = self._run(one, ordered)
            codes.append(code)
        self._end(one)
        return codes

    def _begin(self, one: Undisturbed) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(one.before, self.folder)

    def _run(self, one: Undisturbed, ordered: Order) -> int:
        code = self.commands.run(self.folder, one.scenario.argv, **ordered)["code"]
        laws.check_killed(self.folder, one.before, one.after)
        return int(code)

    def _end(self, one: Undisturbed) -> None:
        last = self.commands.run(self.folder, one.scenario.next)
        assert last["code"] == 0, last["said"]
        laws.check_converged(self.folder, one.after)


@pytest.fixture
def killer(commands: Commands, tmp_path: Path) -> Killer:
    return Killer(commands, tmp_path / "data")


def in_turns(of: Sequence[Any], parts: int) -> list[Sequence[Any]]:
    """Deal something out in its order, as cards: what lies side by side comes into different parts."""
    return [of[part::parts] for part in range(parts) if of[part::parts]]


@pytest.mark.soak
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_at_every_moment_the_disk_holds_nothing_by_half(
    commands: Commands, walked: Walked, count: Count, tmp_path: Path, scenario: Scenario
) -> None:
    """What a kill would find at each moment, whether or not one is killed there: copies of one undisturbed process."""
    one, data = walked(scenario), tmp_path / "data"
    shutil.copytree(one.before, data)
    taken = [[*moment, str(tmp_path / str(number))] for number, moment in enumerate(one.moments())]
    ended = commands.run(data, scenario.argv, watched=True, now=scenario.steps[-1].now, photographs=taken)
    assert ended["code"] == 0, ended["said"]
    for *moment, photograph in taken:
        assert Path(photograph).is_dir(), moment
        laws.check_killed(Path(photograph), one.before, one.after)
    count("moments at which the disk was looked at", len(taken))


@pytest.mark.parametrize("slot", range(SLOTS))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_kill_at_a_named_point_costs_nothing(
    walked: Walked, killer: Killer, count: Count, scenario: Scenario, slot: int
) -> None:
    one = walked(scenario)
    wanted = [moment for moment in one.moments() if re.search(scenario.points, f"{moment.last}\n{moment.point}", re.M)]
    points = one.every_point() if IS_SOAK else wanted[:: scenario.of]
    for row in in_turns(points, -(-len(points) // IN_A_ROW))[slot::SLOTS]:
        orders = [{"watched": True, "at": [at.last, at.point], "skip": at.skip} for at in row]
        assert killer.kill(one, orders) == [-9] * len(row), row
        count(f"kills at named points of {scenario.name}", len(row))


@pytest.mark.soak
@pytest.mark.parametrize("slot", range(RANDOM_SLOTS))
def test_a_kill_at_any_moment_costs_nothing(walked: Walked, killer: Killer, count: Count, slot: int) -> None:
    for numbers in in_turns(range(KILLS), -(-KILLS // RANDOM_IN_A_ROW))[slot::RANDOM_SLOTS]:
        one = walked(ROAD[numbers[0] % len(ROAD)])
        moments = [random.Random(f"{SEED}/{number}").uniform(0, one.seconds) for number in numbers]
        codes = killer.kill(one, [{"seconds": seconds} for seconds in moments])
        assert codes == [-9] * len(numbers), numbers
        count("kills at random moments", len(numbers))


def test_a_key_that_was_made_stays_the_key(commands: Commands, walked: Walked, tmp_path: Path) -> None:
    """Each process would draw another one: the first that had a name is kept, and what was written of one before isn't.

    The third is killed when there is a release that the ledger doesn't know.
    """
    one, data, path = walked(FIRST), tmp_path / "data", tmp_path / "data" / "disclosure.key"
    shutil.copytree(one.before, data)
    kills = (
        ("a" * 64, "before", "rename disclosure.key", None),
        (SECRET, "after", "rename disclosure.key", SECRET),
        ("c" * 64, "after", "rename marts/<release>", SECRET),
    )
    for secret, when, operation, kept in kills:
        at = _before_and_at(one, f"{when} {operation}")
        assert commands.run(data, ["run"], watched=True, at=at, secret=secret)["code"] == -9
        assert (path.read_text(encoding="utf-8").strip() if path.is_file() else None) == kept
    assert commands.run(data, ["run"], secret="d" * 64)["code"] == 0
    laws.check_converged(data, one.after)
    assert path.stat().st_mode & 0o777 == 0o600


def _before_and_at(one: Undisturbed, point: str) -> list[str]:
    number = one.points.index(point)
    return [*one.points[number - 1 : number + 1]]
