"""Validate: a faulty file in, its verdict and findings out; never the value that was wrong."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines import reference
from pipelines.database import Connection
from pipelines.ingest import ingest
from pipelines.ledger import Received
from pipelines.places import DataFolder
from pipelines.validate import Validated, validate

STAFF: dict[str, str] = {
    "as_at_date": "",
    "org_code": "RXK",
    "person_key": "",
    "assignment_key": "",
    "employment_type": "substantive",
    "primary_assignment": "yes",
    "grade": "band_5",
    "staff_group": "estates_and_ancillary",
    "fte": "0.8",
    "sex": "Female",
    "age_band": "36-40",
    "ethnicity": "A",
    "disability": "No",
    "religion": "Atheism",
    "sexual_orientation": "Heterosexual or Straight",
    "marital_status": "Married",
    "extracted_on": "2024-12-31",
    "synthetic": "yes",
}
HEADCOUNT = {
    "as_at_date": "2026-03-31",
    "org_code": "RXK",
    "employment_type": "substantive",
    "grade": "",
    "clinical": "clinical",
    "staff_group": "unknown",
    "characteristic": "ethnicity",
    "classification": "ons_5",
    "category": "Asian",
    "answer_status": "known",
    "headcount": "5",
}
POPULATION = {
    "area_code": "",
    "characteristic": "ethnicity",
    "classification": "ons_5",
    "category": "Asian",
    "answer_status": "known",
    "age_range": "all",
    "population": "12",
    "vintage": "2021-03-21",
}
GRADES = [
    *(f"band_{n}" for n in range(2, 8)),
    "band_8a",
    "band_8b",
    "band_8c",
    "band_8d",
    "band_9",
    "vsm",
    "consultant",
]
GOOD_ROWS = 39  # and one bad one: 2.5 %, under the 5 % at which a file is refused
FAULTY_LINE = 21
Cells = dict[str, str]


def csv_text(template: Cells, rows: Sequence[Cells]) -> str:
    return "\n".join([",".join(template), *(",".join((template | row).values()) for row in rows)]) + "\n"


def nth_day(day: int) -> str:
    return (date(2024, 1, 1) + timedelta(days=day)).isoformat()


def staff_rows(day: int, count: int = GOOD_ROWS + 1, **cells: str) -> list[Cells]:
    """Good rows of one employer on one day; each test file has a day of its own, so that files don't clash."""
    return [
        {"as_at_date": nth_day(day), "person_key": f"p{n}", "assignment_key": f"a{n}"} | cells for n in range(count)
    ]


def headcount_rows() -> list[Cells]:
    return [{"grade": grade, "category": category} for grade in GRADES for category in ("Asian", "Black", "Mixed")]


def population_rows() -> list[Cells]:
    return [{"area_code": f"W0600{number:04}"} for number in range(1, GOOD_ROWS + 2)]


@dataclass(frozen=True)
class Fault:
    """One cell made wrong, and what must be found."""

    feed: str
    cells: Cells
    rule: str
    column: str
    severity: str = "reject_row"

    def text(self, day: int) -> str:
        """Return a file of good rows with this fault on FAULTY_LINE."""
        template, rows = {
            "staff": (STAFF, staff_rows(day)),
            "headcount": (HEADCOUNT | {"as_at_date": nth_day(day)}, headcount_rows()),
            "population": (POPULATION | {"age_range": f"{day}+"}, population_rows()),
        }[self.feed]
        rows[FAULTY_LINE - 2] |= self.cells
        return csv_text(template, rows)


