"""Waivers in the marts: every row says which it rests on, and one mart says what each of them let through."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import cli, measure
from pipelines.database import Connection
from pipelines.freeze import FrozenExtract
from pipelines.places import DataFolder
from pipelines.road import waiver_lines
from pipelines.waiver import Waiver, Waiving
from tests.cube import Row, mart, people, register
from tests.few import packs_of
from tests.frozen import Counted, counted, judged
from tests.reference_tables import Cells, database_of
from tests.spec.test_revision import groups, nurses
from tests.spec.test_succession import A_AND_B_INTO_NEW, FOOTPRINTS, register_of_organisations

MARCH, BEFORE = "2026-03-31", "2025-03-31"
BLACK_COUNTRY, DUDLEY = "E54000062", "E08000027"

ROLLED_UP = ("representation_gap", "trend", "declaration_rate", "grade_profile", "category_source")


def waived(
    code: str,
    day: str = MARCH,
    name: str = "job-shares",
    feed: str = "staff",
    owns: Sequence[tuple[str, ...]] = (),
    rows: int = 12,
    sha256: str = "x",
) -> FrozenExtract:
    """A frozen file in which a waiver let rows of an organisation or area through; it speaks for them unless said."""
    waiver = Waiver(
        name=name,
        rule=f"{feed}.fte_range",
        organisation=code,
        column="fte",
        reason="job-share contracts are recorded together",
        approved_by="A. Analyst",
        approved_on=date(2026, 4, 2),
        expires=date(2026, 6, 30),
    )
    waiving = Waiving(waiver, sha256, waiver.rule, code, date.fromisoformat(day), rows)
    return FrozenExtract(sha256, feed, "", "monthly", Path(), tuple(owns) or ((code, day),), False, waivings=(waiving,))


def staff(org_code: str, day: str = MARCH) -> list[Row]:
    cells = {"org_code": org_code, "as_at_date": day}
    return [people(30, "BME", **cells), people(70, "White", **cells)]


def named(con: Connection, name: str, **where: Any) -> set[tuple[str, str, str]]:
    """Whose rows of which date name which waivers; those that name none aren't here."""
    return {
        (row["org_code"], str(row["as_at_date"]), row["waivers"]) for row in mart(con, name, **where) if row["waivers"]
    }


# Dudley and Walsall of the Black Country, Worcester of another system.
THREE_TRUSTS = [*staff("RNA"), *staff("RBK"), *staff("RWP")]


@pytest.mark.parametrize("name", ROLLED_UP)
def test_the_organisation_and_its_system_say_it_in_every_row_and_others_in_none(con: Connection, name: str) -> None:
    register(con, THREE_TRUSTS, extracts=[waived("RNA")])
    said: dict[str, set[str | None]] = {}
    for row in mart(con, name):
        said.setdefault(row["org_code"], set()).add(row["waivers"])
    assert said["RNA"] == said[BLACK_COUNTRY] == {"job-shares"}
    others = said.keys() - {"RNA", BLACK_COUNTRY}
    assert others >= {"RBK", "RWP", "E54000019"}
    assert all(said[code] == {None} for code in others)


def test_a_system_names_those_of_all_its_members_once_and_in_order(con: Connection) -> None:
    both = [waived("RBK", name="b"), waived("RNA", name="c", sha256="y"), waived("RNA", name="b", sha256="z")]
    register(con, THREE_TRUSTS, extracts=[*both, waived("RNA", name="a", sha256="v")])
    assert named(con, "declaration_rate") == {
        ("RBK", MARCH, "b"),
        ("RNA", MARCH, "a, b, c"),
        (BLACK_COUNTRY, MARCH, "a, b, c"),
    }


def test_only_rows_of_its_date_name_it_and_those_that_are_compared_with_that_date(con: Connection) -> None:
    register(con, [*staff("RNA"), *staff("RNA", BEFORE)], extracts=[waived("RNA", BEFORE)])
    for name in ("declaration_rate", "grade_profile"):
        assert {day for _, day, _ in named(con, name)} == {BEFORE}
    for comparator in ("population", "catchment", "england", "workforce"):
        assert {day for _, day, _ in named(con, "representation_gap", comparator=comparator)} == {BEFORE}
    assert named(con, "representation_gap", comparator="previous") == {
        (code, day, "job-shares") for code in ("RNA", BLACK_COUNTRY) for day in (BEFORE, MARCH)
    }


def test_a_comparison_with_last_year_names_the_waivers_of_both_dates(con: Connection) -> None:
    both = [waived("RNA", BEFORE, "old"), waived("RNA", MARCH, "new", sha256="y")]
    register(con, [*staff("RNA"), *staff("RNA", BEFORE)], extracts=both)
    said = named(con, "representation_gap", comparator="previous", org_code="RNA")
    assert said == {("RNA", BEFORE, "old"), ("RNA", MARCH, "new, old")}


