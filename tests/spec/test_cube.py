"""The cube: from assignments to people, and from a publisher's counts to the same columns."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines import database
from pipelines.database import Connection
from tests.staff import ASSIGNMENT, Row, accept, assignment, counted_as, selected

COUNT: Row = {
    "extract": "x",
    "as_at_date": "2026-03-31",
    "org_code": "RNA",
    "employment_type": "substantive",
    "grade": "band_5",
    "clinical": "clinical",
    "staff_group": "unknown",
    "characteristic": "ethnicity",
    "classification": "wres",
    "category": "White",
    "answer_status": "known",
    "headcount": 0,
}


def cube(con: Connection, feed: str, rows: list[Row], **where: Any) -> list[Row]:
    """The cube of some accepted rows, kept to those that have the cells asked for."""
    accept(con, rows, feed)
    return selected(con, database.read_sql(f"cube/{feed}"), **where)


def everybody(con: Connection, *rows: Row) -> list[tuple[Any, ...]]:
    """Everybody, as (organisation, employment type, grade, heads, full-time equivalents)."""
    return [
        (row["org_code"], row["employment_type"], row["grade"], row["headcount"], row["fte"])
        for row in cube(con, "staff", list(rows), characteristic="total")
    ]


def test_a_person_with_two_assignments_is_one_head_in_the_grade_of_the_main_one(con: Connection) -> None:
    main = assignment(fte="0.4000", grade="band_6")
    other = assignment(assignment_key="a2", primary_assignment=False, fte="0.6000")
    assert everybody(con, other, main) == [("RNA", "substantive", "band_6", 1, Decimal("1.0000"))]


def test_without_a_main_assignment_the_one_with_most_hours_counts(con: Connection) -> None:
    less = assignment(primary_assignment=False, fte="0.2000", grade="band_6")
    more = assignment(primary_assignment=False, fte="0.5000", assignment_key="a2")
    assert everybody(con, less, more) == [("RNA", "substantive", "band_5", 1, Decimal("0.7000"))]


def test_who_is_substantive_and_on_the_bank_counts_once_as_substantive(con: Connection) -> None:
    bank = assignment(employment_type="bank", assignment_key="a2", fte="0.0000", grade="band_2")
    assert everybody(con, bank, assignment(fte="0.8000")) == [("RNA", "substantive", "band_5", 1, Decimal("0.8000"))]


def test_hours_on_the_bank_are_not_added_to_those_of_the_post(con: Connection) -> None:
    bank = assignment(employment_type="bank", assignment_key="a2", fte="0.3000", grade="band_2")
    assert everybody(con, bank, assignment(fte="0.8000")) == [("RNA", "substantive", "band_5", 1, Decimal("0.8000"))]


def test_the_bank_comes_before_other_employment_whatever_the_hours(con: Connection) -> None:
    bank = assignment(employment_type="bank", assignment_key="a2", fte="0.1000", primary_assignment=False)
    other = assignment(employment_type="other", fte="1.0000", grade="band_2")
    assert everybody(con, other, bank) == [("RNA", "bank", "band_5", 1, Decimal("0.1000"))]


def test_hours_that_the_bank_doesnt_know_leave_other_sums_alone(con: Connection) -> None:
    bank = assignment(employment_type="bank", assignment_key="a2", fte=None, grade="band_2")
    unknown = assignment(employment_type="bank", person_key="p2", fte=None, assignment_key="a3", grade="band_2")
    half = assignment(employment_type="bank", person_key="p3", fte="0.5000", assignment_key="a4", grade="band_2")
    assert everybody(con, assignment(fte="0.8000"), bank, unknown, half) == [
        ("RNA", "bank", "band_2", 2, Decimal("0.5000")),
        ("RNA", "substantive", "band_5", 1, Decimal("0.8000")),
    ]


def test_where_hours_arent_known_the_assignment_whose_are_comes_first(con: Connection) -> None:
    unknown = assignment(employment_type="bank", primary_assignment=False, fte=None, grade="band_6")
    known = unknown | {"assignment_key": "a2", "fte": "0.1000", "grade": "band_5"}
    assert everybody(con, unknown, known) == [("RNA", "bank", "band_5", 1, Decimal("0.1000"))]


@pytest.mark.parametrize(
    ("cells", "population"),
    [
        ({}, "substantive"),
        *(({"assignment_category": word}, "substantive") for word in ("permanent", "fixed_term", "locum", "other")),
        *(
            ({"assignment_status": word}, "substantive")
            for word in ("active", "maternity", "secondment_out", "suspended")
        ),
        ({"assignment_category": "bank"}, "bank"),
        ({"employment_type": "bank", "assignment_category": "permanent"}, "bank"),
        ({"employment_type": "bank", "fte": "0.0000"}, "bank"),
        ({"employment_type": "other", "fte": "0.0000"}, "other"),
        ({"employment_type": "other", "assignment_category": "other"}, "other"),
        *(({"assignment_category": word}, None) for word in ("honorary", "non_executive", "agency")),
        *(({"employment_type": "other", "assignment_category": word}, None) for word in ("honorary", "agency")),
        ({"assignment_status": "career_break"}, None),
        ({"assignment_status": "not_in_post"}, None),
        ({"assignment_category": "not_in_post"}, None),
        ({"assignment_status": "not_in_post", "employment_type": "bank"}, None),
        ({"fte": "0.0000"}, None),
        ({"fte": None}, "substantive"),  # not known isn't none
    ],
)
def test_who_counts_in_which_population(con: Connection, cells: Row, population: str | None) -> None:
    assert [row[1] for row in everybody(con, assignment(**cells))] == ([population] if population else [])


def test_the_method_says_who_counts(con: Connection) -> None:
    honorary = assignment(assignment_category="honorary", fte="0.0000")
    bank = assignment(employment_type="bank", person_key="p2", assignment_key="a2")
    with counted_as(con, honorary="other", bank="none"):
        assert everybody(con, honorary, bank) == [("RNA", "other", "band_5", 1, Decimal("0.0000"))]
    with counted_as(con, honorary="substantive"):
        assert [row[1] for row in everybody(con, honorary, bank)] == ["bank", "substantive"]


def test_who_returns_from_a_career_break_in_one_post_counts_by_the_other(con: Connection) -> None:
    broken = assignment(assignment_status="career_break", grade="band_7")
    post = assignment(assignment_key="a2", primary_assignment=False, fte="0.4000")
    assert everybody(con, broken, post) == [("RNA", "substantive", "band_5", 1, Decimal("0.4000"))]


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_alike_assignments_the_first_by_key_counts_in_whatever_order(con: Connection, turned: bool) -> None:
    rows = [assignment(assignment_key="a1", grade="band_6"), assignment(assignment_key="a2", grade="band_7")]
    assert everybody(con, *(reversed(rows) if turned else rows)) == [
        ("RNA", "substantive", "band_6", 1, Decimal("2.0000"))
    ]


def test_each_characteristic_counts_each_head_once(con: Connection) -> None:
    """The head's answers are those of the assignment that counts."""
    names = ("ethnicity", "sex", "age", "disability", "religion", "sexual_orientation", "marital_status")
    answers = {f"{name}_{part}": part for name in names for part in ("classification", "answer_status")}
    main = assignment(**answers, **{name: f"{name} said" for name in names})
    other = main | dict.fromkeys(names, "something else") | {"assignment_key": "a2", "primary_assignment": False}
    counted = cube(con, "staff", [other, main])
    assert {(row["characteristic"], row["category"], row["headcount"]) for row in counted} == {
        ("total", "all", 1),
        *((name, f"{name} said", 1) for name in names),
    }
    assert len(counted) == 1 + len(names)


