"""Residents of a footprint: which profile is taken, and when there is no comparator."""

from collections.abc import Sequence

import pytest

from pipelines.database import Connection
from tests.cube import CENSUS, Row, gap, mart, people, register, rounded


@pytest.mark.parametrize(
    ("org_code", "family", "bme", "residents"),
    [
        ("RNA", "afc", 380_521, 1_213_172),  # Black Country, domain.md 5.6
        ("RWP", "afc", 42_974, 790_709),  # Herefordshire and Worcestershire
        ("RYA", "afc", 1_365_738, 5_950_768),  # thirty authorities; the region's own figure is 1,365,733 of 5,950,757
        ("E10000013", "social_care", 44_765, 645_079),  # Gloucestershire, ons-ethnic-population-la
        (
            "E08000027",
            "social_care",
            619 + 1005 + 7812 + 14906 + 2705 + 3499 + 3625 + 1046 + 2254 + 482 + 5133 + 1322 + 2026 + 2458,
            323_488,
        ),
    ],
)
def test_residents_of_a_footprint(con: Connection, org_code: str, family: str, bme: int, residents: int) -> None:
    grade = "case_holder" if family == "social_care" else "band_5"
    register(
        con,
        [
            people(50, "BME", org_code=org_code, grade=grade, grade_family=family),
            people(50, "White", org_code=org_code, grade=grade, grade_family=family),
        ],
    )
    row = gap(con, org_code=org_code, grade_group=grade, category="BME")
    assert rounded(row["comparator_share"], 9) == round(bme / residents, 9)


def test_worcestershire_is_its_six_districts_and_the_ambulance_service_serves_six_systems(con: Connection) -> None:
    council = {"org_code": "E10000034", "grade": "case_holder", "grade_family": "social_care"}
    register(con, [people(50, "White", **council), people(50, "White", org_code="RYA")])
    worcestershire = gap(con, org_code="E10000034", grade_group="case_holder", category="White")
    assert worcestershire["area_set"] == "E07000234 E07000235 E07000236 E07000237 E07000238 E07000239"
    ambulance = gap(con, org_code="RYA", grade_group="band_5", category="White")
    areas = ambulance["area_set"].split()
    assert (areas[0], areas[-1], len(areas)) == ("E06000019", "E08000031", 30)


@pytest.mark.parametrize(("org_code", "marker"), [("E10000013", None), ("E10000006", "[x]")])
def test_a_council_without_residents_in_the_reference_has_no_comparator(
    con: Connection, org_code: str, marker: str | None
) -> None:
    """Gloucestershire has ethnicity of its own; of Cumbria, which ended in 2023, nothing is held."""
    council = {"org_code": org_code, "grade": "case_holder", "grade_family": "social_care", "as_at_date": "2022-03-31"}
    sex = {"characteristic": "sex", "classification": "sex"}
    register(con, [people(50, "White", **council), people(50, "Female", **council, **sex)])
    where = {"org_code": org_code, "grade_group": "case_holder", "as_at_date": "2022-03-31"}
    assert gap(con, category="White", **where)["marker"] == marker
    assert gap(con, category="Female", **where)["marker"] == "[x]"


def test_regions_that_a_publisher_counted_are_never_added_up(con: Connection) -> None:
    """Inner and Outer London are London: neither London nor England is made of what was sent for its parts."""
    parts = {"E12000001": 70, "E12000007": 100, "E13000001": 60, "E13000002": 40}
    register(con, [people(n, "White", org_code=code, source_level="region") for code, n in parts.items()])
    rows = mart(con, "representation_gap", grade_group="band_5", category="White", comparator="population")
    assert {row["org_code"]: row["headcount"] for row in rows} == parts
    assert {row["org_level"] for row in rows} == {"region"}
    assert {row["org_code"]: row["marker"] for row in rows} == {
        "E12000001": None,
        "E12000007": None,
        "E13000001": "[x]",
        "E13000002": "[x]",
    }
    assert {row["coverage"] for row in rows} == {"1 of 1"}


@pytest.mark.parametrize(
    ("org_code", "member", "bme", "residents"),
    [("E54000062", "RNA", 380_521, 1_213_172), ("E54000019", "RWP", 42_974, 790_709)],
)
def test_a_system_is_compared_with_its_own_footprint(
    con: Connection, org_code: str, member: str, bme: int, residents: int
) -> None:
    """domain.md 5.6: 31.37 % of the Black Country's and 5.43 % of Herefordshire and Worcestershire's residents."""
    register(con, [people(50, "BME", org_code=member), people(50, "White", org_code=member)])
    row = gap(con, org_code=org_code, grade_group="band_5", category="BME")
    assert rounded(row["comparator_share"], 9) == round(bme / residents, 9)


def test_england_is_the_same_comparator_for_everybody(con: Connection) -> None:
    """Census 2021, TS021: 45,783,401 of England's 56,490,048 residents are White."""
    register(con, [people(50, "White"), people(50, "BME"), people(9, "White", org_code="RWP")])
    for org_code in ("RNA", "RWP", "E54000019"):
        row = gap(con, org_code=org_code, grade_group="band_5", category="White", comparator="england")
        assert rounded(row["comparator_share"], 9) == round(45_783_401 / 56_490_048, 9)
        assert row["area_set"] == "E92000001"


def test_ages_are_compared_within_16_to_74(con: Connection) -> None:
    """Census 2021, TS007, Black Country: 71,542 of 859,914 residents of 16 to 74 are 21 to 25."""
    age = {"characteristic": "age", "classification": "esr_age_bands"}
    register(con, [people(10, "21-25", **age), people(90, "41-45", **age)])
    row = gap(con, grade_group="band_5", category="21-25")
    assert rounded(row["comparator_share"], 9) == round(71_542 / 859_914, 9)
    assert row["age_range"] == "16-74"


