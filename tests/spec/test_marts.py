"""The marts: a small cube in, the expected rows out, each checkable by hand. Formulas are domain.md's, section 4."""

from typing import Any

import pytest
from statsmodels.stats.multitest import multipletests

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.places import DataFolder
from tests.cube import Row, mart, one, people, register, rounded

KEY = (
    *("as_at_date", "org_level", "org_code", "employment_type", "grade_family", "clinical", "grade_group"),
    *("characteristic", "classification", "category", "comparator"),
)


@pytest.fixture
def worked_example(con: Connection) -> Connection:
    """domain.md 4.1: 68 BME of 412 known answers and 22 undisclosed at a Black Country trust, bands 8a and above."""
    rows = [
        people(60, "BME", grade="band_8a"),
        people(8, "BME", grade="band_9"),
        people(344, "White", grade="band_8a"),
        people(22, None, grade="band_8a"),
    ]
    register(con, rows)
    return con


def gap(con: Connection, **where: Any) -> Row:
    defaults = {"comparator": "population", "clinical": "all", "as_at_date": "2026-03-31", "org_code": "RNA"}
    return one(con, "representation_gap", **(defaults | where))


def test_the_worked_example(worked_example: Connection) -> None:
    row = gap(worked_example, grade_group="afc_8a_plus", category="BME", classification="wres")
    assert (row["headcount"], row["known_headcount"], row["total_headcount"]) == (68, 412, 434)
    assert rounded(row["comparator_share"], 6) == 0.313658  # 380,521 of 1,213,172 residents, domain.md 5.6
    assert rounded(row["workforce_share"], 4) == 0.1650
    assert rounded(row["gap_pp"], 1) == -14.9
    assert rounded(row["representation_ratio"], 3) == 0.526
    assert (rounded(row["share_lower_95"], 4), rounded(row["share_upper_95"], 4)) == (0.1323, 0.2040)
    assert (rounded(row["gap_lower_95_pp"], 1), rounded(row["gap_upper_95_pp"], 1)) == (-18.1, -11.0)
    assert (row["shortfall_headcount"], row["shortfall_growth"]) == (62, 90)
    shares = (row["share_if_none_undisclosed"], row["share_if_all_undisclosed"])
    assert [rounded(share, 4) for share in shares] == [0.1567, 0.2074]
    assert (row["sign_is_robust"], row["verdict"], row["marker"]) == (True, "lower", None)
    assert rounded(row["undisclosed_share"], 4) == round(22 / 434, 4)
    assert row["area_set"] == "E08000027 E08000028 E08000030 E08000031"
    assert (row["age_range"], row["population_vintage"]) == ("all", "2021-03-21")


@pytest.mark.parametrize(
    ("bme", "white", "verdict"),
    [
        # Against 31.4 % of residents. What matters is 5 points: the smaller of 5 and a fifth of 31.4.
        (100, 900, "lower"),
        (500, 500, "higher"),
        (3137, 6863, "similar"),  # 31.4 % of 10,000: the interval is some ±0.9 points
        (31, 69, "cannot_tell"),  # 31 % of 100: the interval is some ±9 points
    ],
)
def test_a_verdict_says_no_more_than_the_interval_allows(con: Connection, bme: int, white: int, verdict: str) -> None:
    register(con, [people(bme, "BME"), people(white, "White")])
    assert gap(con, grade_group="band_5", category="BME")["verdict"] == verdict


@pytest.mark.parametrize(("known", "marker"), [(29, "[u]"), (30, None)])
def test_fewer_than_30_known_answers_are_weak_and_the_value_is_kept(
    con: Connection, known: int, marker: str | None
) -> None:
    register(con, [people(5, "BME"), people(known - 5, "White"), people(40, None)])
    row = gap(con, grade_group="band_5", category="BME")
    assert row["marker"] == marker
    assert rounded(row["workforce_share"], 9) == round(5 / known, 9)