def dudley(characteristic: str = "ethnicity", sha256: str = "p", rows: int = 4) -> FrozenExtract:
    owns = [(DUDLEY, characteristic, "all")]
    return waived(DUDLEY, "2021-03-21", "old-census", "population", owns, rows, sha256)


def test_residents_that_a_waiver_let_in_are_named_by_every_row_that_is_held_against_them(con: Connection) -> None:
    """Dudley is a quarter of the Black Country, and no part of Worcestershire."""
    sexes = [people(50, sex, characteristic="sex", classification="sex") for sex in ("Female", "Male")]
    register(con, [*THREE_TRUSTS, *sexes], extracts=[dudley()])
    said = {
        (row["org_code"], row["characteristic"], row["comparator"], row["waivers"])
        for row in mart(con, "representation_gap")
        if row["waivers"]
    }
    held_against = {(code, "ethnicity", "population", "old-census") for code in ("RNA", "RBK", BLACK_COUNTRY)}
    assert held_against <= said
    # Patients live across borders; nobody's whole workforce or last year does.
    assert {row[1:] for row in said - held_against} <= {("ethnicity", "catchment", "old-census")}
    assert {code for code, _, comparator, _ in said if comparator == "catchment"} >= {"RNA"}
    assert named(con, "trend") == {(code, MARCH, "old-census") for code in ("RNA", "RBK", BLACK_COUNTRY)}
    assert named(con, "declaration_rate") == set()


def test_waivers_of_the_staff_and_of_the_residents_stand_side_by_side(con: Connection) -> None:
    register(con, THREE_TRUSTS, extracts=[dudley(), waived("RNA")])
    said = named(con, "trend", category="BME")
    assert said == {
        ("RBK", MARCH, "old-census"),
        ("RNA", MARCH, "job-shares, old-census"),
        (BLACK_COUNTRY, MARCH, "job-shares, old-census"),
    }


def test_what_is_restated_under_a_successors_code_rests_on_its_predecessors_waivers(tmp_path: Path) -> None:
    """AAA and BBB merged into NEW in October 2024; SYS1 has them all, and the region has SYS1 and CCC's SYS2."""
    tables: dict[str, Sequence[Cells]] = {
        "organisations": register_of_organisations(),
        "footprints": FOOTPRINTS,
        "successions": A_AND_B_INTO_NEW,
        "expected_submissions": [{"org_code": "NEW", "sector": "nhs"}],
    }
    before, after = "2024-03-31", "2025-03-31"
    rows = [*staff("AAA", before), *staff("BBB", before), *staff("NEW", after), *staff("CCC", before)]
    with database_of(tmp_path, **tables) as con:
        register(con, rows, after, extracts=[waived("AAA", before)])
        assert named(con, "declaration_rate") == {
            (code, before, "job-shares") for code in ("AAA", "NEW", "SYS1", "REGION")
        }
        assert {day for code, day, _ in named(con, "trend", comparator="population") if code == "NEW"} == {before}


def test_what_another_file_speaks_for_is_in_no_mart(con: Connection) -> None:
    """Headcounts that gave way to staff rows, and last month's file: their waivers let nothing in."""
    register(con, THREE_TRUSTS, extracts=[waived("RNA", owns=[("RNA", BEFORE)]), waived("RNA", owns=[("RBK", MARCH)])])
    assert mart(con, "waiver") == []
    assert named(con, "trend") == set()


def test_the_mart_of_waivers_says_whose_rows_how_many_why_and_who_approved_it(con: Connection) -> None:
    # Two files about Dudley, of ethnicity and of sex, are one line: what they are about is the area.
    files = [waived("RNA"), waived("RNA", name="another", rows=1, sha256="y"), dudley(), dudley("sex", "q", 3)]
    register(con, THREE_TRUSTS, extracts=files)
    rows = mart(con, "waiver")
    assert [tuple(str(row[name]) for name in list(row)[:7]) for row in rows] == [
        ("2021-03-21", DUDLEY, "population", "old-census", "population.fte_range", "fte", "7"),
        (MARCH, "RNA", "staff", "another", "staff.fte_range", "fte", "1"),
        (MARCH, "RNA", "staff", "job-shares", "staff.fte_range", "fte", "12"),
    ]
    assert {tuple(map(str, list(row.values())[7:])) for row in rows} == {
        ("job-share contracts are recorded together", "A. Analyst", "2026-04-02", "2026-06-30")
    }


# A whole run: RNA (rows), RBK (counts) and RWP (rows), one of whose nurses works 1.6 of full time.
WAIVER = """rule: staff.fte_range
organisation: RNA
column: fte
reason: job-share contracts are recorded together until June
approved_by: A. Analyst, workforce information
approved_on: 2026-04-02
expires: 2026-06-30
"""


def nurses_of(org_code: str, long_hours: int = 1) -> str:
    return nurses(org_code, MARCH, A=60, N=40).replace(",1.0,", ",1.6,", long_hours)


