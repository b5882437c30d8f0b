"""WRES indicator 1 and WDES metric 1 as their forms ask for them: exact counts, three columns, 100.0 per cent."""

from decimal import Decimal
from typing import Any

from pipelines import database
from pipelines.database import Connection
from tests.cube import CENSUS, Row, mart, people, register

VSM: Row = {"grade": "vsm", "grade_family": "vsm"}
OTHER: Row = {"grade": "other_grade", "grade_family": "other"}
DISABILITY: Row = {"characteristic": "disability", "classification": "equality_act_2010"}


def doctors(grade: str) -> Row:
    return {"grade": grade, "grade_family": "medical", "staff_group": "medical_and_dental"}


def lines(con: Connection, name: str = "wres_return", **where: Any) -> list[Row]:
    """The lines of a return."""
    database.build(con, "intermediate/return_line")
    return mart(con, name, **where)


def told(rows: list[Row], first: str = "white", second: str = "bme") -> list[tuple[Any, ...]]:
    """Split, grade group and the four counts of the lines that somebody is in."""
    columns = ("clinical", "grade_group", *(f"{part}_headcount" for part in (first, second, "unknown", "total")))
    return [tuple(row[column] for column in columns) for row in rows if row["total_headcount"]]


def test_wres_counts_bands_by_split_doctors_in_three_groups_and_everybody(con: Connection) -> None:
    register(
        con,
        [
            *(people(60, "White"), people(30, "BME"), people(6, None)),
            people(4, None) | {"answer_status": "declined"},
            people(8, "White", clinical="non_clinical"),
            *(people(3, "BME", clinical="unknown"), people(1, "White", clinical="unknown", grade="band_6")),
            *(people(2, "White", clinical="non_clinical", **VSM), people(5, "BME", **OTHER)),
            *(people(7, "White", **doctors("consultant")), people(9, "BME", **doctors("specialty_doctor"))),
            people(1, "BME", **doctors("specialty_doctor") | {"clinical": "unknown"}),
            people(11, None, **doctors("foundation_year_1")),
        ],
    )
    rows = lines(con)
    assert told(rows) == [
        ("non_clinical", "band_5", 8, 0, 0, 8),
        ("non_clinical", "vsm", 2, 0, 0, 2),
        ("clinical", "band_5", 60, 30, 10, 100),
        ("clinical", "other_grade", 0, 5, 0, 5),
        ("unknown", "band_5", 0, 3, 0, 3),
        ("unknown", "band_6", 1, 0, 0, 1),
        ("all", "wdes_5", 7, 0, 0, 7),
        ("all", "wdes_6", 0, 10, 0, 10),
        ("all", "wdes_7", 0, 0, 11, 11),
        ("all", "all", 78, 48, 21, 147),
    ]
    whole = rows[-1]
    assert (whole["label"], whole["is_detail"]) == ("Whole workforce", False)
    assert sum(row["total_headcount"] for row in rows if row["is_detail"]) == whole["total_headcount"]


def test_wdes_counts_its_clusters(con: Connection) -> None:
    rows = [
        *(people(2, "Disabled", grade="band_2"), people(20, "Not disabled", grade="band_4"), people(3, None)),
        *(people(1, "Disabled", grade="band_8b"), people(1, "Not disabled", grade="band_8c")),
        *(people(1, "Disabled", **VSM), people(5, "Not disabled", clinical="non_clinical", grade="band_7")),
        *(people(4, "Not disabled", **doctors("consultant")), people(6, None, **OTHER)),
    ]
    register(con, [row | DISABILITY for row in rows])
    assert told(lines(con, "wdes_return"), "disabled", "non_disabled") == [
        ("non_clinical", "wdes_2", 0, 5, 0, 5),
        ("clinical", "wdes_1", 2, 20, 0, 22),
        ("clinical", "wdes_2", 0, 0, 3, 3),
        ("clinical", "wdes_3", 1, 0, 0, 1),
        ("clinical", "wdes_4", 1, 1, 0, 2),
        ("clinical", "other_grade", 0, 0, 6, 6),
        ("all", "wdes_5", 0, 4, 0, 4),
        ("all", "all", 4, 30, 9, 43),
    ]
    assert lines(con) == []  # nobody's ethnicity was sent