def test_nobody_with_a_known_answer_has_no_share_no_verdict_and_no_test(con: Connection) -> None:
    register(con, [people(40, None)])
    for comparator in ("population", "workforce"):
        row = gap(con, grade_group="band_5", category="BME", comparator=comparator)
        values = ("workforce_share", "gap_pp", "verdict", "p_value", "p_adjusted")
        assert [row[name] for name in values] == [None] * 5
        assert row["headcount"] == 0
    assert gap(con, grade_group="band_5", category="BME")["marker"] == "[z]"


def test_everybody_is_counted_and_compared_with_nothing(worked_example: Connection) -> None:
    row = gap(worked_example, characteristic="total", grade_group="afc_8a_plus", comparator="workforce")
    assert (row["headcount"], row["workforce_share"], row["verdict"], row["marker"]) == (434, None, None, "[z]")


def test_the_whole_workforce_has_no_gap_to_itself(worked_example: Connection) -> None:
    rows = mart(worked_example, "representation_gap", comparator="workforce", grade_group="all", category="BME")
    assert rows
    for row in rows:
        values = (row["gap_pp"], row["gap_lower_95_pp"], row["gap_upper_95_pp"])
        assert [float(value) for value in values] == [0.0, 0.0, 0.0]
        assert (row["verdict"], row["p_value"]) == ("similar", None)


def test_a_part_is_compared_with_its_whole_by_way_of_the_rest(con: Connection) -> None:
    """docs/decisions/0005: 10 of 100 against 40 of 200; the rest has 30 of 100, and the gap is half of 10 % − 30 %."""
    senior = [people(10, "BME", grade="band_8a"), people(90, "White", grade="band_8a")]
    register(con, [*senior, people(30, "BME"), people(70, "White")])
    row = gap(con, grade_group="band_8a", category="BME", comparator="workforce")
    assert (rounded(row["comparator_share"], 9), rounded(row["gap_pp"], 9)) == (0.2, -10.0)
    rest = con.execute("select newcombe(10, 100, 30, 100, 1.959963984540054)").fetchall()[0][0]
    assert rounded(row["gap_lower_95_pp"], 6) == round(50 * rest["lower"], 6)
    assert rounded(row["gap_upper_95_pp"], 6) == round(50 * rest["upper"], 6)


def test_previous_is_the_same_group_twelve_months_before(con: Connection) -> None:
    before = {"as_at_date": "2025-03-31"}
    now = [people(30, "BME"), people(70, "White")]
    register(con, [*now, people(20, "BME", **before), people(80, "White", **before)])
    row = gap(con, grade_group="band_5", category="BME", comparator="previous")
    assert (rounded(row["gap_pp"], 9), rounded(row["comparator_share"], 9)) == (10.0, 0.2)
    earlier = gap(con, grade_group="band_5", category="BME", comparator="previous", as_at_date="2025-03-31")
    assert (earlier["comparator_share"], earlier["marker"]) == (None, "[x]")


@pytest.mark.parametrize(
    ("date", "before"),
    [
        ("2026-03-31", "2025-03-31"),
        ("2025-02-28", "2024-02-29"),
        ("2024-02-29", "2023-02-28"),
        ("2026-03-15", "2025-03-15"),
    ],
)
def test_twelve_months_before_the_end_of_a_month_is_the_end_of_a_month(con: Connection, date: str, before: str) -> None:
    assert str(con.execute("select twelve_months_before(?::date)", [date]).fetchall()[0][0]) == before


