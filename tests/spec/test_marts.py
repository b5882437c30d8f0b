"""The marts: a small cube in, the expected rows out, each checkable by hand. Formulas are domain.md's, section 4."""

from collections.abc import Sequence
from pathlib import Path
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


CENSUS = {"classification": "census_2021_19"}
ESR = {"classification": "esr_16"}


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
    families = {row["org_code"]: row["grade_family"] for row in missing}
    assert (families["RBK"], families["E08000027"]) == ("all", "social_care")


def test_two_systems_are_neither_the_region_nor_the_nation(two_trusts: Connection) -> None:
    levels = {row["org_level"] for row in mart(two_trusts, "representation_gap")}
    assert levels == {"organisation", "system"}


def test_before_a_system_and_its_board_opened_there_is_neither(con: Connection) -> None:
    """The systems and their boards opened on 1 July 2022; the trusts are older."""
    then = {"as_at_date": "2022-03-31"}
    register(con, [people(100, "White", **then)], as_at_date="2022-03-31")
    rows = mart(con, "representation_gap")
    assert {row["org_level"] for row in rows} == {"organisation"}
    assert "QUA" not in {row["org_code"] for row in rows}


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


def test_a_council_that_is_new_to_the_figures_does_not_part_the_nhs_from_its_past(con: Connection) -> None:
    before = {"as_at_date": "2025-03-31"}
    rna = [people(30, "BME"), people(70, "White"), people(20, "BME", **before), people(80, "White", **before)]
    council = {"grade": "case_holder", "grade_family": "social_care"}
    dudley = [people(50, "White", org_code="E08000027", **council)]
    walsall = [people(50, "White", org_code="E08000030", **council, **before)]
    register(con, [*rna, *dudley, *walsall])
    system = {"org_code": "E54000062", "comparator": "previous"}
    nhs = gap(con, grade_group="band_5", category="BME", **system)
    assert (rounded(nhs["gap_pp"], 6), nhs["coverage"]) == (10.0, "1 of 7; missing: QUA, RBK, RL4, RXK, RYA, TAJ")
    social_care = gap(con, grade_group="case_holder", category="White", **system)
    assert (social_care["gap_pp"], social_care["marker"]) == (None, "[x]")
    assert social_care["coverage"] == "1 of 4; missing: E08000028, E08000030, E08000031"


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


def test_the_published_vector_of_benjamini_and_hochberg() -> None:
    """domain.md 4.6: ten p-values go through the mart as they are; a macro stands in for the test that makes them."""
    p_values = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105714286, 0.216, 0.216, 0.216]
    with database.connect(threads=2) as con:
        reference.load(con, reference.method(DataFolder(Path("no such folder"))))
        register(con, [people(50, code, **ESR) for code in "ABCDEFGHJK"])
        con.execute("create or replace macro gap_p_value(comparator, x, n, part, whole) as part / whole")
        con.execute(
            "create table ten as select * replace ("
            "(1000 * list_extract(?::double[], row_number() over (order by category desc)))::bigint "
            "as comparator_headcount, 1000 as comparator_known_headcount) from comparison "
            "where classification = 'esr_16' and org_code = 'RNA' and comparator = 'population' "
            "and grade_group = 'band_5' and clinical = 'all' and category <= 'K'",
            [p_values],
        )
        con.execute("drop view comparison")
        con.execute("alter table ten rename to comparison")
        rows = sorted(mart(con, "representation_gap", characteristic="ethnicity"), key=lambda row: row["p_value"])
    assert [rounded(row["p_value"], 9) for row in rows] == p_values
    assert [rounded(row["p_adjusted"], 9) for row in rows] == expected
    assert {row["test_family_size"] for row in rows} == {10}


def test_a_family_of_tests_is_one_board_table(con: Connection) -> None:
    """One date, unit, kind of employment, classification and comparator; the other organisation is another table."""
    table = [people(40, "BME"), people(60, "White")]
    second_band = [people(20, "BME", grade="band_6"), people(30, "White", grade="band_6")]
    bank = [row | {"employment_type": "bank", "grade": "band_5"} for row in table]
    before = [row | {"as_at_date": "2025-03-31"} for row in table]
    sex = [people(50, category, characteristic="sex", classification="sex") for category in ("Female", "Male")]
    register(con, [*table, *second_band, *bank, *before, *(row | {"org_code": "RL4"} for row in table), *sex])
    sizes = {
        (str(row["as_at_date"]), row["org_code"], row["employment_type"], row["classification"]): row[
            "test_family_size"
        ]
        for row in mart(con, "representation_gap", comparator="population")
        if row["org_code"] != "E54000062"
    }
    # White and BME x clinical and all x one band, its tier wres_lower, cluster wdes_2, and all of afc and of all: 20.
    one_band, two_bands = 2 * 2 * 5, 2 * 2 * 7
    assert sizes["2026-03-31", "RNA", "substantive", "wres"] == two_bands
    assert sizes["2026-03-31", "RNA", "bank", "wres"] == one_band
    assert sizes["2025-03-31", "RNA", "substantive", "wres"] == one_band
    assert sizes["2026-03-31", "RL4", "substantive", "wres"] == one_band
    assert sizes["2026-03-31", "RNA", "substantive", "sex"] == one_band


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


def test_of_a_yearly_and_a_monthly_feed_of_one_sender_only_the_yearly_one_has_every_date_reported(
    con: Connection,
) -> None:
    dates = ["2025-09-30", "2025-10-31", "2026-02-28"]
    register(con, [people(50, "White", as_at_date=date) for date in dates], "2026-02-28")
    con.execute("update owned set arrives = 'yearly' where as_at_date = date '2025-09-30'")
    database.build(con, "intermediate/reporting_date")
    reported = {str(row["as_at_date"]) for row in mart(con, "representation_gap", org_code="RNA")}
    assert reported == {"2025-09-30", "2026-02-28"}