def test_who_is_on_the_bank_only_stays_there(con: Connection) -> None:
    bank = assignment(employment_type="bank", fte="0.0000")
    assert everybody(con, bank) == [("RNA", "bank", "band_5", 1, Decimal("0.0000"))]


def test_a_person_with_two_employers_counts_at_both(con: Connection) -> None:
    assert [row[:1] + row[3:4] for row in everybody(con, assignment(), assignment(org_code="RL4"))] == [
        ("RL4", 1),
        ("RNA", 1),
    ]


@pytest.mark.parametrize(
    ("staff_group", "clinical"),
    [
        ("nursing_and_midwifery_registered", "clinical"),
        ("estates_and_ancillary", "non_clinical"),
        ("social_care", "unknown"),
    ],
)
def test_the_staff_group_says_whether_a_post_is_clinical(con: Connection, staff_group: str, clinical: str) -> None:
    (row,) = cube(con, "staff", [assignment(staff_group=staff_group)], characteristic="total")
    assert row["clinical"] == clinical


def test_declined_and_missing_are_counted_apart(con: Connection) -> None:
    rows = [
        assignment(person_key=f"p{number}", assignment_key=f"a{number}", ethnicity=category)
        | {"ethnicity_answer_status": status}
        for number, (category, status) in enumerate(
            [("A", "known"), ("A", "known"), ("H", "known"), (None, "declined"), (None, "missing"), (None, "missing")]
        )
    ]
    counted = {
        (row["category"], row["answer_status"]): row["headcount"]
        for row in cube(con, "staff", rows, characteristic="ethnicity")
    }
    assert counted == {("A", "known"): 2, ("H", "known"): 1, (None, "declined"): 1, (None, "missing"): 2}