def test_esr_codes_become_the_classifications_that_are_reported(con: Connection) -> None:
    esr = {"classification": "esr_16"}
    counts = {"A": 50, "C": 7, "H": 10, "R": 5, "M": 4, "G": 3, "S": 1}
    register(con, [*(people(count, code, **esr) for code, count in counts.items()), people(20, None, **esr)])
    shares = {
        (row["classification"], row["category"]): (row["headcount"], row["marker"])
        for row in mart(con, "representation_gap", org_code="RNA", grade_group="band_5", clinical="all")
        if row["comparator"] == "population" and row["characteristic"] == "ethnicity"
    }
    assert shares["esr_16", "C"][0] == 7
    assert [shares["ons_5", group][0] for group in ("Asian", "Black", "Mixed", "White", "Other")] == [15, 4, 3, 57, 1]
    assert [shares["wres", group][0] for group in ("White", "BME")] == [57, 23]
    assert shares["census_2021_19", "Chinese"][0] == 5  # Chinese is Asian in 2021
    # What the ESR has no code for can't be told: not zero, but not available.
    for group in ("Gypsy or Irish Traveller", "Roma", "Arab", "Other White", "Any other"):
        assert shares["census_2021_19", group] == (None, "[x]")


def test_a_comparator_that_is_refused_or_missing_is_marked(con: Connection) -> None:
    disability = {"characteristic": "disability", "classification": "equality_act_2010"}
    marital = {"characteristic": "marital_status", "classification": "esr_marital_status"}
    register(
        con,
        [
            *(people(6, "Disabled", **disability), people(94, "Not disabled", **disability)),
            *(people(50, "Single", **marital), people(50, "Married", **marital)),
        ],
    )
    for category, age_range in (("Disabled", "all"), ("Single", None)):
        row = gap(con, grade_group="band_5", category=category)
        assert (row["comparator_share"], row["gap_pp"], row["verdict"]) == (None, None, None)
        assert (row["marker"], row["age_range"]) == ("[x]", age_range)
        assert row["workforce_share"] is not None


def test_residents_who_did_not_answer_are_left_out_of_the_share_and_shown(con: Connection) -> None:
    religion = {"characteristic": "religion", "classification": "esr_religion"}
    register(con, [people(40, "Christianity", **religion), people(60, "Atheism", **religion)])
    row = gap(con, grade_group="band_5", category="Christian", org_code="RNA")
    # Black Country, domain.md 5.6: 538,384 Christian; 65,468 of 1,213,146 not answered.
    assert rounded(row["comparator_share"], 6) == round(538384 / (1213146 - 65468), 6)
    assert rounded(row["comparator_unanswered_share"], 6) == round(65468 / 1213146, 6)


def test_families_are_not_pooled_with_social_care_and_clusters_that_span_stand_under_all(con: Connection) -> None:
    register(
        con,
        [
            people(10, "White", grade="band_8a"),
            people(4, "White", grade="vsm", grade_family="vsm"),
            people(20, "White", grade="consultant", grade_family="medical"),
            people(7, "White", grade="senior_manager", grade_family="social_care", clinical="unknown"),
        ],
    )
    heads = {
        (row["grade_family"], row["grade_group"]): row["headcount"]
        for row in mart(con, "grade_profile", category="White", clinical="all", org_code="RNA")
    }
    assert heads["all", "all"] == 34
    assert heads["social_care", "all"] == 7
    assert heads["afc", "all"] == 10
    assert heads["all", "wres_upper"] == 14
    assert heads["afc", "afc_8a_plus"] == 10
    assert ("social_care", "senior_manager") in heads


def test_very_senior_managers_leave_the_upper_tier_by_a_switch(tmp_path: Any) -> None:
    (tmp_path / "method.yaml").write_text("wres_upper_includes_vsm: false\n")
    with database.connect() as con:
        reference.load(con, reference.method(DataFolder(tmp_path)))
        vsm = people(4, "White", grade="vsm", grade_family="vsm")
        register(con, [people(10, "White", grade="band_8a"), vsm])
        row = one(con, "grade_profile", category="White", clinical="all", org_code="RNA", grade_group="wres_upper")
        assert (row["grade_family"], row["headcount"]) == ("afc", 10)


def test_all_of_a_split_holds_those_of_whom_it_is_not_known(con: Connection) -> None:
    register(con, [people(count, "White", clinical=split) for split, count in (("clinical", 5), ("unknown", 3))])
    heads = {
        row["clinical"]: row["headcount"]
        for row in mart(con, "grade_profile", org_code="RNA", grade_group="band_5")
        if row["category"] == "White"
    }
    assert heads == {"all": 8, "clinical": 5}


