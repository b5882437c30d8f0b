"""Social workers of the six councils against their residents, 2019 to 2022, from the public file to the marts."""

import csv
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.places import DataFolder
from tests.frozen import counted

DFE = "dfe_social_workers_by_ethnicity/csww_workforce_role_by_ethnicity_2019_to_2022.csv"
LTLA = "census2021/ethnicity21_ltla21.csv"
COUNCILS = ("E06000019", "E08000027", "E08000028", "E08000030", "E08000031", "E10000034")
WORCESTERSHIRE = tuple(f"E0700023{number}" for number in range(4, 10))
GROUPS = {"white": "White", "mixed": "Mixed", "asian": "Asian", "black": "Black", "other": "Other"}
ROLES = {
    "Case holder": "case_holder",
    "Senior practitioner": "senior_practitioner",
    "First line manager": "first_line_manager",
    "Middle manager": "middle_manager",
    "Senior manager": "senior_manager",
    "Qualified without cases": "qualified_without_cases",
    "All children and family social workers": "all",
}


@pytest.fixture(scope="module")
def internal(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = DataFolder(tmp_path_factory.mktemp("social_workers") / "data")
    data.landing.mkdir(parents=True)
    shutil.copy(real_data / DFE, data.landing)
    return counted(data).internal


@pytest.fixture(scope="module")
def gaps(internal: Path) -> list[dict[str, Any]]:
    result = duckdb.execute(
        "select * from read_parquet(?) where clinical = 'all' and classification = 'ons_5' "
        "and comparator = 'population'",
        [str(internal / "representation_gap.parquet")],
    )
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.fixture(scope="module")
def lines(real_data: Path) -> list[dict[str, str]]:
    with (real_data / DFE).open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if row["new_la_code"] in COUNCILS]


@pytest.fixture(scope="module")
def residents(real_data: Path) -> dict[str, Counter[str]]:
    """Residents of each council's area by high-level group, from the publisher's labels."""
    by_area: dict[str, Counter[str]] = defaultdict(Counter)
    with (real_data / LTLA).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["ethnic_group"].endswith("(number)"):
                area = "E10000034" if row["ltla21_code"] in WORCESTERSHIRE else row["ltla21_code"]
                by_area[area][row["ethnic_group"].split(":")[0].split()[0].rstrip(",")] += int(float(row["value"]))
    return by_area


def test_every_council_role_and_year_against_its_residents(
    gaps: list[dict[str, Any]], lines: list[dict[str, str]], residents: dict[str, Counter[str]]
) -> None:
    found = {
        (str(row["as_at_date"]), row["org_code"], row["grade_group"], row["category"]): row
        for row in gaps
        if row["org_code"] in COUNCILS
    }
    compared = 0
    for line in lines:
        for column, group in GROUPS.items():
            key = (f"{line['time_period']}-09-30", line["new_la_code"], ROLES[line["OrgRole"]], group)
            x, n = int(line[column]), int(line["known_headcount"])
            row = found[key]
            assert (row["headcount"], row["known_headcount"]) == (x, n)
            area = residents[line["new_la_code"]]
            share = area[group] / area.total()
            assert float(row["comparator_share"]) == pytest.approx(share, abs=1e-9)
            if n:
                assert float(row["gap_pp"]) == pytest.approx(100 * (x / n - share), abs=1e-7)
                compared += 1
            else:
                assert (row["gap_pp"], row["marker"]) == (None, "[z]")
    # Six councils, seven roles with their sum, four years, five groups.
    assert len(lines) == 6 * 7 * 4
    assert compared == 5 * sum(line["known_headcount"] != "0" for line in lines)


def test_the_systems_councils_are_added_up_and_the_regions_never(
    gaps: list[dict[str, Any]], lines: list[dict[str, str]]
) -> None:
    black_country = sum(
        int(line["asian"])
        for line in lines
        if line["new_la_code"].startswith("E08") and line["time_period"] == "2022" and line["OrgRole"].startswith("All")
    )
    (row,) = (
        row
        for row in gaps
        if (row["org_code"], str(row["as_at_date"]), row["grade_group"], row["category"])
        == ("E54000062", "2022-09-30", "all", "Asian")
    )
    assert (row["headcount"], row["coverage"]) == (black_country, "4 of 4")


def test_england_is_the_publishers_own_and_london_counts_once(gaps: list[dict[str, Any]]) -> None:
    """27,373 with a known ethnic group in 2022: the file's own national line, not a sum over its regions."""
    known = {
        row["org_code"]: row["known_headcount"]
        for row in gaps
        if str(row["as_at_date"]) == "2022-09-30" and row["grade_group"] == "all" and row["category"] == "White"
    }
    assert known["E92000001"] == 27373
    assert sum(number for code, number in known.items() if code.startswith("E12")) == 27373
    assert known["E12000007"] == known["E13000001"] + known["E13000002"]


def test_a_council_of_whose_staff_nobodys_group_is_known_has_no_share(gaps: list[dict[str, Any]]) -> None:
    """Hartlepool in 2022: 0 known, and x in every group."""
    rows = [row for row in gaps if row["org_code"] == "E06000001" and str(row["as_at_date"]) == "2022-09-30"]
    assert {(row["headcount"], row["gap_pp"], row["marker"]) for row in rows if row["grade_group"] == "all"} == {
        (None, None, "[x]")
    }
