"""Ingest: a small file in, the typed table out; nothing is guessed, rounded or dropped."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.database import Connection
from pipelines.ingest import Extract, ingest
from pipelines.places import DataFolder

STAFF: dict[str, str] = {
    "as_at_date": "2026-03-31",
    "org_code": "RXK",
    "person_key": "p1",
    "assignment_key": "a1",
    "employment_type": "substantive",
    "primary_assignment": "yes",
    "grade": "band_5",
    "staff_group": "estates_and_ancillary",
    "fte": "0.8",
    "sex": "Female",
    "age_band": "36-40",
    "ethnicity": "A",
    "disability": "No",
    "religion": "",
    "sexual_orientation": "",
    "marital_status": "",
}
GOV_UK = "Measure,Ethnicity,Ethnicity_type,Time,Type_of_role,Entry_level,Broad_grade,Specific_grade,Headcount,Value"
MEASURE = "Percentage of NHS staff in NHS trusts and CCGs"


def staff_csv(*rows: dict[str, str], **columns: str) -> str:
    """A staff file in our template: every row as STAFF but for what is given."""
    lines = [",".join([*STAFF, *columns])]
    lines += [",".join((STAFF | columns | {"assignment_key": f"a{n}"} | row).values()) for n, row in enumerate(rows)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(con: Connection, tmp_path: Path) -> Callable[[str], Extract]:
    def read_file(content: str) -> Extract:
        path = tmp_path / "file.csv"
        path.write_text(content, encoding="utf-8")
        ingested = ingest(con, DataFolder(tmp_path), [path], tmp_path / "work")
        assert not ingested.refusals
        return ingested.extracts[0]

    return read_file


def select(con: Connection, extract: Extract, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(f"select {columns} from read_parquet(?) order by source_line", [str(extract.typed)]).fetchall()


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (
            "as_at_date",
            {
                "2026-03-31": (date(2026, 3, 31), None),
                " 2024-02-29 ": (date(2024, 2, 29), None),
                "2026-02-29": (None, "not_a_date"),
                "31/03/2026": (None, "not_a_date"),
                "2026-3-31": (None, "not_a_date"),
                "2026-03-31 00:00": (None, "not_a_date"),
                "": (None, "empty"),
            },
        ),
        (
            "fte",
            {
                "1": (Decimal("1.0000"), None),
                "0.55": (Decimal("0.5500"), None),
                "1.5555": (Decimal("1.5555"), None),
                "1.55555": (None, "not_a_number"),  # a cast would round it in silence
                "-0.5": (None, "not_a_number"),
                "1e0": (None, "not_a_number"),
                ".5": (None, "not_a_number"),
                "100000": (None, "not_a_number"),
                "": (None, None),  # the rules say whose may be empty
            },
        ),
        (
            "primary_assignment",
            {
                "yes": (True, None),
                "NO": (False, None),
                "true": (None, "not_yes_or_no"),
                "1": (None, "not_yes_or_no"),
                "": (None, "empty"),
            },
        ),
        (
            "grade",
            {
                "band_5": ("band_5", None),
                " BAND_8a ": ("band_8a", None),
                "band 5": (None, "not_in_list"),
                "all": (None, "a_total"),
                "bank": (None, "of_another_column"),
                "": (None, "empty"),
            },
        ),
        (
            "employment_type",
            {"Bank": ("bank", None), "permanent": (None, "of_another_column"), "": (None, "empty")},
        ),
        ("person_key", {" p 1 ": ("p 1", None), "NULL": ("NULL", None), "": (None, "empty")}),
    ],
)
def test_text_becomes_its_type_or_a_fault(
    con: Connection, read: Callable[[str], Extract], column: str, cells: dict[str, tuple[Any, str | None]]
) -> None:
    extract = read(staff_csv(*({column: cell} for cell in cells)))
    assert dict(zip(cells, select(con, extract, f"{column}, {column}_fault"), strict=True)) == cells


def test_a_cell_that_may_be_empty_is_no_fault(con: Connection, read: Callable[[str], Extract]) -> None:
    extract = read(staff_csv({}, {"extracted_on": "1 April"}, extracted_on="", synthetic=""))
    assert select(con, extract, "extracted_on, extracted_on_fault, synthetic, synthetic_fault") == [
        (None, None, None, None),
        (None, "not_a_date", None, None),
    ]


def test_an_answer_is_known_declined_missing_or_unmapped(con: Connection, read: Callable[[str], Extract]) -> None:
    cells = {
        "A": ("esr_16", "A", "known", None),
        "c": ("esr_16", "C", "known", None),
        "Z": ("esr_16", None, "declined", None),
        " not  STATED ": ("esr_16", None, "declined", None),
        "99": ("esr_16", None, "missing", None),
        "": ("esr_16", None, "missing", None),
        "Purple": ("esr_16", None, None, "not_in_list"),
    }
    extract = read(staff_csv(*({"ethnicity": cell} for cell in cells)))
    columns = "ethnicity_classification, ethnicity, ethnicity_answer_status, ethnicity_fault"
    assert dict(zip(cells, select(con, extract, columns), strict=True)) == cells


def test_a_written_out_answer_must_be_one_of_the_classification(
    con: Connection, read: Callable[[str], Extract]
) -> None:
    answers = {
        "ethnicity,ons_5,Asian,known": ("ethnicity", "ons_5", "Asian", "known", None),
        "Ethnicity,ONS_5,asian,Known": ("ethnicity", "ons_5", "Asian", "known", None),
        "ethnicity,ons_5,,declined": ("ethnicity", "ons_5", None, "declined", None),
        "ethnicity,ons_5,,unknown": ("ethnicity", "ons_5", None, "unknown", None),
        "ethnicity,ons_5,Asian,declined": (None, None, None, None, "not_in_list"),
        "ethnicity,ons_5,,known": (None, None, None, None, "not_in_list"),
        "ethnicity,ons_5,Female,known": (None, None, None, None, "not_in_list"),
    }
    rows = [f"E08000027,{answer},all,{number},2021-03-21" for number, answer in enumerate(answers)]
    header = "area_code,characteristic,classification,category,answer_status,age_range,population,vintage"
    extract = read("\n".join([header, *rows]))
    columns = "characteristic, classification, category, answer_status, answer_fault"
    assert dict(zip(answers, select(con, extract, columns), strict=True)) == answers
    assert select(con, extract, "population, population_fault")[6] == (6, None)


def test_whole_numbers(con: Connection, read: Callable[[str], Extract]) -> None:
    cells = {
        "0": (0, None),
        "123456789012345": (123456789012345, None),
        '"1,234"': (None, "not_a_whole_number"),
        "12.0": (12, None),
        "12.5": (None, "not_a_whole_number"),
        "-1": (None, "not_a_whole_number"),
        "": (None, "empty"),
    }
    header = "area_code,characteristic,classification,category,answer_status,age_range,population,vintage"
    rows = [f"E08000027,ethnicity,ons_5,Asian,known,all,{cell},2021-03-21" for cell in cells]
    extract = read("\n".join([header, *rows]))
    assert dict(zip(cells, select(con, extract, "population, population_fault"), strict=True)) == cells


def test_a_publishers_total_is_no_fault_and_knows_its_parts(con: Connection, read: Callable[[str], Extract]) -> None:
    def row(group: str, role: str, grade: str, headcount: str) -> str:
        return f"{MEASURE},{group},ONS 2001 6+1,as at Mar 2018,{role},All,All,{grade},{headcount},N/A"

    extract = read(
        "\n".join(
            [
                GOV_UK,
                row("Asian", "Non-medical", "Band 5", "7"),
                row("Unknown", "Non-medical", "Band 5", "N/A"),
                row("All known", "Non-medical", "Band 5", "7"),
                row("Asian", "All", "All", "7"),
            ]
        )
    )
    assert select(con, extract, "row_role, dimensions, left_out[4], headcount, headcount_fault, grade_fault") == [
        ("detail", ["as at Mar 2018", "Non-medical", "Band 5", "Asian"], False, 7, None, None),
        ("detail", ["as at Mar 2018", "Non-medical", "Band 5", "Unknown"], True, None, "empty", None),
        ("total", ["as at Mar 2018", "Non-medical", "Band 5", None], False, 7, None, None),
        ("total", ["as at Mar 2018", None, None, "Asian"], False, 7, None, None),
    ]
    assert select(con, extract, "distinct as_at_date, org_code, employment_type, clinical, source_line")[0][:4] == (
        date(2018, 3, 31),
        "E92000001",
        "substantive",
        "unknown",
    )


def test_rows_that_say_nothing_are_told_from_rows_that_do(con: Connection, read: Callable[[str], Extract]) -> None:
    extract = read(
        "Regions Code,Regions,Ethnic group (20 categories) Code,Ethnic group (20 categories),Observation\n"
        "E12000001,North East,-8,Does not apply,0\n"
        "E12000001,North East,-8,Does not apply,3\n"
        "E12000001,North East,1,Bangladeshi,16355\n"
    )
    assert select(con, extract, "row_role, population, answer_fault") == [
        ("not_applicable", 0, "not_in_list"),
        ("detail", 3, "not_in_list"),
        ("detail", 16355, None),
    ]
    assert extract.about == (("E12000001", "ethnicity", "all"),)


@pytest.mark.parametrize(
    ("content", "rule", "sentence"),
    [
        (b"RXK,p1,yes,5,band_5,Yes,yes\n", "header.twice", "columns 3, 6 and 7 have the same name"),
        (b"PK\x03\x04\x14\x00", "file.format", "a damaged Excel workbook or archive"),
        (b"PAR1", "file.format", "a damaged Parquet file"),
        (b"%PDF-1.7", "file.format", "a PDF document"),
        (b"<!DOCTYPE html>", "file.format", "a web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "file.format", "an old Office document, an e-mail or damaged"),
        (b"\n\nas_at_date,org_code\n", "layout.none", "no layout recognises its columns"),
        (b",,,\nas_at_date,org_code\n", "layout.none", "no layout recognises its columns"),
        (b"\xef\xbb\xbf\r\n\r\n", "file.empty", "it is empty"),
        (b"", "file.empty", "it is empty"),
    ],
)
def test_what_is_no_table_is_refused_without_a_value(
    con: Connection, tmp_path: Path, content: bytes, rule: str, sentence: str
) -> None:
    (tmp_path / "file.csv").write_bytes(content)
    (refusal,) = ingest(con, DataFolder(tmp_path), [tmp_path / "file.csv"], tmp_path / "work").refusals
    assert refusal.rule == rule
    assert sentence in refusal.sentence
    assert "yes" not in refusal.sentence


def test_a_copy_is_read_once_and_named(con: Connection, tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.csv"):
        (tmp_path / name).write_text(staff_csv({}), encoding="utf-8")
    (tmp_path / "c.csv").write_text(staff_csv({"fte": "1"}), encoding="utf-8")
    ingested = ingest(con, DataFolder(tmp_path), sorted(tmp_path.glob("*.csv")), tmp_path / "work")
    assert [extract.file for extract in ingested.extracts] == ["a.csv", "c.csv"]
    (copy,) = ingested.refusals
    assert (copy.file, copy.rule) == ("b.csv", "file.copy")
    assert "a.csv" in copy.sentence
    a, c = ingested.extracts
    assert a.typed == c.typed  # one layout, one query: told apart by `extract`
    assert [row[0] for row in select(con, a, "distinct extract, source_line")] == sorted([a.sha256, c.sha256])


def test_a_copys_sidecar_isnt_dropped_in_silence(con: Connection, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(staff_csv({}), encoding="utf-8")
    (tmp_path / "b.csv.yaml").write_text("control_totals: [{people: 1}]\n", encoding="utf-8")
    files = sorted(tmp_path.glob("*.csv"))
    (copy,) = ingest(con, DataFolder(tmp_path), files, tmp_path / "work").refusals
    assert copy.rule == "file.copy"
    assert "what that says goes into a.csv.yaml" in copy.sentence


def test_synthetic_rows_mark_their_extract(read: Callable[[str], Extract]) -> None:
    assert read(staff_csv({}, {"synthetic": "yes"}, synthetic="no")).synthetic
    assert not read(staff_csv({}, synthetic="no")).synthetic
    assert not read(staff_csv({})).synthetic
