"""A file sent again: what an earlier snapshot counted stands beside what is counted now, and says why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.database import Connection
from pipelines.freeze import Snapshot
from pipelines.places import DataFolder
from tests.frozen import frozen, measured
from tests.spec.test_freeze import HEADER, extract

Take, Run = Callable[..., Snapshot], Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.landing.mkdir(parents=True)
    return folder


@pytest.fixture
def take(con: Connection, folder: DataFolder) -> Take:
    """Write files into the landing folder and freeze all that lies there: an earlier run, as far as it matters here."""

    def take(**texts: str) -> Snapshot:
        beside = {name for name in texts if name.endswith("_beside")}
        for name in beside:
            (folder.landing / f"{name.removesuffix('_beside')}.csv.yaml").write_text(texts[name], encoding="utf-8")
        return frozen(con, folder, {name: text for name, text in texts.items() if name not in beside})

    return take


@pytest.fixture
def run(con: Connection, folder: DataFolder, take: Take) -> Run:
    """The same, and compute the exact marts; return where they lie."""
    return lambda **texts: measured(con, folder, take(**texts))


def mart(internal: Path, name: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    path = internal / f"{name}.parquet"
    return duckdb.execute(f"select {columns} from read_parquet('{path}') where {where} order by all").fetchall()


def groups(org_code: str, day: str, **headcounts: int) -> str:
    rows = [
        f"{day},{org_code},substantive,band_5,clinical,unknown,ethnicity,wres,{group},known,{headcount}"
        for group, headcount in headcounts.items()
    ]
    return "\n".join([HEADER, *rows, ""])


MARCH, FEBRUARY = "2026-03-31", "2025-03-31"


def test_what_a_resend_changed_is_marked_and_listed_and_nothing_else(take: Take, run: Run) -> None:
    take(old=groups("RNA", FEBRUARY, White=60, BME=40), new=groups("RNA", MARCH, White=61, BME=41))
    marts = run(
        again=groups("RNA", FEBRUARY, White=60, BME=45),
        again_beside="reason: a ward was left out\nextracted_on: 2026-05-01\n",
    )
    # White stay 60, but of 105 now; total and shares of both are other ones.
    listed = mart(
        marts,
        "revision",
        "org_code, category, earlier_headcount, headcount, headcount_change, earlier_known_headcount, known_headcount",
        "grade_group = 'band_5' and clinical = 'all' and org_level = 'organisation'",
    )
    assert listed == [
        ("RNA", "BME", 40, 45, 5, 100, 105),
        ("RNA", "White", 60, 60, 0, 100, 105),
        ("RNA", "all", 100, 105, 5, 100, 105),
    ]
    assert mart(marts, "revision", "distinct resent, marker") == [("RNA: a ward was left out", "[r]")]
    where = "grade_group = 'band_5' and clinical = 'all' and org_code = 'RNA' and category = 'BME'"
    marked = mart(marts, "representation_gap", "as_at_date::varchar, comparator, marker", where)
    assert marked == [
        (FEBRUARY, "catchment", "[r]"),
        (FEBRUARY, "england", "[r]"),
        (FEBRUARY, "population", "[r]"),
        (FEBRUARY, "previous", "[x]"),
        (FEBRUARY, "workforce", "[r]"),
        (MARCH, "catchment", None),
        (MARCH, "england", None),
        (MARCH, "population", None),
        # Held against a February that isn't what it was.
        (MARCH, "previous", "[r]"),
        (MARCH, "workforce", None),
    ]
    assert mart(marts, "trend", "distinct as_at_date::varchar, marker", where + " and marker = '[r]'") == [
        (FEBRUARY, "[r]")
    ]


def test_a_group_is_revised_where_only_the_answers_of_others_changed(take: Take, run: Run) -> None:
    """Five of BME staff are undisclosed now: White staff and everybody are as many, of fewer known answers."""
    undisclosed = f"{MARCH},RNA,substantive,band_5,clinical,unknown,ethnicity,wres,,missing,5\n"
    take(old=groups("RNA", MARCH, White=60, BME=40))
    marts = run(again=groups("RNA", MARCH, White=60, BME=35) + undisclosed)
    columns = "category, earlier_headcount, headcount, earlier_known_headcount, known_headcount, total_headcount"
    where = "grade_group = 'band_5' and clinical = 'all' and org_code = 'RNA'"
    assert mart(marts, "revision", columns, where) == [
        ("BME", 40, 35, 100, 95, 100),
        ("White", 60, 60, 100, 95, 100),
    ]


def test_a_system_is_revised_with_its_member(take: Take, run: Run) -> None:
    take(one=groups("RNA", MARCH, White=60, BME=40), two=groups("RBK", MARCH, White=30, BME=30))
    marts = run(again=groups("RNA", MARCH, White=60, BME=41))
    found = mart(
        marts,
        "revision",
        "org_code, earlier_headcount, headcount, resent",
        "grade_group = 'band_5' and clinical = 'all' and category = 'BME'",
    )
    assert found == [
        ("E54000062", 70, 71, "RNA: no reason given"),
        ("RNA", 40, 41, "RNA: no reason given"),
    ]


def test_the_same_figures_again_revise_nothing(take: Take, run: Run) -> None:
    take(old=groups("RNA", MARCH, White=60, BME=40))
    marts = run(again=groups("RNA", MARCH, BME=40, White=60))
    assert mart(marts, "revision", "*") == []
    assert mart(marts, "submission", "status, supersedes is not null, marker", "org_code = 'RNA'") == [
        ("received", True, "[r]")
    ]


def test_who_sent_what_and_who_sent_nothing(run: Run) -> None:
    marts = run(march=extract("RWP", MARCH, 40), march_beside="extracted_on: 2026-04-02\nreason: first of the year\n")
    columns = "org_code, status, feed, layout, extracted_on::varchar, rows_in, rows_accepted, marker"
    assert mart(marts, "submission", columns) == [
        *((absent, "absent", *(5 * [None]), "[x]") for absent in ("E06000019", "E10000034", "QGH", "R1A", "RLQ")),
        ("RWP", "received", "headcount", "edi_headcount", "2026-04-02", 1, 1, None),
    ]


def test_a_file_that_was_never_in_a_snapshot_is_no_revision(run: Run) -> None:
    """Without a revision there is an empty table, not none."""
    marts = run(march=extract("RWP", MARCH, 40))
    assert mart(marts, "revision", "*") == []
    assert "[r]" not in {marker for (marker,) in mart(marts, "representation_gap", "distinct marker")}


STAFF_HEADER = (
    "as_at_date,org_code,person_key,assignment_key,employment_type,primary_assignment,grade,staff_group,fte,sex,"
    "age_band,ethnicity,disability,religion,sexual_orientation,marital_status"
)


def nurses(org_code: str, day: str, **headcounts: int) -> str:
    """Rows of nurses in band 5, so many of each ethnic code."""
    rows = [
        f"{day},{org_code},{code}{number},{code}{number}-1,substantive,yes,band_5,nursing_and_midwifery_registered,"
        f"1.0,Female,26-30,{code},No,Atheism,Bisexual,Single"
        for code, headcount in headcounts.items()
        for number in range(headcount)
    ]
    return "\n".join([STAFF_HEADER, *rows, ""])


def test_counts_that_rows_take_the_place_of_are_revised(take: Take, run: Run) -> None:
    take(counts=groups("RNA", FEBRUARY, White=60, BME=40), new=groups("RNA", MARCH, White=61, BME=41))
    rows = take(rows=nurses("RNA", FEBRUARY, A=60, N=42), rows_beside="reason: rows at last\n")
    # Again: the same snapshot, with its revisions.
    marts = run()
    assert marts.parent.name == rows.snapshot_id[:12]
    where = "grade_group = 'band_5' and clinical = 'all' and org_level = 'organisation' and classification = 'wres'"
    changed = [("BME", 40, 42, "RNA: rows at last"), ("White", 60, 60, "RNA: rows at last")]
    columns = "category, earlier_headcount, headcount, resent"
    assert mart(marts, "revision", columns, where) == changed
    assert mart(marts, "submission", "as_at_date::varchar, feed, supersedes is not null, marker", "feed <> ''") == [
        (FEBRUARY, "staff", True, "[r]"),
        (MARCH, "headcount", False, None),
    ]
    # Rows sent once more are held against the earlier rows, not against the counts.
    again = run(more=nurses("RNA", FEBRUARY, A=60, N=43), more_beside="reason: one was left out\n")
    assert mart(again, "revision", columns, where) == [
        ("BME", 42, 43, "RNA: one was left out"),
        ("White", 60, 60, "RNA: one was left out"),
    ]


def test_counts_and_rows_that_come_together_revise_nothing(run: Run) -> None:
    marts = run(counts=groups("RNA", MARCH, White=60, BME=40), rows=nurses("RNA", MARCH, A=60, N=42))
    assert mart(marts, "revision", "*") == []


def test_a_grade_that_goes_or_comes_with_a_resend_is_listed(take: Take, run: Run) -> None:
    band_5 = groups("RNA", MARCH, White=60)
    other = band_5.split("\n")[1].replace(",60", ",7")
    take(old=f"{band_5}{other.replace('band_5', 'band_6')}\n")
    marts = run(again=f"{band_5}{other.replace('band_5', 'band_7')}\n")
    columns = "grade_group, earlier_headcount, headcount, headcount_change"
    where = "category = 'White' and clinical = 'all' and org_level = 'organisation' and classification = 'wres'"
    assert mart(marts, "revision", columns, where) == [
        ("band_6", 7, None, None),
        ("band_7", None, 7, None),
    ]


def test_what_a_changed_grade_is_part_of_is_revised_with_it(take: Take, run: Run) -> None:
    """Band 5 stays as it was; what it is held against, and its part of all grades, doesn't."""
    band_5 = groups("RNA", MARCH, White=60, BME=40)
    band_6 = "\n".join(groups("RNA", MARCH, White=30, BME=30).replace("band_5", "band_6").split("\n")[1:])
    take(old=band_5 + band_6)
    marts = run(again=band_5 + band_6.replace("BME,known,30", "BME,known,35"))
    where = "org_code = 'RNA' and clinical = 'all' and grade_family = 'afc' and classification = 'wres'"
    marked = where + " and grade_group = 'band_5' and marker = '[r]'"
    assert mart(marts, "representation_gap", "category, comparator", marked) == [
        ("BME", "workforce"),
        ("White", "workforce"),
    ]
    # White staff of all grades are 90 then and now.
    assert mart(marts, "grade_profile", "category", marked) == [("BME",)]


def test_who_answered_is_revised_where_it_changed_and_only_there(take: Take, run: Run) -> None:
    answers = (
        groups("RNA", MARCH, White=60, BME=40) + f"{MARCH},RNA,substantive,band_5,clinical,unknown,ethnicity,wres,"
    )
    take(old=f"{answers},declined,7\n", other=groups("RBK", MARCH, White=60))
    marts = run(again=f"{answers},missing,7\n")
    where = "clinical = 'all' and grade_group = 'band_5' and grade_family = 'afc'"
    assert mart(marts, "declaration_rate", "org_code, declined_headcount, missing_headcount, marker", where) == [
        ("E54000062", 0, 7, "[r]"),
        ("RBK", 0, 0, None),
        ("RNA", 0, 7, "[r]"),
    ]