FAULTS = [
    Fault("staff", {"as_at_date": "31/12/1987"}, "staff.as_at_date.not_a_date", "as_at_date"),
    Fault("staff", {"person_key": ""}, "staff.person_key.empty", "person_key"),
    Fault("staff", {"employment_type": "Zero hours"}, "staff.employment_type.not_in_list", "employment_type"),
    Fault("staff", {"primary_assignment": "perhaps"}, "staff.primary_assignment.not_yes_or_no", "primary_assignment"),
    Fault("staff", {"grade": "Grade Q77"}, "staff.grade.not_in_list", "grade"),
    Fault("staff", {"staff_group": "Wizards"}, "staff.staff_group.not_in_list", "staff_group"),
    Fault("staff", {"fte": "0.123456"}, "staff.fte.not_a_number", "fte"),
    Fault("staff", {"ethnicity": "Purple people"}, "staff.ethnicity.not_in_list", "ethnicity"),
    Fault("staff", {"disability": "Q-disability"}, "staff.disability.not_in_list", "disability"),
    Fault("staff", {"extracted_on": "7 April 1987"}, "staff.extracted_on.not_a_date", "extracted_on"),
    Fault("staff", {"fte": "1.5777"}, "staff.fte_range", "fte"),
    Fault("staff", {"org_code": "XQZ77"}, "staff.organisation_known", ""),
    Fault("staff", {"org_code": "E54000062"}, "staff.organisation_known", ""),
    Fault("staff", {"extracted_on": "1987-01-01"}, "staff.extracted_after", ""),
    Fault("staff", {"person_key": "p77x,surplus"}, "line.fields", ""),
    Fault("staff", {"person_key": '"p77x'}, "line.quote", ""),
    Fault("staff", {"primary_assignment": "no"}, "staff.one_primary", "", "warn"),
    Fault("staff", {"assignment_key": "a0"}, "staff.key", "", "reject_file"),
    Fault("headcount", {"headcount": "7777.5"}, "headcount.headcount.not_a_whole_number", "headcount"),
    Fault("headcount", {"category": "Purple people"}, "headcount.answer.not_in_list", "answer"),
    Fault("headcount", {"org_code": "XQZ77"}, "headcount.organisation_known", ""),
    Fault("headcount", {"grade": "band_2", "category": "Asian"}, "headcount.key", "", "reject_file"),
    Fault("population", {"population": ""}, "population.number", "population"),
    Fault("population", {"area_code": "Dudley77"}, "population.area_code", ""),
    Fault("population", {"age_range": "grown-ups"}, "population.age_range", ""),
    Fault("population", {"vintage": "Census 1987"}, "population.vintage.not_a_date", "vintage"),
]
CASES = [(f"{number:02}.{fault.rule}.csv", fault) for number, fault in enumerate(FAULTS)]
NAMES = [name for name, _ in CASES]


def judge(con: Connection, folder: Path, received: Sequence[Received] = (), **files: str) -> Validated:
    """Write files, ingest and validate them."""
    landing = folder / "landing"
    shutil.rmtree(landing, ignore_errors=True)
    landing.mkdir()
    for name, text in files.items():
        (landing / f"{name}.csv").write_text(text, encoding="utf-8")
    data = DataFolder(folder)
    ingested = ingest(con, data, sorted(landing.iterdir()), folder / "work")
    return validate(con, ingested, reference.method(data), received)


def taken_in(validated: Validated) -> list[Received]:
    """What the ledger would remember of the accepted files."""
    return [
        Received(one.extract.sha256, one.extract.file, one.extract.feed, one.rows_about) for one in validated.accepted
    ]


@pytest.fixture(scope="module")
def faulty(con: Connection, tmp_path_factory: pytest.TempPathFactory) -> Validated:
    """Every faulty file in one landing."""
    files = {name.removesuffix(".csv"): fault.text(day) for day, (name, fault) in enumerate(CASES)}
    return judge(con, tmp_path_factory.mktemp("faulty"), **files)


@pytest.mark.parametrize(("name", "fault"), CASES, ids=NAMES)
def test_each_rule_finds_its_row(faulty: Validated, name: str, fault: Fault) -> None:
    (finding,) = (one for one in faulty.findings if one.file == name and one.rule == fault.rule)
    assert (finding.column, finding.severity) == (fault.column, fault.severity)
    assert FAULTY_LINE in finding.lines
    assert finding.sentence
    assert finding.advice


@pytest.mark.parametrize(("name", "fault"), CASES, ids=NAMES)
def test_no_finding_or_refusal_holds_a_value(faulty: Validated, name: str, fault: Fault) -> None:
    told = [str(one) for one in (*faulty.findings, *faulty.refusals) if one.file == name]
    assert told
    values = [value for value in fault.cells.values() if len(value) > 2 and value not in GRADES and value != "Asian"]
    assert not [value for value in values for text in told if value.strip('"') in text]


@pytest.mark.parametrize(("name", "fault"), CASES, ids=NAMES)
def test_severity_decides_row_file_or_neither(faulty: Validated, name: str, fault: Fault) -> None:
    accepted = [one for one in faulty.accepted if one.extract.file == name]
    refused = [one.rule for one in faulty.refusals if one.file == name]
    if fault.severity == "reject_file":
        assert (accepted, refused) == ([], [fault.rule])
    else:
        (one,) = accepted
        assert refused == []
        assert one.rows_rejected == (1 if fault.severity == "reject_row" else 0)
        assert one.rows_accepted == one.extract.rows_in - one.rows_rejected


def test_only_the_broken_rules_fail(faulty: Validated) -> None:
    rows = {one.rule for one in faulty.findings if one.severity != "warn"}
    assert rows == {fault.rule for fault in FAULTS if fault.severity != "warn"} | {"population.population.empty"}


def test_a_rejected_row_speaks_for_nothing(faulty: Validated) -> None:
    unknown = next(name for name, fault in CASES if fault.cells.get("org_code") == "XQZ77")
    (one,) = (one for one in faulty.accepted if one.extract.file == unknown)
    assert {about[0] for about in one.extract.about} == {"RXK"}


