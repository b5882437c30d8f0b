"""Who answered, who is in a grade, and how a group is spread over the grades."""

import pytest

from pipelines.database import Connection
from tests.cube import ESR, mart, one, people, register, rounded


def test_declared_declined_and_missing_stay_apart(con: Connection) -> None:
    declined = people(10, None) | {"answer_status": "declined"}
    register(
        con,
        [
            people(60, "White"),
            people(5, "BME"),
            declined,
            people(20, None),
            people(5, None) | {"answer_status": "unknown"},
        ],
    )
    row = one(con, "declaration_rate", org_code="RNA", grade_group="band_5", clinical="all", characteristic="ethnicity")
    counts = [row[f"{name}_headcount"] for name in ("declared", "declined", "missing", "unknown", "total")]
    assert counts == [65, 10, 20, 5, 100]
    assert (rounded(row["declared_share"], 9), row["rating"], row["marker"]) == (0.65, "caution", None)


@pytest.mark.parametrize(
    ("declared", "missing", "rating", "marker"),
    [
        *(
            (80, 20, "adequate", None),
            (79, 21, "caution", None),
            (60, 40, "caution", None),
            (59, 41, "unreliable", None),
        ),
        *((30, 0, "adequate", None), (29, 0, "adequate", "[u]"), (0, 30, "unreliable", None)),
    ],
)
def test_how_far_a_declaration_rate_carries(
    con: Connection, declared: int, missing: int, rating: str, marker: str | None
) -> None:
    register(con, [people(declared, "White"), people(missing, None)])
    row = one(con, "declaration_rate", org_code="RNA", grade_group="band_5", clinical="all", characteristic="ethnicity")
    assert (row["rating"], row["marker"]) == (rating, marker)
    assert row["declared_share"] + row["missing_share"] == 1


def test_declaration_is_told_of_each_characteristic_and_of_the_system(two_trusts: Connection) -> None:
    rows = mart(two_trusts, "declaration_rate", org_code="E54000062", grade_group="band_5", clinical="all")
    assert [(row["characteristic"], row["declared_headcount"], row["total_headcount"]) for row in rows] == [
        ("ethnicity", 150, 150)
    ]
    assert rows[0]["coverage"] == "2 of 7; missing: QUA, RBK, RXK, RYA, TAJ"


def test_grade_profile_says_who_is_in_a_grade_and_how_a_group_is_spread(con: Connection) -> None:
    senior = [people(10, "BME", grade="band_8a"), people(40, "White", grade="band_8a")]
    register(con, [*senior, people(30, "BME"), people(60, "White")])
    row = one(con, "grade_profile", org_code="RNA", grade_group="band_8a", clinical="all", category="BME")
    assert (rounded(row["share_of_grade"], 9), rounded(row["share_of_group"], 9)) == (0.2, 0.25)
    assert row["group_headcount"] == 40


def test_how_a_group_is_spread_over_the_grades_of_its_family_adds_up(con: Connection) -> None:
    grades = ("band_2", "band_5", "band_8a", "band_9")
    register(con, [people(10 * n, "BME", grade=grade) for n, grade in enumerate(grades, start=1)])
    rows = mart(con, "grade_profile", org_code="RNA", grade_family="afc", clinical="all", category="BME")
    spread = {row["grade_group"]: rounded(row["share_of_group"], 9) for row in rows if row["is_detail"]}
    assert spread == {"band_2": 0.1, "band_5": 0.2, "band_8a": 0.3, "band_9": 0.4}
    clusters = {row["grade_group"]: rounded(row["share_of_group"], 9) for row in rows if not row["is_detail"]}
    assert (clusters["afc_8a_plus"], clusters["afc_8c_plus"], clusters["all"]) == (0.7, 0.4, 1.0)


def test_a_grade_profile_is_marked_where_it_says_little_or_nothing(con: Connection) -> None:
    register(
        con, [people(29, "A", **ESR), people(40, "A", grade="band_6", **ESR), people(9, None, grade="band_7", **ESR)]
    )
    rows = mart(con, "grade_profile", org_code="RNA", clinical="all", grade_family="afc")
    markers = {(row["grade_group"], row["category"]): row["marker"] for row in rows}
    assert markers["band_5", "A"] == "[u]"
    assert markers["band_6", "A"] is None
    assert markers["band_7", "A"] == "[z]"  # nobody's answer is known
    assert markers["band_6", "H"] == "[z]"  # a group without anybody is spread over nothing
    assert markers["band_6", "Roma"] == "[x]"
