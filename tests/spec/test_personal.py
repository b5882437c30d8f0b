"""Personal data that must not come: which headings and which cells stop a file, and which don't.

Every name and number here is invented; NHS numbers are of the range 999, which nobody is given.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import layout, places, reader
from pipelines.cli import main
from pipelines.database import Connection
from pipelines.ingest import Ingested, ingest
from pipelines.ingest.personal import kind_of_heading
from pipelines.places import DataFolder
from pipelines.reference import method
from pipelines.validate import validate
from tests.spec.test_ingest import staff_csv

Take = Callable[..., Ingested]

HEADINGS = {
    "nhs_number": ["NHS Number", "NHS No", "nhs_no.", "NHSNumber", "NHSNO", "Patient NHS number"],
    "ni_number": ["NI Number", "NINUMBER", "National Insurance No.", "N.I. Number", "nino"],
    "name": [
        "Surname",
        "First Name",
        "FIRSTNAME",
        "Full name",
        "Employee Name",
        "Line Manager Name",
        "Name of employee",
    ],
    "email": ["Email Address", "E-mail", "Work email", "EMAIL"],
    "phone": ["Tel", "Mobile", "Home telephone", "Phone No", "Work Mobile"],
    "postcode": ["Postcode", "Home Post Code", "POSTCODE"],
    "date_of_birth": ["DOB", "Date of Birth", "date_of_birth", "D.O.B.", "BirthDate"],
    "staff_number": ["Employee Number", "Staff No", "Payroll number", "EmployeeNo", "Assignment Number", "Pay_Number"],
    "job_title": ["Position Title", "Job Title", "Post_Descriptor"],
    "cost_centre": ["Cost Centre", "Cost Center Code", "COST_CENTRE"],
    "address": ["Address", "Home address", "Address1"],
    "": [
        *("Name of organisation", "Area name", "Employer name", "Ethnic group name", "org_name", "Ward", "Team name"),
        *("Postcode district", "Year of birth", "Country of Birth", "Job Role", "Staff Group", "Number of staff"),
        *("person_key", "assignment_key", "Person Key", "UNIQUEWORKERID", "Headcount", "Staff numbers", "Age Band"),
    ],
}


@pytest.mark.parametrize(("kind", "heading"), [(kind, name) for kind, names in HEADINGS.items() for name in names])
def test_a_heading_gives_a_kind_away_or_nothing(kind: str, heading: str) -> None:
    assert kind_of_heading(heading) == kind


def test_in_a_table_of_counts_one_word_may_be_about_nobody() -> None:
    assert [kind_of_heading(name, counts=True) for name in ("Position", "Name", "Surname")] == ["", "", "name"]


def test_no_heading_that_a_packaged_layout_reads_is_on_the_list() -> None:
    for path in sorted(places.LAYOUTS.glob("*.yaml")):
        one = layout.load(path)
        read = {name for source in one.columns.values() for name in source.named}
        assert {name for name in read if kind_of_heading(name, one.feed != "staff")} == set()


def nhs_number(first_nine: str) -> str:
    """Nine digits and their check digit; of those that have none, the next."""
    digit = 11 - sum(int(letter) * (10 - place) for place, letter in enumerate(first_nine)) % 11
    return nhs_number(f"{int(first_nine) + 1:09}") if digit == 10 else f"{first_nine}{digit % 11}"


NHS = [nhs_number(f"9990{number * 7919 % 100000:05}") for number in range(20)]
FIRST = ["Ada", "Bola", "Chidi", "Dilys", "Ewan", "Farah", "Gita", "Huw", "Imran", "Jaya", "Kofi", "Lowri"]
LAST = ["Quenby", "Rowtree", "Sandhar", "Tolliver", "Umarov", "Vexley", "Wainby", "Yarrow"]
NAMES = [f"{FIRST[number % 12]} {LAST[number % 8]}" for number in range(20)]
DAYS = [(number * 7 % 28 + 1, number % 12 + 1, 1950 + number * 13 % 55) for number in range(20)]

# Cells of a column that nobody reads, of twenty people, and what they are taken for.
CELLS: dict[str, tuple[list[str], str]] = {
    "NHS numbers": (NHS, "nhs_number"),
    "NHS numbers, 3-3-4": ([f"{one[:3]} {one[3:6]} {one[6:]}" for one in NHS], "nhs_number"),
    "ten digits without the check": ([f"{one[:9]}{(int(one[9]) + 1) % 10}" for one in NHS], ""),
    "NI numbers": ([f"QQ{number:06}C".replace("QQ", "JX") for number in range(20)], "ni_number"),
    "NI numbers, spaced": ([f"JX 00 10 {number:02} a" for number in range(20)], "ni_number"),
    "prefixes that aren't issued": ([f"BG{number:06}C" for number in range(20)], ""),
    "e-mail addresses, some": ([f"u{n}@example.nhs.uk" if n % 5 == 0 else f"u{n}" for n in range(20)], "email"),
    "one contact for all": (["workforce@example.nhs.uk"] * 20, ""),
    "mobiles": ([f"07700 9000{number:02}" for number in range(20)], "phone"),
    "telephones": ([f"+44 (0)121 4960{number:03}" for number in range(20)], "phone"),
    "eleven digits": ([f"{number * 48271 % 99999999999:011}" for number in range(20, 40)], ""),
    "postcodes": ([f"ZZ{number} {number % 10}XA" for number in range(20)], "postcode"),
    "postcode districts": ([f"ZZ{number}" for number in range(20)], ""),
    "dates of birth": ([f"{year}-{month:02}-{day:02}" for day, month, year in DAYS], "date_of_birth"),
    "dates of birth, slashes": ([f"{day}/{month:02}/{year}" for day, month, year in DAYS], "date_of_birth"),
    "dates of birth, short": ([f"{day:02}/{month:02}/{year % 100:02}" for day, month, year in DAYS], "date_of_birth"),
    "dates of birth, months": ([f"{day:02}-Mar-{year}" for day, _, year in DAYS], "date_of_birth"),
    "dates of birth, solid": ([f"{year}{month:02}{day:02}" for day, month, year in DAYS], "date_of_birth"),
    "days of starting": ([f"{2026 - number * number // 16}-01-{number + 1:02}" for number in range(20)], ""),
    "one date": (["1970-01-01"] * 20, ""),
    "names": (NAMES, "name"),
    "names, surname first": ([", ".join(reversed(one.upper().split())) for one in NAMES], "name"),
    "names with a title": ([f"Dr {one.split()[1]}-{one.split()[0]}" for one in NAMES], "name"),
    "few words of two": (["Staff Nurse", "Medical Secretary", "South African", "Dual Role"] * 5, ""),
    "areas": (["Tower Hamlets", "Kingston upon Hull", "Dudley", "West Berkshire", "Sandwell"] * 4, ""),
    "hexadecimal": ([f"{number * 2654435761 % 2**32:08x}" for number in range(20)], ""),
    "running numbers": ([str(4000000000 + number) for number in range(20)], ""),
    "nothing": ([""] * 20, ""),
}


@pytest.fixture
def take(con: Connection, tmp_path: Path) -> Take:
    def take_file(content: bytes | str | None, name: str = "file.csv", waiver: str = "", own: str = "") -> Ingested:
        for folder, text in (("waivers", waiver), ("layouts", own)):
            (tmp_path / folder).mkdir(exist_ok=True)
            if text:
                (tmp_path / folder / "made_here.yaml").write_text(text, encoding="utf-8")
        if content is not None:
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return ingest(con, DataFolder(tmp_path), [tmp_path / name], tmp_path / "work")

    return take_file


def staff(cells: Sequence[str], column: str = "Note", **more: str) -> str:
    """A staff file of our template of as many people as there are cells, in a column of its own or the template's."""
    rows = [{"person_key": f"p{n}", column: f'"{cell}"'} for n, cell in enumerate(cells)]
    return staff_csv(*rows, **({} if column in ("person_key", "assignment_key") else {column: ""}), **more)


