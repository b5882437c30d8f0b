"""Laws of the marts, whatever the counts."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import database
from pipelines.database import Connection
from tests.cube import Row, mart, people, register

SLOW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GRADES = {"band_2": "afc", "band_8a": "afc", "band_9": "afc", "vsm": "vsm", "consultant": "medical"}
KEY = (
    *("as_at_date", "org_level", "org_code", "employment_type", "grade_family", "clinical", "grade_group"),
    *("characteristic", "classification", "category", "comparator"),
)

rows_of_the_cube = st.lists(
    st.builds(
        lambda headcount, category, org_code, grade, clinical: people(
            headcount,
            category,
            org_code=org_code,
            grade=grade,
            grade_family=GRADES[grade],
            clinical=clinical,
            classification="esr_16",
        ),
        st.integers(0, 400),
        st.sampled_from(["A", "C", "H", "R", "N", "S", None]),
        st.sampled_from(["RNA", "RL4"]),
        st.sampled_from(list(GRADES)),
        st.sampled_from(["clinical", "non_clinical", "unknown"]),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda row: (row["category"], row["org_code"], row["grade"], row["clinical"]),
)


def groups(gaps: list[Row], **where: Any) -> dict[tuple[Any, ...], list[Row]]:
    """Rows of representation_gap against residents, by everything but the category."""
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in gaps:
        if row["comparator"] == "population" and all(row[name] == value for name, value in where.items()):
            found[tuple(row[name] for name in KEY if name != "category")].append(row)
    return found


@SLOW
@given(rows=rows_of_the_cube)
def test_the_marts_of_any_cube_keep_the_laws(con: Connection, rows: list[Row]) -> None:
    """They are made once for all laws: that takes most of the time."""
    register(con, rows)
    gaps = mart(con, "representation_gap")
    check_shares_of_a_classification_add_up_and_so_do_counts(gaps)
    check_known_and_undisclosed_are_everybody_of_the_cube(gaps, mart(con, "declaration_rate"), rows)
    check_the_key_is_unique_and_details_add_up_to_all(gaps)
    check_the_gap_of_the_whole_against_itself_is_nothing(gaps)


def check_shares_of_a_classification_add_up_and_so_do_counts(gaps: list[Row]) -> None:
    for key, family in groups(gaps).items():
        if "census_2021_19" in key:
            continue  # the ESR can't tell all of its groups
        known, total = family[0]["known_headcount"], family[0]["total_headcount"]
        assert sum(row["headcount"] for row in family) == known <= total
        if known:
            assert abs(sum(row["workforce_share"] for row in family) - 1) < Decimal("0.0000001")


def check_known_and_undisclosed_are_everybody_of_the_cube(gaps: list[Row], rates: list[Row], rows: list[Row]) -> None:
    """Summed here in Python: who stands in the cube at an organisation stands in the mart, once."""
    cells = {"grade_family": "all", "grade_group": "all", "clinical": "all", "org_level": "organisation"}

    def whole(table: list[Row]) -> list[Row]:
        return [row for row in table if all(row[name] == value for name, value in cells.items())]

    totals = {row["org_code"]: row["total_headcount"] for row in whole(rates)}
    for org_code in {row["org_code"] for row in rows}:
        mine = [row for row in rows if row["org_code"] == org_code]
        total = sum(row["headcount"] for row in mine)
        known = sum(row["headcount"] for row in mine if row["category"])
        counted = {
            (row["classification"], row["known_headcount"], row["total_headcount"])
            for row in whole(gaps)
            if row["marker"] != "[x]"
            and row["org_code"] == org_code
            and row["comparator"] in ("population", "workforce")
        }
        answered = {(name, known, total) for name in ("esr_16", "census_2021_19", "ons_5", "wres")}
        assert counted == {("total", total, total), *answered}
        assert totals.get(org_code, 0) == total


def check_the_key_is_unique_and_details_add_up_to_all(gaps: list[Row]) -> None:
    keys = [tuple(row[name] for name in KEY) for row in gaps]
    assert len(set(keys)) == len(keys)
    detail: dict[tuple[Any, ...], int] = defaultdict(int)
    whole = {}
    for row in gaps:
        if row["headcount"] is None:
            continue
        cell = tuple(row[name] for name in KEY if name not in ("grade_family", "grade_group"))
        if row["is_detail"]:
            detail[cell] += row["headcount"]
        if (row["grade_family"], row["grade_group"]) == ("all", "all"):
            whole[cell] = row["headcount"]
    assert whole
    for cell, headcount in whole.items():
        assert detail[cell] == headcount


def check_the_gap_of_the_whole_against_itself_is_nothing(gaps: list[Row]) -> None:
    for row in gaps:
        against_itself = row["comparator"] == "workforce" and row["grade_group"] == "all"
        if against_itself and row["workforce_share"] is not None:
            assert [row[name] for name in ("gap_pp", "gap_lower_95_pp", "gap_upper_95_pp")] == [0, 0, 0]
            assert row["verdict"] == "similar"


@SLOW
@given(rows=rows_of_the_cube)
def test_two_organisations_merged_are_the_sum_of_both(con: Connection, rows: list[Row]) -> None:
    """The system, which holds both, is what one organisation with the people of both would be."""
    register(con, rows)
    together = {
        key[3:]: counts(family) for key, family in groups(mart(con, "representation_gap"), org_code="E54000062").items()
    }
    register(con, [row | {"org_code": "RNA"} for row in rows])
    merged = {
        key[3:]: counts(family) for key, family in groups(mart(con, "representation_gap"), org_code="RNA").items()
    }
    assert together == merged


def counts(family: list[Row]) -> list[tuple[Any, ...]]:
    return [(row["category"], row["headcount"], row["known_headcount"], row["total_headcount"]) for row in family]


@SLOW
@given(rows=rows_of_the_cube, shuffled=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_byte(
    con: Connection, tmp_path_factory: pytest.TempPathFactory, rows: list[Row], shuffled: Any
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    exports = []
    for name in ("once", "again"):
        register(con, rows)
        for relation in ("representation_gap", "trend", "declaration_rate", "grade_profile"):
            path = Path(folder / f"{name}-{relation}.parquet")
            database.export(con, database.read_sql(f"marts/{relation}"), path, {})
            exports.append(path.read_bytes())
        rows = list(rows)
        shuffled.shuffle(rows)
    assert exports[:4] == exports[4:]
