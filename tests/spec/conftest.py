"""Fixtures of the specification."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.compare import OVER_TIME
from pipelines.database import Connection
from tests.cube import people, register
from tests.rules import Find, Found
from tests.typed import Row, judged


@pytest.fixture
def two_trusts(con: Connection) -> Connection:
    """RNA and RL4 of the Black Country's seven NHS employers."""
    rna = [people(30, "BME"), people(70, "White")]
    register(con, [*rna, people(10, "BME", org_code="RL4"), people(40, "White", org_code="RL4")])
    return con


@pytest.fixture
def find(con: Connection, tmp_path: Path) -> Find:
    """Judge tables at once, each in files of its own; return what a rule finds in each of them.

    Where the rule compares files, each table has employers of its own too.
    """

    def find_by(rule: str, *tables: Sequence[Row]) -> list[Found]:
        own = ("file", "org_code") if rule.endswith(OVER_TIME) else ("file",)
        rows = [
            {**cells, **{name: f"{number}/{cells[name]}" for name in own}}
            for number, table in enumerate(tables)
            for cells in table
        ]
        found: list[Found] = [[] for _ in tables]
        for one in judged(con, tmp_path, rule.split(".")[0], rows):
            if one.rule == rule:
                number, file = one.file.split("/", 1)
                found[int(number)].append((file, one.lines, one.column))
        return found

    return find_by
