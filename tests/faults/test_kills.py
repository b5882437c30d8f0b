"""`kill -9` at every named point and at random moments: nothing is half there, and the next run makes it whole.

What a kill leaves is held to the laws at once. Then the next process starts in the same folder; a few times it is killed
as well, at a later point, and the last one is left alone. So each has to get past what all before it left, and at the end
every byte is as if nobody had disturbed the first. EDI_KILLS says how many random moments are taken, EDI_KILLS_SEED where
they come from; where it is set, as by `make soak`, every kill is followed by a process that is left alone, and what is
repeated, as the writing of a mart, is killed each time.
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
from tests.faults.scenarios import SCENARIOS, Commands, Scenario, Undisturbed

IS_SOAK = "EDI_KILLS" in os.environ
KILLS = int(os.environ.get("EDI_KILLS", "20"))
SEED = int(os.environ.get("EDI_KILLS_SEED", "1"))
IN_A_ROW = 1 if IS_SOAK else 4

# Tests among which the points are shared out, so that processes can share the tests.
SLOTS, RANDOM_SLOTS = 18, 6

Count = Callable[[str, int], None]
Order = dict[str, Any]
Walked = Callable[[Scenario], Undisturbed]


@pytest.fixture
def kill(commands: Commands, tmp_path: Path) -> Callable[[Undisturbed, Sequence[Order]], list[int]]:
    """Kill a scenario's command as ordered, each time in what the last one left; then leave one alone.

    Returns the exit codes of those that were to be killed.
    """

    def kill(one: Undisturbed, orders: Sequence[Order]) -> list[int]:
        folder = tmp_path / "data"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(one.before, folder)
        codes = []
        for one_order in orders:
            codes.append(commands.run(folder, one.scenario.argv, **one_order)["code"])
            laws.check_killed(folder, one.before, one.after)
        last = commands.run(folder, one.scenario.next)
        assert last["code"] == 0, last["said"]
        laws.check_converged(folder, one.after)
        return codes

    return kill


def in_turns(of: Sequence[Any], parts: int) -> list[Sequence[Any]]:
    """Deal something out in its order, as cards: what lies side by side comes into different parts."""
    return [of[part::parts] for part in range(parts) if of[part::parts]]


@pytest.mark.parametrize("slot", range(SLOTS))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_kill_at_a_named_point_costs_nothing(
    walked: Walked, kill: Callable[..., list[int]], count: Count, scenario: Scenario, slot: int
) -> None:
    one = walked(scenario)
    moments = one.moments()
    if IS_SOAK:
        rows: list[Sequence[Order]] = [[order(*names, skip)] for names in moments for skip in range(moments[names])]
    else:
        wanted = [names for names in moments if re.search(scenario.points, " ".join(names))]
        orders = [order(*names, moments[names] // 2) for names in wanted]
        rows = in_turns(orders, -(-len(orders) // IN_A_ROW))
    for row in rows[slot::SLOTS]:
        assert kill(one, row) == [-9] * len(row), row
        count(f"kills of {scenario.name} at named points", len(row))


def order(last: str, point: str, skip: int) -> Order:
    """Order a kill at a point that follows another one, at which some are passed by."""
    return {"watched": True, "at": [last, point], "skip": skip}


@pytest.mark.parametrize("slot", range(RANDOM_SLOTS))
def test_a_kill_at_any_moment_costs_nothing(
    walked: Walked, kill: Callable[..., list[int]], count: Count, slot: int
) -> None:
    for numbers in in_turns(range(KILLS), -(-KILLS // IN_A_ROW))[slot::RANDOM_SLOTS]:
        one = walked(SCENARIOS[numbers[0] % len(SCENARIOS)])
        moments = [random.Random(f"{SEED}/{number}").uniform(0, one.seconds) for number in numbers]  # noqa: S311
        codes = kill(one, [{"seconds": seconds} for seconds in moments])
        assert set(codes) <= {-9, 0}
        count("kills at random moments", codes.count(-9))