def test_too_many_rejected_rows_refuse_the_file_and_no_other(con: Connection, tmp_path: Path) -> None:
    bad = staff_rows(0, 19) + staff_rows(0, 1, person_key="x", assignment_key="x", fte="2.7777")
    worse = staff_rows(1, 18) + [
        row | {"assignment_key": f"x{n}", "fte": "2.7777", "religion": "Unspecified"}
        for n, row in enumerate(staff_rows(1, 2))
    ]
    undisclosed = staff_rows(2, 20, religion="", ethnicity="")
    validated = judge(
        con,
        tmp_path,
        just=csv_text(STAFF, bad),
        over=csv_text(STAFF, worse),
        all=csv_text(STAFF, staff_rows(3, 3, fte="9")),
        silent=csv_text(STAFF, undisclosed),
    )
    assert [(one.extract.file, one.rows_accepted, one.rows_rejected) for one in validated.accepted] == [
        ("just.csv", 19, 1),
        ("silent.csv", 20, 0),
    ]
    everything, over = validated.refusals
    assert (everything.file, over.file) == ("all.csv", "over.csv")
    assert {everything.rule, over.rule} == {"file.too_many_rejected"}
    assert "2 of its 20 rows are rejected, more than 5%" in over.sentence
    assert "fte: full-time equivalents of one assignment must lie between 0 and 1.5 (first at line 20)" in over.sentence
    warnings = [one for one in validated.findings if one.file == "silent.csv"]
    assert {(one.rule, one.severity) for one in warnings} == {("staff.undisclosed", "warn")}
    assert [(one.column, one.rows_failing) for one in warnings] == [("ethnicity", 20), ("religion", 20)]


def test_every_failing_row_is_rejected_however_many(con: Connection, tmp_path: Path) -> None:
    bad = {"grade": "Grade Q77", "fte": "1.6"}
    rows = [row | (bad if number % 25 == 0 else {}) for number, row in enumerate(staff_rows(0, 1000))]
    validated = judge(con, tmp_path, staff=csv_text(STAFF, rows))
    assert [(one.rows_accepted, one.rows_rejected) for one in validated.accepted] == [(960, 40)]
    assert {one.rule: (one.rows_tried, one.rows_failing, one.lines) for one in validated.findings} == {
        "staff.grade.not_in_list": (1000, 40, (2, 27, 52, 77, 102)),
        "staff.fte_range": (1000, 40, (2, 27, 52, 77, 102)),
    }


def test_two_new_files_that_differ_clash(con: Connection, tmp_path: Path) -> None:
    rows = staff_rows(0, 4)
    other = [*rows[:3], rows[3] | {"fte": "0.5"}]
    files = {
        "first": csv_text(STAFF, rows),
        "second": csv_text(STAFF, other),
        "else": csv_text(STAFF, staff_rows(1, 4)),
    }
    validated = judge(con, tmp_path, **files)
    assert [one.extract.file for one in validated.accepted] == ["else.csv"]
    first, second = validated.refusals
    assert {first.rule, second.rule} == {"file.clash"}
    assert "it and second.csv are both new and hold different staff data of RXK 2024-01-01" in first.sentence
    assert "it and first.csv" in second.sentence

    again = judge(con, tmp_path, taken_in(judge(con, tmp_path, first=files["first"])), **files)
    assert [one.extract.file for one in again.accepted] == ["else.csv", "first.csv", "second.csv"]


def test_a_new_file_with_far_fewer_rows_than_the_old_is_refused_as_a_whole(con: Connection, tmp_path: Path) -> None:
    old = csv_text(STAFF, staff_rows(0, 20))
    stray = [*staff_rows(1, 30, org_code="RL4"), *staff_rows(0, 9)]
    known = taken_in(judge(con, tmp_path, old=old))
    validated = judge(con, tmp_path, known, old=old, new=csv_text(STAFF, stray))
    assert [one.extract.file for one in validated.accepted] == ["old.csv"]
    (refusal,) = validated.refusals
    assert (refusal.file, refusal.rule) == ("new.csv", "file.shrinks")
    taken = "its 9 rows of staff data of RXK 2024-01-01 would take the place of the 20 rows received as old.csv"
    assert taken in refusal.sentence
    (overwritten,) = judge(con, tmp_path, known, old=csv_text(STAFF, stray)).refusals
    assert (overwritten.file, overwritten.rule) == ("old.csv", "file.shrinks")
    half = csv_text(STAFF, [*staff_rows(1, 30, org_code="RL4"), *staff_rows(0, 10)])
    assert judge(con, tmp_path, known, old=old, new=half).refusals == ()
    (tmp_path / "method.yaml").write_text("supersede_min_rows_share: 0.4\n")
    assert judge(con, tmp_path, known, old=old, new=csv_text(STAFF, stray)).refusals == ()


