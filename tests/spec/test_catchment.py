"""The comparator `catchment`: residents weighted by where a trust's patients live (domain.md 5.5)."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.database import Connection
from tests.cube import Row, mart, one, people, register, rounded
from tests.reference_tables import database_of

# Two of a hundred of RXK's patients live in no area that has a profile.
THREE_AREAS = [
    {"org_code": "RXK", "area_code": "E08000028", "weight": "0.5"},
    {"org_code": "RXK", "area_code": "E08000999", "weight": "0.45"},
    {"org_code": "RXK", "area_code": "E07000999", "weight": "0.05"},
]
RXK = {"org_code": "RXK"}


def profile(area: str, classification: str = "wres", characteristic: str = "ethnicity", **counts: int) -> list[Row]:
    """Residents of an area, of all ages; `unanswered` are those whose answer isn't known."""
    return [
        {"area_code": area, "characteristic": characteristic, "classification": classification, "age_range": "all"}
        | {"category": None if category == "unanswered" else category.replace("_", " "), "population": count}
        | {"answer_status": "unknown" if category == "unanswered" else "known", "vintage": "2031-03-21"}
        for category, count in counts.items()
    ]


SANDWELL = profile("E08000028", White=40, BME=60)
BIRMINGHAM = profile("E08000999", White=140, BME=60)
CANNOCK = profile("E07000999", White=999, BME=1)


@pytest.fixture
def three_areas(tmp_path: Path) -> Iterator[Connection]:
    with database_of(tmp_path, catchments=THREE_AREAS) as con:
        yield con


def gap(con: Connection, **where: Any) -> Row:
    defaults = {"comparator": "catchment", "clinical": "all", "grade_group": "band_5", "category": "BME"}
    return one(con, "representation_gap", **(defaults | {"org_code": "RXK", "classification": "wres"} | where))


def test_each_area_weighs_as_many_residents_as_the_trust_has_patients_there(three_areas: Connection) -> None:
    """0.5 x 60 % + 0.45 x 30 % + 0.05 x 0.1 % = 43.505 %, however many people live in each."""
    staff = [people(100, "BME", **RXK), people(200, "White", **RXK)]
    register(three_areas, staff, residents=[*SANDWELL, *BIRMINGHAM, *CANNOCK])
    row = gap(three_areas)
    assert row["comparator_share"] == Decimal("0.435050000")
    assert rounded(row["gap_pp"], 6) == round(100 / 3 - 43.505, 6)
    # Wilson's limits of 100 of 300 are 0.282393 and 0.388488.
    assert (rounded(row["gap_lower_95_pp"], 4), rounded(row["gap_upper_95_pp"], 4)) == (-15.2657, -4.6562)
    assert row["verdict"] == "lower"
    # 300 x 0.43505 = 130.515: 31 more of the 300; of joiners only, (100 + 54) / 354 = 0.43503 is too few.
    assert (row["shortfall_headcount"], row["shortfall_growth"]) == (31, 55)
    assert row["area_set"] == "E07000999 E08000028 E08000999"
    assert (row["age_range"], row["population_vintage"], row["marker"]) == ("all", "2031-03-21", None)
    assert gap(three_areas, category="White")["comparator_share"] == Decimal("0.564950000")


def test_where_profiles_cover_95_percent_the_weights_are_rescaled_and_that_is_said(three_areas: Connection) -> None:
    """(0.5 x 60 % + 0.45 x 30 %) / 0.95 = 45.789 %."""
    register(three_areas, [people(40, "BME", **RXK), people(60, "White", **RXK)], residents=[*SANDWELL, *BIRMINGHAM])
    row = gap(three_areas)
    assert row["comparator_share"] == Decimal("0.457894737")
    assert row["area_set"] == (
        "E08000028 E08000999; profiles cover 95.0 % of the catchment, and weights are rescaled to them"
    )
    assert row["marker"] is None


def test_a_catchment_of_which_profiles_cover_too_little_is_refused_in_words(three_areas: Connection) -> None:
    register(three_areas, [people(40, "BME", **RXK), people(60, "White", **RXK)], residents=[*SANDWELL, *CANNOCK])
    row = gap(three_areas)
    values = ("comparator_share", "gap_pp", "verdict", "p_value", "shortfall_headcount", "age_range")
    assert [row[name] for name in values] == [None] * len(values)
    assert row["marker"] == "[x]"
    assert row["area_set"] == "profiles cover 55.0 % of the catchment, fewer than 95 %"
    assert row["workforce_share"] is not None


def test_the_part_that_has_to_be_covered_is_the_methods(tmp_path: Path) -> None:
    (tmp_path / "method.yaml").write_text("catchment_min_weight: 0.55\n")
    with database_of(tmp_path, catchments=THREE_AREAS) as con:
        register(con, [people(40, "BME", **RXK), people(60, "White", **RXK)], residents=[*SANDWELL, *CANNOCK])
        assert gap(con)["comparator_share"] == Decimal("0.545545455")  # (0.5 x 0.6 + 0.05 x 0.001) / 0.55


def test_a_share_just_under_what_is_needed_is_not_rounded_up_to_it(tmp_path: Path) -> None:
    weights = {"E08000028": "0.949999999999", "E07000999": "0.050000000001"}
    rows = [{"org_code": "RXK", "area_code": area, "weight": weight} for area, weight in weights.items()]
    with database_of(tmp_path, catchments=rows) as con:
        register(con, [people(40, "BME", **RXK), people(60, "White", **RXK)], residents=SANDWELL)
        assert gap(con)["area_set"] == "profiles cover 94.9 % of the catchment, fewer than 95 %"


