"""Waivers: a rule set aside for one sender until a date, in writing; what it lets through says so."""

from datetime import date
from pathlib import Path

import pytest

from pipelines import ledger, reference
from pipelines.database import Connection
from pipelines.ingest import ingest
from pipelines.judge import Finding
from pipelines.places import DataFolder
from pipelines.validate import Validated, validate
from pipelines.waiver import WaiverError, load_all
from tests.spec.test_ingest import staff_csv

WAIVER = """rule: staff.fte_range
organisation: RXK
column: fte
reason: job-share contracts are recorded together until June
approved_by: A. Analyst, workforce information
approved_on: 2026-04-02
expires: 2026-06-30
"""


def judge(con: Connection, folder: Path, text: str, waiver: str = WAIVER, **received: int) -> Validated:
    (folder / "waivers").mkdir(exist_ok=True)
    (folder / "waivers" / "job-shares.yaml").write_text(waiver, encoding="utf-8")
    (folder / "sent.csv").write_text(text, encoding="utf-8")
    data = DataFolder(folder)
    before = [ledger.Received("0" * 64, "old.csv", "staff", {("RXK", day): rows}) for day, rows in received.items()]
    return validate(con, ingest(con, data, [folder / "sent.csv"], folder / "work"), reference.method(data), before)


def rows(*odd: dict[str, str], good: int = 40) -> str:
    return staff_csv(*({"person_key": f"p{number}"} for number in range(good)), *odd)


LONG_HOURS = {"person_key": "x", "fte": "1.6"}


def found(verdict: Validated) -> list[tuple[str, str, str]]:
    return [(one.rule, one.severity, one.waiver) for one in verdict.findings if one.rule != "staff.undisclosed"]


def test_a_row_that_a_waiver_lets_through_enters_and_is_named(con: Connection, tmp_path: Path) -> None:
    verdict = judge(con, tmp_path, rows(LONG_HOURS))
    (accepted,) = verdict.accepted
    assert (accepted.rows_accepted, accepted.rows_rejected) == (41, 0)
    assert found(verdict) == [("staff.fte_range", "waived", "job-shares")]
    (waiving,) = verdict.waivings
    assert (waiving.rule, waiving.code, waiving.as_at, waiving.rows) == (
        "staff.fte_range",
        "RXK",
        date(2026, 3, 31),
        1,
    )
    assert con.execute("select count(*) from failing_row").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("row", "waiver"),
    [
        (LONG_HOURS, WAIVER.replace("2026-06-30", "2026-03-30")),  # it ended the day before
        (LONG_HOURS, WAIVER.replace("RXK", "RNA")),
        (LONG_HOURS, WAIVER.replace("column: fte", "column: grade")),
        (LONG_HOURS, WAIVER.replace("staff.fte_range", "staff.fte_needed")),
        (LONG_HOURS, WAIVER.replace("organisation: RXK", "organisation: RXK\nlayout: esr_equality")),
        (LONG_HOURS, WAIVER.replace("organisation: RXK", "file: '*.xlsx'")),
        (LONG_HOURS | {"org_code": "RNA"}, WAIVER),
    ],
    ids=["ended", "another organisation", "another column", "another rule", "another layout", "another file", "RNA"],
)
def test_a_waiver_about_something_else_lets_nothing_through(
    con: Connection, tmp_path: Path, row: dict[str, str], waiver: str
) -> None:
    verdict = judge(con, tmp_path, rows(row), waiver)
    assert [one.rows_rejected for one in verdict.accepted] == [1]
    assert found(verdict) == [("staff.fte_range", "reject_row", "")]
    assert verdict.waivings == ()


def test_it_holds_on_its_last_day_and_for_a_pattern_of_files(con: Connection, tmp_path: Path) -> None:
    waiver = WAIVER.replace("organisation: RXK", "file: 's?nt*.csv'").replace("2026-06-30", "2026-03-31")
    assert [one.rows_accepted for one in judge(con, tmp_path, rows(LONG_HOURS), waiver).accepted] == [41]


