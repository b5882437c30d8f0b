"""What protection costs: two trusts, band 5, and each error to be checked by hand."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines import database, loss, reference
from pipelines.database import Connection
from pipelines.loss import Level, Stated
from pipelines.places import DataFolder
from tests.cube import people, register

DAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def own() -> Iterator[Connection]:
    """A database with the reference tables, and without a cube."""
    with database.connect(threads=2) as con:
        reference.load(con, reference.method(DataFolder(Path("no such folder"))))
        yield con


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release: 3 and 57 at RNA are 5 and 55, 12 and 8 at RL4 are 10 and 10; RBK made its counts public."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "internal").mkdir()
    with database.connect(threads=2) as con:
        reference.load(con, reference.method(DataFolder(folder)))
        rl4, public = {"org_code": "RL4"}, {"org_code": "RBK"}
        register(
            con,
            [
                *(people(3, "BME"), people(57, "White"), people(12, "BME", **rl4), people(8, "White", **rl4)),
                *(people(1, "BME", **public), people(1, "White", **public)),
            ],
        )
        con.execute(f"copy headcount to '{folder}/internal/headcount.parquet'")
        rounded = "[(3, 5), (57, 55), (12, 10), (8, 10), (60, 60), (20, 20), (1, 1), (2, 2)]"
        con.execute(
            "copy (select * replace (map_from_entries("
            f"{rounded})[headcount]::bigint as headcount) from headcount) to '{folder}/headcount.parquet'"
        )
        con.execute(
            "copy (from (values (date '2026-03-31', 'RBK', 1, 0, 0), ('2026-03-31', 'RL4', 5, 4, null), "
            "('2026-03-31', 'RNA', 5, 4, 9)) rounding (as_at_date, org_code, base, bound_held, bound_other)) "
            f"to '{folder}/rounding.parquet'"
        )
        con.execute(
            "copy (from (values (date '2026-03-31', 'organisation', 'all', 'all', 'workforce', 0.08, 9.25), "
            "('2026-03-31', 'organisation', 'clinical', 'all', 'workforce', 0.08, 2), "
            "('2026-03-31', 'organisation', 'all', 'band_5', 'workforce', 0.08, 4), "
            "('2026-03-31', 'organisation', 'all', 'band_5', 'england', 0.08, 44), "
            "('2025-03-31', 'organisation', 'all', 'band_5', 'workforce', 0.08, 44)) gap "
            "(as_at_date, org_level, clinical, grade_group, comparator, workforce_share, share_rounding_error_pp)) "
            f"to '{folder}/representation_gap.parquet'"
        )
    return folder


def test_errors_are_told_by_level(own: Connection, tables: Path) -> None:
    levels = {one.level: one for one in loss.measure(own, tables, tables / "internal", DAY)}
    assert list(levels) == ["cell", "grade_group", "organisation", "system"]
    # Six counts, four of them off by 2. RNA has 60 known: 3.33 pp for 3/60 printed as 5/60, and for the others of it.
    assert levels["cell"] == Level("cell", 6, Decimal("1.33"), 2, 4, 2, Decimal("3.33"), Decimal("3.33"))
    # All grades of the NHS, and all of Agenda for Change: the same again.
    assert levels["organisation"] == Level(
        "organisation", 12, Decimal("1.33"), 2, 8, 4, Decimal("3.33"), Decimal("3.33")
    )
    # Together 15 and 65 of 80, with one each of RBK, as published: errors that go both ways cancel out.
    assert levels["system"].count_error_95 == 0
    assert levels["system"].share_error_95_pp == 0
    assert levels["system"].rates == levels["system"].shares


def test_the_report_says_so_in_words(own: Connection, tables: Path) -> None:
    report = loss.write_report(own, tables, tables / "internal", DAY).read_text(encoding="utf-8")
    assert "| detail cells: a grade, clinical or not, by answer | 6 | 1.33 | 2 |" in report
    assert "| detail cells: a grade, clinical or not, by answer | 4 | 50.0 % | 3.33 | 3.33 |" in report
    assert "at least 50 answers are known" in report


def test_the_largest_errors_that_are_possible_need_no_exact_count(own: Connection, tables: Path) -> None:
    group, whole, system = loss.state(own, tables, DAY)
    # A share counts once, at this date; the clinical half of all grades is a group of grades. RL4 and RBK have few.
    assert (group.level, group.shares, group.error_mean_pp, group.error_95_pp) == ("grade_group", 2, 3, 4)
    assert whole == Stated("organisation", 6, 4, 1, Decimal("9.25"), Decimal("9.25"))
    assert (system.level, system.without_rate, system.shares, system.error_mean_pp) == ("system", 0, 0, None)


def test_the_summary_says_the_rule_and_its_bounds(own: Connection, tables: Path, tmp_path: Path) -> None:
    for table in tables.glob("*.parquet"):
        (tmp_path / table.name).write_bytes(table.read_bytes())
    text = loss.summary(own, tmp_path, DAY, "0123456789ab")
    assert "means 0 to 4 people" in text
    assert "Key: 0123456789ab." in text
    assert "grade groups all, afc_8a_plus, afc_8c_plus, clinical" in text
    assert "\n| 5 | 4 | 9 | 1 |\n| 5 | 4 | none promised | 1 |\n| 1: public already | exact | exact | 1 |\n" in text
    assert "| an organisation as a whole | 6 | 66.7 % | 1 | 9.25 | 9.25 |" in text


@pytest.mark.parametrize(("large", "most"), [(5, 1), (6, 9)])
def test_the_95th_percentile_is_the_least_error_that_95_in_100_dont_exceed(
    own: Connection, large: int, most: int
) -> None:
    own.execute(
        "create or replace table error as select 1 as level_order, 'cell' as level, true as is_share, "
        "if(range < ?, 9, 1)::bigint as count_error, count_error::decimal(18, 9) as share_error_pp from range(100)",
        [large],
    )
    level = Level(*own.execute(database.read_sql("loss/level")).fetchall()[0])
    assert (level.count_error_95, level.share_error_95_pp) == (most, most)
    assert level.count_error_mean == 1 + Decimal(8 * large) / 100


def test_the_database_is_as_it_was(own: Connection, tables: Path) -> None:
    own.execute("create table headcount as select 7 as people; create table run as select 8 as day")
    loss.measure(own, tables, tables / "internal", DAY)
    loss.state(own, tables, DAY)
    assert own.execute("select people, day from headcount cross join run").fetchall() == [(7, 8)]
    own.execute("drop table headcount; drop table run")
    assert own.execute("select count(*) from duckdb_tables() where schema_name = 'loss'").fetchall() == [(0,)]
