"""Every rule of the suites can fail: for each the smallest table that breaks it."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import contract
from pipelines.compare import OVER_TIME
from pipelines.database import Connection
from pipelines.sidecar import ControlTotal, Sidecar
from pipelines.suite import CHECKED_ONLY, suite
from tests.rules import FEEDS, groups, row, staff
from tests.typed import Row, judged

JANUARY, FEBRUARY = "2026-01-31", "2026-02-28"


def of(feed: str, *lines: Mapping[str, Any]) -> list[Row]:
    """Good rows of a feed, but for what is given of each; staff's have an assignment each."""
    own = ({"assignment_key": f"a{line}"} if feed == "staff" else {} for line in range(len(lines)))
    return [
        row(FEEDS[feed][1], line, **keys) | cells for line, (keys, cells) in enumerate(zip(own, lines, strict=True), 2)
    ]


def people(count: int, **cells: Any) -> list[dict[str, Any]]:
    return [{"person_key": f"{cells.get('grade', 'p')}{number}"} | cells for number in range(count)]


UNKNOWN = {"ethnicity": None, "ethnicity_answer_status": "missing"}
HIDDEN_ANSWER = {"category": None, "answer_status": "unknown"}
SEX = {"characteristic": "sex", "classification": "sex", "category": "Female"}
SUBTOTAL = {"role": "total", "grade": None, "dimensions": [None], "headcount": "8"}
REGIONS = [{"org_code": "E92000001", "headcount": "44"}] + [
    {"org_code": f"E1200000{number}", "headcount": str(number)} for number in range(1, 10)
]

