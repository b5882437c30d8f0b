"""Files that nobody should send, and somebody will: each ends in a sentence, costs itself alone, and shows no cell."""

import io
import os
import zipfile
from datetime import date, datetime
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines import contract, layout, lookup, mapping, reference, validate
from pipelines.database import Connection
from pipelines.ingest import Ingested, ingest
from pipelines.mapping import MappingError
from pipelines.places import DataFolder
from tests.spec.test_ingest import staff_csv
from tests.spec.test_senders_files import (
    COUNTED,
    LONG,
    OWN,
    TABLE,
    Take,
    counted,
    csv_text,
    only,
    refused,
    select,
    take,
    workbook,
)

__all__ = ["take"]  # the fixture

CSV = csv_text(TABLE)


@pytest.mark.parametrize("title", ["A title\rin two", "A title\x0b\x0c\x1c\x85\u2028in many"])
def test_the_header_stands_where_the_reader_looks_for_it(con: Connection, take: Take, title: str) -> None:
    extract = only(take("file.csv", f"{title}\n\n{CSV}", LONG))
    assert (counted(con, extract), select(con, extract, "source_line")) == (COUNTED, [(4,), (5,)])


@pytest.mark.parametrize(
    "content",
    [CSV.encode("utf-16-le"), CSV.encode("utf-16-be"), b"\xef\xbb\xbf\xef\xbb\xbf" + CSV.encode()],
    ids=["utf-16-le without a mark", "utf-16-be without a mark", "two marks"],
)
def test_a_mark_too_few_or_too_many_costs_nothing(con: Connection, take: Take, content: bytes) -> None:
    assert counted(con, only(take("file.csv", content, LONG))) == COUNTED


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (CSV.replace("\n", "\r"), "its lines end in carriage returns alone"),
        (CSV.replace(",", ";"), "its cells are separated by semicolons, not commas"),
        ("Jane Doe's return\n" + CSV.replace(",", "\t"), "its cells are separated by tabs, not commas"),
        ("\ufeff\n <table><tr><td>Jane Doe</td>", "it is a web page"),
        ('<?xml version="1.0"?>\n<Workbook><Data>Jane Doe</Data>', "it is an XML document"),
        ("," + CSV.replace("\n", "\n,"), "its column 1 has no name"),
        ("Return,,of Jane Doe,,\n" + CSV.replace("Role,", "Post,"), "it lacks the column 'Role'"),
        ("Jane;Doe\n" + "x;" * 200_000 + "\n", "no layout recognises its columns"),
        ("Jane Doe,1 High Street,Asian\nJohn Roe,2 High Street,White\n", "no layout recognises its columns"),
    ],
)
def test_what_is_no_table_of_commas_is_called_what_it_is(take: Take, content: str, sentence: str) -> None:
    said = refused(take("file.csv", content, LONG))[1]
    assert sentence in said
    assert "Jane" not in said


def test_a_row_that_ran_into_the_header_shows_no_cell(take: Take) -> None:
    header, *rows = CSV.replace("Manager", "Jane Doe").split("\n")
    assert refused(take("file.csv", header + "\n".join(rows), LONG)) == (
        "layout.none",
        "no layout recognises it; it comes nearest to made_here, but it lacks the column 'People', no line below is as "
        "wide as its header of 5; look whether lines ran together",
    )


def test_a_file_of_which_no_line_can_be_read_is_refused(con: Connection, take: Take) -> None:
    ingested = take("file.csv", CSV.split("\n")[0] + "\nManager,Asian,3,3\nWorker,White,12,12\n", LONG)
    validated = validate.validate(con, ingested, reference.method(DataFolder(Path("no such folder"))))
    assert [one.rule for one in validated.refusals] == ["file.too_many_rejected"]


