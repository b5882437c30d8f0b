"""The rules on rows: codes, dates, keys and hours; beside each fault a near miss that is none."""

from pathlib import Path

import pytest

from pipelines.database import Connection
from tests.rules import FEEDS, row
from tests.typed import judged

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