def test_a_profile_without_a_known_answer_covers_nobody(three_areas: Connection) -> None:
    silent = profile("E08000999", unanswered=200)
    staff = [people(40, "BME", **RXK), people(60, "White", **RXK)]
    register(three_areas, staff, residents=[*SANDWELL, *silent, *CANNOCK])
    assert gap(three_areas)["area_set"] == "profiles cover 55.0 % of the catchment, fewer than 95 %"


def test_residents_who_did_not_answer_are_weighted_likewise(three_areas: Connection) -> None:
    """Unanswered: 0.5 x 20 % + 0.45 x 0 % + 0.05 x 50 % = 12.5 %; the shares are over answers."""
    residents = [
        *profile("E08000028", White=40, BME=40, unanswered=20),
        *profile("E08000999", White=50, BME=150),
        *profile("E07000999", White=10, unanswered=10),
    ]
    register(three_areas, [people(40, "BME", **RXK), people(60, "White", **RXK)], residents=residents)
    row = gap(three_areas)
    assert rounded(row["comparator_share"], 6) == 0.5 * 0.5 + 0.45 * 0.75
    assert rounded(row["comparator_unanswered_share"], 6) == 0.125


def test_one_age_range_serves_the_whole_catchment(three_areas: Connection) -> None:
    """Sandwell and Birmingham have working age too, 95 % of the weight: enough. Sandwell alone isn't."""
    staff = [people(40, "BME", **RXK), people(60, "White", **RXK)]
    everybody = [*SANDWELL, *BIRMINGHAM, *CANNOCK]
    working = [row | {"age_range": "16-64", "population": 50} for row in [*SANDWELL, *BIRMINGHAM]]
    register(three_areas, staff, residents=[*everybody, *working])
    row = gap(three_areas)
    assert (row["age_range"], row["comparator_share"]) == ("16-64", Decimal("0.5"))
    register(three_areas, staff, residents=[*everybody, *working[:2]])
    row = gap(three_areas)
    assert (row["age_range"], row["comparator_share"]) == ("all", Decimal("0.43505"))


def test_all_ages_disability_is_refused_for_a_catchment_too(three_areas: Connection) -> None:
    disability = {"characteristic": "disability", "classification": "equality_act_2010"}
    residents = [
        row for area in THREE_AREAS for row in profile(area["area_code"], **disability, Disabled=20, Not_disabled=80)
    ]
    staff = [people(6, "Disabled", **disability, **RXK), people(94, "Not disabled", **disability, **RXK)]
    register(three_areas, staff, residents=residents)
    row = gap(three_areas, classification="equality_act_2010", category="Disabled")
    assert (row["comparator_share"], row["marker"], row["age_range"]) == (None, "[x]", "all")
    assert row["area_set"] == "E07000999 E08000028 E08000999"


def test_what_the_profile_of_an_area_cannot_tell_is_no_comparator_of_the_catchment(three_areas: Connection) -> None:
    """Cannock in the 2001 categories can't tell Roma; what all three can tell stays."""
    residents = [
        *profile("E08000028", "census_2021_19", White_British=90, Roma=10),
        *profile("E08000999", "census_2021_19", White_British=80, Roma=20),
        *profile("E07000999", "esr_16", A=100),
    ]
    census = {"classification": "census_2021_19"} | RXK
    register(three_areas, [people(90, "White British", **census), people(10, "Roma", **census)], residents=residents)
    roma = gap(three_areas, classification="census_2021_19", category="Roma")
    assert (roma["comparator_share"], roma["marker"]) == (None, "[x]")
    british = gap(three_areas, classification="census_2021_19", category="White British")
    assert rounded(british["comparator_share"], 9) == 0.86  # 0.5 x 90 % + 0.45 x 80 % + 0.05


@pytest.mark.parametrize("org_code", ["TAJ", "R1A", "RYA"])
def test_a_trust_without_a_catchment_says_so(con: Connection, org_code: str) -> None:
    register(con, [people(50, "BME", org_code=org_code), people(50, "White", org_code=org_code)])
    row = gap(con, org_code=org_code)
    assert (row["marker"], row["area_set"], row["comparator_share"]) == ("[x]", "no catchment published", None)


def test_only_trusts_have_a_catchment(con: Connection) -> None:
    codes = ["RNA", "QUA", "E08000027"]
    register(con, [people(50, "BME", org_code=org_code) for org_code in codes])
    assert {row["org_code"] for row in mart(con, "representation_gap", comparator="catchment")} == {"RNA"}


def test_trend_has_the_catchment_only_where_the_method_names_it(tmp_path: Path) -> None:
    (tmp_path / "method.yaml").write_text("trend_comparators: [catchment]\n")
    with database_of(tmp_path, catchments=THREE_AREAS) as con:
        staff = [people(40, "BME", **RXK), people(60, "White", **RXK)]
        register(con, staff, residents=[*SANDWELL, *BIRMINGHAM, *CANNOCK])
        row = one(con, "trend", comparator="catchment", grade_group="band_5", clinical="all", category="BME")
        assert row["comparator_share"] == Decimal("0.43505")


def test_a_catchment_of_other_dates_is_none(tmp_path: Path) -> None:
    old = [row | {"valid_to": "2026-03-30"} for row in THREE_AREAS]
    with database_of(tmp_path, catchments=old) as con:
        register(con, [people(40, "BME", **RXK), people(60, "White", **RXK)], residents=[*SANDWELL, *BIRMINGHAM])
        assert gap(con)["area_set"] == "no catchment published"
