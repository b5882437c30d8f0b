"""The rules on rows: codes, dates, keys and hours; beside each fault a near miss that is none."""

from pathlib import Path

import pytest

from pipelines.database import Connection
from tests.rules import FEEDS, Find, row
from tests.typed import Row, judged

# ---------------------------------------------------------------------------------------------------------------------
# Codes that a spreadsheet turned into numbers
# ---------------------------------------------------------------------------------------------------------------------

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
# Who was open, and when
# ---------------------------------------------------------------------------------------------------------------------


# Organisation, date, and whether it was open: QUA opened on 1 July 2022, Cumbria (E10000006) ended on 31 March 2023.
# Cumberland (E06000063) came after it, so figures under its code of before are recoded; of RBK no dates are known.
OPEN = [
    ("QUA", "2022-06-30", False),
    ("QUA", "2022-07-01", True),
    ("E10000006", "2023-03-31", True),
    ("E10000006", "2023-04-01", False),
    ("E06000063", "2023-03-31", True),
    ("RBK", "2001-03-31", True),
]


@pytest.mark.parametrize("feed", ["staff", "headcount"])
def test_a_closed_organisations_rows_are_turned_away(find: Find, feed: str) -> None:
    tables = [[row(FEEDS[feed][1], 2, org_code=code, as_at_date=day)] for code, day, _ in OPEN]
    found = find(f"{feed}.organisation_open", *tables)
    assert [not one for one in found] == [is_open for *_, is_open in OPEN]
    assert found[0] == [(tables[0][0]["file"], (2,), "org_code")]


# ---------------------------------------------------------------------------------------------------------------------
# Dates
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", ["staff", "headcount"])
def test_data_are_taken_on_the_day_or_within_four_hundred_days(find: Find, feed: str) -> None:
    def taken(day: str | None) -> list[Row]:
        return [row(FEEDS[feed][1], 2, as_at_date="2025-03-31", extracted_on=day)]

    days = [taken("2025-03-30"), taken("2025-03-31"), taken("2026-05-05"), taken("2026-05-06"), taken(None)]
    assert [bool(one) for one in find(f"{feed}.extracted_after", *days)] == [True, False, False, False, False]
    assert [bool(one) for one in find(f"{feed}.extracted_late", *days)] == [False, False, False, True, False]


@pytest.mark.parametrize("feed", ["staff", "headcount"])
def test_the_rarer_of_two_dates_of_one_month_is_named(find: Find, feed: str) -> None:
    def dated(*days: str) -> list[Row]:
        return [row(FEEDS[feed][1], line, as_at_date=day) for line, day in enumerate(days, 2)]

    slip, months = dated("2026-03-31", "2026-03-13", "2026-03-31"), dated("2026-02-28", "2026-03-31")
    two_employers = [*dated("2026-03-31"), row(FEEDS[feed][1], 3, as_at_date="2026-03-30", org_code="RBK")]
    found = find(f"{feed}.dates_of_one_month", slip, months, two_employers)
    assert found == [[(slip[0]["file"], (3,), "as_at_date")], [], []]


# ---------------------------------------------------------------------------------------------------------------------
# Keys of people
# ---------------------------------------------------------------------------------------------------------------------


# What two rows of a file have for a key, and whether it is one key in two spellings.
KEYS = [
    ("00123", "123", True),
    ("00123", "00123", False),
    ("123.0", "123", True),
    ("ab1", "AB1", True),
    ("p1", "p10", False),
    ("0", "00", True),
    ("1.20", "1.2", False),
]


def test_a_key_that_a_spreadsheet_mangled_is_named(find: Find) -> None:
    template = FEEDS["staff"][1]

    def keyed(first: str, second: str, **cells: str) -> list[Row]:
        return [
            row(template, 2, person_key=first, assignment_key="a"),
            row(template, 3, person_key=second, assignment_key="b") | cells,
        ]

    elsewhere = keyed("00123", "123", org_code="RBK")  # a key is one employer's
    found = find("staff.person_key_spelt_twice", *(keyed(one, other) for one, other, _ in KEYS), elsewhere)
    assert found == [[("staff.csv", (3,), "person_key")] if twice else [] for *_, twice in KEYS] + [[]]


# ---------------------------------------------------------------------------------------------------------------------
# Answers not given
# ---------------------------------------------------------------------------------------------------------------------


def answers(known: int, missing: int, field: str = "ethnicity") -> list[Row]:
    return [
        row(FEEDS["staff"][1], 2 + number, person_key=f"p{number}", assignment_key=f"a{number}")
        | {f"{field}_answer_status": "missing" if number < missing else "known"}
        for number in range(known + missing)
    ]


def test_a_field_is_named_once_with_all_its_rows(con: Connection, tmp_path: Path) -> None:
    """5 of 11 are more than 40 %, 4 of 10 aren't, and of 9 nothing is said."""
    tables = {"five": answers(6, 5), "four": answers(6, 4), "few": answers(0, 9), "sex": answers(6, 5, "sex")}
    rows = [{**cells, "file": file} for file, table in tables.items() for cells in table]
    found = [
        (one.file, one.column, one.rows_failing, one.rows_tried, one.lines)
        for one in judged(con, tmp_path, "staff", rows)
        if one.rule == "staff.undisclosed"
    ]
    assert found == [("five", "ethnicity", 5, 11, (2,)), ("sex", "sex", 5, 11, (2,))]


def test_each_field_has_a_limit_of_its_own(con: Connection, tmp_path: Path) -> None:
    rows = answers(6, 5) + [{**cells, "line": 50 + cells["line"], "file": "sex"} for cells in answers(6, 5, "sex")]
    con.execute("create temp table kept_method as from method")
    con.execute("update method set undisclosed_limits = struct_update(undisclosed_limits, ethnicity := 0.5)")
    try:
        found = [one.column for one in judged(con, tmp_path, "staff", rows) if one.rule == "staff.undisclosed"]
    finally:
        con.execute("create or replace table method as from kept_method")
    assert found == ["sex"]
