"""Who is expected to report, who did, and who is named as missing: the register of expected submissions."""

from pathlib import Path
from typing import Any

from pipelines.database import Connection
from tests.cube import Row, mart, people, register
from tests.reference_tables import database_of, packaged

BLACK_COUNTRY = "E54000062"
SYSTEMS = (BLACK_COUNTRY, "E54000019")


def coverage(con: Connection, org_code: str = BLACK_COUNTRY, **where: Any) -> dict[str, set[str]]:
    """What is said beside every number of a unit's date."""
    found: dict[str, set[str]] = {}
    for row in mart(con, "trend", org_code=org_code, **where):
        found.setdefault(str(row["as_at_date"]), set()).add(row["coverage"])
    return found


def absent(con: Connection) -> list[tuple[str, str, str]]:
    return [
        (str(row["as_at_date"]), row["org_code"], row["grade_family"])
        for row in mart(con, "representation_gap", coverage="0 of 1")
    ]


def expected(*rows: tuple[str, str, str, str]) -> list[dict[str, str]]:
    names = ("org_code", "sector", "valid_from", "valid_to")
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_the_register_of_expected_submissions_holds_the_employers_of_the_two_systems() -> None:
    employers = {
        row["org_code"]: row
        for row in packaged("organisations")
        if row["parent_code"] in SYSTEMS and row["org_level"] == "organisation"
    }
    held = {row["org_code"]: row["sector"] for row in packaged("expected_submissions")}
    assert held == {code: row["sector"] for code, row in employers.items()}
    assert len(held) == 17


def test_expected_is_who_the_register_names_and_not_every_organisation_that_there_is(tmp_path: Path) -> None:
    rows = expected(("RNA", "nhs", "", ""), ("RL4", "nhs", "", ""), ("E08000027", "social_care", "", ""))
    with database_of(tmp_path, expected_submissions=rows) as con:
        register(con, [people(50, "White")])
        assert coverage(con) == {"2026-03-31": {"1 of 2; missing: RL4"}}
        assert absent(con) == [
            ("2026-03-31", "E08000027", "social_care"),
            ("2026-03-31", "RL4", "all"),
        ]


def test_who_reports_without_being_expected_is_counted_on_both_sides(tmp_path: Path) -> None:
    with database_of(tmp_path, expected_submissions=expected(("RL4", "nhs", "", ""))) as con:
        register(con, [people(50, "White"), people(50, "White", org_code="RXK")])
        assert coverage(con) == {"2026-03-31": {"2 of 3; missing: RL4"}}


def test_a_submission_is_expected_between_its_dates(tmp_path: Path) -> None:
    rows = expected(("RNA", "nhs", "", ""), ("RL4", "nhs", "2025-03-31", "2025-12-31"))
    dates = ["2025-02-28", "2025-03-31", "2025-12-31", "2026-01-31"]
    with database_of(tmp_path, expected_submissions=rows) as con:
        register(con, [people(50, "White", as_at_date=date) for date in dates])
        alone, one_missing = {"1 of 1"}, {"1 of 2; missing: RL4"}
        assert coverage(con) == dict(zip(dates, (alone, one_missing, one_missing, alone), strict=True))


def test_an_organisation_that_is_not_open_is_not_expected(con: Connection) -> None:
    """The boards opened on 1 July 2022."""
    register(con, [people(50, "White", as_at_date="2022-03-31")], as_at_date="2022-03-31")
    assert {code for _, code, _ in absent(con)}.isdisjoint({"QUA", "QGH"})


def test_nobody_is_missing_on_dates_on_which_nobody_of_the_unit_reported(con: Connection) -> None:
    dates = ["2024-03-31", "2026-03-31"]
    worcestershire = [people(50, "White", org_code="RWP", as_at_date=date) for date in dates]
    register(con, [*worcestershire, people(50, "White", as_at_date="2026-03-31")])
    assert set(coverage(con)) == {"2026-03-31"}
    missing = {(date, code) for date, code, _ in absent(con)}
    assert ("2024-03-31", "RLQ") in missing
    assert ("2026-03-31", "RL4") in missing
    assert ("2024-03-31", "RL4") not in missing


def test_the_employers_of_a_complete_region_are_those_of_all_its_systems(tmp_path: Path) -> None:
    complete = [
        row | {"members_complete": "true"} if row["org_code"] == "E40000011" else row
        for row in packaged("organisations")
    ]
    rows: list[Row] = [people(50, "White"), people(50, "White", org_code="RWP")]
    submissions = expected(("RNA", "nhs", "", ""), ("RLQ", "nhs", "", ""))
    with database_of(tmp_path, organisations=complete, expected_submissions=submissions) as con:
        register(con, rows)
        assert coverage(con, "E40000011") == {"2026-03-31": {"2 of 3; missing: RLQ"}}