def test_trend_says_the_same_as_representation_gap(con: Connection) -> None:
    trusts = ({"org_code": org_code, **ESR} for org_code in ("RNA", "RL4"))
    register(con, [people(count, code, **trust) for trust in trusts for code, count in (("M", 78), ("A", 2922))])
    gaps = {tuple(row[name] for name in KEY): row for row in mart(con, "representation_gap")}
    rows = mart(con, "trend")
    assert {row["comparator"] for row in rows} == {"population", "workforce"}
    for row in rows:
        same = gaps[tuple(row[name] for name in KEY)]
        assert {name: same[name] for name in row} == row


def test_trend_has_what_the_method_names_and_everybody(two_trusts: Connection) -> None:
    rows = mart(two_trusts, "trend", org_code="E54000062", grade_group="band_5", clinical="all")
    found = {(row["characteristic"], row["category"], row["comparator"]): row for row in rows}
    assert set(found) == {
        *(("ethnicity", "White", "population"), ("ethnicity", "BME", "population")),
        ("total", "all", "workforce"),
    }
    total = found["total", "all", "workforce"]
    assert (total["headcount"], total["workforce_share"], total["marker"]) == (150, None, "[z]")
    assert total["coverage"] == "2 of 7; missing: QUA, RBK, RXK, RYA, TAJ"


def test_trend_marks_as_representation_gap_does(con: Connection) -> None:
    disability = {"characteristic": "disability", "classification": "equality_act_2010"}
    register(
        con,
        [
            *(people(5, "BME"), people(20, "White"), people(9, None, grade="band_6")),
            *(people(1, "Disabled", **disability), people(24, "Not disabled", **disability)),
        ],
    )
    markers = {
        (row["grade_group"], row["category"]): row["marker"]
        for row in mart(con, "trend", org_code="RNA", clinical="all", comparator="population")
    }
    assert markers["band_5", "BME"] == "[u]"
    assert markers["band_6", "BME"] == "[z]"
    assert markers["band_5", "Disabled"] == "[x]"


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


@pytest.mark.parametrize(
    ("declared", "missing", "rating", "marker"),
    [
        *(
            (80, 20, "adequate", None),
            (79, 21, "caution", None),
            (60, 40, "caution", None),
            (59, 41, "unreliable", None),
        ),
        *((30, 0, "adequate", None), (29, 0, "adequate", "[u]"), (0, 30, "unreliable", None)),
    ],
)
def test_how_far_a_declaration_rate_carries(
    con: Connection, declared: int, missing: int, rating: str, marker: str | None
) -> None:
    register(con, [people(declared, "White"), people(missing, None)])
    row = one(con, "declaration_rate", org_code="RNA", grade_group="band_5", clinical="all", characteristic="ethnicity")
    assert (row["rating"], row["marker"]) == (rating, marker)
    assert row["declared_share"] + row["missing_share"] == 1


def test_declaration_is_told_of_each_characteristic_and_of_the_system(two_trusts: Connection) -> None:
    rows = mart(two_trusts, "declaration_rate", org_code="E54000062", grade_group="band_5", clinical="all")
    assert [(row["characteristic"], row["declared_headcount"], row["total_headcount"]) for row in rows] == [
        ("ethnicity", 150, 150)
    ]
    assert rows[0]["coverage"] == "2 of 7; missing: QUA, RBK, RXK, RYA, TAJ"


def test_grade_profile_says_who_is_in_a_grade_and_how_a_group_is_spread(con: Connection) -> None:
    senior = [people(10, "BME", grade="band_8a"), people(40, "White", grade="band_8a")]
    register(con, [*senior, people(30, "BME"), people(60, "White")])
    row = one(con, "grade_profile", org_code="RNA", grade_group="band_8a", clinical="all", category="BME")
    assert (rounded(row["share_of_grade"], 9), rounded(row["share_of_group"], 9)) == (0.2, 0.25)
    assert row["group_headcount"] == 40


def test_how_a_group_is_spread_over_the_grades_of_its_family_adds_up(con: Connection) -> None:
    grades = ("band_2", "band_5", "band_8a", "band_9")
    register(con, [people(10 * n, "BME", grade=grade) for n, grade in enumerate(grades, start=1)])
    rows = mart(con, "grade_profile", org_code="RNA", grade_family="afc", clinical="all", category="BME")
    spread = {row["grade_group"]: rounded(row["share_of_group"], 9) for row in rows if row["is_detail"]}
    assert spread == {"band_2": 0.1, "band_5": 0.2, "band_8a": 0.3, "band_9": 0.4}
    clusters = {row["grade_group"]: rounded(row["share_of_group"], 9) for row in rows if not row["is_detail"]}
    assert (clusters["afc_8a_plus"], clusters["afc_8c_plus"], clusters["all"]) == (0.7, 0.4, 1.0)


def test_a_grade_profile_is_marked_where_it_says_little_or_nothing(con: Connection) -> None:
    register(
        con, [people(29, "A", **ESR), people(40, "A", grade="band_6", **ESR), people(9, None, grade="band_7", **ESR)]
    )
    rows = mart(con, "grade_profile", org_code="RNA", clinical="all", grade_family="afc")
    markers = {(row["grade_group"], row["category"]): row["marker"] for row in rows}
    assert markers["band_5", "A"] == "[u]"
    assert markers["band_6", "A"] is None
    assert markers["band_7", "A"] == "[z]"  # nobody's answer is known
    assert markers["band_6", "H"] == "[z]"  # a group without anybody is spread over nothing
    assert markers["band_6", "Roma"] == "[x]"
