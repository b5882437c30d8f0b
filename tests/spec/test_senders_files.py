"""Senders' files as they are: kinds of file, encodings, titles and notes, wide tables, symbols, sidecars, own words.

Each test makes a layout or a file of its own: a new publisher needs a file, no code.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines import mapping, sidecar
from pipelines.database import Connection
from pipelines.ingest import Extract, Ingested, ingest
from pipelines.mapping import MappingError
from pipelines.opening import encoding
from pipelines.places import DataFolder
from tests.spec.test_ingest import staff_csv

Rows = list[tuple[Any, ...]]
Take = Callable[..., Ingested]

HEAD = "layout: made_here\ntitle: made in a test\npublisher: a test\narrives: yearly\n"
CONSTANT = """
  as_at_date: {constant: 2026-03-31}
  org_code: {constant: E08000027}
  employment_type: {constant: substantive}
  clinical: {constant: unknown}
  staff_group: {constant: social_care}
"""
LONG = f"""{HEAD}feed: headcount
columns:{CONSTANT}
  grade: {{from: Role, values: {{Manager: senior_manager, Worker: case_holder}}}}
  answer: {{from: Group, value_list: gov_uk_ethnicity}}
  headcount: {{from: People}}
"""
TABLE = [["Role", "Group", "People"], ["Manager", "Asian", "3"], ["Worker", "White", "12"]]
COUNTED = [("senior_manager", "Asian", 3), ("case_holder", "White", 12)]


@pytest.fixture
def take(con: Connection, tmp_path: Path) -> Take:
    """Ingest a file of the given name and bytes, with layouts, a sidecar and mappings of the data folder."""

    def take_file(
        name: str, content: bytes | str | None = None, layout: str = "", beside: str = "", own: str = ""
    ) -> Ingested:
        for folder, text in (("layouts", layout), ("mappings", own)):
            (tmp_path / folder).mkdir(exist_ok=True)
            if text:
                (tmp_path / folder / "made_here.yaml").write_text(text, encoding="utf-8")
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        if beside:
            sidecar.beside(path).write_text(beside, encoding="utf-8")
        return ingest(con, DataFolder(tmp_path), [path], tmp_path / "work")

    return take_file


def only(ingested: Ingested) -> Extract:
    assert not ingested.refusals, ingested.refusals
    return ingested.extracts[0]


def refused(ingested: Ingested) -> tuple[str, str]:
    assert not ingested.extracts
    return ingested.refusals[0].rule, ingested.refusals[0].sentence


def select(con: Connection, extract: Extract, columns: str) -> Rows:
    """Columns of the typed table, in its own order: by line, and within a wide line by column."""
    return con.execute(f"select {columns} from read_parquet(?)", [str(extract.typed)]).fetchall()


def csv_text(rows: Sequence[Sequence[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


def counted(con: Connection, extract: Extract) -> Rows:
    return select(con, extract, "grade, category, headcount")


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_is_read_in_the_encoding_that_it_is_in(con: Connection, take: Take, coding: str) -> None:
    layout = LONG.replace("Worker: case_holder", "Travailleur d’été: case_holder")
    text = csv_text(TABLE).replace("Worker", "Travailleur d’été")
    mark = b"\xff\xfe" if coding == "utf-16-le" else b""
    assert counted(con, only(take("file.csv", mark + text.encode(coding), layout))) == COUNTED


def test_a_file_in_two_encodings_loses_only_the_lines_of_the_second(
    con: Connection, take: Take, tmp_path: Path
) -> None:
    content = "Role,Group,People\nManager,Asian,3\né,White,1\n".encode() + "é,Black,2\n".encode("cp1252")
    extract = only(take("file.csv", content, LONG))
    assert [(line.line, line.rule) for line in extract.unreadable] == [(4, "line.encoding")]
    assert (extract.rows_in, len(counted(con, extract))) == (3, 2)
    assert encoding(tmp_path / "file.csv") == "utf-8"


def test_titles_above_and_notes_below_a_table_are_no_rows(con: Connection, take: Take) -> None:
    content = (
        "Workforce return,,\n\nRole,Group,People\nManager,Asian,3\nWorker,White,12\n,,\nSource: us\nNote 1; see over\n"
    )
    extract = only(take("file.csv", content, LONG))
    assert counted(con, extract) == COUNTED
    assert select(con, extract, "source_line") == [(4,), (5,)]
    assert extract.rows_in == 2
    assert [(note.rule, note.rows) for note in extract.notes] == [("file.notes", 2)]


def test_a_row_cut_off_at_the_end_is_no_note(take: Take) -> None:
    wide = "Role,Group,People,A,B,C\n" + "Manager,Asian,3,,,\n" + "Worker,Wh"
    extract = only(take("file.csv", wide, LONG + "unused: [A, B, C]\n"))
    assert [(line.line, line.rule) for line in extract.unreadable] == [(3, "line.fields")]
    assert extract.rows_in == 2
    # Below a blank line too: most of a row's cells are no note.
    most = only(take("file.csv", wide.replace("\nWorker,Wh", "\n\nWorker,White,12,x\n"), LONG + "unused: [A, B, C]\n"))
    assert [(line.line, line.rule) for line in most.unreadable] == [(4, "line.fields")]
    between = wide.replace("\nWorker,Wh", "\n\nSource, 2026\nWorker,White,12,,,\n")
    after_blank = only(take("file.csv", between, LONG + "unused: [A, B, C]\n"))
    assert [(line.line, line.rule) for line in after_blank.unreadable] == [(4, "line.fields")]


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> None:
    book = openpyxl.Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


@pytest.mark.parametrize("name", ["return.xlsx", "return.csv"])
def test_a_workbook_is_read_whatever_its_name(con: Connection, take: Take, tmp_path: Path, name: str) -> None:
    rows = [["Our return"], [], TABLE[0], ["Manager", "Asian", 3], ["Worker", "White", 12.0], [], ["Source: us"]]
    workbook(tmp_path / name, {"Cover": [["A title"], ["and words"]], "Data": rows})
    extract = only(take(name, None, LONG))
    assert counted(con, extract) == COUNTED
    assert select(con, extract, "source_line") == [(4,), (5,)]
    assert [(note.rule, note.rows) for note in extract.notes] == [("file.notes", 1)]


def test_dates_and_numbers_of_a_workbook_are_what_the_sheet_shows(con: Connection, take: Take, tmp_path: Path) -> None:
    header, *rows = [line.split(",") for line in staff_csv({}).splitlines()]
    cells = dict(zip(header, rows[0], strict=True)) | {"as_at_date": date(2026, 3, 31), "fte": 0.1 + 0.2}
    workbook(tmp_path / "staff.xlsx", {"Staff": [header, list(cells.values())]})
    assert select(con, only(take("staff.xlsx")), "as_at_date, fte, fte_fault") == [
        (date(2026, 3, 31), Decimal("0.3000"), None)
    ]


def test_two_sheets_of_one_layout_are_refused_and_named(take: Take, tmp_path: Path) -> None:
    workbook(tmp_path / "return.xlsx", {"May": TABLE, "June": TABLE})
    rule, sentence = refused(take("return.xlsx", None, LONG))
    assert rule == "layout.several_sheets"
    assert "'May' and 'June'" in sentence


def test_parquet_is_read_by_its_columns(con: Connection, take: Take, tmp_path: Path) -> None:
    values = ", ".join(f"('{role}', '{group}', {people})" for role, group, people in TABLE[1:])
    con.execute(f"copy (values {values}) to '{tmp_path / 'raw.parquet'}' (format parquet)")
    con.execute(
        f'copy (select col0 as "Role", col1 as "Group", col2 as "People" from \'{tmp_path / "raw.parquet"}\') '
        f"to '{tmp_path / 'file.parquet'}' (format parquet)"
    )
    extract = only(take("file.parquet", None, LONG))
    assert counted(con, extract) == COUNTED
    assert select(con, extract, "source_line") == [(1,), (2,)]


def test_an_archive_and_a_workbook_that_fills_a_disk_are_refused(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "data.csv", "w") as archive:
        archive.writestr("data.csv", csv_text(TABLE))
    assert refused(take("data.csv"))[1].startswith("it is an archive, not a table")
    workbook(tmp_path / "big.xlsx", {"Data": TABLE})
    monkeypatch.setattr("pipelines.workbook.UNPACKED_BYTES", 100)
    assert refused(take("big.xlsx", None, LONG))[1].startswith("it unpacks to more than 2 GiB")


WIDE = f"""{HEAD}feed: headcount
missing: ["-"]
numbers: {{thousands: ","}}
symbols: {{c: "[c]", x: "[x]"}}
wide:
  into: Group
  value: People
  percentage: Share
  columns: {{asian: Asian, white: White, known: All known}}
  percentages: {{asian_perc: Asian}}
