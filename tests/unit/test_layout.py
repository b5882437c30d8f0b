"""Layouts: a file is recognised by its content, and a slip in a layout file is refused with a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import layout, places
from pipelines.database import Connection
from pipelines.ingest import Ingested, ingest
from pipelines.layout import LayoutError
from pipelines.places import DataFolder

POPULATION = "area_code,characteristic,classification,category,answer_status,age_range,population,vintage"
RESIDENTS = "E08000027,ethnicity,ons_5,Asian,known,all,12,2021-03-21"

COUNTY = """
layout: county_staff
title: A county's list of groups
publisher: nobody knew them
feed: headcount
format: csv
arrives: yearly
recognise: {Report: Ethnicity of staff}
missing: ["-"]
columns:
  as_at_date: {from: Day, values: {Spring 2026: 2026-03-31}}
  org_code: {constant: E10000034}
  employment_type: {constant: substantive}
  grade: {from: {any: [Level, Grade]}, values: {Social worker: band_6}}
  clinical: {constant: unknown}
  staff_group: {constant: unknown}
  answer: {from: Group, value_list: gov_uk_ethnicity}
  headcount: {from: value}
unused: [Remark]
"""

Read = Callable[..., Ingested]


@pytest.fixture
def read(con: Connection, tmp_path: Path) -> Read:
    """Write a file, and layouts if given, and ingest it."""

    def read_file(content: str, **layouts: str) -> Ingested:
        (tmp_path / "layouts").mkdir(exist_ok=True)
        for name, text in layouts.items():
            (tmp_path / "layouts" / f"{name}.yaml").write_text(text, encoding="utf-8")
        path = tmp_path / "file.csv"
        path.write_text(content, encoding="utf-8")
        return ingest(con, DataFolder(tmp_path), [path], tmp_path / "work")

    return read_file


def verdict(ingested: Ingested) -> str:
    """The layout of the one file, or the rule that refused it."""
    return [*(one.layout for one in ingested.extracts), *(one.rule for one in ingested.refusals)][0]


def test_a_file_is_recognised_by_its_columns_whatever_their_order(read: Read) -> None:
    assert verdict(read(f"{POPULATION}\n{RESIDENTS}\n")) == "edi_population"
    cells = ",".join(reversed(RESIDENTS.split(",")))
    assert verdict(read(f"{','.join(reversed(POPULATION.split(',')))}\n{cells}\n")) == "edi_population"


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (POPULATION.replace(",vintage", ""), "nearest to edi_population, but it lacks the column 'vintage'"),
        (f"{POPULATION},colour", "nearest to edi_population, but it has the unknown column 'colour'"),
        (
            POPULATION.replace("vintage", "Vintage"),
            "it lacks the column 'vintage', it has the unknown column 'Vintage'",
        ),
        ("a,b", "no layout recognises its columns"),
    ],
)
def test_an_unrecognised_file_hears_what_keeps_it_out(read: Read, header: str, sentence: str) -> None:
    (refusal,) = read(f"{header}\n1{',' * header.count(',')}\n").refusals
    assert (refusal.file, refusal.rule) == ("file.csv", "layout.none")
    assert sentence in refusal.sentence


def test_a_nul_byte_in_a_name_that_a_pattern_takes_is_damage(read: Read) -> None:
    header = "Report,Day,Level,Group,value,Remark\0"
    content = f"{header}\nEthnicity of staff,Spring 2026,Social worker,Asian,12,x\n"
    (refusal,) = read(content, county=COUNTY.replace("unused: [Remark]", "unused: ['Rem*']")).refusals
    assert (refusal.rule, refusal.sentence.split(",")[0]) == ("line.nul", "its header has a NUL byte in it")


@pytest.mark.parametrize("between", ["", ","])
def test_a_row_that_ran_into_the_header_is_not_repeated(read: Read, between: str) -> None:
    """Nor where two rows below ran together too, so that a line is as wide as the header."""
    (refusal,) = read(f"{POPULATION}{between}{RESIDENTS}\n{RESIDENTS}{between}{RESIDENTS}\n").refusals
    assert "look whether a row ran into its header" in refusal.sentence
    assert not [cell for cell in RESIDENTS.split(",") if cell and f"'{cell}'" in refusal.sentence]


def test_a_column_named_twice_is_refused_whatever_its_case(read: Read) -> None:
    assert verdict(read(f"{POPULATION},vintage\n")) == "header.twice"
    assert verdict(read(f"{POPULATION},VINTAGE\n")) == "header.twice"


def test_empty_and_unreadable_files_are_refused(read: Read, con: Connection, tmp_path: Path) -> None:
    assert verdict(read("")) == "file.empty"
    assert verdict(read(f"{POPULATION}\n\n")) == "file.empty"
    path = tmp_path / "cut.csv"
    path.write_bytes(f"{POPULATION}\n{RESIDENTS}\n".encode("utf-16")[:-1])
    assert verdict(ingest(con, DataFolder(tmp_path), [path], tmp_path)) == "file.text"


def test_a_layout_made_here_reads_a_publisher_nobody_knew(read: Read, con: Connection) -> None:
    content = (
        "Report,Day,Level,Group,value,Remark\n"
        "Ethnicity of staff,Spring 2026,social  WORKER,Asian,12,x\n"
        "Ethnicity of staff,Spring 2026,Social worker,Black,-,\n"
    )
    (extract,) = read(content, county=COUNTY).extracts
    assert (extract.layout, extract.rows_in, extract.about) == ("county_staff", 2, (("E10000034", "2026-03-31"),))
    assert con.execute(
        "select as_at_date::varchar, org_code, grade, category, answer_status, headcount, headcount_fault "
        "from read_parquet(?) order by source_line",
        [str(extract.typed)],
    ).fetchall() == [
        ("2026-03-31", "E10000034", "band_6", "Asian", "known", 12, None),
        ("2026-03-31", "E10000034", "band_6", "Black", "known", None, "empty"),
    ]


def test_alternatives_and_the_publishers_own_words_decide(read: Read) -> None:
    row = "Ethnicity of staff,Spring 2026,Social worker,Asian,12"
    assert verdict(read(f"Report,Day,Grade,Group,value\n{row}\n", county=COUNTY)) == "county_staff"
    assert "lacks the column 'Level or Grade'" in read(f"Report,Day,Group,value\n{row}\n").refusals[0].sentence
    other = read(f"Report,Day,Grade,Group,value\n{row.replace('Ethnicity', 'Sex')}\n").refusals[0]
    assert other.sentence.endswith("its columns fit but its first row isn't the publisher's")


def test_the_first_row_that_can_be_read_shows_the_publisher(read: Read) -> None:
    row = "Ethnicity of staff,Spring 2026,Social worker,Asian,12"
    assert verdict(read(f'Report,Day,Grade,Group,value\n\n"broken\n{row}\n', county=COUNTY)) == "county_staff"


def test_two_layouts_that_match_are_both_named(read: Read) -> None:
    second = COUNTY.replace("county_staff", "second_county")
    row = "Ethnicity of staff,Spring 2026,Social worker,Asian,12"
    (refusal,) = read(f"Report,Day,Grade,Group,value\n{row}\n", county=COUNTY, second=second).refusals
    assert refusal.rule == "layout.several"
    assert "county_staff and second_county" in refusal.sentence


def test_the_users_own_layout_stands_before_the_packaged_one_of_its_name(read: Read) -> None:
    assert verdict(read(f"{POPULATION}\n{RESIDENTS}\n", edi_population=COUNTY)) == "layout.none"


def test_a_subtotals_column_must_be_there(read: Read) -> None:
    with_total = COUNTY + "totals: {Sector: {value: All}}\n"
    row = "Ethnicity of staff,Spring 2026,Social worker,Asian,12"
    (refusal,) = read(f"Report,Day,Grade,Group,value\n{row}\n", county=with_total).refusals
    assert "lacks the column 'Sector'" in refusal.sentence


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("publisher:", "publischer:", "publis"),
        ("feed: headcount", "feed: heads", "feed"),
        ("format: csv", "format: [", "isn't YAML"),
        ("  headcount: {from: value}", "  heads: {from: value}", "has no column 'heads'"),
        ("  headcount: {from: value}\n", "", "needs 'headcount'"),
        ("{from: value}", "{form: value}", "form"),
        ("{from: value}", "{}", "headcount: give the column"),
        ("{from: value}", "{from: value, constant: 3}", "headcount: give the column"),
        ("constant: substantive", "constant: substansive", "'substansive', only substantive, bank, other"),
        ("Social worker: band_6", "Social worker: band_66", "there is no 'band_66', only"),
        ("Social worker: band_6", "Social worker: band_6, social  Worker: band_7", "two of its values are the same"),
        ("value_list: gov_uk_ethnicity", "value_list: gov_uk", "there is no list 'gov_uk'"),
        ("from: Group, value_list: gov_uk_ethnicity", "constant: White", "an answer comes from a column"),
        ("unused: [Remark]", "unused: [Extract]", "'extract' is kept for the program's own use"),
    ],
)
def test_a_slip_in_a_layout_file_is_refused(tmp_path: Path, right: str, wrong: str, sentence: str) -> None:
    path = tmp_path / "county.yaml"
    assert right in COUNTY
    path.write_text(COUNTY.replace(right, wrong), encoding="utf-8")
    with pytest.raises(LayoutError) as refused:
        layout.load(path)
    assert str(refused.value).startswith("county.yaml")
    assert sentence in str(refused.value)


def test_an_answers_list_must_be_about_it(tmp_path: Path) -> None:
    text = (places.LAYOUTS / "edi_staff.yaml").read_text(encoding="utf-8")
    (tmp_path / "staff.yaml").write_text(text.replace("value_list: esr_sex}", "value_list: esr_religion}"), "utf-8")
    with pytest.raises(LayoutError, match="sex: the list 'esr_religion' is about religion"):
        layout.load(tmp_path / "staff.yaml")


def test_every_packaged_layout_loads(tmp_path: Path) -> None:
    assert len({one.name for one in layout.load_all(DataFolder(tmp_path))}) == len(list(places.LAYOUTS.glob("*.yaml")))
