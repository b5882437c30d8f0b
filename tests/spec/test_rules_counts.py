"""The rules on counts of people and residents: a table in, findings out; beside each fault a near miss that is none."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines.database import Connection
from tests.rules import HEADCOUNT, POPULATION, Find, groups, row
from tests.typed import Row, judged


@pytest.fixture(scope="module", autouse=True)
def register(con: Connection) -> Iterator[None]:
    """The ONS regions of England and the two parts of London, whether or not the register holds them."""
    regions = {f"E1200000{number}": "E92000001" for number in range(1, 10)}
    con.execute("create or replace temp table register as from organisation")
    for code, parent in (regions | {"E13000001": "E12000007", "E13000002": "E12000007"}).items():
        con.execute("delete from organisation where org_code = ?", [code])
        con.execute(
            "insert into organisation by name select ? as org_code, 'region' as org_level, 'ons_region' as org_type, "
            "? as parent_code, date '0001-01-01' as valid_from, date '9999-12-31' as valid_to",
            [code, parent],
        )
    yield
    con.execute("create or replace table organisation as from register")


# ---------------------------------------------------------------------------------------------------------------------
# The publisher's percentages
# ---------------------------------------------------------------------------------------------------------------------


def wide_line(line: int, counts: Mapping[str, str | None], percentages: Mapping[str, str], **cells: Any) -> list[Row]:
    """A line with a column per group and one per percentage: a row for each count and each percentage."""
    common: dict[str, Any] = {"dimensions": [str(line)]} | cells
    return [
        row(HEADCOUNT, line, category=group, headcount=count, marker=None if count else "[c]") | common
        for group, count in counts.items()
    ] + [
        row(HEADCOUNT, line, category=group, percentage=percentage) | common | {"role": "percentage"}
        for group, percentage in percentages.items()
    ]


# Per file: the counts, the percentages, and the lines found. 7/32 = 21.875, 1/8 = 12.5 lies between 12 and 13.
LINES: dict[str, tuple[dict[str, str | None], dict[str, str], bool]] = {
    "right": ({"Asian": "7", "White": "25"}, {"Asian": "21.9", "White": "78.1"}, True),
    "one tenth too low": ({"Asian": "7", "White": "25"}, {"Asian": "21.8", "White": "78.1"}, False),
    "one tenth too high": ({"Asian": "7", "White": "25"}, {"Asian": "22.0", "White": "78.1"}, False),
    "no decimals": ({"Asian": "7", "White": "25"}, {"Asian": "22", "White": "78"}, True),
    "no decimals, cut off": ({"Asian": "7", "White": "25"}, {"Asian": "21", "White": "78"}, False),
    "half up": ({"Asian": "1", "White": "7"}, {"Asian": "13", "White": "88"}, True),
    "half to even": ({"Asian": "1", "White": "7"}, {"Asian": "12", "White": "88"}, True),
    "neither": ({"Asian": "1", "White": "7"}, {"Asian": "11", "White": "88"}, False),
    "a part of the base is hidden": ({"Asian": "7", "White": None}, {"Asian": "99.9"}, True),
    "its own count is hidden": ({"Asian": None, "White": "25"}, {"Asian": "99.9"}, True),
    "of nobody": ({"Asian": "0", "White": "0"}, {"Asian": "0.0", "White": "0.0"}, True),
}


def test_a_percentage_is_that_of_its_lines_counts(find: Find) -> None:
    rows = [
        cells
        for file, (counts, percentages, _) in LINES.items()
        for cells in wide_line(2, counts, percentages, file=file)
    ]
    (found,) = find("headcount.percentage_agrees", rows)
    assert sorted(found) == sorted((file, (2,), "percentage") for file, (*_, agrees) in LINES.items() if not agrees)


def test_a_percentage_may_be_of_those_who_answered_or_of_all(find: Find) -> None:
    def table(asian: str, unknown: str) -> list[Row]:
        rows = groups({"Asian": 3, "White": 4})
        rows[0] = {**rows[0], "percentage": asian}
        return [*rows, row(HEADCOUNT, 4, answer_status="unknown", headcount="5", percentage=unknown)]

    of_known, of_all, of_neither = table("42.9", "41.7"), table("25.0", "41.7"), table("37.5", "41.7")
    found = find("headcount.percentage_agrees", of_known, of_all, of_neither)  # 3 of 7, 3 of 12, 3 of 8
    assert found == [[], [], [("counts.csv", (2,), "percentage")]]


def test_a_subtotals_percentage_is_of_the_subtotals_beside_it(find: Find) -> None:
    """The answer is one of the places in the publisher's table, as in the NHS workforce file."""

    def table(all_asian: str) -> list[Row]:
        rows = [
            row(HEADCOUNT, 2, category="Asian", headcount="3", dimensions=["Band 5", "Asian"], percentage="75.0"),
            row(HEADCOUNT, 3, category="White", headcount="1", dimensions=["Band 5", "White"], percentage="25.0"),
            row(HEADCOUNT, 4, category="Asian", headcount="2", dimensions=["Band 6", "Asian"], percentage="40.0"),
            row(HEADCOUNT, 5, category="White", headcount="3", dimensions=["Band 6", "White"], percentage="60.0"),
            row(HEADCOUNT, 6, category="Asian", headcount="5", dimensions=[None, "Asian"], percentage=all_asian),
            row(HEADCOUNT, 7, category="White", headcount="4", dimensions=[None, "White"], percentage="44.4"),
            row(HEADCOUNT, 8, answer_status=None, headcount="9", dimensions=[None, None], percentage="100.0"),
        ]
        grades = ["band_5", "band_5", "band_6", "band_6", None, None, None]
        roles = ["detail"] * 4 + ["total"] * 3
        return [{**cells, "grade": grade, "role": role} for cells, grade, role in zip(rows, grades, roles, strict=True)]

    found = find("headcount.percentage_agrees", table("55.6"), table("62.5"))  # 5 of 9, 5 of 8
    assert found == [[], [("counts.csv", (6,), "percentage")]]


