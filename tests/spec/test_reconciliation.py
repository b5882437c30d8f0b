"""Reconciliation: from the sender's own totals to ours, line by line."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines import database, listing
from pipelines.database import Connection
from pipelines.sidecar import ControlTotal
from tests.staff import Row, assignment, extract, register, selected

# Two people counted, one of them twice in the file and once on the bank; one on the bank only; one on a career break.
EVERYBODY = [
    assignment(person_key="p1", assignment_key="a1", fte="0.6000"),
    assignment(person_key="p1", assignment_key="a2", fte="0.4000", primary_assignment=False),
    assignment(person_key="p1", assignment_key="a3", fte="0.1000", employment_type="bank"),
    assignment(person_key="p2", assignment_key="a4", fte="0.2000", employment_type="bank"),
    assignment(person_key="p3", assignment_key="a5", fte="0.5000", assignment_status="career_break"),
    assignment(person_key="p4", assignment_key="a6", fte="1.0000"),
]


def lines(con: Connection, *names: str, **where: Any) -> list[tuple[Any, ...]]:
    found = selected(con, database.read_sql("marts/reconciliation"), **where)
    return [tuple(row[name] for name in names) for row in found]


def reconciled(
    con: Connection, measure: str, total: ControlTotal, rows: list[Row] = EVERYBODY
) -> list[tuple[Any, ...]]:
    register(con, extract(total, accepted=len(rows)), rows=rows)
    return [(item, float(value)) for item, value in lines(con, "item", "value", measure=measure, org_code="RNA")]


def hint(con: Connection, measure: str, total: ControlTotal, rejected: int = 0) -> str:
    register(con, extract(total, accepted=len(EVERYBODY), rejected=rejected), rows=EVERYBODY)
    ((note,),) = lines(con, "note", measure=measure, org_code="RNA", item="unexplained")
    return str(note)


def test_people_from_the_senders_total_to_ours(con: Connection) -> None:
    assert reconciled(con, "people", ControlTotal(people=4)) == [
        *(("sender", 4), ("bank_only", -1), ("career_break", -1), ("ours", 2), ("unexplained", 0)),
    ]


def test_assignments_from_the_senders_total_to_ours(con: Connection) -> None:
    assert reconciled(con, "assignments", ControlTotal(assignments=6)) == [
        *(("sender", 6), ("bank_only", -1), ("career_break", -1), ("also_bank", -1), ("duplicate", -1)),
        *(("ours", 2), ("unexplained", 0)),
    ]


def test_hours_of_a_second_post_stay_with_the_person(con: Connection) -> None:
    assert reconciled(con, "fte", ControlTotal(fte=Decimal("2.8"))) == [
        *(("sender", 2.8), ("bank_only", -0.2), ("career_break", -0.5), ("also_bank", -0.1)),
        *(("ours", 2.0), ("unexplained", 0)),
    ]


@pytest.mark.parametrize("total", range(9))
def test_the_lines_add_up_whatever_was_sent(con: Connection, total: int) -> None:
    (_, sender), *steps, (_, ours), (_, unexplained) = reconciled(con, "people", ControlTotal(people=total))
    assert sender + sum(value for _, value in steps) == ours + unexplained


@pytest.mark.parametrize(
    ("measure", "total", "note"),
    [
        ("people", ControlTotal(people=4), "the steps explain the whole difference"),
        # Of one figure, several steps together say nothing: some of many numbers nearly always add up to another.
        ("people", ControlTotal(people=2), "ask the sender what the total counts"),
        (
            "people",
            ControlTotal(people=2, assignments=4, fte=Decimal("2.1")),
            "as much as bank_only, career_break took out: the sender seems to have left them out already",
        ),
        ("people", ControlTotal(people=2, assignments=4, fte=Decimal("2.77")), "ask the sender what the total counts"),
        ("people", ControlTotal(people=3), "ask the sender what the total counts"),  # one of two: which can't be told
        (
            "fte",
            ControlTotal(fte=Decimal("2.6")),
            "as much as bank_only took out: the sender seems to have left them out already",
        ),
        (
            "people",
            ControlTotal(people=6),
            "as many people as the file has rows: the sender seems to have counted assignments",
        ),
        ("people", ControlTotal(people=9), "ask the sender what the total counts"),
    ],
)
def test_a_note_says_what_a_difference_may_be(con: Connection, measure: str, total: ControlTotal, note: str) -> None:
    assert hint(con, measure, total) == note


def test_rejected_rows_may_be_the_difference(con: Connection) -> None:
    note = "3 rows of the file were rejected: whose they are isn't known"
    assert hint(con, "people", ControlTotal(people=5), rejected=3) == note
    rejected = lines(con, "value", "marker", measure="people", item="rejected")
    assert rejected == [(None, "[x]")]


def test_hours_that_the_file_lacks_are_no_hours_to_explain(con: Connection) -> None:
    rows = [assignment(fte=None), assignment(person_key="p2", assignment_key="a2", fte="0.5")]
    register(con, extract(ControlTotal(fte=Decimal("1.5"))), rows=rows)
    assert lines(con, "item", "value", "note", measure="fte", item="unexplained") == [
        ("unexplained", Decimal("1.0000"), "assignments of people counted without FTE in the file: 1")
    ]
    register(con, extract(ControlTotal(fte=Decimal("1.5"))), rows=rows[:1])
    assert lines(con, "item", "value", "marker", "note", measure="fte", org_code="RNA")[1:] == [
        ("ours", None, "[x]", "contracted hours of the people counted"),
        ("unexplained", None, "[x]", "the file has no such figure"),
    ]


def test_a_total_that_is_about_nobody_here_isnt_called_unsent(con: Connection) -> None:
    rows = [assignment(), assignment(as_at_date="2026-02-28")]
    register(con, extract(ControlTotal(people=1)), rows=rows)
    note = "control totals sent, and none says that it is about this organisation and date"
    assert lines(con, "item", "value", "note", org_code="RNA") == 2 * [("sender", None, note)]


def test_whose_file_counts_nobody_has_reported(con: Connection) -> None:
    """Only honorary staff: received, nobody counted, and not absent."""
    rows = [assignment(assignment_category="honorary"), assignment(org_code="RBK")]
    register(con, extract(ControlTotal(people=1, organisation="RNA")), rows=rows)
    assert lines(con, "measure", "item", "value", org_code="RNA") == [
        ("people", "sender", 1),
        ("people", "honorary", -1),
        ("people", "ours", 0),
        ("people", "unexplained", 0),
    ]
    ((coverage,),) = con.execute(
        "select coverage from coverage where org_code = 'E54000062' and sector = 'nhs'"
    ).fetchall()
    assert coverage.startswith("2 of 7")


def test_totals_that_agree_say_so(con: Connection) -> None:
    assert reconciled(con, "people", ControlTotal(people=1), [assignment()]) == [
        *(("sender", 1), ("ours", 1), ("unexplained", 0)),
    ]
    assert lines(con, "note", item="unexplained") == [("the totals agree",)]


def test_what_a_sender_doesnt_count_isnt_compared(con: Connection) -> None:
    register(con, extract(ControlTotal(people=4)), rows=EVERYBODY)
    assert {measure for (measure,) in lines(con, "measure", org_code="RNA")} == {"people"}


def test_an_organisation_without_totals_has_one_line(con: Connection) -> None:
    register(con, extract(), rows=EVERYBODY)
    assert lines(con, "measure", "line", "item", "value", "note", "marker", org_code="RNA") == [
        ("people", 0, "sender", None, "no control totals sent", "[x]")
    ]


def test_an_organisation_that_is_expected_and_absent_has_one_line(con: Connection) -> None:
    register(con, extract(), rows=EVERYBODY)
    assert lines(con, "measure", "line", "item", "value", "note", "marker", org_code="RL4") == [
        ("people", 0, "absent", None, "expected, and no file was accepted", "[x]")
    ]


def test_a_total_is_about_the_organisation_and_date_that_it_names(con: Connection) -> None:
    rows = [assignment(), assignment(org_code="RL4"), assignment(as_at_date="2026-02-28")]
    named = ControlTotal(organisation="RNA", as_at=date(2026, 3, 31), people=1)
    elsewhere = ControlTotal(organisation="RXK", as_at=date(2026, 3, 31), people=1)
    nowhere = ControlTotal(people=3)
    register(con, extract(named, elsewhere, nowhere), rows=rows)
    assert lines(con, "org_code", "as_at_date", "value", item="ours") == [("RNA", date(2026, 3, 31), 1)]


def test_the_day_the_data_were_taken_stands_beside_the_date_that_they_describe(con: Connection) -> None:
    register(
        con,
        replace(extract(ControlTotal(people=1)), taken_on={("RNA", "2026-03-31"): "2026-04-05"}),
        rows=[assignment()],
    )
    assert set(lines(con, "as_at_date", "extracted_on", org_code="RNA")) == {(date(2026, 3, 31), date(2026, 4, 5))}


def test_a_file_of_counts_is_compared_too(con: Connection) -> None:
    register(con, extract(ControlTotal(people=50, assignments=60, fte=Decimal(40))), rows=EVERYBODY)
    # The same employer's counts, in the place of its rows.
    for table in ("waterfall", "headcount"):
        con.execute(f"delete from {table}")
    count = "date '2026-03-31', 'RNA', {}, 'afc', 'clinical', 'unknown', 'band_5', 'total', 'total', 'all', 'known', {}"
    for employment_type, headcount, fte in (("substantive", 45, 38), ("bank", 5, 2)):
        cells = count.format(f"'{employment_type}'", f"{headcount}, {fte}")
        con.execute(f"insert into headcount values ({cells}, null, null, 'organisation')")
    found = lines(con, "measure", "item", "value", "note", org_code="RNA")
    assert [row[:3] for row in found if row[1] in ("bank_only", "ours", "unexplained")] == [
        *(("assignments", "bank_only", None), ("assignments", "ours", None), ("assignments", "unexplained", None)),
        *(("fte", "bank_only", -2), ("fte", "ours", 38), ("fte", "unexplained", 0)),
        *(("people", "bank_only", -5), ("people", "ours", 45), ("people", "unexplained", 0)),
    ]
    assert ("assignments", "unexplained", None, "the file has no such figure") in found


def test_the_terminal_names_whose_totals_differ_and_who_sent_none(con: Connection) -> None:
    rows = [*EVERYBODY, assignment(org_code="RL4"), assignment(org_code="RXK")]
    fitting = ControlTotal(organisation="RXK", people=1)
    register(con, extract(ControlTotal(organisation="RNA", people=2, fte=Decimal("2.8")), fitting), rows=rows)
    database.build(con, "marts/reconciliation")
    con.execute("delete from reconciliation where item = 'absent' and org_code not in ('QUA', 'TAJ')")
    assert listing.reconciliation_lines(con) == [
        "the senders' own: 2 organisations compared, 1 with a difference that no step explains",
        "none sent by RL4",
        "absent: QUA, TAJ",
        "RNA The Dudley Group NHS Foundation Trust: people total 2, ours 2, unexplained −2: ask the sender what the "
        "total counts",
    ]


def test_steps_that_took_out_nobody_knows_how_many_are_no_hint(con: Connection) -> None:
    """Subtotals among the rows: of whom they are isn't known, and can't be what a sender left out."""
    register(con, replace(extract(ControlTotal(people=1)), rows={"rejected": 0, "checking": 1}), rows=[*EVERYBODY])
    ((note,),) = lines(con, "note", measure="people", org_code="RNA", item="unexplained")
    assert note == "ask the sender what the total counts"


def test_hints_of_assignments_alone_name_one_step(con: Connection) -> None:
    """The bank and further posts have no hours here: without a difference in FTE, three steps that fit say nothing."""
    bank = [{**row, "fte": None} if row["employment_type"] == "bank" else row for row in EVERYBODY]
    register(con, extract(ControlTotal(assignments=3, fte=Decimal("2.5"))), rows=bank)
    ((note,),) = lines(con, "note", measure="assignments", org_code="RNA", item="unexplained")
    assert note == "ask the sender what the total counts"