# Our template, with columns that it knows and doesn't read.
OWN = (places.LAYOUTS / "edi_staff.yaml").read_text(encoding="utf-8").replace("edi_staff", "made_here")
OWN += "unused: [Note, DOB, Job Title]\n"


def refused(ingested: Ingested) -> list[tuple[str, str]]:
    """The column and kind of each column that a file is refused for."""
    assert all(one.rule == "column.personal" for one in ingested.refusals), ingested.refusals
    return [pair for one in ingested.refusals for pair in ((one.column, one.kind), *one.also)]


@pytest.mark.parametrize("what", CELLS)
def test_cells_of_a_column_that_nobody_reads_stop_the_file_or_dont(take: Take, what: str) -> None:
    cells, kind = CELLS[what]
    assert refused(take(staff(cells), own=OWN)) == ([("Note", kind)] if kind else [])


@pytest.mark.parametrize("what", CELLS)
def test_cells_of_a_file_that_no_layout_recognises_are_known_by_their_place(take: Take, what: str) -> None:
    cells, kind = CELLS[what]
    lines = [f'{number},"{cell}",x' for number, cell in enumerate(cells)]
    for text in ("\n".join(lines), "A,B,C\n" + "\n".join(lines)):
        (refusal,) = take(text).refusals
        assert (refusal.rule, refusal.column, refusal.kind) == (
            ("column.personal", "column 2", kind) if kind else (refusal.rule, "", "")
        )