@pytest.fixture
def land(tmp_path: Path) -> Callable[..., DataFolder]:
    def land(waiver: str = WAIVER, **texts: str) -> DataFolder:
        folder = DataFolder(tmp_path)
        packs_of(folder.root)
        folder.landing.mkdir(exist_ok=True)
        (tmp_path / "waivers").mkdir(exist_ok=True)
        (tmp_path / "waivers" / "job-shares.yaml").write_text(waiver, encoding="utf-8")
        files = {"rna": nurses_of("RNA"), "rwp": nurses_of("RWP"), "rbk": groups("RBK", MARCH, White=60, BME=40)}
        for name, text in (files | texts).items():
            (folder.landing / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder

    return land


def said(made: Counted, name: str) -> set[tuple[str, str]]:
    """Whose rows of a mart name which waivers, where they name any."""
    return set(made.mart(name, "distinct org_code, waivers", "waivers is not null"))


def test_a_run_with_a_waiver_says_so_in_every_mart_that_it_touches(land: Callable[..., DataFolder]) -> None:
    judged(land())
    made = counted(land(again=nurses_of("RNA", 2)))  # sent again: there is a revision, too
    own, rolled_up = {("RNA", "job-shares")}, {("RNA", "job-shares"), (BLACK_COUNTRY, "job-shares")}
    expected = dict.fromkeys(("headcount", *measure.MARTS), own) | dict.fromkeys(ROLLED_UP, rolled_up)
    # The hours changed and nobody's count did, so there is no line of a revision.
    expected |= {"revision": set()}
    del expected["waiver"]
    assert {name: said(made, name) for name in expected} == expected
    third = nurses_of("RNA", 2).replace(",N39,", ",N40,").replace(",N,", ",A,", 1)
    again = counted(land(again=nurses_of("RNA", 2), third=third))
    assert said(again, "revision") == rolled_up
    assert again.mart("waiver", "org_code, waiver, rule, rows") == [("RNA", "job-shares", "staff.fte_range", 2)]
    # The column stands before the marker, or last.
    for name in ("headcount", *measure.MARTS):
        path = again.internal / f"{name}.parquet"
        columns = [row[0] for row in duckdb.execute(f"describe from read_parquet('{path}')").fetchall()]
        if name != "waiver":
            after = columns[columns.index("waivers") + 1 :]
            assert (after or ["marker"])[0] == "marker"


@pytest.mark.parametrize("scope", ["expires: 2026-03-30", "expires: 2026-06-30\nlayout: esr_equality"])
def test_an_expired_waiver_and_one_about_another_file_change_nothing(
    land: Callable[..., DataFolder], tmp_path: Path, scope: str
) -> None:
    idle = counted(land(WAIVER.replace("expires: 2026-06-30", scope)))
    (tmp_path / "waivers" / "job-shares.yaml").unlink()
    without = counted(DataFolder(tmp_path))
    assert waiver_lines(idle.snapshot) == []
    for name in ("headcount", *measure.MARTS):
        assert idle.mart(name) == without.mart(name)
    assert idle.mart("waiver") == []


def test_the_same_waivers_give_the_same_snapshot_and_others_another(land: Callable[..., DataFolder]) -> None:
    _, first = judged(land())
    assert judged(land())[1].snapshot_id == first.snapshot_id
    for waiver in (WAIVER.replace("until June", "until July"), WAIVER.replace("2026-06-30", "2026-07-31")):
        assert judged(land(waiver))[1].snapshot_id != first.snapshot_id
    manifest = json.loads((first.path / "manifest.json").read_text(encoding="utf-8"))
    (entry,) = [entry for extract in manifest["extracts"] for entry in extract["waivers"]]
    assert entry["waiver"] == "job-shares"
    assert entry["reason"] == "job-share contracts are recorded together until June"


LINE = (
    "waiver    job-shares: staff.fte_range of fte set aside for RNA 2026-03-31, 1 row (job-share contracts are "
    "recorded together until June; approved by A. Analyst, workforce information, until 2026-06-30)"
)


def test_the_terminal_names_every_waiver_at_work_after_the_release(
    land: Callable[..., DataFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    land()
    monkeypatch.setattr("sys.argv", ["edi", "run", "--data", str(tmp_path)])
    with pytest.raises(SystemExit):
        cli.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines.index(LINE) > next(place for place, line in enumerate(lines) if line.startswith("publish "))


def test_a_waiver_for_many_is_one_line_with_the_first_of_them(land: Callable[..., DataFolder]) -> None:
    codes = ("RNA", "RL4", "RXK", "RWP", "RBK")
    everyone = WAIVER.replace("organisation: RNA", "layout: edi_staff")
    _, snapshot = judged(land(everyone, **{code.lower(): nurses_of(code) for code in codes}))
    (line,) = waiver_lines(snapshot)
    assert "set aside for RBK 2026-03-31, RL4 2026-03-31, RNA 2026-03-31 and 2 more, 5 rows (" in line