columns:{CONSTANT}
  grade: {{from: Role, values: {{Manager: senior_manager, Worker: case_holder}}}}
  answer: {{from: Group, value_list: gov_uk_ethnicity}}
  headcount: {{from: People}}
  percentage: {{from: Share}}
totals: {{Group: {{value: All known}}}}
totals_within: [Role]
"""


def test_a_wide_line_is_several_rows_and_stands_as_one(con: Connection, take: Take) -> None:
    content = 'Role,asian,white,known,asian_perc\nManager,3,"1,012","1,015",0.3\nWorker,c,x,9,c\n'
    extract = only(take("file.csv", content, WIDE))
    assert extract.rows_in == 2
    assert select(con, extract, "source_line, row_role, category, headcount, marker, percentage, headcount_fault") == [
        (2, "detail", "Asian", 3, None, None, None),
        (2, "detail", "White", 1012, None, None, None),
        (2, "total", None, 1015, None, None, None),
        (2, "percentage", "Asian", None, None, Decimal("0.3000"), None),
        (3, "detail", "Asian", None, "[c]", None, None),
        (3, "detail", "White", None, "[x]", None, None),
        (3, "total", None, 9, None, None, None),
        (3, "percentage", "Asian", None, None, None, None),
    ]


def test_a_thousands_separator_must_separate_thousands(con: Connection, take: Take) -> None:
    content = 'Role,asian,white,known,asian_perc\nManager,"1,2","12,34",5,0\n'
    assert select(con, only(take("file.csv", content, WIDE)), "headcount_fault")[:2] == [("not_a_whole_number",)] * 2


def test_headings_by_pattern_and_subtotals_among_them(con: Connection, take: Take) -> None:
    layout = f"""{HEAD}feed: population
