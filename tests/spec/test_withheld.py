"""A count that its publisher withheld is no 0: every sum that it belongs to has no number, and the marker says why."""

from typing import Any

from pipelines.database import Connection
from tests.cube import Row, one, people, register

COUNCIL = {
    "org_code": "E08000027",
    "grade_family": "social_care",
    "staff_group": "social_care",
    "clinical": "unknown",
    "classification": "ons_5",
}


def withheld(marker: str, category: str, **cells: Any) -> Row:
    return people(0, category, **COUNCIL, **cells) | {"headcount": None, "marker": marker}


def counted(headcount: int, category: str, **cells: Any) -> Row:
    return people(headcount, category, **COUNCIL, **cells)


def test_a_withheld_group_leaves_its_grade_and_every_sum_of_it_without_numbers(con: Connection) -> None:
    register(
        con,
        [
            counted(40, "White", grade="case_holder"),
            withheld("[c]", "Black", grade="case_holder"),
            counted(9, "White", grade="senior_manager"),
            counted(1, "Black", grade="senior_manager"),
        ],
    )
    row = {"org_code": "E08000027", "classification": "ons_5", "clinical": "all"}
    profile = {
        (grade, category): (
            (found := one(con, "grade_profile", grade_group=grade, category=category, **row))["headcount"],
            found["known_headcount"],
            found["share_of_grade"] is None,
            found["marker"],
        )
        for grade in ("case_holder", "senior_manager", "all")
        for category in ("White", "Black")
    }
    assert profile == {
        ("case_holder", "White"): (40, None, True, "[c]"),
        ("case_holder", "Black"): (None, None, True, "[c]"),
        # Its own shares are known; how Black staff are spread over the grades isn't.
        ("senior_manager", "White"): (9, 10, False, "[u]"),
        ("senior_manager", "Black"): (1, 10, False, "[c]"),
        ("all", "White"): (49, None, True, "[c]"),
        ("all", "Black"): (None, None, True, "[c]"),
    }


def test_a_gap_isnt_worked_out_of_what_was_withheld(con: Connection) -> None:
    register(con, [counted(40, "White", grade="case_holder"), withheld("[c]", "Black", grade="case_holder")])
    row = one(
        con,
        "representation_gap",
        org_code="E08000027",
        grade_group="case_holder",
        classification="ons_5",
        clinical="all",
        category="White",
        comparator="population",
    )
    assert (row["headcount"], row["workforce_share"], row["verdict"], row["marker"]) == (40, None, None, "[c]")


def test_who_answered_isnt_rated_where_a_count_was_withheld(con: Connection) -> None:
    register(con, [withheld("[x]", "White", grade="case_holder"), withheld("[c]", "Black", grade="case_holder")])
    row = one(
        con,
        "declaration_rate",
        org_code="E08000027",
        grade_group="case_holder",
        clinical="all",
        characteristic="ethnicity",
    )
    assert (row["declared_headcount"], row["total_headcount"], row["rating"], row["marker"]) == (
        None,
        None,
        None,
        "[c]",
    )


def test_a_comparator_that_was_withheld_says_so(con: Connection) -> None:
    """Why staff can't be held against all grades, or against the year before, is why one of those counts is blank."""
    register(
        con,
        [
            counted(40, "White", grade="case_holder"),
            counted(30, "Black", grade="case_holder"),
            withheld("[x]", "Black", grade="senior_manager"),
            counted(40, "White", grade="case_holder", as_at_date="2025-03-31"),
            withheld("[c]", "Black", grade="case_holder", as_at_date="2025-03-31"),
        ],
    )
    row = {"org_code": "E08000027", "classification": "ons_5", "clinical": "all", "grade_group": "case_holder"}
    found = {
        comparator: one(
            con, "representation_gap", comparator=comparator, as_at_date="2026-03-31", category="Black", **row
        )
        for comparator in ("workforce", "previous")
    }
    assert {name: (one["headcount"], one["verdict"], one["marker"]) for name, one in found.items()} == {
        "workforce": (30, None, "[x]"),
        "previous": (30, None, "[c]"),
    }
