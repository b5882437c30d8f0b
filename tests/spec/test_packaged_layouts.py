"""Exports of senders' systems, as they write them: a small file in, people out. Nobody in these files exists."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.freeze import NothingToMeasureError
from pipelines.places import DataFolder
from pipelines.road import walk
from tests.frozen import Counted, counted

Run = Callable[..., Counted]

ASSIGNMENTS = """Effective Date,Organisation,Person Key,Assignment Key,Assignment Category,Assignment Status,\
Primary Assignment,Grade,Staff Group,FTE,Gender,Age Band,Ethnic Origin,Disability,Religious Belief,\
Sexual Orientation,Marital Status
"""
ANSWERS = "Female,26-30,H Asian or Asian British - Indian,No,Hinduism,Heterosexual or Straight,Married"
BESIDE = "extracted_on: 2026-04-02\ncontrol_totals: [{people: 6, assignments: 8, fte: 4.3}]\n"


def assignment(person: str, key: str, category: str, status: str, primary: str, grade: str, fte: str) -> str:
    post = f"{person},{key},{category},{status},{primary},{grade},Nursing and Midwifery Registered,{fte}"
    return f"31-Mar-2026,RNA,{post},{ANSWERS}\n"


EXPORT = ASSIGNMENTS + "".join(
    (
        assignment("p1", "a1", "Permanent", "Active Assignment", "Y", "NHS|XR05|Review Body Band 5", "0.6"),
        assignment("p1", "a2", "Fixed Term Temp", "Acting Up", "N", "NHS|XN08|Non Review Body Band 8 - Range A", "0.4"),
        assignment("p1", "a3", "Bank", "Active Assignment", "N", "NHS|XR05|Review Body Band 5", ""),
        assignment("p2", "a4", "Bank", "Active Assignment", "Y", "NHS|XR02|Review Body Band 2", ""),
        assignment("p3", "a5", "Permanent", "Career Break", "Y", "NHS|XR06|Review Body Band 6", "1"),
        assignment("p4", "a6", "Honorary", "Active Assignment", "Y", "NHS|XR07|Review Body Band 7", "0"),
        assignment("p5", "a7", "Permanent", "Maternity & Adoption", "Y", "NHS|XR06|Review Body Band 6", "1"),
        assignment("p6", "a8", "Permanent", "Active Assignment", "Y", "NHS|XR08|Review Body Band 8 - Range B", "1"),
    )
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_file(content: str, beside: str) -> Counted:
        folder = DataFolder(tmp_path)
        folder.landing.mkdir(exist_ok=True)
        (folder.landing / "export.csv").write_text(content, encoding="cp1252")
        (folder.landing / "export.csv.yaml").write_text(beside, encoding="utf-8")
        made = counted(folder)
        assert made.validated.refusals == ()
        return made

    return run_file


def test_assignments_of_the_electronic_staff_record_become_people(run: Run) -> None:
    made = run(EXPORT, BESIDE)
    assert made.validated.accepted[0].extract.layout == "esr_assignment"
    # p1 counts once, at the band of the main assignment with the hours of both; p2 as bank; p3 and p4 not at all.
    people = made.mart("headcount", "employment_type, grade, headcount, fte::varchar", "characteristic = 'total'")
    assert people == [
        ("bank", "band_2", 1, None),
        ("substantive", "band_5", 1, "1.0000"),
        ("substantive", "band_6", 1, "1.0000"),
        ("substantive", "band_8b", 1, "1.0000"),
    ]
    steps = made.mart("waterfall", "rule, rows", "rows > 0 and population = 'substantive'", "step")
    assert steps == [
        ("rows_in", 8),
        ("bank_only", 1),
        ("honorary", 1),
        ("career_break", 1),
        ("also_bank", 1),
        ("duplicate", 1),
        ("people", 3),
    ]
    explained = made.mart(
        "reconciliation",
        "measure, value::double",
        "item in ('sender', 'ours', 'unexplained')",
        "measure, line",
    )
    assert explained == [
        *(("assignments", 8), ("assignments", 3), ("assignments", 0)),
        *(("fte", 4.3), ("fte", 3.0), ("fte", 0.3)),
        *(("people", 6), ("people", 3), ("people", 0)),
    ]


def test_a_band_8_without_its_letter_is_rejected_by_name(run: Run) -> None:
    twenty = "".join(
        assignment(
            f"q{number}", f"b{number}", "Permanent", "Active Assignment", "Y", "NHS|XR05|Review Body Band 5", "1"
        )
        for number in range(20)
    )
    made = run(EXPORT.replace("Review Body Band 8 - Range B", "Review Body Band 8") + twenty, BESIDE)
    (finding,) = (one for one in made.validated.findings if one.severity == "reject_row")
    assert (finding.rule, finding.lines) == ("staff.grade.band_8_without_letter", (9,))


WORKERS = (
    "LOCALESTID,UNIQUEWORKERID,STATUS,DISPLAYID,NINUMBER,POSTCODE,DOB,GENDER,ETHNICITY,NATIONALITY,BRITISHCITIZENSHIP,"
    "COUNTRYOFBIRTH,YEAROFENTRY,DISABLED,CARECERT,L2CARECERT,RECSOURCE,HANDCVISA,INOUTUK,STARTDATE,STARTINSECT,DHA,"
    "APPRENTICE,EMPLSTATUS,ZEROHRCONT,DAYSSICK,SALARYINT,SALARY,HOURLYRATE,MAINJOBROLE,MAINJRDESC,CONTHOURS,AVGHOURS,"
    "NMCREG,NURSESPEC,AMHP,SCQUAL,NONSCQUAL,CWPCATEGORY,QUALACH01,QUALACH01NOTES,QUALACH02,QUALACH02NOTES\n"
)


def worker(key: str, gender: str, ethnicity: str, disabled: str, status: str, role: str, born: str = "Admin") -> str:
    cells = dict.fromkeys(WORKERS.strip().split(","), "")
    cells |= {"LOCALESTID": "1", "UNIQUEWORKERID": key, "STATUS": "UNCHECKED", "NINUMBER": "Admin", "DOB": born}
    cells |= {"GENDER": gender, "ETHNICITY": ethnicity, "DISABLED": disabled, "EMPLSTATUS": status, "MAINJOBROLE": role}
    return ",".join(cells.values()) + "\n"


def test_workers_of_adult_social_care_keep_their_roles_and_bring_nothing_personal(run: Run) -> None:
    content = WORKERS + worker("w1", "2", "41", "0", "1", "8") + worker("w2", "1", "31", "1", "2", "4")
    content += worker("w3", "2", "99", "2", "4", "6")
    made = run(content, "organisation: E08000027\nas_at: 2026-03-31\n")
    assert made.validated.accepted[0].extract.layout == "asc_wds_worker"
    where = "characteristic in ('ethnicity', 'disability')"
    assert made.mart("headcount", "grade, characteristic, classification, category, answer_status", where) == [
        ("asc_direct_care", "disability", "equality_act_2010", "Not disabled", "known"),
        ("asc_direct_care", "ethnicity", "census_2011_18", "Bangladeshi", "known"),
        ("asc_managerial", "disability", "equality_act_2010", "Disabled", "known"),
        ("asc_managerial", "ethnicity", "census_2011_18", "White British", "known"),
    ]
    assert [finding.rule for finding in made.validated.findings] == ["staff.fte_absent"]


def test_a_date_of_birth_where_the_word_admin_should_stand_stops_the_file(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.landing.mkdir()
    (folder.landing / "export.csv").write_text(
        WORKERS + worker("w1", "2", "41", "0", "1", "8", born="01/02/1970"), encoding="utf-8"
    )
    (folder.landing / "export.csv.yaml").write_text("organisation: E08000027\nas_at: 2026-03-31\n", encoding="utf-8")
    refusals = []
    with pytest.raises(NothingToMeasureError):
        walk(folder, Console(quiet=True), show=lambda validated: refusals.extend(validated.refusals))
    assert [(one.rule, "DOB" in one.sentence, "1970" in one.sentence) for one in refusals] == [
        ("column.personal", True, False)
    ]