wide: {{into: Age, value: People, headings: "Age: (.+); Value"}}
columns:
  area_code: {{from: code}}
  answer: {{from: Age, value_list: census_single_year_age}}
  age_range: {{constant: all}}
  population: {{from: People}}
  vintage: {{constant: 2021-03-21}}
totals: {{Age: {{value: Total}}}}
totals_within: [code]
subtotals: {{column: Age, parts: {{Aged 1 to 2 years: [Aged 1 year, Aged 2 years]}}}}
"""
    header = [
        "code",
        *(f"Age: {name}; Value" for name in ("Total", "Aged 1 to 2 years", "Aged 1 year", "Aged 2 years")),
    ]
    extract = only(take("file.csv", csv_text([header, ["E08000027", "9", "9", "4", "5"]]), layout))
    assert select(con, extract, "row_role, category, population, part_words") == [
        ("total", None, 9, None),
        ("total", None, 9, ["Aged 1 year", "Aged 2 years"]),
        ("detail", "1", 4, None),
        ("detail", "2", 5, None),
    ]


def test_numbers_and_percentages_in_one_column_are_told_apart_by_their_labels(con: Connection, take: Take) -> None:
    layout = f"""{HEAD}feed: population
long_percentages: {{column: group, number: (number), percentage: (percent), value: value}}
columns:
  area_code: {{constant: E08000027}}
  answer: {{from: group, value_list: gov_uk_ethnicity}}
  age_range: {{constant: all}}
  population: {{from: value}}
  vintage: {{constant: 2021-03-21}}