def test_a_line_of_the_form_is_there_with_nobody_in_it_under_the_same_number(con: Connection) -> None:
    register(con, [people(2, "White", clinical="non_clinical", grade="band_9"), people(1, "White", org_code="RBK")])
    rows = lines(con)
    ours, theirs = ([row for row in rows if row["org_code"] == code] for code in ("RNA", "RBK"))
    assert [(row["clinical"], row["grade_group"]) for row in ours[:13]] == [
        ("non_clinical", grade) for grade in (*(f"band_{n}" for n in (*range(1, 8), "8a", "8b", "8c", "8d", 9)), "vsm")
    ]
    band_1 = ours[0]
    assert [band_1[f"{part}_headcount"] for part in ("white", "bme", "unknown", "total")] == [0, 0, 0, 0]
    assert (band_1["white_percent"], band_1["marker"]) == (None, "[z]")
    assert [row["line"] for row in ours] == [row["line"] for row in theirs]
    assert len(ours) == 13 + 13 + 3 + 1


# White, BME and unknown of a band, and its percentages.
PERCENTAGES = {
    "band_1": (1, 1, 1, "33.4 33.3 33.3"),
    "band_2": (1, 2, 0, "33.3 66.7 0.0"),
    "band_3": (0, 2, 1, "0.0 66.7 33.3"),
    "band_4": (1, 0, 0, "100.0 0.0 0.0"),
    "band_5": (1999, 1, 0, "100.0 0.0 0.0"),  # 99.95 and 0.05: of two alike the first is given the tenth
    "band_6": (1, 1, 5, "14.3 14.3 71.4"),
    "band_7": (3, 3, 1, "42.9 42.8 14.3"),  # 42.86, 42.86 and 14.29: each rounded by itself they'd be 100.1
}


def test_the_three_percentages_add_up_to_100(con: Connection) -> None:
    register(
        con,
        [
            people(count, category, grade=grade)
            for grade, counts in PERCENTAGES.items()
            for count, category in zip(counts, ("White", "BME", None), strict=False)
        ],
    )
    found = {row["grade_group"]: row for row in lines(con, clinical="clinical") if row["total_headcount"]}
    percents = {grade: [row[f"{part}_percent"] for part in ("white", "bme", "unknown")] for grade, row in found.items()}
    assert {grade: " ".join(map(str, three)) for grade, three in percents.items()} == {
        grade: shown for grade, (*_, shown) in PERCENTAGES.items()
    }
    assert {sum(three) for three in percents.values()} == {Decimal("100.0")}


def test_bank_staff_councils_and_systems_have_no_lines(con: Connection) -> None:
    register(
        con,
        [
            *(
                people(5, "White"),
                people(7, "White", employment_type="bank"),
                people(7, "BME", employment_type="other"),
            ),
            people(9, "White", org_code="E08000027", grade_family="social_care", grade="case_holder"),
        ],
    )
    rows = lines(con)
    assert {row["org_code"] for row in rows} == {"RNA"}
    assert told(rows)[-1] == ("all", "all", 5, 0, 0, 5)


def test_the_dates_are_the_as_at_date_and_each_31_march(con: Connection) -> None:
    months = ["2024-03-31", "2025-03-31", "2025-05-31", "2026-03-31", "2026-04-30", "2026-05-31"]
    register(con, [people(5, "White", as_at_date=month) for month in months], as_at_date="2026-05-31")
    found = {str(row["as_at_date"]) for row in lines(con)}
    assert found == {"2024-03-31", "2025-03-31", "2026-03-31", "2026-05-31"}


def test_what_was_withheld_or_can_not_be_told_is_no_count(con: Connection) -> None:
    withheld = people(0, "BME", grade="band_6") | {"headcount": None, "marker": "[c]"}
    register(con, [people(5, "Unheard of", **CENSUS), withheld, people(9, "White", grade="band_6")])
    band_5, band_6 = (row for row in lines(con, clinical="clinical") if row["grade_group"] in ("band_5", "band_6"))
    parts = ("white", "bme", "unknown", "total")
    assert [band_6[f"{part}_headcount"] for part in parts] == [9, None, None, None]
    assert (band_6["white_percent"], band_6["marker"]) == (None, "[c]")
    # A known answer that the standard has no group for.
    assert [band_5[f"{part}_headcount"] for part in parts] == [0, 0, 5, 5]


def test_a_line_that_an_earlier_snapshot_counted_otherwise_is_revised(con: Connection) -> None:
    register(con, [people(5, "White"), people(5, "White", grade="band_6")])
    con.execute(
        "insert into revised_group by name select as_at_date, org_level, org_code, employment_type, grade_family, "
        "clinical, grade_group, characteristic, classification, category from group_count where grade_group = 'band_6'"
    )
    marked = {(row["clinical"], row["grade_group"]) for row in lines(con) if row["marker"] == "[r]"}
    assert marked == {("clinical", "band_6")}
