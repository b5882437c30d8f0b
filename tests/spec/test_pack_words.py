"""Findings in words: what each verdict, weak base and comparator makes of a sentence."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.report import brief, funnel, sentences, tables
from pipelines.report.pack import Finding
from pipelines.report.source import Followed, Row
from tests.told import SENIOR, gap, people, told

EVERYBODY = people(430)
BEFORE = {"comparator": "previous"}


def finding(*rows: Row, followed: Followed = SENIOR, **more: Any) -> Finding:
    (found,) = sentences.findings(told([EVERYBODY, *rows], [followed], **more))
    return found


def test_a_gap_below_the_residents_in_full() -> None:
    """domain.md 8.1: the sentence of a public pack, from rounded counts."""
    found = finding(gap("0.1707", "0.314", "lower"), gap("0.1707", "0.16", "cannot_tell", **BEFORE))
    assert found == Finding(
        "BME people among staff in bands 8a and above, against residents",
        "lower",
        (
            "At 31 March 2026, 17 % of staff in bands 8a and above whose ethnicity is known were BME (about 70 of "
            "410). Rounding may have moved the share by up to 1.2 percentage points.",
            "That is 14 percentage points below the 31.4 % of residents of the area served (all ages, 21 March 2021). "
            "Chance alone could put the gap anywhere from −17 to −11 percentage points: all of it is below zero, and "
            "rounding doesn’t change that.",
            "Of 5.0 % no answer is known; whatever they would answer, the gap would stay on the same side of zero.",
            "The difference is about 60 people at today’s size (not a target).",
            "Twelve months before it was 16 %: no change that we can distinguish.",
        ),
    )


def test_exact_counts_of_a_publisher_are_told_to_one_decimal_and_without_about() -> None:
    found = finding(gap("0.064", "0.19", "lower", share_rounding_error_pp=Decimal(0)), base=1)
    assert found.sentences[0] == (
        "At 31 March 2026, 6.4 % of staff in bands 8a and above whose ethnicity is known were BME (70 of 410)."
    )
    assert found.sentences[1].endswith("from −15.6 to −9.6 percentage points: all of it is below zero.")
    assert found.sentences[3] == "The difference is 60 people at today’s size (not a target)."


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("higher", "from +7 to +13 percentage points: all of it is above zero"),
        ("similar", "too little to matter, by the measure of 5 percentage points or four fifths of the comparator"),
        ("cannot_tell", "rounding adds to that: too few people are known to say whether there is a gap"),
    ],
)
def test_each_verdict_is_said_and_only_a_gap_below_zero_has_a_difference_in_people(verdict: str, said: str) -> None:
    found = finding(gap("0.4", "0.3", verdict))
    assert said in found.sentences[1]
    assert not any("difference" in sentence for sentence in found.sentences)


def test_no_share_is_stated_that_rounding_alone_may_have_moved_by_what_matters() -> None:
    found = finding(gap("0.63", "0.85", "cannot_tell", share_rounding_error_pp=Decimal("23.2")))
    assert (found.verdict, len(found.sentences)) == ("cannot tell", 1)
    assert "%" not in found.sentences[0]
    assert "up to 23.2 percentage points, more than a gap that matters, so no share is stated" in found.sentences[0]


def test_answers_that_could_turn_a_gap_round_are_named() -> None:
    found = finding(gap("0.2", "0.3", "lower", sign_is_robust=False))
    assert "Of 5.0 % no answer is known, and their answers could turn the gap round." in found.sentences


@pytest.mark.parametrize(("verdict", "moved"), [("higher", "risen"), ("lower", "fallen")])
def test_a_movement_is_said_only_where_it_is_told_apart(verdict: str, moved: str) -> None:
    found = finding(gap("0.2", "0.3", "lower"), gap("0.2", "0.15", verdict, **BEFORE))
    assert found.sentences[-1] == (
        f"Twelve months before it was 15 %: the share has {moved}, and neither chance nor rounding explains it."
    )
    alone = finding(gap("0.2", "0.3", "lower"))
    assert alone.sentences[-1] == "There is no figure of twelve months before that it could be held against."


@pytest.mark.parametrize(
    ("look_at", "instead", "said"),
    [
        ("cluster", "afc afc_8a_plus", "Look at the wider group of grades instead: staff in bands 8a and above."),
        ("system", "E54", "Look at the same grades in the whole system instead."),
        ("three_years", None, "in one year; three years together would have enough."),
        ("nothing", None, "no wider group has one either."),
    ],
)
def test_of_too_few_it_is_said_where_to_look(look_at: str, instead: str | None, said: str) -> None:
    followed = Followed("afc", "afc_8c_plus", "wres", "BME", "population")
    thin = {("afc", "afc_8c_plus", "wres"): {"look_at": look_at, "instead": instead}}
    found = sentences.findings(told([people(40, grade_group="afc_8c_plus"), EVERYBODY], [followed], thin=thin))[0]
    assert found.verdict == "can’t be said"
    assert found.sentences[0].startswith("Too few staff in bands 8c and above have a known answer")
    assert found.sentences[0].endswith(said)


def test_of_answers_that_werent_sent_that_is_said() -> None:
    found = finding(followed=Followed("afc", "afc_8a_plus", "equality_act_2010", "Disabled", "population"))
    assert found.sentences == ("No answers on disability were sent.",)


def test_without_a_comparator_nothing_is_compared() -> None:
    disabled = {"classification": "equality_act_2010", "category": "Disabled"}
    followed = Followed("afc", "afc_8a_plus", "equality_act_2010", "Disabled", "population")
    found = finding(gap("0.05", "0.06", "similar", comparator="workforce", **disabled), followed=followed)
    assert found.sentences == (
        "Nothing is published that staff in bands 8a and above may be held against: no comparison is better than a "
        "wrong one.",
    )


def test_grades_that_nobody_is_in_are_told_nothing_of() -> None:
    assert sentences.findings(told([EVERYBODY], [Followed("medical", "consultant", "wres", "BME", "workforce")])) == []


def test_comparators_that_disagree_are_labelled() -> None:
    rows = {
        "population": gap("0.35", "0.31", "higher"),
        "england": gap("0.35", "0.19", "higher", comparator="england"),
        "workforce": gap("0.35", "0.40", "lower", comparator="workforce"),
        "previous": gap("0.35", "0.36", "cannot_tell", **BEFORE),
    }
    assert tables.reading(rows) == "Flips. higher: residents, England; lower: own staff; cannot tell: a year before"
    del rows["workforce"]
    assert tables.reading(rows) == "Higher: residents, England; cannot tell: a year before"
    # A share that has fallen and is above the residents' is no contradiction.
    fallen = {**rows, "previous": gap("0.35", "0.40", "lower", **BEFORE)}
    assert tables.reading(fallen) == "Higher: residents, England; lower: a year before"


@pytest.mark.parametrize(
    ("error", "whole", "where"),
    [
        ("0", "0.21", "within both"),
        ("0", "0.24", "beyond 95 %"),
        ("0", "0.26", "beyond 99.8 %"),
        ("2", "0.24", "cannot tell"),
        ("2", "0.29", "beyond 99.8 %"),
    ],
)
def test_an_organisation_lies_beyond_limits_only_if_rounding_doesnt_explain_it(
    error: str, whole: str, where: str
) -> None:
    """Its Wilson interval is 17 to 23 % (95) and 15 to 25 % (99.8); it and the whole may each be off by ``error``."""
    own = gap("0.20", "0.20", None, share_rounding_error_pp=Decimal(error))
    assert funnel.where(own, gap(whole, "0.2", None, share_rounding_error_pp=Decimal(error) / 2)) == where


def test_what_cant_be_said_names_who_is_missing_and_what_is_unsure() -> None:
    everybody = people(900, "all", "all", coverage="1 of 2; missing: RYY")
    system = told(
        [everybody, EVERYBODY, gap("0.2", "0.3", "cannot_tell")],
        submissions=[{"org_code": "RYY", "org_name": "Another trust"}],
        declared=[
            {
                "rating": "unreliable",
                "declared_share": Decimal("0.55"),
                "characteristic": "disability",
                "grade_family": "all",
            }
        ],
    )
    said = brief.unsaid(system, sentences.findings(system))
    assert said == [
        "Chance or rounding leaves open whether there is a gap: BME people among staff in bands 8a and above, against "
        "residents.",
        "NHS staff: 1 of 2 organisations reported. Missing: Another trust. A change from before may come from who "
        "reported.",
        "Of NHS staff, only 55.0 % have a known disability: too little is known.",
        "Why a gap is there, and whether a decision caused it: counts of people in post can’t show that.",
    ]
