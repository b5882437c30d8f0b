"""The rules on a sender's own totals, beside what the file holds."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from pipelines.database import Connection
from pipelines.sidecar import ControlTotal, Sidecar
from tests.rules import FEEDS, groups, row
from tests.typed import Row, judged

Found = set[tuple[str, str, tuple[int, ...]]]


def assignments(*kinds: str, people: int = 10) -> list[Row]:
    """So many people, each with an assignment of every kind given, full time."""
    return [
        row(FEEDS["staff"][1], 2 + number * len(kinds) + place, employment_type=kind)
        | {"person_key": f"p{number}", "assignment_key": f"a{number}.{place}"}
        for number in range(people)
        for place, kind in enumerate(kinds)
    ]


def found(con: Connection, folder: Path, rows: Sequence[Row], *totals: ControlTotal, feed: str = "staff") -> Found:
    file = rows[0]["file"]
    return {
        (one.rule, one.column, one.lines)
        for one in judged(con, folder, feed, rows, {file: Sidecar(control_totals=totals)})
        if one.rule.split(".")[1] in ("rows_missing", "control_total", "control_total_without_rows")
    }


def wrong(*fields: str) -> Found:
    return {("staff.control_total", field, (2,)) for field in fields}


# The totals of ten people, each with a substantive and a bank assignment, and which of them are wrong.
TOTALS = [
    (ControlTotal(people=10, assignments=20, fte=20), ()),
    (ControlTotal(people=10, assignments=10, fte=10), ()),  # substantive alone
    (ControlTotal(people=11), ("people",)),
    (ControlTotal(people=9), ("people",)),
    (ControlTotal(assignments=15, fte=15), ("assignments", "fte")),
    (ControlTotal(people=20), ("people",)),  # assignments counted as people
    (ControlTotal(), ()),
]


@pytest.mark.parametrize(("total", "fields"), TOTALS)
def test_a_total_may_be_of_everybody_or_of_substantive_staff(
    con: Connection, tmp_path: Path, total: ControlTotal, fields: tuple[str, ...]
) -> None:
    assert found(con, tmp_path, assignments("substantive", "bank"), total) == wrong(*fields)


def test_one_in_a_hundred_is_no_difference(con: Connection, tmp_path: Path) -> None:
    rows = assignments("substantive", people=100)
    assert found(con, tmp_path, rows, ControlTotal(people=101, assignments=101)) == set()
    assert found(con, tmp_path, rows, ControlTotal(people=102, assignments=98)) == wrong("people", "assignments")


def test_rows_that_other_rules_turn_away_were_sent_all_the_same(con: Connection, tmp_path: Path) -> None:
    rows = [cells | {"fte": "1.6"} if number < 5 else cells for number, cells in enumerate(assignments("substantive"))]
    assert found(con, tmp_path, rows, ControlTotal(people=10, assignments=10)) == set()


@pytest.mark.parametrize(
    ("total", "missing"),
    [
        (ControlTotal(people=12), False),  # ten of twelve are five in six
        (ControlTotal(people=13), True),
        (ControlTotal(assignments=13), True),
        (ControlTotal(fte=99), False),
    ],
)
def test_a_file_that_was_cut_off_is_refused(
    con: Connection, tmp_path: Path, total: ControlTotal, missing: bool
) -> None:
    rules = {rule for rule, *_ in found(con, tmp_path, assignments("substantive"), total)}
    assert rules == {"staff.control_total"} | ({"staff.rows_missing"} if missing else set())


def test_a_total_is_about_its_organisation_and_date(con: Connection, tmp_path: Path) -> None:
    rows = [*assignments("substantive"), *[one | {"org_code": "RBK"} for one in assignments("substantive", people=5)]]
    right = (ControlTotal(organisation="RNA", people=10), ControlTotal(organisation="RBK", people=5))
    assert found(con, tmp_path, rows, *right) == set()
    assert found(con, tmp_path, rows, ControlTotal(organisation="RBK", people=10)) == {
        ("staff.control_total", "people", (2,)),
        ("staff.rows_missing", "", (2,)),
    }
    assert found(con, tmp_path, rows, ControlTotal(people=99)) == set()  # nobody knows which of the two is meant


def test_a_total_of_somebody_who_is_not_there_is_named_without_a_line(con: Connection, tmp_path: Path) -> None:
    rows = assignments("substantive")
    nobody = {("staff.control_total_without_rows", "", ())}
    assert found(con, tmp_path, rows, ControlTotal(organisation="RBK", people=10)) == nobody
    assert found(con, tmp_path, rows, ControlTotal(as_at=date(2026, 2, 28), people=10)) == nobody


def test_everybody_in_counts_is_counted_once_whatever_the_characteristics(con: Connection, tmp_path: Path) -> None:
    sexes = groups({"Female": 6, "Male": 4}, line=4, characteristic="sex", classification="sex")
    rows = [*groups({"Asian": 3, "White": 7}), *sexes]
    assert found(con, tmp_path, rows, ControlTotal(people=10), feed="headcount") == set()
    assert found(con, tmp_path, rows, ControlTotal(people=11), feed="headcount") == {
        ("headcount.control_total", "people", (2,))
    }
    assert {rule for rule, *_ in found(con, tmp_path, rows, ControlTotal(people=20), feed="headcount")} == {
        "headcount.control_total",
        "headcount.rows_missing",
    }


def test_hidden_counts_come_to_no_total(con: Connection, tmp_path: Path) -> None:
    rows = groups({"Asian": None, "White": 7})
    assert found(con, tmp_path, rows, ControlTotal(people=10), feed="headcount") == set()
