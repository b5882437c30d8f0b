"""Councils and trusts record in different lists: a system says what was collapsed, and what a list has no code for."""

from pipelines.database import Connection
from tests.cube import mart, one, people, register


def test_a_system_says_what_was_collapsed_and_what_a_source_has_no_code_for(con: Connection) -> None:
    council = {
        "grade": "case_holder",
        "grade_family": "social_care",
        "clinical": "unknown",
        "staff_group": "social_care",
    }
    register(
        con,
        [
            people(5, "Roma", org_code="E08000027", classification="census_2021_19", **council),
            people(7, "Other White", org_code="E08000027", classification="census_2021_19", **council),
            people(30, "C", org_code="E08000028", classification="esr_16", **council),
            people(20, "Asian", org_code="E08000030", classification="ons_5", **council),
        ],
    )
    system = {"org_code": "E54000062", "sector": "social_care"}
    white_other = mart(con, "category_source", classification="esr_16", category="C", **system)
    assert [
        (row["source_classification"], row["source_categories"], row["how"], row["marker"]) for row in white_other
    ] == [
        ("census_2021_19", "Gypsy or Irish Traveller; Other White; Roma", "collapsed", None),
        ("esr_16", "C", "same", None),
        ("ons_5", None, "not available", "[x]"),
    ]
    african = one(
        con,
        "category_source",
        classification="esr_16",
        category="N",
        source_classification="census_2021_19",
        **system,
    )
    assert (african["source_categories"], african["how"], african["quality"]) == ("Black African", "renamed", "good")
    roma = mart(con, "category_source", classification="census_2021_19", category="Roma", **system)
    assert [(row["source_classification"], row["how"], row["marker"]) for row in roma] == [
        ("census_2021_19", "same", None),
        ("esr_16", "not available", "[x]"),
        ("ons_5", "not available", "[x]"),
    ]
    chinese = one(
        con,
        "category_source",
        classification="ons_5",
        category="Asian",
        source_classification="esr_16",
        **system,
    )
    assert (chinese["source_categories"], chinese["how"]) == ("H; J; K; L; R", "collapsed")
    # The gap itself: [x] for Roma, whom one source can't tell, and numbers for the five groups, which all can.
    gap = {"org_code": "E54000062", "grade_group": "case_holder", "clinical": "all", "comparator": "population"}
    assert one(con, "representation_gap", classification="census_2021_19", category="Roma", **gap)["marker"] == "[x]"
    # One council's five groups can't be told apart: 37 of 62 are no count of the system's White other.
    assert one(con, "representation_gap", classification="esr_16", category="C", **gap)["marker"] == "[x]"
    assert one(con, "representation_gap", classification="ons_5", category="White", **gap)["headcount"] == 42