def test_residents_percentages_are_checked_too(find: Find) -> None:
    def table(asian: str) -> list[Row]:
        return [
            row(POPULATION, 2, category="Asian", population="1", percentage=asian),
            row(POPULATION, 3, category="White", population="2"),
            row(POPULATION, 4, category="White", percentage="66.7", role="percentage"),
            row(POPULATION, 5, category="Asian", population="9", area_code="E08000028", percentage="100.0"),
        ]

    found = find("population.percentage_agrees", table("33.3"), table("33.4"))
    assert found == [[], [("residents.csv", (2,), "percentage")]]


# ---------------------------------------------------------------------------------------------------------------------
# Subtotals and counts that were hidden, lines that became several rows
# ---------------------------------------------------------------------------------------------------------------------


def subtotal(asian: int, white: int | None, all_asian: int, everybody: int) -> list[Row]:
    """A wide table: a line per grade with a column per group and one for everybody; the second line is all grades."""
    detail = [{**cells, "line": 2, "dimensions": ["Band 5"]} for cells in groups({"Asian": asian, "White": white})]
    known = row(HEADCOUNT, 2, role="total", answer_status=None, headcount=str(everybody), dimensions=["Band 5"])
    asian_total = row(HEADCOUNT, 3, role="total", grade=None, headcount=str(all_asian), dimensions=[None])
    return [*detail, known, {**asian_total, "category": "Asian"}]


def test_a_subtotal_of_one_answer_has_the_parts_with_that_answer(find: Find) -> None:
    found = find(
        "headcount.parts_make_total",
        subtotal(3, 4, all_asian=3, everybody=7),
        subtotal(3, 4, all_asian=4, everybody=7),
        subtotal(3, 4, all_asian=4, everybody=8),
    )
    assert found == [[], [("counts.csv", (3,), "")], [("counts.csv", (2, 3), "")]]


def test_a_subtotal_with_a_hidden_part_is_not_called_wrong(find: Find) -> None:
    found = find(
        "headcount.parts_make_total",
        subtotal(3, None, all_asian=3, everybody=7),
        subtotal(3, None, all_asian=4, everybody=7),
    )
    assert found == [[], [("counts.csv", (3,), "")]]


def test_a_characteristic_with_a_hidden_count_is_not_compared(find: Find) -> None:
    def sexes(female: int | None) -> list[Row]:
        return groups({"Female": female, "Male": 1}, line=5, characteristic="sex", classification="sex")

    rows = groups({"Asian": 3, "White": 4})
    found = find("headcount.characteristics_agree", rows + sexes(6), rows + sexes(5), rows + sexes(None))
    assert found == [[], [("counts.csv", (2, 5), "")], []]


def test_a_line_that_became_several_rows_fails_once(con: Connection, tmp_path: Path) -> None:
    rows = [row(HEADCOUNT, 2, category=group, headcount="1", org_code="XQZ") for group in ("Asian", "White")]
    faulty = [
        row(HEADCOUNT, 3, category="Asian", headcount="1"),
        row(HEADCOUNT, 3, category="White", headcount_fault="not_a_whole_number"),
    ]
    found = {one.rule: one for one in judged(con, tmp_path, "headcount", rows + faulty)}
    assert set(found) == {"headcount.organisation_known", "headcount.headcount.not_a_whole_number"}
    assert {(one.rows_tried, one.rows_failing) for one in found.values()} == {(2, 1)}


# ---------------------------------------------------------------------------------------------------------------------
# Regions, their parts, and their nation
# ---------------------------------------------------------------------------------------------------------------------