def test_the_same_rows_in_another_order_are_no_clash(con: Connection, tmp_path: Path) -> None:
    rows = staff_rows(0, 4)
    validated = judge(con, tmp_path, a=csv_text(STAFF, rows), b=csv_text(STAFF, rows[::-1]))
    assert len(validated.accepted) == 2
    assert validated.refusals == ()


def test_a_rejected_row_about_another_employer_is_no_clash(con: Connection, tmp_path: Path) -> None:
    rows = [*staff_rows(0), {"org_code": "RL4", "as_at_date": "2024-01-01", "fte": "7", "assignment_key": "z"}]
    stray, true = csv_text(STAFF, rows), csv_text(STAFF, staff_rows(0, 4, org_code="RL4"))
    validated = judge(con, tmp_path, stray=stray, true=true)
    assert validated.refusals == ()
    assert [one.extract.about for one in validated.accepted] == [(("RXK", "2024-01-01"),), (("RL4", "2024-01-01"),)]


def test_a_publishers_subtotal_must_be_the_sum_of_its_parts(con: Connection, tmp_path: Path) -> None:
    header = "Measure,Ethnicity,Ethnicity_type,Time,Type_of_role,Entry_level,Broad_grade,Specific_grade,Headcount\n"
    start = "Percentage of NHS staff in NHS trusts and CCGs"

    def table(all_known: int, unknown: int) -> str:
        groups = {"Asian": 3, "White": 4, "Unknown": unknown, "All known": all_known}
        return header + "".join(
            f"{start},{group},6+1,as at Mar 2018,Non-medical,All,All,Band 5,{count}\n"
            for group, count in groups.items()
        )

    right = judge(con, tmp_path, right=table(7, 100))
    assert [(one.rows_accepted, one.rows_checking) for one in right.accepted] == [(3, 1)]
    (refusal,) = judge(con, tmp_path, wrong=table(8, 100)).refusals
    assert refusal.rule == "headcount.parts_make_total"
    assert "(1 times, first at line 5)" in refusal.sentence
    only_total = header + f"{start},All known,6+1,as at Mar 2018,Non-medical,All,All,Band 5,7\n"
    assert judge(con, tmp_path, only=only_total).refusals[0].rule == "headcount.parts_make_total"


def test_a_file_that_says_nothing_is_refused(con: Connection, tmp_path: Path) -> None:
    header = "Regions Code,Regions,Ethnic group (20 categories) Code,Ethnic group (20 categories),Observation\n"
    validated = judge(con, tmp_path, nothing=header + "E12000001,North East,-8,Does not apply,0\n")
    assert [refusal.rule for refusal in validated.refusals] == ["file.empty"]


@pytest.mark.parametrize(
    ("rule", "second"),
    [
        ("headcount.one_classification", {"classification": "wres", "category": "BME"}),
        (
            "headcount.characteristics_agree",
            {"characteristic": "sex", "classification": "sex", "category": "Female", "headcount": "6"},
        ),
    ],
)
def test_everybody_may_be_counted_once_only(con: Connection, tmp_path: Path, rule: str, second: dict[str, str]) -> None:
    first = HEADCOUNT | {"grade": "band_5"}
    once = csv_text(HEADCOUNT, [first])
    twice = csv_text(HEADCOUNT, [first | {"org_code": "RL4"}, first | {"org_code": "RL4"} | second])
    validated = judge(con, tmp_path, once=once, twice=twice)
    assert [one.extract.file for one in validated.accepted] == ["once.csv"]
    assert [(one.file, one.rule) for one in validated.refusals] == [("twice.csv", rule)]


def test_residents_may_be_counted_in_one_classification_only(con: Connection, tmp_path: Path) -> None:
    first = POPULATION | {"area_code": "E08000027"}
    twice = csv_text(POPULATION, [first, first | {"classification": "wres", "category": "BME"}])
    (refusal,) = judge(con, tmp_path, twice=twice).refusals
    assert refusal.rule == "population.one_classification"


@pytest.mark.parametrize(
    ("day", "accepted"), [("1999-12-31", 0), ("2000-01-31", 1), ("2049-12-31", 1), ("2050-01-31", 0)]
)
def test_a_date_out_of_this_age_is_rejected(con: Connection, tmp_path: Path, day: str, accepted: int) -> None:
    validated = judge(con, tmp_path, counts=csv_text(HEADCOUNT, [HEADCOUNT | {"grade": "band_5", "as_at_date": day}]))
    assert len(validated.accepted) == accepted
    assert {one.rule for one in validated.findings} == (set() if accepted else {"headcount.date_range"})
