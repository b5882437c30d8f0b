"""A waiver shows in every mart that it touches: the organisation's rows, its system's, and what is compared with it."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import measure
from pipelines.database import Connection
from pipelines.places import DataFolder
from pipelines.road import Journey, walk
from tests.cube import mart as rows_of
from tests.cube import people, register
from tests.spec.test_revision import FEBRUARY, MARCH, mart, nurses
from tests.spec.test_waivers import WAIVER

LET_THROUGH = WAIVER.replace("RXK", "RNA")


def walked(root: Path, waiver: str = LET_THROUGH) -> Journey:
    """RNA, whose first nurse is said to work 1.6 full-time equivalents, a year before and now; RLQ, without fault."""
    folder = DataFolder(root)
    folder.landing.mkdir(parents=True)
    (root / "waivers").mkdir()
    (root / "waivers" / "job-shares.yaml").write_text(waiver, encoding="utf-8")
    texts = {
        "rna_old": nurses("RNA", FEBRUARY, A=60, N=40),
        "rna": nurses("RNA", MARCH, A=60, N=41).replace(",1.0,", ",1.6,", 1),
        "rlq": nurses("RLQ", MARCH, A=60, N=39),
    }
    for name, text in texts.items():
        (folder.landing / f"{name}.csv").write_text(text, encoding="utf-8")
    return walk(folder, Console(quiet=True))


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    return walked(tmp_path_factory.mktemp("data") / "data")


def test_the_mart_waiver_says_who_let_what_through(journey: Journey) -> None:
    assert mart(journey, "waiver", "* exclude (as_at_date, approved_on, expires), as_at_date::varchar") == [
        (
            *("RNA", "staff", "job-shares", "staff.fte_range", 1, "fte"),
            *("job-share contracts are recorded together until June", "A. Analyst, workforce information", MARCH),
        )
    ]


@pytest.mark.parametrize("name", [name for name in measure.MARTS if name not in ("waiver", "revision")])
def test_every_mart_names_it_where_the_organisation_or_its_system_stands_and_nowhere_else(
    journey: Journey, name: str
) -> None:
    touched = {(org_code, day) for org_code, day, _ in mart(journey, name, UNIT, "waivers is not null")}
    assert {waivers for *_, waivers in mart(journey, name, UNIT)} <= {None, "job-shares"}
    present = {(org_code, day) for org_code, day, _ in mart(journey, name, UNIT)}
    assert touched == {("RNA", MARCH), ("E54000062", MARCH)} & present
    assert ("RNA", MARCH) in touched


UNIT = "org_code, as_at_date::varchar, waivers"


def test_the_manifest_holds_it_whole_and_names_the_snapshot(journey: Journey, tmp_path: Path) -> None:
    manifest = json.loads((journey.release.snapshot.path / "manifest.json").read_text(encoding="utf-8"))
    (entry,) = (waiver for extract in manifest["extracts"] for waiver in extract["waivers"])
    assert (entry["waiver"], entry["rule"], entry["code"], entry["rows"]) == ("job-shares", "staff.fte_range", "RNA", 1)
    assert entry["reason"] == "job-share contracts are recorded together until June"
    same = walked(tmp_path / "same")
    other = walked(tmp_path / "other", LET_THROUGH.replace("June", "July"))
    names = [one.release.snapshot.snapshot_id for one in (journey, same, other)]
    assert names[0] == names[1] != names[2]


def test_a_waiver_that_ended_changes_nothing(tmp_path: Path) -> None:
    journey = walked(tmp_path / "data", LET_THROUGH.replace("2026-06-30", "2026-03-30"))
    assert mart(journey, "waiver", "*") == []
    assert mart(journey, "representation_gap", "count(*)", "waivers is not null") == [(0,)]
    assert mart(journey, "submission", "rows_rejected", f"org_code = 'RNA' and as_at_date = '{MARCH}'") == [(1,)]


@pytest.fixture
def compared(con: Connection) -> Connection:
    """A year before, one file of RNA rested on `old`; and profiles of ethnicity on `census`."""
    register(
        con, [people(65, "BME", as_at_date=day, org_code=org_code) for day in (FEBRUARY, MARCH) for org_code in TWO]
    )
    waived = [
        ("staff", "old", "RNA", FEBRUARY, None),
        ("population", "census", "E1", "2021-03-21", "ethnicity"),
    ]
    columns = "'x' as extract, ? as feed, ? as waiver, ? as code, ?::date as as_at_date, ? as characteristic"
    con.executemany(f"insert into waived by name select {columns}", waived)
    for name in ("waived_unit", "waived_residents"):
        measure.database.build(con, f"intermediate/{name}")
    return con


TWO = ("RNA", "RLQ")


def test_a_comparison_names_the_waivers_of_what_it_compares_with(compared: Connection) -> None:
    rows = rows_of(compared, "representation_gap", as_at_date=MARCH, org_level="organisation", category="BME")
    assert {(row["org_code"], row["comparator"], row["waivers"]) for row in rows} == {
        ("RNA", "population", "census"),
        ("RNA", "catchment", "census"),
        ("RNA", "england", "census"),
        ("RNA", "workforce", None),
        ("RNA", "previous", "old"),
        ("RLQ", "population", "census"),
        ("RLQ", "catchment", "census"),
        ("RLQ", "england", "census"),
        ("RLQ", "workforce", None),
        ("RLQ", "previous", None),
    }
    before = rows_of(compared, "trend", as_at_date=FEBRUARY, org_code="RNA", category="BME", comparator="population")
    assert {row["waivers"] for row in before} == {"census, old"}


def test_names_stand_once_and_in_order(con: Connection) -> None:
    query = "select waiver_names(['b', 'a', null, 'b']), waiver_names(null), waiver_names([])"
    assert con.execute(query).fetchall() == [("a, b", None, None)]