@pytest.mark.parametrize(
    "keys", [NAMES, ["smith.j", "jones.a", "khan.s"], NHS, [f"u{n}@example.org" for n in range(3)]]
)
@pytest.mark.parametrize("column", ["person_key", "assignment_key"])
def test_a_key_that_is_no_pseudonym_stops_the_file(take: Take, column: str, keys: list[str]) -> None:
    assert [found for found, _ in refused(take(staff(keys, column)))] == [column]


@pytest.mark.parametrize("what", ["hexadecimal", "running numbers", "ten digits without the check", "eleven digits"])
def test_a_pseudonym_is_let_in(take: Take, what: str) -> None:
    assert not take(staff(CELLS[what][0], "person_key")).refusals


def test_names_of_areas_in_a_table_of_counts_are_no_persons(take: Take) -> None:
    own = yaml.safe_load((places.LAYOUTS / "census_sex_ltla.yaml").read_text(encoding="utf-8"))
    own |= {"layout": "made_here", "unused": ["Place"]}
    lines = ["ltla21_code,sex,age_range,n,Place", *(f"E08000{n:03},Female,all,5,{one}" for n, one in enumerate(NAMES))]
    assert not take("\n".join(lines) + "\n", own=yaml.safe_dump(own)).refusals


def test_a_heading_stops_a_file_that_lists_it_as_unused_whatever_its_cells_say(take: Take) -> None:
    assert refused(take(staff(["", "", ""], "DOB"), own=OWN)) == [("DOB", "date_of_birth")]


def test_every_column_is_named_at_once(take: Take) -> None:
    content = "Surname,NI Number,Band\n" + "\n".join(f"{name},JX00000{n}A,5" for n, name in enumerate(LAST))
    (refusal,) = take(content).refusals
    assert refused(take(content)) == [("Surname", "name"), ("NI Number", "ni_number")]
    assert "'Surname' is for names of persons, its column 'NI Number' is for National Insurance" in refusal.sentence
    assert "delete the file where it lies" in refusal.sentence
    assert not any(name in refusal.sentence for name in LAST)


def test_no_heading_is_repeated_that_may_be_a_person(take: Take) -> None:
    (refusal,) = take(f"Email jane@example.org,NHS No {NHS[0]},x\na,b,c\n").refusals
    assert refused(take(None)) == [("column 1", "email"), ("column 2", "nhs_number")]
    assert NHS[0] not in refusal.sentence
    assert "jane" not in refusal.sentence


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_hides_nothing(take: Take, separator: str) -> None:
    lines = [separator.join(("Key", "Surname", "Band")), *(separator.join(("k", one, "5")) for one in LAST)]
    assert refused(take("\n".join(lines))) == [("Surname", "name")]


def test_a_fault_that_stops_a_file_earlier_hides_nothing(take: Take, tmp_path: Path) -> None:
    twice = "Surname,Band,Band\n" + "".join(f"{one},5,5\n" for one in LAST)
    assert refused(take(twice)) == [("Surname", "name")]
    (tmp_path / "file.csv.yaml").write_text("no such entry: 1\n", encoding="utf-8")
    assert refused(take(twice.replace("Band,Band", "Band,Grade"))) == [("Surname", "name")]


@pytest.mark.parametrize("coding", ["utf-16", "cp1252"])
def test_a_text_that_would_have_to_be_rewritten_isnt_copied(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coding: str
) -> None:
    copies: list[object] = []
    monkeypatch.setattr(reader, "in_utf8", lambda *given: copies.append(given))
    content = staff([*NHS, "é"]).encode(coding)
    assert refused(take(content, own=OWN)) == [("Note", "nhs_number")]
    assert (copies, list((tmp_path / "work").iterdir())) == ([], [])


def test_what_only_later_lines_show_leaves_no_copy(take: Take, tmp_path: Path) -> None:
    content = staff([*[""] * 50, *NHS]).encode("utf-16")
    assert refused(take(content, own=OWN)) == [("Note", "nhs_number")]
    assert list((tmp_path / "work").iterdir()) == []