def test_bank_staff_are_a_population_of_their_own(con: Connection) -> None:
    register(con, [people(40, "White"), people(9, "White", employment_type="bank")])
    heads = {
        row["employment_type"]: row["headcount"]
        for row in mart(con, "grade_profile", org_code="RNA", grade_group="band_5", clinical="all", category="White")
    }
    assert heads == {"substantive": 40, "bank": 9}


@pytest.fixture
def two_trusts(con: Connection) -> Connection:
    """RNA and RL4 of the Black Country's seven NHS employers."""
    rna = [people(30, "BME"), people(70, "White")]
    register(con, [*rna, people(10, "BME", org_code="RL4"), people(40, "White", org_code="RL4")])
    return con


def test_a_system_is_the_sum_of_its_members_and_says_who_is_missing(two_trusts: Connection) -> None:
    row = gap(two_trusts, org_code="E54000062", grade_group="band_5", category="BME")
    assert (row["org_level"], row["headcount"], row["known_headcount"]) == ("system", 40, 150)
    assert row["coverage"] == "2 of 7; missing: QUA, RBK, RXK, RYA, TAJ"
    assert gap(two_trusts, grade_group="band_5", category="BME")["coverage"] == "1 of 1"


def test_who_should_be_there_and_is_not_stands_as_not_available(two_trusts: Connection) -> None:
    missing = mart(two_trusts, "representation_gap", marker="[x]", characteristic="total")
    assert {row["org_code"] for row in missing} >= {"QUA", "RBK", "RXK", "RYA", "TAJ"}
    assert {(row["headcount"], row["coverage"]) for row in missing} == {(None, "0 of 1")}


def test_two_systems_are_neither_the_region_nor_the_nation(two_trusts: Connection) -> None:
    levels = {row["org_level"] for row in mart(two_trusts, "representation_gap")}
    assert levels == {"organisation", "system"}


def test_a_unit_with_figures_of_its_own_does_not_get_its_members_on_top(con: Connection) -> None:
    register(con, [people(100, "White"), people(1000, "White", org_code="E54000062", source_level="system")])
    assert gap(con, org_code="E54000062", grade_group="band_5", category="White")["headcount"] == 1000


def test_a_unit_is_compared_with_itself_only_where_the_same_organisations_reported(con: Connection) -> None:
    before = {"as_at_date": "2025-03-31"}
    rna = [people(30, "BME"), people(70, "White"), people(20, "BME", **before), people(80, "White", **before)]
    register(con, rna)
    same = gap(con, org_code="E54000062", grade_group="band_5", category="BME", comparator="previous")
    assert rounded(same["gap_pp"], 6) == 10.0
    register(con, [*rna, people(50, "BME", org_code="RL4")])
    other = gap(con, org_code="E54000062", grade_group="band_5", category="BME", comparator="previous")
    assert (other["gap_pp"], other["marker"]) == (None, "[x]")


