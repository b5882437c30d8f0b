"""Every mart is in one total order, by its whole key, and has each key once."""

from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from pipelines import measure
from pipelines.database import identifier, literal, read_sql
from pipelines.places import DataFolder
from pipelines.road import walk
from pipelines.sample import write_sample
from tests.spec.test_revision import FEBRUARY, groups, nurses
from tests.spec.test_waivers import WAIVER

UNIT = ("as_at_date", "org_level", "org_code", "employment_type", "grade_family", "clinical", "grade_group")
GROUP = (*UNIT, "characteristic", "classification", "category")

# As the head of each mart's SQL states it; the order is that of the key.
KEYS = {
    "headcount": (
        *("as_at_date", "org_code", "employment_type", "grade_family", "clinical", "staff_group", "grade"),
        *("characteristic", "classification", "category", "answer_status"),
    ),
    "representation_gap": (*GROUP, "comparator"),
    "trend": (*GROUP, "comparator"),
    "declaration_rate": (*UNIT, "characteristic"),
    "grade_profile": GROUP,
    "waterfall": ("as_at_date", "org_code", "step"),
    "value_mapping": (
        *("as_at_date", "org_code", "field", "source_value", "classification", "category", "answer_status"),
    ),
    "reconciliation": ("as_at_date", "org_code", "measure", "line"),
    "data_quality": ("as_at_date", "org_code", "item"),
    "submission": ("as_at_date", "org_code", "feed"),
    "revision": GROUP,
    "category_source": (
        *("as_at_date", "org_level", "org_code", "sector", "characteristic", "classification", "category"),
        "source_classification",
    ),
    "waiver": ("as_at_date", "org_code", "feed", "waiver", "rule"),
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small release with everything in it: rows, counts, totals, somebody absent, a file sent again, and a waiver."""
    folder = DataFolder(tmp_path_factory.mktemp("data"))
    write_sample(folder.landing, people=400, months=2)
    (folder.landing / "counts.csv").write_text(groups("RJC", FEBRUARY, White=60, BME=40), encoding="utf-8")
    (folder.landing / "rows.csv").write_text(nurses("RBK", FEBRUARY, A=30, N=9), encoding="utf-8")
    walk(folder, Console(quiet=True))
    (folder.root / "waivers").mkdir()
    (folder.root / "waivers" / "job-shares.yaml").write_text(WAIVER.replace("RXK", "RBK"), encoding="utf-8")
    again = nurses("RBK", FEBRUARY, A=30, N=8).replace(",1.0,", ",1.6,", 1)
    (folder.landing / "again.csv").write_text(again, encoding="utf-8")
    return walk(folder, Console(quiet=True)).release.internal


def test_every_mart_has_a_key() -> None:
    assert set(KEYS) == {"headcount", *measure.MARTS}


@pytest.mark.parametrize("mart", KEYS)
def test_each_key_is_there_once_and_in_order(release: Path, mart: str) -> None:
    key = ", ".join(identifier(name) for name in KEYS[mart])
    with duckdb.connect() as con:
        con.execute(f"create view mart as from read_parquet({literal(str(release / f'{mart}.parquet'))})")
        ((rows, keys),) = con.execute(f"select count(*), count(distinct row({key})) from mart").fetchall()
        assert rows == keys > 0
        found = con.execute(f"select {key} from mart").fetchall()
        assert found == con.execute(f"select {key} from mart order by {key}").fetchall()


@pytest.mark.parametrize("mart", KEYS)
def test_the_head_of_its_sql_states_the_key(mart: str) -> None:
    head = " ".join(read_sql(f"marts/{mart}").split("-- Inputs:")[0].replace("\n--", " ").split())
    of_another = {"headcount": "the cube", "trend": "the key of representation_gap"}
    assert of_another.get(mart, ", ".join(KEYS[mart])) in head.replace(" (people, assignments, fte)", "")