def test_residents_from_the_landing_folder_come_before_the_reference(con: Connection) -> None:
    areas = ("E08000027", "E08000028", "E08000030", "E08000031")
    sent = [
        {"area_code": area, "characteristic": "sex", "classification": "sex", "category": category}
        | {"answer_status": "known", "age_range": "16-64", "population": count, "vintage": "2021-03-21"}
        for area in areas
        for category, count in (("Female", 60), ("Male", 40))
    ]
    sex = {"characteristic": "sex", "classification": "sex"}
    register(con, [people(70, "Female", **sex), people(30, "Male", **sex)], residents=sent)
    row = gap(con, grade_group="band_5", category="Female")
    assert (rounded(row["comparator_share"], 9), row["age_range"]) == (0.6, "16-64")


BLACK_COUNTRY = ("E08000027", "E08000028", "E08000030", "E08000031")


def profile(areas: Sequence[str], age_range: str, vintage: str, **shares: int) -> list[Row]:
    """Residents of some areas by White and BME, as a landing file has them."""
    return [
        {"area_code": area, "characteristic": "ethnicity", "classification": "wres", "category": category}
        | {"answer_status": "known", "age_range": age_range, "population": count, "vintage": vintage}
        for area in areas
        for category, count in shares.items()
    ]


@pytest.mark.parametrize(
    ("sent", "share", "age_range", "vintage"),
    [
        pytest.param(
            profile(BLACK_COUNTRY, "all", "2024-06-30", White=60, BME=40), 0.4, "all", "2024-06-30", id="newer"
        ),
        pytest.param(
            profile(BLACK_COUNTRY, "all", "2011-03-27", White=60, BME=40),
            *(round(380_521 / 1_213_172, 9), "all", "2021-03-21"),
            id="older",
        ),
        pytest.param(
            profile(BLACK_COUNTRY, "16-64", "2021-03-21", White=60, BME=40),
            0.4,
            "16-64",
            "2021-03-21",
            id="working age",
        ),
        # One area of working age serves no footprint: its other areas have all ages only.
        pytest.param(
            profile(BLACK_COUNTRY[:1], "16-64", "2024-06-30", White=60, BME=40),
            *(round(380_521 / 1_213_172, 9), "all", "2021-03-21"),
            id="working age, one area",
        ),
        # Dudley's 323,488 residents, 48,892 of them BME, are now 100, 40 of them BME; both vintages are named.
        pytest.param(
            profile(BLACK_COUNTRY[:1], "all", "2024-06-30", White=60, BME=40),
            *(round((380_521 - 48_892 + 40) / (1_213_172 - 323_488 + 100), 9), "all", "2021-03-21 to 2024-06-30"),
            id="newer, one area",
        ),
    ],
)
def test_the_newest_residents_of_the_best_age_range_that_every_area_has(
    con: Connection, sent: list[Row], share: float, age_range: str, vintage: str
) -> None:
    register(con, [people(50, "BME"), people(50, "White")], residents=sent)
    row = gap(con, grade_group="band_5", category="BME")
    assert (rounded(row["comparator_share"], 9), row["age_range"], row["population_vintage"]) == (
        *(share, age_range),
        vintage,
    )


def test_residents_sent_for_one_characteristic_leave_the_others_alone(con: Connection) -> None:
    religion = {"characteristic": "religion", "classification": "esr_religion"}
    sent = profile(BLACK_COUNTRY, "all", "2021-03-21", White=60, BME=40)
    register(con, [people(40, "Christianity", **religion), people(60, "Atheism", **religion)], residents=sent)
    row = gap(con, grade_group="band_5", category="Christian")
    assert rounded(row["comparator_share"], 6) == round(538_384 / (1_213_146 - 65_468), 6)


def test_an_area_without_a_profile_in_the_classification_leaves_no_comparator(con: Connection) -> None:
    broad = [
        {"area_code": "E08000027", "characteristic": "ethnicity", "classification": "wres", "category": category}
        | {"answer_status": "known", "age_range": "all", "population": 100, "vintage": "2021-03-21"}
        for category in ("White", "BME")
    ]
    register(con, [people(50, "H", classification="esr_16"), people(50, "A", classification="esr_16")], residents=broad)
    assert gap(con, grade_group="band_5", category="H")["marker"] == "[x]"
    whole = 1_213_172 - 323_488 + 200  # Dudley's residents are now 200
    bme = 380_521 - 48_892 + 100
    assert rounded(gap(con, grade_group="band_5", category="BME")["comparator_share"], 9) == round(bme / whole, 9)


def test_what_the_profile_of_an_area_cannot_tell_is_no_comparator_of_the_footprint(con: Connection) -> None:
    """Dudley in the 2001 categories can't tell Roma: those of the other three aren't the Black Country's."""
    sent = [
        row | {"classification": "esr_16", "category": code}
        for row in profile(BLACK_COUNTRY[:1], "all", "2021-03-21", White=1000)
        for code in "ABCHS"
    ]
    register(con, [people(60, "Roma", **CENSUS), people(940, "White British", **CENSUS)], residents=sent)
    roma = gap(con, grade_group="band_5", category="Roma")
    assert (roma["comparator_share"], roma["gap_pp"], roma["verdict"], roma["marker"]) == (None, None, None, "[x]")
    british = gap(con, grade_group="band_5", category="White British")
    whole = 1_213_172 - 323_488 + 5 * 1000
    assert rounded(british["comparator_share"], 9) == round((177_929 + 191_529 + 144_303 + 1000) / whole, 9)