@pytest.mark.parametrize(
    ("org_code", "family", "bme", "residents"),
    [
        ("RNA", "afc", 380_521, 1_213_172),  # Black Country, domain.md 5.6
        ("RWP", "afc", 42_974, 790_709),  # Herefordshire and Worcestershire
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


def test_worcestershire_is_its_six_districts_and_the_ambulance_service_serves_the_region(con: Connection) -> None:
    council = {"org_code": "E10000034", "grade": "case_holder", "grade_family": "social_care"}
    register(con, [people(50, "White", **council), people(50, "White", org_code="RYA")])
    worcestershire = gap(con, org_code="E10000034", grade_group="case_holder", category="White")
    assert worcestershire["area_set"] == "E07000234 E07000235 E07000236 E07000237 E07000238 E07000239"
    assert gap(con, org_code="RYA", grade_group="band_5", category="White")["area_set"] == "E12000005"


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


def test_adjusted_p_values_are_benjamini_hochberg_within_one_board_table(con: Connection) -> None:
    esr = {"classification": "esr_16"}
    grades = {"band_2": 31, "band_5": 25, "band_7": 12, "band_8a": 4}
    rows = [people(count, "H", grade=grade, **esr) for grade, count in grades.items()]
    rows += [people(200, "A", grade=grade, **esr) for grade in grades] + [people(9, "N", grade="band_2", **esr)]
    register(con, rows)
    family = [
        row
        for row in mart(con, "representation_gap", org_code="RNA", classification="esr_16", comparator="population")
        if row["p_value"] is not None
    ]
    assert {row["test_family_size"] for row in family} == {len(family)}
    _, expected, _, _ = multipletests([float(row["p_value"]) for row in family], method="fdr_bh")
    # p_value is printed to nine decimals, so that the expected value is known to family size × half of the last.
    assert [float(row["p_adjusted"]) for row in family] == pytest.approx(list(expected), abs=len(family) * 1e-9)


def test_reported_dates_are_the_as_at_date_a_year_before_and_each_31_march(con: Connection) -> None:
    dates = ["2023-03-31", "2024-11-30", "2025-03-31", "2025-09-30", "2026-02-28"]
    register(con, [people(50, "White", as_at_date=date) for date in ["2025-02-28", *dates]], as_at_date="2026-02-28")
    reported = {str(row["as_at_date"]) for row in mart(con, "representation_gap", org_code="RNA")}
    assert reported == {"2023-03-31", "2025-02-28", "2025-03-31", "2026-02-28"}
    every = {str(row["as_at_date"]) for row in mart(con, "trend", org_code="RNA")}
    assert every == {"2025-02-28", *dates}


def test_a_feed_that_arrives_yearly_has_all_its_dates_reported(con: Connection) -> None:
    register(
        con, [people(50, "White", as_at_date=date) for date in ("2024-09-30", "2025-09-30")], "2025-09-30", "yearly"
    )
    reported = {str(row["as_at_date"]) for row in mart(con, "representation_gap", org_code="RNA")}
    assert reported == {"2024-09-30", "2025-09-30"}


def test_trend_says_the_same_as_representation_gap(two_trusts: Connection) -> None:
    gaps = {
        tuple(row[name] for name in KEY): row for row in mart(two_trusts, "representation_gap", comparator="population")
    }
    rows = mart(two_trusts, "trend", comparator="population")
    assert rows
    for row in rows:
        same = gaps[tuple(row[name] for name in KEY)]
        assert {name: same[name] for name in row} == row


def test_declared_declined_and_missing_stay_apart(con: Connection) -> None:
    declined = people(10, None) | {"answer_status": "declined"}
    register(
        con,
        [
            people(60, "White"),
            people(5, "BME"),
            declined,
            people(20, None),
            people(5, None) | {"answer_status": "unknown"},
        ],
    )
    row = one(con, "declaration_rate", org_code="RNA", grade_group="band_5", clinical="all", characteristic="ethnicity")
    counts = [row[f"{name}_headcount"] for name in ("declared", "declined", "missing", "unknown", "total")]
    assert counts == [65, 10, 20, 5, 100]
    assert (rounded(row["declared_share"], 9), row["rating"], row["marker"]) == (0.65, "caution", None)


def test_grade_profile_says_who_is_in_a_grade_and_how_a_group_is_spread(con: Connection) -> None:
    senior = [people(10, "BME", grade="band_8a"), people(40, "White", grade="band_8a")]
    register(con, [*senior, people(30, "BME"), people(60, "White")])
    row = one(con, "grade_profile", org_code="RNA", grade_group="band_8a", clinical="all", category="BME")
    assert (rounded(row["share_of_grade"], 9), rounded(row["share_of_group"], 9)) == (0.2, 0.25)
    assert row["group_headcount"] == 40
