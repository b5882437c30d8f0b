"""Fixtures of the faults: what processes are forked from, and scenarios as they end when nobody disturbs them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.faults.scenarios import Commands, Scenario, Undisturbed, undisturbed


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """Commands as processes of their own."""
    made = Commands()
    yield made
    made.close()


@pytest.fixture(scope="session")
def walked(commands: Commands, shared: Path) -> Callable[[Scenario], Undisturbed]:
    """Walk a scenario undisturbed, once in a test run."""

    def walk(scenario: Scenario) -> Undisturbed:
        folder = shared / scenario.name.replace(" ", "-")
        with FileLock(f"{folder}.lock"):
            return undisturbed(scenario, commands, folder)

    return walk
