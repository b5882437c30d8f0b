"""The rules on bad input: a typed table in, findings out; beside each fault a near miss that is none."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines import places
from pipelines.database import Connection
from pipelines.judge import _run_suite
from tests.typed import Row, judged

# What a rule found in a table of rows: file, lines, column.
Found = list[tuple[str, tuple[int, ...], str]]
Find = Callable[..., list[Found]]


@pytest.fixture
def find(con: Connection, tmp_path: Path) -> Find:
    """Judge tables at once, each in files of its own; return what a rule finds in each of them.

    Where the rule compares files, each table has employers of its own too.
    """

    def find_by(rule: str, *tables: Sequence[Row]) -> list[Found]:
        own = ("file", "org_code") if rule.endswith("group_moved") else ("file",)
        rows = [
            {**cells, **{name: f"{number}/{cells[name]}" for name in own}}
            for number, table in enumerate(tables)
            for cells in table
        ]
        found: list[Found] = [[] for _ in tables]
        for one in judged(con, tmp_path, rule.split(".")[0], rows):
            if one.rule == rule:
                number, file = one.file.split("/", 1)
                found[int(number)].append((file, one.lines, one.column))
        return found

    return find_by


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


HEADCOUNT = {
    "file": "counts.csv",
    "as_at_date": "2022-09-30",
    "org_code": "RNA",
    "employment_type": "substantive",
    "grade": "band_5",
    "clinical": "unknown",
    "staff_group": "unknown",
    "characteristic": "ethnicity",
    "classification": "ons_5",
    "answer_status": "known",
}
POPULATION = {
    "file": "residents.csv",
    "area_code": "W06000001",  # in no reference table
    "characteristic": "ethnicity",
    "classification": "ons_5",
    "answer_status": "known",
    "age_range": "all",
    "vintage": "2021-03-21",
}
ASSIGNMENT = {
    "file": "staff.csv",
    "as_at_date": "2026-01-31",
    "org_code": "RNA",
    "employment_type": "substantive",
    "primary_assignment": "true",
    "grade": "band_5",
    "staff_group": "unknown",
    "fte": "1",
    "ethnicity_classification": "esr_16",
    "ethnicity_answer_status": "known",
}


def row(template: Mapping[str, Any], line: int, **cells: Any) -> Row:
    return template | {"line": line} | cells


def groups(people: Mapping[str, int | None], line: int = 2, **cells: Any) -> list[Row]:
    """A row of `headcount` per group, on a line of its own; None is a count that the publisher hid."""
    return [
        row(HEADCOUNT, line + number, category=category)
        | {"headcount": None if count is None else str(count), "marker": "[c]" if count is None else None}
        | cells
        for number, (category, count) in enumerate(people.items())
    ]


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
# Groups that changed places between two dates
# ---------------------------------------------------------------------------------------------------------------------

FOUND = [("later.csv", (3,), "ethnicity")]


def two_dates(
    earlier: Mapping[str, int | None], later: Mapping[str, int | None], day: str = "2021-09-30", **cells: Any
) -> list[Row]:
    return [
        *groups(earlier, **{"file": "earlier.csv", "as_at_date": day} | cells),
        *groups(later, **{"file": "later.csv"} | cells),
    ]


# Per employer: the groups before and after, and whether they are found.
MOVES: dict[str, tuple[dict[str, int | None], dict[str, int | None], bool]] = {
    "26 to 0 while 7 to 32": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 32}, True),
    "two change places": ({"Black": 22, "Mixed": 6}, {"Black": 7, "Mixed": 24}, True),
    "a group leaves": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 7}, False),
    "everybody leaves": ({"Black": 26, "Mixed": 27}, {"Black": 2, "Mixed": 2}, False),
    "fewer than ten": ({"Black": 9, "Mixed": 7}, {"Black": 0, "Mixed": 16}, False),
    "six of ten moved": ({"Black": 10, "Mixed": 7}, {"Black": 4, "Mixed": 13}, True),
    "five of ten moved": ({"Black": 10, "Mixed": 7}, {"Black": 5, "Mixed": 12}, False),
    "21 of 26 found again": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 28}, True),
    "20 of 26 found again": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 27}, False),
    "both grow from 40 to 50": ({"Black": 26, "Mixed": 14}, {"Black": 0, "Mixed": 50}, True),
    "both grow from 40 to 51": ({"Black": 26, "Mixed": 14}, {"Black": 0, "Mixed": 51}, False),
    "spread over two": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 20, "Other": 13}, False),
    "hidden afterwards": ({"Black": 26, "Mixed": 7}, {"Black": None, "Mixed": 32}, False),
    "hidden before": ({"Black": 26, "Mixed": None}, {"Black": 0, "Mixed": 32}, False),
}


def test_two_groups_that_changed_places_are_named(find: Find) -> None:
    rows = [
        cells
        for employer, (before, after, _) in MOVES.items()
        for cells in two_dates(before, {"White": 1} | after, org_code=employer, file=employer)
    ]
    # Both dates in one file; the line is that of the group that gained, after those of White and Black.
    (found,) = find("headcount.group_moved", rows)
    assert sorted(found) == sorted((employer, (4,), "ethnicity") for employer, (*_, moved) in MOVES.items() if moved)


def test_the_line_named_is_that_of_the_group_that_gained(find: Find) -> None:
    rows = two_dates({"Black": 26, "Mixed": 7}, {"Mixed": 32, "White": 1})
    assert find("headcount.group_moved", rows) == [[("later.csv", (2,), "ethnicity")]]


def test_a_group_is_counted_over_all_grades(find: Find) -> None:
    """Promotion isn't a change of group: what a grade loses another one gains."""
    earlier = groups({"Black": 13, "Mixed": 3}, file="earlier.csv", as_at_date="2021-09-30") + groups(
        {"Black": 13, "Mixed": 4}, line=4, file="earlier.csv", as_at_date="2021-09-30", grade="band_6"
    )
    promoted = groups({"Black": 0, "Mixed": 7}, file="later.csv") + groups(
        {"Black": 26, "Mixed": 0}, line=4, file="later.csv", grade="band_6"
    )
    swapped = groups({"Black": 0, "Mixed": 16}, file="later.csv") + groups(
        {"Black": 0, "Mixed": 16}, line=4, file="later.csv", grade="band_6"
    )
    assert find("headcount.group_moved", earlier + promoted, earlier + swapped) == [[], FOUND]