def test_of_a_publishers_counts_everybody_is_the_sum_with_the_undisclosed(con: Connection) -> None:
    rows = [
        COUNT | {"headcount": 60},
        COUNT | {"category": "BME", "headcount": 30},
        COUNT | {"category": None, "answer_status": "unknown", "headcount": 10},
    ]
    (row,) = cube(con, "headcount", rows, characteristic="total")
    assert (row["headcount"], row["category"], row["answer_status"]) == (100, "all", "known")


def test_everybody_is_not_counted_once_per_characteristic(con: Connection) -> None:
    by_sex = {"characteristic": "sex", "classification": "sex", "category": "Female", "clinical": "unknown"}
    rows = [COUNT | {"headcount": 100}, COUNT | by_sex | {"headcount": 100}]
    assert [row["headcount"] for row in cube(con, "headcount", rows, characteristic="total")] == [100]


def test_a_file_that_counts_everybody_itself_is_believed(con: Connection) -> None:
    total = {"characteristic": "total", "classification": "total", "category": "all"}
    rows = [COUNT | {"headcount": 90}, COUNT | total | {"headcount": 100}]
    assert [row["headcount"] for row in cube(con, "headcount", rows, characteristic="total")] == [100]


def test_everybody_is_settled_grade_by_grade(con: Connection) -> None:
    """Where a file counts everybody in one grade only, the others are summed."""
    total = {"characteristic": "total", "classification": "total", "category": "all"}
    by_sex = {"characteristic": "sex", "classification": "sex", "category": "Female"}
    rows = [
        *(COUNT | {"headcount": 90}, COUNT | total | {"headcount": 100}),
        *(COUNT | {"grade": "band_6", "headcount": 40}, COUNT | by_sex | {"grade": "band_6", "headcount": 40}),
        COUNT | by_sex | {"grade": "band_7", "headcount": 7},
    ]
    counted = {row["grade"]: row["headcount"] for row in cube(con, "headcount", rows, characteristic="total")}
    assert counted == {"band_5": 100, "band_6": 40, "band_7": 7}


def test_clinical_and_non_clinical_posts_of_a_grade_are_counted_apart(con: Connection) -> None:
    rows = [COUNT | {"headcount": 60}, COUNT | {"clinical": "non_clinical", "headcount": 5}]
    counted = {row["clinical"]: row["headcount"] for row in cube(con, "headcount", rows, characteristic="total")}
    assert counted == {"clinical": 60, "non_clinical": 5}


@pytest.mark.parametrize(
    ("org_code", "grade", "family", "level"),
    [
        ("RNA", "vsm", "vsm", "organisation"),
        ("E08000027", "case_holder", "social_care", "organisation"),
        ("E54000062", "consultant", "medical", "system"),
        ("E92000001", "other_grade", "other", "national"),
    ],
)
def test_the_family_of_a_grade_and_the_level_of_a_sender_come_from_the_register(
    con: Connection, org_code: str, grade: str, family: str, level: str
) -> None:
    for row in cube(con, "headcount", [COUNT | {"org_code": org_code, "grade": grade, "headcount": 3}]):
        assert (row["grade_family"], row["source_level"]) == (family, level)


def test_the_columns_of_the_cube(con: Connection) -> None:
    names = (
        "as_at_date, org_code, employment_type, grade_family, clinical, staff_group, grade, characteristic, "
        "classification, category, answer_status, headcount, fte, marker, source_level"
    )
    for feed, row in (("staff", ASSIGNMENT), ("headcount", COUNT | {"headcount": 1})):
        (first, *_) = cube(con, feed, [row])
        assert ", ".join(name for name in first if name != "extract") == names
        assert (first["grade_family"], first["source_level"]) == ("afc", "organisation")