BROKEN: dict[str, list[Row]] = {
    "staff.fte_range": of("staff", {"fte": "1.6"}),
    "staff.bank_fte_range": of("staff", {"fte": "1.6", "employment_type": "bank"}),
    "staff.fte_needed": of("staff", {"fte": None}, {"fte": "1", "person_key": "q"}),
    "staff.fte_absent": of("staff", {"fte": None}),
    "staff.organisation_known": of("staff", {"org_code": "XQZ"}),
    "staff.organisation_open": of("staff", {"org_code": "QUA", "as_at_date": "2022-06-30"}),
    "staff.code_turned_number": of("staff", {"org_code": "5E+01"}),
    "staff.extracted_after": of("staff", {"extracted_on": "2026-01-30"}),
    "staff.extracted_late": of("staff", {"extracted_on": "2027-03-08"}),
    "staff.dates_of_one_month": of("staff", {}, {"as_at_date": "2026-01-30"}),
    "staff.one_primary": of("staff", {"primary_assignment": "false"}),
    "staff.person_key_spelt_twice": of("staff", {"person_key": "0123"}, {"person_key": "123"}),
    "staff.undisclosed": of("staff", *people(5, **UNKNOWN), *people(5, grade="band_6")),
    "staff.group_moved": [
        *staff("staff.csv", JANUARY, {"C2": 26, "CA": 7}),
        *staff("staff.csv", FEBRUARY, {"C2": 0, "CA": 33}),
    ],
    "staff.group_vanished": of(
        "staff",
        *people(60),
        *people(20, grade="band_6"),
        *people(60, as_at_date=FEBRUARY),
    ),
    "staff.total_jump": of("staff", *people(30), *people(40, as_at_date=FEBRUARY)),
    "staff.rows_missing": of("staff", *people(7)),
    "staff.control_total": of("staff", *people(9)),
    "staff.control_total_without_rows": of("staff", {}),
    "staff.date_range": of("staff", {"as_at_date": "1999-12-31"}),
    "staff.key": of("staff", {"assignment_key": "a"}, {"assignment_key": "a"}),
    "headcount.organisation_known": of("headcount", {"org_code": "XQZ"}),
    "headcount.organisation_open": of("headcount", {"org_code": "E10000006", "as_at_date": "2023-04-01"}),
    "headcount.code_turned_number": of("headcount", {"org_code": "5E+01"}),
    "headcount.extracted_after": of("headcount", {"extracted_on": "2022-09-29"}),
    "headcount.extracted_late": of("headcount", {"extracted_on": "2023-11-05"}),
    "headcount.dates_of_one_month": of("headcount", {}, {"as_at_date": "2022-09-29"}),
    "headcount.fte_above_headcount": of("headcount", {"fte": "1.6"}),
    "headcount.parts_make_total": of("headcount", {"dimensions": ["Band 5"]}, SUBTOTAL),
    "headcount.percentage_agrees": of("headcount", {"percentage": "50.0"}),
    "headcount.percentage_unreadable": of("headcount", {"percentage_fault": "not_a_number"}),
    "headcount.regions_make_nation": of("headcount", *REGIONS),
    "headcount.parts_beside_whole": of("headcount", {"org_code": "E12000007"}, {"org_code": "E13000001"}),
    "headcount.one_classification": of("headcount", {}, {"classification": "wres"}),
    "headcount.characteristics_agree": of("headcount", {}, SEX | {"headcount": "2"}),
    "headcount.undisclosed": of("headcount", {"headcount": "5"}, HIDDEN_ANSWER | {"headcount": "5"}),
    "headcount.group_moved": [
        *groups({"Black": 26, "Mixed": 7}, as_at_date="2021-09-30"),
        *groups({"Black": 0, "Mixed": 33}, line=4),
    ],
    "headcount.group_vanished": of(
        "headcount",
        {"headcount": "60", "as_at_date": "2022-08-31"},
        {"headcount": "20", "as_at_date": "2022-08-31", "grade": "band_6"},
        {"headcount": "60"},
    ),
    "headcount.total_jump": of("headcount", {"headcount": "30", "as_at_date": "2022-08-31"}, {"headcount": "40"}),
    "headcount.rows_missing": of("headcount", {"headcount": "7"}),
    "headcount.control_total": of("headcount", {"headcount": "9"}),
    "headcount.control_total_without_rows": of("headcount", {}),
    "headcount.date_range": of("headcount", {"as_at_date": "2050-01-01"}),
    "headcount.key": of("headcount", {}, {}),
    "population.number": of("population", {"population": None}),
    "population.area_code": of("population", {"area_code": "Dudley"}),
    "population.parts_make_total": of(
        "population", {"dimensions": ["Asian"]}, {"role": "total", "dimensions": [None], "population": "8"}
    ),
    "population.code_turned_number": of("population", {"area_code": "5E+01"}),
    "population.age_range": of("population", {"age_range": "adults"}),
    "population.one_classification": of("population", {}, {"classification": "census_2021_19"}),
    "population.percentage_agrees": of("population", {"percentage": "50.0"}),
    "population.percentage_unreadable": of("population", {"percentage_fault": "not_a_number"}),
    "population.total_near_residents": of("population", {"area_code": "E08000027"}),
    "population.key": of("population", {}, {}),
}
BROKEN |= {
    f"{feed}.{name}": of(feed, {f"{name}_fault": "empty"})
    for feed in contract.FEEDS
    for name in contract.load(feed).columns
    if name not in CHECKED_ONLY
}

TEN = Sidecar(control_totals=(ControlTotal(people=10, fte=10),))
ELSEWHERE = Sidecar(control_totals=(ControlTotal(organisation="RL4", as_at=date(2026, 1, 31), people=10),))
SIDECARS = {
    f"{feed}.{rule}": sidecar
    for feed in contract.POST_FEEDS
    for rule, sidecar in {"rows_missing": TEN, "control_total": TEN, "control_total_without_rows": ELSEWHERE}.items()
}


@pytest.mark.parametrize("feed", contract.FEEDS)
def test_every_rule_can_fail(con: Connection, tmp_path: Path, feed: str) -> None:
    """Each table in a file of its own, named after its rule; where rules compare dates, of an employer of its own."""
    broken = {rule: rows for rule, rows in BROKEN.items() if rule.startswith(f"{feed}.")}
    rows = [
        {**cells, "file": rule} | ({"org_code": rule} if rule.endswith(OVER_TIME) else {})
        for rule, table in broken.items()
        for cells in table
    ]
    found: dict[str, set[str]] = {rule: set() for rule in broken}
    for one in judged(con, tmp_path, feed, rows, SIDECARS):
        found[one.file].add(one.rule.removesuffix(".empty"))
    assert [rule for rule in broken if rule not in found[rule]] == []
    assert set(broken) == {expectation.meta["rule"] for expectation in suite(feed).expectations if expectation.meta}
