"""The marts: a small cube in, the expected rows out, each checkable by hand. Formulas are domain.md's, section 4."""

from typing import Any

import pytest

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.places import DataFolder
from tests.cube import CENSUS, ESR, Row, gap, mart, one, people, register, rounded


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


def test_the_limits_of_998_in_1000(con: Connection) -> None:
    """domain.md 4.2, 65 of 100, by the public vectors of PHEindicatormethods."""
    register(con, [people(65, "BME"), people(35, "White")])
    row = gap(con, grade_group="band_5", category="BME")
    limits = [rounded(row[f"share_{name}"], 6) for name in ("lower_95", "upper_95", "lower_998", "upper_998")]
    assert limits == [0.552544, 0.736358, 0.495495, 0.778354]


@pytest.mark.parametrize(
    ("undisclosed", "bounds", "is_robust"),
    [
        # 27 of 100 known against 31.4 % of residents: with 5 more, of 105, at most 30.5 %; with 6 more, of 106, 31.1 %;
        # with 7 more, of 107, 31.8 %, and nobody can tell any longer which side it is on.
        (6, (27 / 106, 33 / 106), True),
        (7, (27 / 107, 34 / 107), False),
    ],
)
def test_a_sign_is_robust_while_the_undisclosed_cannot_turn_it(
    con: Connection, undisclosed: int, bounds: tuple[float, float], is_robust: bool
) -> None:
    register(con, [people(27, "BME"), people(73, "White"), people(undisclosed, None)])
    row = gap(con, grade_group="band_5", category="BME")
    shares = (row["share_if_none_undisclosed"], row["share_if_all_undisclosed"])
    assert [rounded(share, 9) for share in shares] == [round(share, 9) for share in bounds]
    assert row["sign_is_robust"] is is_robust


def test_a_sign_is_robust_above_the_comparator_too(con: Connection) -> None:
    register(con, [people(60, "BME"), people(40, "White"), people(10, None)])
    assert gap(con, grade_group="band_5", category="BME")["sign_is_robust"] is True


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


@pytest.mark.parametrize(("staff", "verdict"), [(3_000, "cannot_tell"), (30_000, "similar")])
def test_where_few_residents_are_in_a_group_a_fifth_of_their_share_is_what_matters(
    con: Connection, staff: int, verdict: str
) -> None:
    """2.6 % of the Black Country's residents are Black Caribbean (31,522, code M): 5 points would hide them all."""
    caribbean = round(staff * 31_522 / 1_213_172)
    esr = {"classification": "esr_16"}
    register(con, [people(caribbean, "M", **esr), people(staff - caribbean, "A", **esr)])
    assert gap(con, grade_group="band_5", category="M")["verdict"] == verdict


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


def test_not_available_comes_before_not_defined_and_that_before_weak(con: Connection) -> None:
    disability = {"characteristic": "disability", "classification": "equality_act_2010"}
    register(
        con,
        [
            *(people(2, "Disabled", **disability), people(4, "Not disabled", **disability)),
            people(40, None, grade="band_6", **disability),
        ],
    )
    # All-ages disability has no comparator, however few answer and even where nobody does.
    markers = {grade: gap(con, grade_group=grade, category="Disabled")["marker"] for grade in ("band_5", "band_6")}
    assert markers == {"band_5": "[x]", "band_6": "[x]"}
    register(con, [people(5, None)])
    assert gap(con, grade_group="band_5", category="BME")["marker"] == "[z]"


def test_a_group_that_nobody_of_the_comparator_is_in_has_a_gap_and_no_ratio(con: Connection) -> None:
    senior = [people(100, "White", grade="band_8a")]
    register(con, [*senior, people(100, "White")])
    row = gap(con, grade_group="band_8a", category="BME", comparator="workforce")
    values = (row["comparator_share"], row["gap_pp"], row["representation_ratio"], row["shortfall_headcount"])
    assert values == (0, 0, None, 0)


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


def test_previous_of_the_end_of_february_is_the_end_of_february(con: Connection) -> None:
    leap = {"as_at_date": "2024-02-29"}
    now = [people(30, "BME", as_at_date="2025-02-28"), people(70, "White", as_at_date="2025-02-28")]
    register(con, [*now, people(20, "BME", **leap), people(80, "White", **leap)], as_at_date="2025-02-28")
    row = gap(con, grade_group="band_5", category="BME", comparator="previous", as_at_date="2025-02-28")
    assert rounded(row["comparator_share"], 9) == 0.2
    # Newcombe's hybrid interval, as of two separate groups: domain.md 4.4.
    of_two = con.execute("select newcombe(30, 100, 20, 100, 1.959963984540054)").fetchall()[0][0]
    limits = (row["gap_lower_95_pp"], row["gap_upper_95_pp"])
    assert [rounded(limit, 6) for limit in limits] == [round(100 * of_two[name], 6) for name in ("lower", "upper")]


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


def test_what_only_one_of_two_sources_can_tell_is_not_available_for_both(con: Connection) -> None:
    """Of the ESR's people nobody knows who is Roma: 50 of 1,900 would be too few, and 0 would be made up."""
    esr = [people(900, "A", **ESR), people(100, "C", **ESR)]
    census = [people(50, "Roma", org_code="RL4", **CENSUS), people(850, "White British", org_code="RL4", **CENSUS)]
    register(con, [*esr, *census])
    system = {"org_code": "E54000062", "grade_group": "band_5"}
    for category in ("Roma", "Other White"):
        row = gap(con, category=category, **system)
        assert (row["headcount"], row["workforce_share"], row["verdict"], row["marker"]) == (None, None, None, "[x]")
    assert gap(con, category="Roma", org_code="RL4", grade_group="band_5")["headcount"] == 50
    assert gap(con, category="White British", **system)["headcount"] == 1750
    assert gap(con, category="C", **system)["headcount"] == 150  # both can tell White other of the 2001 categories


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"org_code": "E08000027", "grade": "case_holder", "grade_family": "social_care"},
        {"employment_type": "bank"},
    ],
)
def test_a_source_speaks_for_its_own_people_only(con: Connection, elsewhere: Row) -> None:
    """Council staff, or the bank, in Census groups don't make the ESR's people "0 Roma"."""
    register(con, [people(900, "A", **ESR), people(50, "Roma", **CENSUS, **elsewhere)])
    row = gap(con, org_code="E54000062", grade_group="band_5", employment_type="substantive", category="Roma")
    assert (row["headcount"], row["marker"]) == (None, "[x]")
    there = {"grade_group": "case_holder"} if "grade" in elsewhere else {"employment_type": "bank"}
    assert gap(con, **({"org_code": "E54000062", "category": "Roma", "grade_group": "band_5"} | there))[
        "headcount"
    ] == (50)


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


def test_the_bank_is_compared_with_the_bank(con: Connection) -> None:
    bank = {"employment_type": "bank"}
    substantive = [people(10, "BME"), people(90, "White")]
    senior = [people(10, "BME", grade="band_8a", **bank), people(40, "White", grade="band_8a", **bank)]
    then = {"as_at_date": "2025-03-31", "grade": "band_8a"}
    before = [people(20, "BME", **then, **bank), people(80, "White", **then, **bank), people(40, "BME", **then)]
    register(con, [*substantive, *senior, people(30, "BME", **bank), people(20, "White", **bank), *before])
    cells = {"grade_group": "band_8a", "category": "BME"} | bank
    row = gap(con, comparator="workforce", **cells)
    assert (row["known_headcount"], rounded(row["comparator_share"], 9)) == (50, 0.4)
    assert rounded(gap(con, comparator="previous", **cells)["comparator_share"], 9) == 0.2
