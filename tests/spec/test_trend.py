"""Which dates are reported, and the trend over all of them."""

from pipelines import database
from pipelines.database import Connection
from tests.cube import ESR, mart, people, register

KEY = (
    *("as_at_date", "org_level", "org_code", "employment_type", "grade_family", "clinical", "grade_group"),
    *("characteristic", "classification", "category", "comparator"),
)


def test_reported_dates_are_the_as_at_date_a_year_before_and_each_31_march(con: Connection) -> None:
    dates = ["2023-03-31", "2024-11-30", "2025-03-31", "2025-09-30", "2026-02-28"]
    register(con, [people(50, "White", as_at_date=date) for date in ["2025-02-28", *dates]], as_at_date="2026-02-28")
    reported = {str(row["as_at_date"]) for row in mart(con, "representation_gap", org_code="RNA")}
    assert reported == {"2023-03-31", "2025-02-28", "2025-03-31", "2026-02-28"}
    every = {str(row["as_at_date"]) for row in mart(con, "trend", org_code="RNA")}
    assert every == {"2025-02-28", *dates}


def test_a_feed_that_arrives_yearly_has_all_its_dates_reported(con: Connection) -> None:
    register(
        con, [people(50, "White", as_at_date=date) for date in ("2024-09-30", "2025-09-30")], "2025-09-30", "yearly"
    )
    reported = {str(row["as_at_date"]) for row in mart(con, "representation_gap", org_code="RNA")}
    assert reported == {"2024-09-30", "2025-09-30"}


def test_of_a_yearly_and_a_monthly_feed_of_one_sender_only_the_yearly_one_has_every_date_reported(
    con: Connection,
) -> None:
    dates = ["2025-09-30", "2025-10-31", "2026-02-28"]
    register(con, [people(50, "White", as_at_date=date) for date in dates], "2026-02-28")
    con.execute("update owned set arrives = 'yearly' where as_at_date = date '2025-09-30'")
    database.build(con, "intermediate/reporting_date")
    reported = {str(row["as_at_date"]) for row in mart(con, "representation_gap", org_code="RNA")}
    assert reported == {"2025-09-30", "2026-02-28"}


def test_trend_says_the_same_as_representation_gap(con: Connection) -> None:
    trusts = ({"org_code": org_code, **ESR} for org_code in ("RNA", "RL4"))
    register(con, [people(count, code, **trust) for trust in trusts for code, count in (("M", 78), ("A", 2922))])
    gaps = {tuple(row[name] for name in KEY): row for row in mart(con, "representation_gap")}
    rows = mart(con, "trend")
    assert {row["comparator"] for row in rows} == {"population", "workforce"}
    for row in rows:
        same = gaps[tuple(row[name] for name in KEY)]
        assert {name: same[name] for name in row} == row


def test_trend_has_what_the_method_names_and_everybody(two_trusts: Connection) -> None:
    rows = mart(two_trusts, "trend", org_code="E54000062", grade_group="band_5", clinical="all")
    found = {(row["characteristic"], row["category"], row["comparator"]): row for row in rows}
    assert set(found) == {
        *(("ethnicity", "White", "population"), ("ethnicity", "BME", "population")),
        ("total", "all", "workforce"),
    }
    total = found["total", "all", "workforce"]
    assert (total["headcount"], total["workforce_share"], total["marker"]) == (150, None, "[z]")
    assert total["coverage"] == "2 of 7; missing: QUA, RBK, RXK, RYA, TAJ"


def test_trend_marks_as_representation_gap_does(con: Connection) -> None:
    disability = {"characteristic": "disability", "classification": "equality_act_2010"}
    register(
        con,
        [
            *(people(5, "BME"), people(20, "White"), people(9, None, grade="band_6")),
            *(people(1, "Disabled", **disability), people(24, "Not disabled", **disability)),
        ],
    )
    markers = {
        (row["grade_group"], row["category"]): row["marker"]
        for row in mart(con, "trend", org_code="RNA", clinical="all", comparator="population")
    }
    assert markers["band_5", "BME"] == "[u]"
    assert markers["band_6", "BME"] == "[z]"
    assert markers["band_5", "Disabled"] == "[x]"