"""
    content = "group,value\nAsian (number),30.0\nAsian  (percent),30.0\nWhite (number),70\nWhite,7\n"
    extract = only(take("file.csv", content, layout))
    assert select(con, extract, "row_role, category, population, percentage") == [
        ("detail", "Asian", 30, None),
        ("percentage", "Asian", None, Decimal("30.0000")),
        ("detail", "White", 70, None),
        ("detail", "White", 7, None),
    ]


def test_the_first_column_that_says_something_and_a_part_of_a_cell(con: Connection, take: Take) -> None:
    layout = LONG.replace("{constant: E08000027}", "{from: {first: [council, region]}}").replace(
        "{from: Role,", '{from: Role, part: {of: "|", number: 2},'
    )
    content = "council,region,Role,Group,People\n,E12000005,X|Manager|Y,Asian,3\nE08000027,E12000005,Worker,White,12\n"
    extract = only(take("file.csv", content, layout))
    assert select(con, extract, "org_code, grade") == [("E12000005", "senior_manager"), ("E08000027", "case_holder")]


@pytest.mark.parametrize(
    ("dates", "cells"),
    [
        ("[DD/MM/YYYY]", {"31/03/2026": date(2026, 3, 31), "2026-03-31": None, "03/31/2026": None, "1/3/2026": None}),
        (
            "[YYYY-MM-DD, DD-MON-YYYY]",
            {"2026-03-31": date(2026, 3, 31), "31-Mar-2026": date(2026, 3, 31), "31-MÄR": None},
        ),
    ],
)
def test_dates_are_read_in_the_spellings_that_the_layout_names(
    con: Connection, take: Take, dates: str, cells: dict[str, date | None]
) -> None:
    layout = LONG.replace("{constant: 2026-03-31}", "{from: Day}") + f"dates: {dates}\n"
    extract = only(take("file.csv", csv_text([["Day", *TABLE[0]], *([day, *TABLE[1]] for day in cells)]), layout))
    assert select(con, extract, "as_at_date, as_at_date_fault") == [
        (day, None if day else "not_a_date") for day in cells.values()
    ]


SANITISED = LONG + "sanitised: {columns: [Born, Postcode], words: [Admin]}\n"


def test_a_sanitised_column_is_dropped_unread_or_the_file_is_refused(con: Connection, take: Take) -> None:
    content = csv_text([[*TABLE[0], "Born"], [*TABLE[1], "Admin"], [*TABLE[2], ""]])
    extract = only(take("file.csv", content, SANITISED))
    assert counted(con, extract) == COUNTED
    rule, sentence = refused(take("file.csv", content.replace("Admin", "1970-01-01"), SANITISED))
    assert rule == "column.personal"
    assert "'Born'" in sentence
    assert "1970" not in sentence


UNSAID = (
    LONG.replace("as_at_date: {constant: 2026-03-31}", "as_at_date: {from: Day, optional: true, sidecar: as_at}")
    .replace("org_code: {constant: E08000027}", "org_code: {sidecar: organisation}")
    .replace("  headcount:", "  extracted_on: {sidecar: extracted_on}\n  headcount:")
)


def test_what_a_file_doesnt_say_stands_beside_it(con: Connection, take: Take) -> None:
    beside = "organisation: E08000028\nas_at: 2026-03-31\nextracted_on: 2026-04-02\n"
    beside += "control_totals: [{people: 15, fte: 14.5}]\n"
    extract = only(take("file.csv", csv_text(TABLE), UNSAID, beside))
    assert select(con, extract, "distinct org_code, as_at_date, extracted_on") == [
        ("E08000028", date(2026, 3, 31), date(2026, 4, 2))
    ]
    (total,) = extract.sidecar.control_totals
    assert (total.organisation, total.as_at, total.people, total.fte) == (
        "E08000028",
        date(2026, 3, 31),
        15,
        Decimal("14.5"),
    )
    # The same bytes of another month are another extract.
    other = only(take("file.csv", csv_text(TABLE), UNSAID, beside.replace("2026-03", "2026-02").replace("31", "28")))
    assert (other.sha256 != extract.sha256, other.content_sha256 == extract.content_sha256) == (True, True)


@pytest.mark.parametrize(
    ("beside", "rule", "sentence"),
    [
        ("", "sidecar.lacking", "it doesn't say which date and which organisation; write"),
        ("organisation: E08000028\n", "sidecar.lacking", "'as_at: YYYY-MM-DD'"),
        ("organization: E08000028\n", "sidecar.unusable", "file.csv.yaml: organization"),
        ("organisation: [\n", "sidecar.unusable", "file.csv.yaml isn't YAML"),
        ("as_at: soon\n", "sidecar.unusable", "file.csv.yaml: as_at"),
        (
            "organisation: RNA\ncontrol_totals: [{people: 5}, {organisation: RNA, fte: 5}]\n",
            "sidecar.unusable",
            "control_totals has two entries about RNA; write one, with people, assignments and fte in it",
        ),
        (
            "control_totals: [{people: 5}, {organisation: RNA, as_at: 2026-03-31, people: 6}]\n",
            "sidecar.unusable",
            "control_totals has two entries about RNA on 2026-03-31; ",
        ),
    ],
)
def test_a_sidecar_that_is_missing_or_wrong_stops_its_file(take: Take, beside: str, rule: str, sentence: str) -> None:
    found, said = refused(take("file.csv", csv_text(TABLE), UNSAID, beside))
    assert found == rule
    assert sentence in said


def test_a_sidecar_that_contradicts_the_rows_stops_its_file(take: Take) -> None:
    for beside in ("organisation: RNA\n", "as_at: 2026-02-28\n", "extracted_on: 2026-05-04\n"):
        content = staff_csv({}, extracted_on="2026-04-05")
        assert refused(take("staff.csv", content, beside=beside))[0] == "sidecar.contradicts"


OWN = """organisation: RXK
owner: Workforce information manager
date: 2026-04-01
columns:
  grade: {Trust Exec 2: vsm, XX Local: other_grade}