def test_the_header_of_parquet_is_its_own_and_no_row_below(take: Take, tmp_path: Path) -> None:
    named = {name: ["Jane Doe", *column] for name, column in zip("abc", zip(*TABLE, strict=True), strict=True)}
    parquet(tmp_path / "file.parquet", **named)
    assert refused(take("file.parquet", None, LONG))[0] == "layout.none"


def rewritten(content: bytes, member: str, replaced: bytes | None) -> bytes:
    """An archive with a member's bytes replaced, or left out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            if name != member:
                new.writestr(name, old.read(name))
            elif replaced is not None:
                new.writestr(name, replaced)
    return made.getvalue()


@pytest.mark.parametrize("sheet", [b"<worksheet><sheetData><row", None], ids=["cut off", "missing"])
def test_a_workbook_with_a_damaged_sheet_is_refused(take: Take, tmp_path: Path, sheet: bytes | None) -> None:
    workbook(tmp_path / "return.xlsx", {"Data": TABLE})
    content = rewritten((tmp_path / "return.xlsx").read_bytes(), "xl/worksheets/sheet1.xml", sheet)
    assert refused(take("return.xlsx", content, LONG)) == (
        "file.format",
        "it is a damaged Excel workbook; open and save it, and send it again",
    )


def parquet(path: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), path)


def test_a_parquet_file_damaged_behind_its_first_rows_is_refused(take: Take, tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    people = pa.table({"Role": ["Manager"] * 5000, "Group": ["Asian"] * 5000, "People": range(5000)})
    pq.write_table(people, path, row_group_size=1000, compression="zstd")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 1500] = b"\xff" * 1500
    assert refused(take("file.parquet", bytes(content), LONG)) == (
        "file.format",
        "it is a damaged Parquet file; send it again",
    )


def test_parquet_says_dates_numbers_and_yes_as_a_workbook_does(con: Connection, take: Take, tmp_path: Path) -> None:
    header, row = [line.split(",") for line in staff_csv({}).splitlines()]
    cells = {name: [cell or None] * 4 for name, cell in zip(header, row, strict=True)}
    midnight = datetime(2026, 3, 31)
    cells |= {
        "as_at_date": pa.array([midnight, midnight, datetime(2026, 3, 31, 12), None], pa.timestamp("us", "UTC")),
        "fte": pa.array([0.1 + 0.2, float("nan"), 1.0, -1.0]),
        "primary_assignment": pa.array([True, False, None, True]),
    }
    parquet(tmp_path / "staff.parquet", **cells)
    columns = "as_at_date, as_at_date_fault, fte, fte_fault, primary_assignment, primary_assignment_fault"
    assert select(con, only(take("staff.parquet")), columns) == [
        (date(2026, 3, 31), None, Decimal("0.3000"), None, True, None),
        (date(2026, 3, 31), None, None, None, False, None),  # not a number
        (None, "not_a_date", Decimal("1.0000"), None, None, "empty"),
        (None, "empty", None, "not_a_number", True, None),
    ]


@pytest.mark.parametrize("people", [pa.array([{"a": 1}]), pa.array([[1]]), pa.array([b"\xff"]), pa.array([True])])
def test_a_column_of_another_type_is_a_fault_of_its_cells(
    con: Connection, take: Take, tmp_path: Path, people: pa.Array
) -> None:
    parquet(tmp_path / "file.parquet", Role=["Manager"], Group=["Asian"], People=people)
    assert select(con, only(take("file.parquet", None, LONG)), "headcount_fault") == [("not_a_whole_number",)]


def test_what_cannot_be_opened_costs_itself_alone(con: Connection, tmp_path: Path) -> None:
    (tmp_path / "staff.csv").write_text(staff_csv({}), encoding="utf-8")
    name = os.fsdecode(b"caf\xe9.csv")
    (tmp_path / name).write_text(staff_csv({}), encoding="utf-8")
    (tmp_path / "folder").mkdir()
    files = [tmp_path / one for one in ("staff.csv", name, "folder", "gone.csv")]
    ingested = ingest(con, DataFolder(tmp_path), files, tmp_path / "work")
    assert [one.file for one in ingested.extracts] == ["staff.csv"]
    assert {one.file: one.rule for one in ingested.refusals} == {
        "caf?.csv": "file.name",
        "folder": "file.unreadable",
        "gone.csv": "file.unreadable",
    }


@pytest.mark.parametrize("name", ["staff[1].csv", "s*.csv", "?taff.csv", "it's {a,b}.csv"])
def test_a_files_name_is_no_pattern(con: Connection, take: Take, tmp_path: Path, name: str) -> None:
    (tmp_path / "staff1.csv").write_text(staff_csv({"org_code": "RNA"}), encoding="utf-8")
    assert select(con, only(take(name, staff_csv({}))), "org_code") == [("RXK",)]


@pytest.mark.parametrize("blank", ["\u00a0", "\t", " \t\u2009", "\u3000"])
def test_blanks_of_any_kind_around_and_inside_cells(con: Connection, take: Take, blank: str) -> None:
    cells = {"org_code": f"RXK{blank}", "person_key": f"{blank}p1", "fte": f"0.5{blank}", "grade": f"{blank}band_5"}
    content = staff_csv(cells | {"disability": f"Prefer{blank}Not To{blank}Answer"})
    extract = only(take("staff.csv", content))
    assert select(con, extract, "org_code, person_key, fte, grade, disability_answer_status") == [
        ("RXK", "p1", Decimal("0.5000"), "band_5", "declined")
    ]
    assert {("file.blanks", "org_code"), ("file.blanks", "grade")} <= {(one.rule, one.column) for one in extract.notes}


def test_a_blank_beside_a_table_is_no_cell(con: Connection, take: Take) -> None:
    content = "A title,,,\nRole,Group,People,\nManager,Asian,3, \nWorker,White,12,\t\nWorker,Black,1,x\n"
    extract = only(take("file.csv", content, LONG))
    assert (counted(con, extract), [(one.line, one.rule) for one in extract.unreadable]) == (
        COUNTED,
        [(5, "line.fields")],
    )


def test_thousands_are_separated_by_blanks_of_any_kind(con: Connection, take: Take) -> None:
    numbers = {"1 234": 1234, "1\u00a0234": 1234, "1\u202f234": 1234, "12\u00a034": None, "\u0663": None, "−3": None}
    content = csv_text([TABLE[0], *(["Manager", "Asian", number] for number in numbers)])
    extract = only(take("file.csv", content, LONG + "numbers: {thousands: ' '}\n"))
    assert select(con, extract, "headcount") == [(number,) for number in numbers.values()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("as_at: 2026-02-30\n", "has a date that doesn't exist, or entries in one another"),
        ("[" * 5000, "isn't YAML"),
    ],
)
def test_a_date_that_no_month_has_stops_its_file_alone(take: Take, tmp_path: Path, text: str, said: str) -> None:
    rule, sentence = refused(take("staff.csv", staff_csv({}), beside=text))
    assert (rule, sentence.split(";")[0].split(" (")[0]) == ("sidecar.unusable", f"staff.csv.yaml {said}")
    (tmp_path / "mappings").mkdir(exist_ok=True)
    (tmp_path / "mappings" / "rxk.yaml").write_text(OWN.replace("2026-04-01", "2026-02-30"), encoding="utf-8")
    with pytest.raises(MappingError, match=r"rxk\.yaml has a date that doesn't exist"):
        mapping.load_all(DataFolder(tmp_path))
    (tmp_path / "own.yaml").write_text(LONG.replace("2026-03-31", "2026-02-30"), encoding="utf-8")
    with pytest.raises(layout.LayoutError, match=r"own\.yaml has a date that doesn't exist"):
        layout.load(tmp_path / "own.yaml")


def test_blanks_around_a_sidecars_words_are_cut_off(con: Connection, take: Take) -> None:
    silent = LONG.replace("org_code: {constant: E08000027}", "org_code: {sidecar: organisation}")
    extract = only(take("file.csv", CSV, silent, 'organisation: " E08000027\\u00a0"\n'))
    assert select(con, extract, "distinct org_code") == [("E08000027",)]


def test_a_mapping_that_has_a_word_twice_is_refused(take: Take) -> None:
    twice = OWN.replace("XX Local: other_grade", "trust  exec 2: other_grade")
    with pytest.raises(MappingError, match=r"made_here\.yaml maps 'trust  exec 2' of RXK; keep one"):
        take("staff.csv", staff_csv({"grade": "Trust Exec 2"}), own=twice)


def test_no_list_can_double_a_row(con: Connection, tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    for one in layout.load_all(folder):
        feed = contract.load(one.feed)
        lookup.register(con, one, feed, reference.method(folder), ())
        assert con.execute("select count(*) - count(distinct (list, org_code, key)) from lookup").fetchall() == [(0,)]
    own = mapping.OrganisationMapping.model_validate(
        {"organisation": "RXK", "owner": "x", "date": "2026-04-01", "columns": {"grade": {"a": "vsm", " A": "vsm"}}}
    )
    staff = next(one for one in layout.load_all(folder) if one.name == "edi_staff")
    with pytest.raises(RuntimeError, match="the list of grade has 'a' twice"):
        lookup.register(con, staff, contract.load("staff"), reference.method(folder), [own, own])


def test_no_header_can_be_of_two_packaged_layouts(tmp_path: Path) -> None:
    """The smallest header of one layout, with whichever of its alternatives, is never in another."""
    for one, other in combinations(layout.load_all(DataFolder(tmp_path)), 2):
        if {one.format, other.format} in ({"csv", "xlsx"}, {"csv", "parquet"}, {"xlsx", "parquet"}):
            continue
        shared = one.named_columns & other.named_columns
        lacking = [name for both in (one, other) for name in both.missing_columns(sorted(shared))]
        assert lacking, f"a header of {one.name} can be one of {other.name}"


@pytest.mark.parametrize("name", ["source_line", "Extract", "sidecar_as_at", ""])
def test_a_files_column_cannot_have_a_name_that_the_program_gives(take: Take, name: str) -> None:
    content = csv_text([[*row, name if row is TABLE[0] else "x"] for row in [TABLE[0], TABLE[1]]])
    content = content.replace(f"People,{name}\n", f"People,{name},more\n").replace(",x\n", ",x,y\n")
    assert refused(take("file.csv", content, LONG + 'unused: ["*"]\n'))[0] == "header.kept"


@pytest.mark.parametrize("name", ['a"b', "it's", "{batch}", "100%_", "back\\slash", "a;b--c", "{0}"])
def test_columns_and_words_may_be_called_anything(con: Connection, take: Take, name: str) -> None:
    made = yaml.safe_load(LONG)
    made["columns"]["grade"] = {"from": name, "values": {name: "senior_manager", "Worker": "case_holder"}}
    made["unused"] = [f"{name}*"]
    made["symbols"] = {name: "[c]"}
    quoted = '"' + name.replace('"', '""') + '"'
    content = CSV.replace("Role", quoted).replace("Manager", quoted) + f"Worker,Black,{quoted}\n"
    for layout_text in (made, made | {"not_applicable": {"where": {name: "nothing"}}, "missing": [f"{name}?"]}):
        extract = only(take("file.csv", content, yaml.safe_dump(layout_text)))
        assert counted(con, extract) == [*COUNTED, ("case_holder", "Black", None)]
        assert judged(con, take("file.csv", content)).rows_accepted == 3


def judged(con: Connection, ingested: Ingested) -> validate.Accepted:
    method = reference.method(DataFolder(Path("no such folder")))
    return validate.validate(con, ingested, method).accepted[0]