def test_a_workbook_is_looked_at_on_every_sheet(take: Take, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in staff(["a", "b", "c"], "assignment_key").splitlines():
        book.worksheets[0].append(line.replace('"', "").split(","))
    others = book.create_sheet("Lookup")
    for number, name in enumerate(NAMES):
        others.append([f"p{number}", name])
    book.save(tmp_path / "staff.xlsx")
    assert refused(take(None, "staff.xlsx")) == [("column 2 of sheet 2", "name")]


def test_parquet_is_looked_at_too(con: Connection, take: Take, tmp_path: Path) -> None:
    values = ", ".join(f"('{one}', 5)" for one in NHS)
    con.execute(f"copy (values {values}) to '{tmp_path / 'file.parquet'}' (format parquet)")
    assert refused(take(None, "file.parquet")) == [("column 1", "nhs_number")]


def test_the_copy_of_such_a_file_is_one_too(con: Connection, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(staff(NHS, "person_key"), encoding="utf-8")
    found = ingest(con, DataFolder(tmp_path), [tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "work").refusals
    assert [(one.file, one.rule) for one in found] == [("a.csv", "column.personal"), ("b.csv", "column.personal")]


def test_nothing_of_the_file_is_left_in_the_work_folder_or_the_database(
    con: Connection, take: Take, tmp_path: Path
) -> None:
    assert refused(take(staff(NHS, "person_key")))
    assert list((tmp_path / "work").iterdir()) == []
    tables = con.execute("select table_name from duckdb_tables() where temporary").fetchall()
    assert {name for (name,) in tables} <= {"lookup", "spelling", "spelt"}


WAIVER = """
rule: column.personal
layout: made_here
column: Note
reason: the numbers are those of wards
approved_by: Head of information governance
approved_on: 2026-03-01
expires: 2026-12-31
"""


def test_a_named_person_may_approve_a_column_and_it_is_said(con: Connection, take: Take, tmp_path: Path) -> None:
    ingested = take(staff(NHS), own=OWN, waiver=WAIVER)
    assert ingested.refusals == ()
    findings = validate(con, ingested, method(DataFolder(tmp_path))).findings
    (finding,) = (one for one in findings if one.rule == "column.approved")
    assert (finding.column, finding.severity, finding.waiver != "") == ("Note", "waived", True)
    assert "NHS numbers" in finding.sentence
    assert "Head of information governance, waivers/made_here.yaml until 2026-12-31" in finding.sentence


@pytest.mark.parametrize(
    ("instead", "written"),
    [
        ("column: Note", "column: Other"),
        ("layout: made_here", "layout: edi_staff"),
        ("layout: made_here", "file: other*"),
        ("layout: made_here", "organisation: RNA"),
        ("expires: 2026-12-31", "expires: 2026-03-30"),
    ],
)
def test_an_approval_is_for_its_column_scope_and_time_alone(take: Take, instead: str, written: str) -> None:
    assert refused(take(staff(NHS), own=OWN, waiver=WAIVER.replace(instead, written))) == [("Note", "nhs_number")]


def test_a_file_that_no_layout_recognises_cant_be_approved(take: Take) -> None:
    waiver = WAIVER.replace("layout: made_here", "file: file.csv").replace("Note", "Surname")
    (refusal,) = take("Surname,Band\nx,5\n", waiver=waiver).refusals
    assert "a layout has to name it before" in refusal.sentence


def is_nhs(con: Connection, cells: Sequence[str]) -> list[bool]:
    return [bool(con.execute("select is_nhs_number(?)", [cell]).fetchall()[0][0]) for cell in cells]


def test_the_check_digit_is_the_one_of_the_standard(con: Connection) -> None:
    # 9 9 9 0 0 0 0 0 1: 90 + 81 + 72 + 2 = 245, which is 3 more than a multiple of 11, so the check digit is 8.
    assert is_nhs(con, ["9990000018", "999 000 0018", "9990000019", "999000001", "99900000180"]) == [
        *(True, True),
        *(False, False, False),
    ]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(5, 60))
def test_random_ten_digit_keys_are_let_in_and_nhs_numbers_never(
    con: Connection, tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int
) -> None:
    drawn = random.Random(seed)
    folder = tmp_path_factory.mktemp("drawn")
    keys = [f"{one:010}" for one in drawn.sample(range(10**10), rows)]
    numbers = [nhs_number(f"{one:09}") for one in drawn.sample(range(10**9), rows)]
    for name, column in (("keys.csv", keys), ("numbers.csv", numbers)):
        (folder / name).write_text(staff(column, "person_key"), encoding="utf-8")
    found = {
        name: ingest(con, DataFolder(folder), [folder / name], folder / "work") for name in ("keys.csv", "numbers.csv")
    }
    assert refused(found["keys.csv"]) == []
    assert refused(found["numbers.csv"]) == [("person_key", "nhs_number")]


def test_the_page_for_senders_shows_what_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = (places.LAYOUTS / "edi_staff.yaml").read_text(encoding="utf-8")
    (tmp_path / "DIR" / "layouts").mkdir(parents=True)
    (tmp_path / "DIR" / "layouts" / "edi_staff.yaml").write_text(packaged + "unused: [DOB]\n", encoding="utf-8")
    rows = [{"person_key": f"p{number}@example.org"} for number in range(5)]
    (tmp_path / "april.csv").write_text(staff_csv(*rows, DOB=""), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["edi", "check", "april.csv", "--data", "DIR"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = "$ edi check april.csv --data DIR\n" + capsys.readouterr().out
    assert (ended.value.code, said in (places.PROJECT / "docs" / "senders.md").read_text(encoding="utf-8")) == (1, True)