def test_only_the_organisations_own_rows_pass_in_a_file_of_several(con: Connection, tmp_path: Path) -> None:
    verdict = judge(con, tmp_path, rows(LONG_HOURS, LONG_HOURS | {"org_code": "RNA", "person_key": "y"}))
    by_severity: dict[str, Finding] = {one.severity: one for one in verdict.findings if one.rule == "staff.fte_range"}
    assert {key: one.lines for key, one in by_severity.items()} == {"waived": (42,), "reject_row": (43,)}
    assert [one.rows_rejected for one in verdict.accepted] == [1]


def test_a_row_with_another_fault_stays_out(con: Connection, tmp_path: Path) -> None:
    verdict = judge(con, tmp_path, rows(LONG_HOURS | {"grade": "band_8"}))
    assert [(one.rows_accepted, one.rows_rejected) for one in verdict.accepted] == [(40, 1)]
    assert verdict.waivings == ()


def test_a_warning_that_somebody_looked_into_is_no_warning(con: Connection, tmp_path: Path) -> None:
    waiver = WAIVER.replace("staff.fte_range", "staff.fte_absent")
    text = staff_csv({"person_key": "p", "fte": ""}, {"person_key": "q", "fte": ""})
    assert ("staff.fte_absent", "waived", "job-shares") in found(judge(con, tmp_path, text, waiver))


def test_a_whole_file_can_be_let_through(con: Connection, tmp_path: Path) -> None:
    many = [{"person_key": f"x{number}", "fte": "9"} for number in range(5)]
    refused = judge(con, tmp_path, rows(*many), WAIVER.replace("fte_range", "fte_absent"))
    assert [one.rule for one in refused.refusals] == ["file.too_many_rejected"]
    waiver = WAIVER.replace("staff.fte_range", "file.too_many_rejected").replace("column: fte\n", "")
    verdict = judge(con, tmp_path, rows(*many), waiver)
    assert [(one.rows_accepted, one.rows_rejected) for one in verdict.accepted] == [(40, 5)]
    assert [(one.rule, one.code, one.rows) for one in verdict.waivings] == [("file.too_many_rejected", "RXK", 40)]


def test_a_whole_file_with_rejected_rows_of_somebody_else_is_not_let_through(con: Connection, tmp_path: Path) -> None:
    many = [{"person_key": f"x{number}", "fte": "9", "org_code": "RNA"} for number in range(5)]
    waiver = WAIVER.replace("staff.fte_range", "file.too_many_rejected").replace("column: fte\n", "")
    assert [one.rule for one in judge(con, tmp_path, rows(*many), waiver).refusals] == ["file.too_many_rejected"]


def test_an_organisation_that_shrank_can_be_let_through(con: Connection, tmp_path: Path) -> None:
    day = {"2026-03-31": 100}
    assert [one.rule for one in judge(con, tmp_path, rows(), **day).refusals] == ["file.shrinks"]
    waiver = WAIVER.replace("staff.fte_range", "file.shrinks").replace("column: fte\n", "")
    assert [one.rows_accepted for one in judge(con, tmp_path, rows(), waiver, **day).accepted] == [40]
    ended = waiver.replace("2026-06-30", "2026-03-30")
    assert [one.rule for one in judge(con, tmp_path, rows(), ended, **day).refusals] == ["file.shrinks"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (WAIVER.replace("fte_range", "grade"), r"rule: 'staff\.grade' doesn't exist or can't be waived"),
        (WAIVER.replace("staff.fte_range", "staff.key"), "can't be waived"),
        (WAIVER.replace("organisation: RXK\n", ""), "say for whom"),
        (WAIVER.replace("organisation: RXK", "file: '**'"), "a pattern of every name"),
        (WAIVER.replace("reason: job", "why: job"), r"job-shares\.yaml: (reason|why)"),
        (WAIVER.replace("approved_by: A. Analyst, workforce information", "approved_by: ' '"), "approved_by"),
        (WAIVER.replace("2026-06-30", "2026-06-31"), "job-shares.yaml"),
        (WAIVER.replace("expires: 2026-06-30\n", ""), "expires"),
        (WAIVER.replace("staff.fte_range", "column.personal").replace("column: fte\n", ""), "name the column"),
        ("- a\n- list\n", "the whole of it"),
        ("rule: [", "isn't YAML"),
    ],
)
def test_a_waiver_that_cannot_be_used_is_named_with_its_entry(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "waivers").mkdir()
    (tmp_path / "waivers" / "job-shares.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WaiverError, match=sentence):
        load_all(DataFolder(tmp_path))
