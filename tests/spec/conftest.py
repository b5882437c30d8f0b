"""Fixtures of the marts' specification."""

import pytest

from pipelines.database import Connection
from tests.cube import people, register


@pytest.fixture
def two_trusts(con: Connection) -> Connection:
    """RNA and RL4 of the Black Country's seven NHS employers."""
    rna = [people(30, "BME"), people(70, "White")]
    register(con, [*rna, people(10, "BME", org_code="RL4"), people(40, "White", org_code="RL4")])
    return con
