"""What senders get wrong: each fault is found, called by its name at its line, and nothing else of the file is lost."""

from pathlib import Path

import pytest

from pipelines import reference
from pipelines.database import Connection
from pipelines.ingest import ingest
from pipelines.places import DataFolder
from pipelines.validate import Validated, validate
from tests.spec.test_freeze import HEADER as HEADCOUNT
from tests.spec.test_ingest import staff_csv


def judge(con: Connection, folder: Path, **texts: str) -> Validated:
    data = DataFolder(folder)
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    files = sorted(folder.glob("*.csv"))
    return validate(con, ingest(con, data, files, folder / "work"), reference.method(data))


GOOD = [{"person_key": f"p{number}"} for number in range(25)]

# A cell of one row of a staff file, and the rule that rejects the row.
CELLS = {
    "an unknown value": ({"religion": "Pastafarian"}, "staff.religion.not_in_list"),
    "a code in the wrong field": ({"disability": "Female"}, "staff.disability.of_another_column"),
    "a code that a spreadsheet made a number": ({"org_code": "5.00E+01"}, "staff.code_turned_number"),
    "a subtotal among the rows": ({"grade": "Total"}, "staff.grade.a_total"),
    "a band that doesn't exist": ({"grade": "band_8"}, "staff.grade.not_in_list"),
    "an employer nobody knows": ({"org_code": "XYZ"}, "staff.organisation_known"),
}


@pytest.mark.parametrize("what", CELLS)
def test_a_bad_cell_costs_its_row_and_is_called_by_its_name(con: Connection, tmp_path: Path, what: str) -> None:
    cell, rule = CELLS[what]
    verdict = judge(con, tmp_path, staff=staff_csv(*GOOD, {"person_key": "bad", **cell}))
    (finding,) = (one for one in verdict.findings if one.severity == "reject_row")
    assert (finding.rule, finding.lines) == (rule, (27,))
    (accepted,) = verdict.accepted
    assert (accepted.extract.rows_in, accepted.rows_accepted, accepted.rows_rejected) == (26, 25, 1)
    assert next(iter(cell.values())) not in finding.sentence + finding.advice


def test_only_a_code_of_staff_can_be_mapped(con: Connection, tmp_path: Path) -> None:
    odd = ({"person_key": "x", "grade": "Trust Exec 2"}, {"person_key": "y", "religion": "Pastafarian"})
    verdict = judge(con, tmp_path, staff=staff_csv(*GOOD, *GOOD, *odd))
    advice = {one.column: one.advice for one in verdict.findings if one.severity == "reject_row"}
    assert "docs/senders.md" in advice["grade"]
    assert "docs/layouts.md" in advice["religion"]


# Cells that are read right, and the note about them.
NOTED = {
    "blanks around a code": ({"org_code": "RXK "}, "file.blanks"),
    "another spelling of a label": ({"disability": "NO"}, "file.spellings"),
}


@pytest.mark.parametrize("what", NOTED)
def test_what_can_be_read_is_read_and_noted(con: Connection, tmp_path: Path, what: str) -> None:
    cell, rule = NOTED[what]
    verdict = judge(con, tmp_path, staff=staff_csv(*GOOD, {"person_key": "odd", **cell}))
    noted = [(one.rule, one.severity, one.lines) for one in verdict.findings if one.rule != "staff.undisclosed"]
    assert noted == [(rule, "warn", (27,))]
    assert verdict.accepted[0].rows_accepted == 26


def counts(day: str, **groups: int) -> list[str]:
    start = f"{day},RNA,substantive,band_5,clinical,unknown,ethnicity,esr_16"
    return [f"{start},{group},known,{headcount}" for group, headcount in groups.items()]


def test_a_group_that_changed_places_with_its_neighbour_between_two_dates_is_named(
    con: Connection, tmp_path: Path
) -> None:
    """26 to 0, while the next one goes from 7 to 32: the list of codes has slipped by a line."""
    rows = [*counts("2025-09-30", A=200, B=26, C=7, H=40), *counts("2026-03-31", A=201, B=0, C=32, H=41)]
    verdict = judge(con, tmp_path, headcount="\n".join([HEADCOUNT, *rows, ""]))
    (finding,) = verdict.findings
    assert (finding.rule, finding.severity, finding.column) == ("headcount.group_moved", "warn", "ethnicity")
    assert verdict.accepted[0].rows_accepted == 8


def test_london_beside_inner_and_outer_london_is_named_and_not_added_up(con: Connection, tmp_path: Path) -> None:
    rows = [
        f"2026-03-31,{code},substantive,case_holder,unknown,social_care,ethnicity,ons_5,White,known,{headcount}"
        for code, headcount in (("E12000007", 30), ("E13000001", 10), ("E13000002", 20), ("E12000005", 40))
    ]
    verdict = judge(con, tmp_path, headcount="\n".join([HEADCOUNT, *rows, ""]))
    (finding,) = verdict.findings
    assert (finding.rule, finding.rows_failing) == ("headcount.parts_beside_whole", 2)
    assert verdict.accepted[0].rows_accepted == 4