"""


def test_an_organisations_own_words_count_for_it_alone(con: Connection, take: Take) -> None:
    content = staff_csv({"grade": "trust  exec 2"}, {"grade": "band_5"}, {"grade": "XX Local", "org_code": "RNA"})
    extract = only(take("staff.csv", content, own=OWN))
    assert select(con, extract, "grade, grade_source_value, grade_fault") == [
        ("vsm", "Trust Exec 2", None),
        ("band_5", "band_5", None),
        (None, None, "not_in_list"),
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("vsm", "boss", "there is no 'boss', only"),
        ("grade:", "fte:", "columns.fte: only"),
        ("owner:", "author:", "owner"),
        ("date: 2026-04-01", "date: spring", "date"),
    ],
)
def test_a_slip_in_a_mapping_is_refused(tmp_path: Path, right: str, wrong: str, sentence: str) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "rxk.yaml").write_text(OWN.replace(right, wrong), encoding="utf-8")
    with pytest.raises(MappingError, match=r"rxk\.yaml") as slip:
        mapping.load_all(DataFolder(tmp_path))
    assert sentence in str(slip.value)


def test_two_mappings_of_one_word_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    for name, text in (("a", OWN), ("b", OWN.replace("Trust Exec 2: vsm, ", "").replace("XX Local", "xx  LOCAL"))):
        (tmp_path / "mappings" / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(MappingError, match=r"b\.yaml and a\.yaml both map"):
        mapping.load_all(DataFolder(tmp_path))


def test_the_home_nations_codes_are_read_as_the_method_says(con: Connection, take: Take, tmp_path: Path) -> None:
    content = staff_csv({"ethnicity": "CA White English"}, {"ethnicity": "C2"}, {"ethnicity": "CK White Italian"})
    assert select(con, only(take("staff.csv", content)), "ethnicity") == [("C",), ("C",), ("C",)]
    (tmp_path / "method.yaml").write_text("reassign_CA_CB_CC_CD_C2_to_A: true\n", encoding="utf-8")
    assert select(con, only(take("staff.csv", content)), "ethnicity, ethnicity_source_value") == [
        ("A", "CA White English"),
        ("A", "C2"),
        ("C", "CK White Italian"),
    ]


def test_two_spellings_and_blanks_around_codes_are_noticed(take: Take) -> None:
    content = staff_csv(
        {"disability": "Prefer Not To Answer"},
        {"disability": "Prefer Not to Answer"},
        {"disability": "Prefer Not To Answer", "org_code": "RXK "},
    )
    assert [(note.rule, note.column, note.rows, note.lines) for note in only(take("staff.csv", content)).notes] == [
        ("file.blanks", "org_code", 1, (4,)),
        ("file.spellings", "disability", 1, (3,)),
    ]
