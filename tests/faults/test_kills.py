"""`kill -9` at every named point and at random moments: nothing is half there, and the next run makes it whole.

What a kill leaves is held to the laws at once. Then the next process starts in the same folder; a few times it is
killed as well, at a later point, and the last one is left alone. So each has to get past what all before it left, and
at the end every byte is as if nobody had disturbed the first. EDI_KILLS says how many random moments are taken,
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
from tests.faults.scenarios import ROAD, SCENARIOS, Commands, Scenario, Undisturbed

IS_SOAK = "EDI_KILLS" in os.environ
KILLS = int(os.environ.get("EDI_KILLS", "20"))
SEED = int(os.environ.get("EDI_KILLS_SEED", "1"))
IN_A_ROW = 1 if IS_SOAK else 10

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


@pytest.mark.parametrize("slot", range(SLOTS))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_kill_at_a_named_point_costs_nothing(
    walked: Walked, killer: Killer, count: Count, scenario: Scenario, slot: int
) -> None:
    one = walked(scenario)
    wanted = [moment for moment in one.moments() if re.search(scenario.points, f"{moment.last}\n{moment.point}", re.M)]
    points = one.every_point() if IS_SOAK else wanted
    for row in in_turns(points, -(-len(points) // IN_A_ROW))[slot::SLOTS]:
        orders = [{"watched": True, "at": [at.last, at.point], "skip": at.skip} for at in row]
        assert killer.kill(one, orders) == [-9] * len(row), row
        count(f"kills at named points of {scenario.name}", len(row))


@pytest.mark.parametrize("slot", range(RANDOM_SLOTS))
def test_a_kill_at_any_moment_costs_nothing(walked: Walked, killer: Killer, count: Count, slot: int) -> None:
    for numbers in in_turns(range(KILLS), -(-KILLS // IN_A_ROW))[slot::RANDOM_SLOTS]:
        one = walked(ROAD[numbers[0] % len(ROAD)])
        moments = [random.Random(f"{SEED}/{number}").uniform(0, one.seconds) for number in numbers]
        codes = killer.kill(one, [{"seconds": seconds} for seconds in moments])
        assert codes == [-9] * len(numbers), numbers
        count("kills at random moments", len(numbers))