def test_answers_on_sex_and_dates_long_apart_are_not_compared(find: Find) -> None:
    before, after = {"Female": 26, "Male": 7}, {"Female": 0, "Male": 32}
    found = find(
        "headcount.group_moved",
        two_dates(before, after, characteristic="sex", classification="sex"),
        two_dates(before, after, day="2021-08-26"),  # 400 days
        two_dates(before, after, day="2021-08-25"),  # 401 days
    )
    assert found == [[], FOUND, []]


def test_a_change_of_classification_is_no_move(find: Find) -> None:
    earlier = groups({"Black": 26, "White": 7}, file="earlier.csv", as_at_date="2021-09-30")
    later = groups({"BME": 26, "White": 7}, file="later.csv", classification="wres")
    assert find("headcount.group_moved", earlier + later) == [[]]


def test_a_corrected_file_clears_the_dates_around_it(find: Find) -> None:
    """The wrong file of the middle date is named; the date after it agrees with its correction."""
    right, wrong = {"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 32}
    dates = {
        "first.csv": "2022-01-31",
        "second.csv": "2022-02-28",
        "mended.csv": "2022-02-28",
        "third.csv": "2022-03-31",
    }
    rows = [
        cells
        for file, day in dates.items()
        for cells in groups(wrong if file == "second.csv" else right, file=file, as_at_date=day)
    ]
    uncorrected = [cells for cells in rows if cells["file"] != "mended.csv"]
    second, third = ("second.csv", (3,), "ethnicity"), ("third.csv", (2,), "ethnicity")
    assert find("headcount.group_moved", rows, uncorrected) == [[second], [second, third]]


def staff(file: str, day: str, answers: Mapping[str, int], assignments: int = 1, **cells: Any) -> list[Row]:
    """So many people with each answer, each with as many assignments."""
    people = [answer for answer, count in answers.items() for _ in range(count)]
    return [
        row(ASSIGNMENT, 2 + number * assignments + extra, file=file, as_at_date=day, ethnicity=answer)
        | {"person_key": f"p{number}", "assignment_key": f"a{number}.{extra}"}
        | {"primary_assignment": "true" if extra == 0 else "false"}
        | cells
        for number, answer in enumerate(people)
        for extra in range(assignments)
    ]


def test_peoples_groups_that_changed_places_are_named(find: Find) -> None:
    earlier = staff("earlier.csv", "2026-01-31", {"C2": 26, "CA": 7, "A": 40})
    moved = staff("later.csv", "2026-02-28", {"CA": 32, "A": 40})
    left = staff("later.csv", "2026-02-28", {"CA": 7, "A": 40})
    found = find("staff.group_moved", earlier + moved, earlier + left)
    assert found == [[("later.csv", (2,), "ethnicity")], []]


def test_a_person_counts_once_whatever_the_number_of_assignments(find: Find) -> None:
    earlier = staff("earlier.csv", "2026-01-31", {"C2": 6, "CA": 7}, assignments=2)
    later = staff("later.csv", "2026-02-28", {"CA": 13}, assignments=2)
    assert find("staff.group_moved", earlier + later) == [[]]


def test_the_sex_of_people_is_never_followed_over_time(find: Find) -> None:
    sexes = {"sex_classification": "sex", "sex_answer_status": "known"}
    rows = [
        *staff("earlier.csv", "2026-01-31", {"A": 30}, sex="Female", **sexes),
        *staff("later.csv", "2026-02-28", {"A": 30}, sex="Male", **sexes),
    ]
    assert find("staff.group_moved", rows) == [[]]


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
# Codes that a spreadsheet turned into numbers
# ---------------------------------------------------------------------------------------------------------------------

FEEDS = {
    "staff": ("org_code", ASSIGNMENT | {"person_key": "p", "assignment_key": "a"}, "staff.organisation_known"),
    "headcount": ("org_code", HEADCOUNT | {"category": "White", "headcount": "1"}, "headcount.organisation_known"),
    "population": ("area_code", POPULATION | {"category": "White", "population": "1"}, "population.area_code"),
}
NUMBERS = ["50", "50.0", "5.00E+01", "5e+1", "5,00E+01", "5.00E+001"]
OTHERS = ["5E1", "5F1", "E0800002", "5-"]


@pytest.mark.parametrize("feed", FEEDS)
def test_a_code_that_became_a_number_is_called_that_and_not_unknown(con: Connection, tmp_path: Path, feed: str) -> None:
    column, template, unknown = FEEDS[feed]
    rows = [row(template, 2)] + [row(template, line, **{column: code}) for line, code in enumerate(NUMBERS + OTHERS, 3)]
    if feed == "staff":
        rows = [cells | {"assignment_key": str(cells["line"])} for cells in rows]
    found = {
        (one.rule, one.column, one.severity, one.rows_failing, one.lines)
        for one in judged(con, tmp_path, feed, rows)
        if one.severity == "reject_row"
    }
    assert found == {
        (f"{feed}.code_turned_number", column, "reject_row", 6, (3, 4, 5, 6, 7)),
        (unknown, "", "reject_row", 4, (9, 10, 11, 12)),
    }


def test_a_number_that_is_in_the_register_is_a_code(con: Connection, tmp_path: Path) -> None:
    con.execute("insert into organisation by name select '50' as org_code, 'organisation' as org_level")
    try:
        for feed in ("staff", "headcount"):
            assert judged(con, tmp_path, feed, [row(FEEDS[feed][1], 2, org_code="50")]) == []
    finally:
        con.execute("delete from organisation where org_code = '50'")


# ---------------------------------------------------------------------------------------------------------------------
# Full-time equivalents, by kind of employment
# ---------------------------------------------------------------------------------------------------------------------


# Kind of employment, hours, and the rule that rejects the row.
HOURS: list[tuple[str, str | None, str]] = [
    ("substantive", "0", ""),
    ("substantive", "1.5", ""),
    ("substantive", "1.5001", "staff.fte_range"),
    ("substantive", None, "staff.fte_needed"),
    ("other", None, ""),
    ("other", "1.5001", "staff.fte_range"),
    ("bank", None, ""),
    ("bank", "0", ""),
    ("bank", "1.5", ""),
    ("bank", "1.5001", "staff.bank_fte_range"),
]


def test_what_hours_an_assignment_may_have(con: Connection, tmp_path: Path) -> None:
    template = FEEDS["staff"][1]
    rows = [
        row(template, 2, file=f"{kind} {fte}", employment_type=kind, fte=fte, assignment_key="a")
        for kind, fte, _ in HOURS
    ]
    # A file in which nobody has hours has none to send; one in which somebody has is asked for the others'.
    rows.append(
        row(
            template,
            3,
            file="substantive None",
            employment_type="substantive",
            fte="1",
            assignment_key="b",
            person_key="b",
        )
    )
    found = sorted((one.file, one.rule, one.column, one.severity) for one in judged(con, tmp_path, "staff", rows))
    assert found == sorted((f"{kind} {fte}", rule, "fte", "reject_row") for kind, fte, rule in HOURS if rule)


def test_hours_that_cannot_be_read_are_not_also_called_missing(con: Connection, tmp_path: Path) -> None:
    unreadable = row(FEEDS["staff"][1], 2, fte=None, fte_fault="not_a_number", assignment_key="a")
    readable = row(FEEDS["staff"][1], 3, fte="1", assignment_key="b", person_key="b")
    (finding,) = judged(con, tmp_path, "staff", [unreadable, readable])
    assert finding.rule == "staff.fte.not_a_number"


@pytest.mark.parametrize("status", ["not_in_post", "career_break"])
def test_who_is_not_at_work_needs_no_hours_and_is_no_main_assignment(
    con: Connection, tmp_path: Path, status: str
) -> None:
    template = FEEDS["staff"][1]
    rows = [
        row(template, 2, fte=None, assignment_key="a", assignment_status=status, person_key="a"),
        row(template, 3, fte="1", assignment_key="b", person_key="b"),
    ]
    if status == "not_in_post":
        rows.append(row(template, 4, fte="1", assignment_key="c", person_key="a"))
    assert judged(con, tmp_path, "staff", rows) == []


def test_hours_of_the_bank_alone_ask_nobody_for_hours(con: Connection, tmp_path: Path) -> None:
    template = FEEDS["staff"][1]
    rows = [
        row(template, 2, fte=None, assignment_key="a", person_key="a"),
        row(template, 3, fte="0.3", employment_type="bank", assignment_key="b", person_key="b"),
    ]
    (finding,) = judged(con, tmp_path, "staff", rows)
    assert (finding.rule, finding.severity) == ("staff.fte_absent", "warn")


@pytest.mark.parametrize("feed", ["headcount", "population"])
@pytest.mark.parametrize("role", ["detail", "total", "percentage"])
def test_a_percentage_that_is_no_number_is_said_and_costs_no_row(
    con: Connection, tmp_path: Path, feed: str, role: str
) -> None:
    template = FEEDS[feed][1]
    rows = [row(template, 2), row(template, 3, role=role, percentage_fault="not_a_number")]
    found = [one for one in judged(con, tmp_path, feed, rows) if "percentage" in one.rule]
    assert [(one.rule, one.severity, one.lines) for one in found] == [(f"{feed}.percentage_unreadable", "warn", (3,))]


def test_a_file_without_any_hours_is_taken_with_a_warning(con: Connection, tmp_path: Path) -> None:
    rows = [row(FEEDS["staff"][1], line, fte=None, assignment_key=f"a{line}", person_key=f"p{line}") for line in (2, 3)]
    (finding,) = judged(con, tmp_path, "staff", rows)
    assert (finding.rule, finding.severity) == ("staff.fte_absent", "warn")


# ---------------------------------------------------------------------------------------------------------------------
# Checks that stand in files
# ---------------------------------------------------------------------------------------------------------------------


def test_every_check_belongs_to_a_rule() -> None:
    suites = [json.loads(path.read_text(encoding="utf-8")) for path in places.EXPECTATIONS.glob("*.json")]
    named = [rule["meta"]["sql"] for suite in suites for rule in suite["expectations"] if "sql" in rule["meta"]]
    assert sorted(named) == sorted(path.stem for path in (places.SQL / "checks").glob("*.sql"))


@pytest.mark.parametrize("feed", FEEDS)
def test_great_expectations_itself_runs_every_rule(con: Connection, tmp_path: Path, feed: str) -> None:
    """A query that it can't run (for a brace or a colon) would be run by us alone, and nobody would notice."""
    assert judged(con, tmp_path, feed, [row(FEEDS[feed][1], 2)]) == []
    results = _run_suite(con, feed)
    assert [one.expectation_config.meta["rule"] for one in results if not one.success] == []
    assert len(results) > len(FEEDS)


@pytest.mark.parametrize(
    ("kwargs", "meta", "sentence"),
    [
        ({}, {"sql": "no_such"}, "no_such.sql"),
        ({"unexpected_rows_query": "select * from {batch} where grade similar to '[0-9]{8}'"}, {}, "written twice"),
    ],
    ids=["no such check", "a brace"],
)
def test_a_query_that_cannot_be_used_is_named(
    con: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kwargs: dict[str, str],
    meta: dict[str, str],
    sentence: str,
) -> None:
    meta |= {"rule": "our.rule", "severity": "warn", "sentence": "it isn't ours", "do": "ask us"}
    rule = {"type": "unexpected_rows_expectation", "kwargs": kwargs, "meta": meta}
    (tmp_path / "headcount.json").write_text(json.dumps({"name": "headcount", "expectations": [rule]}))
    monkeypatch.setattr(places, "EXPECTATIONS", tmp_path)
    with pytest.raises(RuntimeError, match=r"our\.rule of expectations/headcount\.json can't be run") as refused:
        judged(con, tmp_path, "headcount", groups({"Asian": 1}))
    assert sentence in str(refused.value)
