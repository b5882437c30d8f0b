"""Units above organisations: who is added up, who is missing, and what is compared with what."""

from pipelines.database import Connection
from tests.cube import gap, mart, people, register, rounded


def test_a_system_is_the_sum_of_its_members_and_says_who_is_missing(two_trusts: Connection) -> None:
    row = gap(two_trusts, org_code="E54000062", grade_group="band_5", category="BME")
    assert (row["org_level"], row["headcount"], row["known_headcount"]) == ("system", 40, 150)
    assert row["coverage"] == "2 of 7; missing: QUA, RBK, RXK, RYA, TAJ"
    assert gap(two_trusts, grade_group="band_5", category="BME")["coverage"] == "1 of 1"


def test_who_should_be_there_and_is_not_stands_as_not_available(two_trusts: Connection) -> None:
    missing = mart(two_trusts, "representation_gap", marker="[x]", characteristic="total")
    assert {row["org_code"] for row in missing} >= {"QUA", "RBK", "RXK", "RYA", "TAJ"}
    assert {(row["headcount"], row["coverage"]) for row in missing} == {(None, "0 of 1")}
    families = {row["org_code"]: row["grade_family"] for row in missing}
    assert (families["RBK"], families["E08000027"]) == ("all", "social_care")


def test_two_systems_are_neither_the_region_nor_the_nation(two_trusts: Connection) -> None:
    levels = {row["org_level"] for row in mart(two_trusts, "representation_gap")}
    assert levels == {"organisation", "system"}


def test_before_a_system_and_its_board_opened_there_is_neither(con: Connection) -> None:
    """The systems and their boards opened on 1 July 2022; the trusts are older."""
    then = {"as_at_date": "2022-03-31"}
    register(con, [people(100, "White", **then)], as_at_date="2022-03-31")
    rows = mart(con, "representation_gap")
    assert {row["org_level"] for row in rows} == {"organisation"}
    assert "QUA" not in {row["org_code"] for row in rows}


def test_a_unit_with_figures_of_its_own_does_not_get_its_members_on_top(con: Connection) -> None:
    register(con, [people(100, "White"), people(1000, "White", org_code="E54000062", source_level="system")])
    assert gap(con, org_code="E54000062", grade_group="band_5", category="White")["headcount"] == 1000


def test_a_unit_is_compared_with_itself_only_where_the_same_organisations_reported(con: Connection) -> None:
    before = {"as_at_date": "2025-03-31"}
    rna = [people(30, "BME"), people(70, "White"), people(20, "BME", **before), people(80, "White", **before)]
    register(con, rna)
    same = gap(con, org_code="E54000062", grade_group="band_5", category="BME", comparator="previous")
    assert rounded(same["gap_pp"], 6) == 10.0
    register(con, [*rna, people(50, "BME", org_code="RL4")])
    other = gap(con, org_code="E54000062", grade_group="band_5", category="BME", comparator="previous")
    assert (other["gap_pp"], other["marker"]) == (None, "[x]")


def test_a_council_that_is_new_to_the_figures_does_not_part_the_nhs_from_its_past(con: Connection) -> None:
    before = {"as_at_date": "2025-03-31"}
    rna = [people(30, "BME"), people(70, "White"), people(20, "BME", **before), people(80, "White", **before)]
    council = {"grade": "case_holder", "grade_family": "social_care"}
    dudley = [people(50, "White", org_code="E08000027", **council)]
    walsall = [people(50, "White", org_code="E08000030", **council, **before)]
    register(con, [*rna, *dudley, *walsall])
    system = {"org_code": "E54000062", "comparator": "previous"}
    nhs = gap(con, grade_group="band_5", category="BME", **system)
    assert (rounded(nhs["gap_pp"], 6), nhs["coverage"]) == (10.0, "1 of 7; missing: QUA, RBK, RL4, RXK, RYA, TAJ")
    social_care = gap(con, grade_group="case_holder", category="White", **system)
    assert (social_care["gap_pp"], social_care["marker"]) == (None, "[x]")
    assert social_care["coverage"] == "1 of 4; missing: E08000028, E08000030, E08000031"
