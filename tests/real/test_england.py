"""England end to end: NHS staff by band against residents, from the two public downloads to the marts."""

import csv
import hashlib
import json
import shutil
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from math import ceil, sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

import duckdb
import pytest
from rich.console import Console

from pipelines.places import DataFolder
from pipelines.road import walk
from tests import pages

NHS = "nhs_england_ethnicity_by_band/nhs-workforce.csv"
ONS = tuple(f"census2021/ons-ethnic-population-{area}.csv" for area in ("la", "reg", "nat"))
WHITE = "White: "


def england(real_data: Path, folder: Path) -> Path:
    """Run the road on a landing folder with only the public files; return the release's internal folder."""
    data = DataFolder(folder)
    data.landing.mkdir(parents=True)
    for name in (NHS, *ONS):
        shutil.copy(real_data / name, data.landing)
    return walk(data, Console(quiet=True)).release.internal


@pytest.fixture(scope="module")
def internal(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return england(real_data, tmp_path_factory.mktemp("england") / "data")


@pytest.fixture(scope="module")
def gaps(internal: Path) -> list[dict[str, Any]]:
    return rows(internal / "representation_gap.parquet")


def rows(table: Path) -> list[dict[str, Any]]:
    result = duckdb.execute("select * from read_parquet(?)", [str(table)])
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.fixture(scope="module")
def staff(real_data: Path) -> dict[tuple[str, str, str, str], int]:
    """The publisher's own counts by time, kind of post, grade and ethnic group."""
    with (real_data / NHS).open(encoding="utf-8", newline="") as file:
        return {
            (row["Time"], row["Type_of_role"], row["Specific_grade"], row["Ethnicity"]): int(row["Headcount"])
            for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def residents(real_data: Path) -> Counter[str]:
    """England's residents, White and BME, from the raw download."""
    counted: Counter[str] = Counter()
    with (real_data / ONS[2]).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["Countries"] == "England":
                group = row["Ethnic group (20 categories)"]
                counted["White" if group.startswith(WHITE) else "BME"] += int(row["Observation"])
    return counted


def find(gaps: list[dict[str, Any]], **cells: Any) -> dict[str, Any]:
    defaults = {"comparator": "population", "clinical": "all"}
    (row,) = (row for row in gaps if all(str(row[key]) == value for key, value in (defaults | cells).items()))
    return row


@pytest.mark.parametrize(("date", "time"), [("2017-09-30", "as at September 2017"), ("2018-03-31", "as at Mar 2018")])
def test_every_band_against_england(
    gaps: list[dict[str, Any]],
    staff: dict[tuple[str, str, str, str], int],
    residents: Counter[str],
    date: str,
    time: str,
) -> None:
    for band in ("1", "2", "3", "4", "5", "6", "7", "8a", "8b", "8c", "8d", "9"):
        row = find(gaps, as_at_date=date, grade_group=f"band_{band}", classification="wres", category="BME")
        white, known, unknown = (
            staff[time, "Non-medical", f"Band {band}", group] for group in ("White", "All known", "Unknown")
        )
        assert (row["headcount"], row["known_headcount"]) == (known - white, known)
        assert row["total_headcount"] == known + unknown
        assert float(row["workforce_share"]) == pytest.approx((known - white) / known, abs=1e-9)
        assert float(row["comparator_share"]) == pytest.approx(residents["BME"] / residents.total(), abs=1e-9)
        assert float(row["gap_pp"]) == pytest.approx(
            100 * ((known - white) / known - residents["BME"] / residents.total()), abs=1e-7
        )


def test_what_its_publisher_made_public_is_public_as_it_is_and_needs_no_key(
    internal: Path, staff: dict[tuple[str, str, str, str], int]
) -> None:
    """Small counts, too."""
    public = internal.parent
    assert {(row["base"], row["bound_held"], row["bound_other"]) for row in rows(public / "rounding.parquet")} == {
        (1, 0, 0)
    }
    detail = ("as_at_date", "org_code", "grade", "clinical", "characteristic", "classification", "category")
    exact, published = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for counted, table in ((exact, internal), (published, public)):
        for row in rows(table / "headcount.parquet"):
            counted[tuple(row[name] for name in (*detail, "answer_status"))] += row["headcount"] or 0
    assert +published == +exact
    assert any(0 < count < 5 for count in published.values())
    gaps = rows(public / "representation_gap.parquet")
    for band in ("1", "5", "8a", "9"):
        white, known = (
            staff["as at Mar 2018", "Non-medical", f"Band {band}", group] for group in ("White", "All known")
        )
        row = find(gaps, as_at_date="2018-03-31", grade_group=f"band_{band}", classification="wres", category="BME")
        assert row["headcount"] == row["headcount_lower"] == row["headcount_upper"] == known - white
        assert (row["known_headcount"], row["share_rounding_error_pp"]) == (known, 0)
    assert not (public.parent.parent / "disclosure.key").exists()


OTHERS = {
    "vsm": ("Non-medical", "Very Senior Manager"),
    "other_grade": ("Non-medical", "Other grade"),
    "consultant": ("Medical", "Consultant (including Directors of Public Health)"),
    "associate_specialist": ("Medical", "Associate Specialist"),
    "specialty_doctor": ("Medical", "Specialty Doctor"),
    "staff_grade": ("Medical", "Staff Grade"),
    "specialty_registrar": ("Medical", "Specialty Registrar"),
    "core_training": ("Medical", "Core Training"),
    "foundation_year_2": ("Medical", "Foundation Doctor Year 2"),
    "foundation_year_1": ("Medical", "Foundation Doctor Year 1"),
    "hospital_practitioner": ("Medical", "Hospital Practitioner / Clinical Assistant"),
    "other_medical": ("Medical", "Other and Local Hospital and Community Health Services Doctor Grades"),
}


@pytest.mark.parametrize(("date", "time"), [("2017-09-30", "as at September 2017"), ("2018-03-31", "as at Mar 2018")])
def test_every_other_grade_has_the_publishers_counts(
    gaps: list[dict[str, Any]], staff: dict[tuple[str, str, str, str], int], date: str, time: str
) -> None:
    details = {row["grade_group"] for row in gaps if row["is_detail"]}
    assert details == {
        *OTHERS,
        *(f"band_{band}" for band in ("1", "2", "3", "4", "5", "6", "7", "8a", "8b", "8c", "8d", "9")),
    }
    for grade, (role, name) in OTHERS.items():
        counts = {group: staff[time, role, name, group] for group in ("White", "Black", "Mixed", "Other")}
        counts["Asian"] = staff[time, role, name, "Asian"] + staff[time, role, name, "Chinese"]
        cells = {"as_at_date": date, "grade_group": grade, "classification": "ons_5"}
        rows = {group: find(gaps, category=group, **cells) for group in counts}
        assert {group: row["headcount"] for group, row in rows.items()} == counts
        known = staff[time, role, name, "All known"]
        assert {row["known_headcount"] for row in rows.values()} == {known} == {sum(counts.values())}
        assert {row["total_headcount"] for row in rows.values()} == {known + staff[time, role, name, "Unknown"]}


def test_all_medical_grades_together(gaps: list[dict[str, Any]], staff: dict[tuple[str, str, str, str], int]) -> None:
    cells = {"as_at_date": "2018-03-31", "grade_family": "medical", "grade_group": "all", "classification": "wres"}
    row = find(gaps, category="White", **cells)
    time = "as at Mar 2018"
    assert (row["headcount"], row["known_headcount"]) == (
        staff[time, "Medical", "All", "White"],
        staff[time, "Medical", "All", "All known"],
    )


def test_senior_bands_together(gaps: list[dict[str, Any]], residents: Counter[str]) -> None:
    row = find(gaps, as_at_date="2018-03-31", grade_group="afc_8a_plus", classification="wres", category="BME")
    assert (row["headcount"], row["known_headcount"], row["verdict"]) == (8024, 68132, "lower")
    share, z = 8024 / 68132, NormalDist().inv_cdf(0.975)
    comparator = residents["BME"] / residents.total()
    half = z * sqrt(share * (1 - share) / 68132 + z * z / (4 * 68132**2))
    limits = [
        100 * ((share + z * z / (2 * 68132) + sign * half) / (1 + z * z / 68132) - comparator) for sign in (-1, 1)
    ]
    assert [float(row["gap_lower_95_pp"]), float(row["gap_upper_95_pp"])] == pytest.approx(limits, abs=1e-6)
    assert float(row["gap_pp"]) == pytest.approx(100 * (share - comparator), abs=1e-6)
    assert row["shortfall_headcount"] == ceil(comparator * 68132 - 8024)


def test_chinese_staff_are_asian_as_in_2021(
    gaps: list[dict[str, Any]], staff: dict[tuple[str, str, str, str], int]
) -> None:
    row = find(
        gaps, as_at_date="2018-03-31", grade_family="all", grade_group="all", classification="ons_5", category="Asian"
    )
    time = "as at Mar 2018"
    assert row["headcount"] == staff[time, "All", "All", "Asian"] + staff[time, "All", "All", "Chinese"]


def test_everybody_is_counted(gaps: list[dict[str, Any]], staff: dict[tuple[str, str, str, str], int]) -> None:
    row = find(
        gaps,
        as_at_date="2018-03-31",
        grade_family="all",
        grade_group="all",
        characteristic="total",
        comparator="workforce",
    )
    time = "as at Mar 2018"
    assert row["headcount"] == staff[time, "All", "All", "All known"] + staff[time, "All", "All", "Unknown"]


def test_nothing_is_said_that_the_files_do_not_tell(gaps: list[dict[str, Any]]) -> None:
    assert {row["org_code"] for row in gaps} == {"E92000001"}
    assert {row["org_level"] for row in gaps} == {"national"}
    assert {row["clinical"] for row in gaps} == {"all"}  # clinical and non-clinical posts can't be told apart
    assert {row["classification"] for row in gaps} == {"ons_5", "wres", "total"}
    assert {row["marker"] for row in gaps if row["comparator"] == "previous"} == {"[x]"}


def test_the_board_pack_says_what_the_publisher_counted(
    internal: Path, staff: dict[tuple[str, str, str, str], int]
) -> None:
    """Counts that are public already stand as they are."""
    pointer = json.loads((internal.parents[1] / "current.json").read_text())
    assert pointer["state"] == "gated"
    (unit,) = (internal.parent / "report").iterdir()
    told = pages.texts((unit / "board-pack.html").read_text(encoding="utf-8"))
    known, white = (staff["as at Mar 2018", "All", "All", group] for group in ("All known", "White"))
    share = (Decimal(100 * (known - white)) / known).quantize(Decimal("0.1"), ROUND_HALF_UP)
    who = "of NHS staff whose ethnicity is known were BME"
    assert f"At 31 March 2018, {share} % {who} ({known - white:,} of {known:,})." in told
    assert "These counts were made public by their publisher before, and are shown as published." in told
    assert "No answers on sex were sent." in told


def test_another_folder_gives_the_same_bytes(real_data: Path, internal: Path, tmp_path: Path) -> None:
    other = england(real_data, tmp_path / "elsewhere")
    assert other.parent.name == internal.parent.name
    assert digests(other) == digests(internal)
    pointers = [json.loads((folder.parents[1] / "current.json").read_text()) for folder in (internal, other)]
    assert pointers[0] == pointers[1]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
