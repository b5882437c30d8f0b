"""The public tables: what they say of made-up organisations, and that no text in them can be run by a spreadsheet."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines import database
from pipelines.database import Connection
from pipelines.measure.public import TABLES, FormulaError, write_public
from tests.cube import without_files
from tests.reference_tables import Cells, database_of, packaged

NOTES = {"snapshot_id": "x", "synthetic": "yes"}
DAY = "2026-03-31"

TRUST: Cells = {"org_code": "AAA", "org_name": "A trust", "org_level": "organisation", "org_type": "trust"}
OLD: Cells = {"org_code": "OLD", "org_name": "Old system", "org_level": "system", "org_type": "system"}
NEW: Cells = OLD | {"org_code": "NEW", "org_name": "New system"}
NATION: Cells = {"org_code": "NAT", "org_name": "Nation", "org_level": "national", "org_type": "nation"}
IN_OLD: Cells = TRUST | {"sector": "nhs", "parent_code": "OLD"}


def register(con: Connection, codes: Sequence[str], day: str = DAY) -> None:
    con.execute("create or replace table representation_gap as select unnest(?::varchar[]) as org_code", [codes])
    con.execute("create or replace table run as select ?::date as as_at_date", [day])
    without_files(con)


def units(root: Path, organisations: Sequence[Cells], *successions: Cells, day: str = DAY) -> list[tuple[str, ...]]:
    """Code, level and system of every unit, where all of the organisations have a gap."""
    with database_of(root, organisations=organisations, successions=successions) as con:
        register(con, [one["org_code"] for one in organisations] * 2, day)
        query = f"select org_code, org_level, system_code, system_name from ({database.read_sql('public/unit')})"
        return con.execute(query).fetchall()


def renamed(on: str, kind: str = "renamed", successor: str = "NEW") -> Cells:
    return {"predecessor_code": "OLD", "successor_code": successor, "effective_on": on, "kind": kind}


def test_a_unit_has_the_system_that_the_register_names(tmp_path: Path) -> None:
    assert units(tmp_path, [IN_OLD, OLD | {"parent_code": "NAT"}, NATION]) == [
        ("AAA", "organisation", "OLD", "Old system"),
        ("NAT", "national", None, None),
        ("OLD", "system", "OLD", "Old system"),
    ]


@pytest.mark.parametrize(("day", "code"), [("2026-03-31", "OLD"), ("2026-04-01", "NEW")])
def test_a_units_system_is_the_one_at_the_as_at_date(tmp_path: Path, day: str, code: str) -> None:
    found = units(tmp_path, [IN_OLD, OLD, NEW], renamed("2026-04-01"), day=day)
    assert {org_code: system for org_code, _, system, _ in found} == {"AAA": code, "NEW": "NEW", "OLD": "OLD"}


def test_a_unit_has_no_system_where_several_stand_in_its_place_or_it_is_of_none(tmp_path: Path) -> None:
    other = NEW | {"org_code": "NEWER"}
    split = [renamed("2025-04-01", "split"), renamed("2025-04-01", "split", "NEWER")]
    assert units(tmp_path / "split", [IN_OLD, OLD, NEW, other], *split)[0] == ("AAA", "organisation", None, None)
    of_a_nation = TRUST | {"parent_code": "NAT"}
    assert units(tmp_path / "none", [of_a_nation, NATION])[0] == ("AAA", "organisation", None, None)
    assert units(tmp_path / "alone", [TRUST]) == [("AAA", "organisation", None, None)]


def test_only_units_with_numbers_are_there(tmp_path: Path) -> None:
    with database_of(tmp_path, organisations=[IN_OLD, OLD]) as con:
        register(con, ["AAA"])
        assert con.execute(f"select org_code from ({database.read_sql('public/unit')})").fetchall() == [("AAA",)]


def test_a_grade_group_stands_under_each_family_with_its_grades_in_order(con: Connection) -> None:
    query = f"select * from ({database.read_sql('public/grade_group')}) where grade_group in ('all', 'wdes_4', 'vsm')"
    found = {(family, group): (place, label, grades) for family, _, group, label, place, _, grades in rows(con, query)}
    assert found["all", "wdes_4"] == (
        *(44, "WDES cluster 4: bands 8c to 9 and very senior managers", "band_8c; band_8d; band_9; vsm"),
    )
    assert found["vsm", "all"] == (0, "All grades", "vsm")
    assert found["vsm", "vsm"] == (13, "Very senior manager", "vsm")
    assert "case_holder" not in found["all", "all"][2]
    assert "case_holder" in found["social_care", "all"][2]


def rows(con: Connection, query: str) -> list[tuple[str, ...]]:
    return con.execute(query).fetchall()


def test_bytes_are_the_same_whatever_the_threads(con: Connection, tmp_path: Path) -> None:
    register(con, [one["org_code"] for one in packaged("organisations")])
    written = []
    for threads in (1, 2):
        con.execute("set threads = ?", [threads])
        folder = tmp_path / str(threads)
        folder.mkdir()
        paths = write_public(con, folder, NOTES)
        assert [path.name for path in paths] == [f"{name}.parquet" for name in TABLES]
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 2 * len(TABLES)


def test_commas_quotes_and_letters_stand_in_a_twin_as_they_are(tmp_path: Path) -> None:
    name = 'Betsi "Ŵ", Trust – North'
    with database_of(tmp_path, organisations=[TRUST | {"org_name": name}]) as con:
        register(con, ["AAA"])
        write_public(con, tmp_path, NOTES)
    assert (tmp_path / "unit.csv").read_bytes() == (
        "org_code,org_name,org_level,org_type,sector,system_code,system_name\n"
        'AAA,"Betsi ""Ŵ"", Trust – North",organisation,trust,,,\n'
    ).encode()


FORMULAS = ["=1+1", "+44", "-2", "@SUM(A1)", " =1", "\t=1", "＝1", "Trust;=1", "Trust; @x", "Trust\n=1"]
TEXTS = ["A trust", "<=20", "21-25", "A = B", "Trust (North) - East", "a@b", "1+1", ";", "Trust; north", "'=1"]


@pytest.mark.parametrize(("texts", "runs"), [(FORMULAS, True), (TEXTS, False)])
def test_a_text_that_a_spreadsheet_could_run_is_told(con: Connection, texts: Sequence[str], runs: bool) -> None:
    for text in texts:
        assert con.execute("select is_formula(?)", [text]).fetchall() == [(runs,)], text


def test_a_name_that_could_be_run_is_refused_with_its_row(tmp_path: Path) -> None:
    organisations = [TRUST, OLD | {"org_name": '=HYPERLINK("http://x")'}]
    with (
        pytest.raises(ValueError, match="organisations") as refused,
        database_of(tmp_path, organisations=organisations),
    ):
        pass
    assert str(refused.value).endswith(
        "organisations.csv, row 3: org_name isn't a text to every spreadsheet: with = + - or @ at its beginning, or "
        "behind a semicolon, it could be run as a formula; correct the cell"
    )


def test_what_could_be_run_is_refused_at_the_last_too_and_has_no_twin(tmp_path: Path) -> None:
    """Wherever a text comes from: not every table that a text is from is looked at before."""
    with database_of(tmp_path, organisations=[TRUST]) as con:
        register(con, ["AAA"])
        con.execute("update category set label = '@BME' where category = 'BME'")
        with pytest.raises(FormulaError) as refused:
            write_public(con, tmp_path, NOTES)
    assert str(refused.value) == (
        "category.parquet: label '@BME' could be run as a formula by a spreadsheet that opens it; nothing was "
        "released: in its reference table, write it without = + - or @ at its beginning"
    )
    assert not (tmp_path / "category.csv").exists()