def areas(counts: Mapping[str, int | None], line: int = 2, **cells: Any) -> list[Row]:
    """A row per area, on a line of its own."""
    return [
        one
        for number, (code, count) in enumerate(counts.items())
        for one in groups({"White": count}, line + number, org_code=code, **cells)
    ]


def test_inner_and_outer_london_beside_london_are_named(find: Find) -> None:
    london, inner = areas({"E12000007": 10}), areas({"E13000001": 4}, line=3)
    found = find(
        "headcount.parts_beside_whole",
        areas({"E12000007": 10, "E13000001": 4, "E13000002": 6, "E09000001": 1}),
        areas({"E13000001": 4, "E13000002": 6}),  # the parts alone
        areas({"E92000001": 99, "E12000007": 10}),  # a region in its nation: a level of its own
        [*london, *[{**cells, "as_at_date": "2021-09-30"} for cells in inner]],
        [*london, *[{**cells, "file": "parts.csv"} for cells in inner]],
    )
    assert found == [[("counts.csv", (3, 4), "")], [], [], [], []]


ENGLAND: dict[str, int | None] = {"E92000001": 45} | {f"E1200000{number}": number for number in range(1, 10)}


def test_regions_make_their_nation(find: Find) -> None:
    london_twice = ENGLAND | {"E92000001": 52}
    found = find(
        "headcount.regions_make_nation",
        areas(ENGLAND),
        areas(ENGLAND | {"E13000001": 3, "E13000002": 4}),  # the parts of London stay out
        areas(london_twice),
        areas(london_twice | {"E12000001": None}),  # a region's count is hidden
        areas({code: count for code, count in london_twice.items() if code != "E12000001"}),  # a region isn't there
    )
    assert found == [[], [], [("counts.csv", (2,), "headcount")], [], []]


def test_regions_make_their_nation_in_each_group(find: Find) -> None:
    unknown = areas(ENGLAND, line=22, category=None, answer_status="unknown")
    one_less = [{**unknown[0], "headcount": "44"}, *unknown[1:]]
    found = find("headcount.regions_make_nation", areas(ENGLAND) + unknown, areas(ENGLAND) + one_less)
    assert found == [[], [("counts.csv", (22,), "headcount")]]


# ---------------------------------------------------------------------------------------------------------------------
# Full-time equivalents of a group, and answers not given
# ---------------------------------------------------------------------------------------------------------------------


# People, their full-time equivalents, and whether that can be.
GROUP_HOURS = [
    ("0", "0", True),
    ("0", "0.1", False),
    ("4", "4.5", True),
    ("4", "4.5001", False),
    ("4", None, True),
    (None, "9", True),
]


def test_a_group_has_no_more_hours_than_people(find: Find) -> None:
    tables = [[row(HEADCOUNT, 2, category="White", headcount=people, fte=fte)] for people, fte, _ in GROUP_HOURS]
    found = find("headcount.fte_above_headcount", *tables)
    assert found == [[] if can_be else [("counts.csv", (2,), "fte")] for *_, can_be in GROUP_HOURS]


def test_the_lines_of_those_who_did_not_answer_are_named(find: Find) -> None:
    def table(known: int | None, declined: int, unknown: int) -> list[Row]:
        return [
            *groups({"White": known}),
            *groups({"": declined}, line=3, category=None, answer_status="declined"),
            *groups({"": unknown}, line=4, category=None, answer_status="unknown", grade="band_6"),
        ]

    found = find("headcount.undisclosed", table(12, 4, 4), table(11, 4, 4), table(5, 2, 2), table(None, 4, 4))
    assert found == [[], [("counts.csv", (3,), "ethnicity")], [], []]  # 8 of 20, 8 of 19, of fewer than ten, hidden


# ---------------------------------------------------------------------------------------------------------------------
# Residents beside those of the reference
# ---------------------------------------------------------------------------------------------------------------------


def test_an_areas_residents_are_near_those_of_the_reference(con: Connection, find: Find) -> None:
    (known,) = con.execute(
        "select sum(population::int) from reference_population "
        "where area_code = 'E08000027' and characteristic = 'ethnicity' and age_range = 'all'"
    ).fetchall()[0]

    def residents(share: float, **cells: str) -> list[Row]:
        half = str(round(known * share / 2))
        both = [row(POPULATION, line, category=group, population=half) for line, group in ((2, "Asian"), (3, "White"))]
        return [{**one, "area_code": "E08000027", "vintage": "2024-06-30"} | cells for one in both]

    found = find(
        "population.total_near_residents",
        residents(0.92),
        residents(1.08),
        residents(0.88),
        residents(1.12),
        residents(0.001),  # thousands
        residents(0.5, area_code="W06000001"),
        residents(0.5, age_range="18+"),
        [{**residents(0.5)[0], "population": None, "marker": "[c]"}, residents(0.5)[1]],
    )
    named = [("residents.csv", (2,), "population")]
    assert found == [[], [], named, named, named, [], [], []]
