"""Figures: what a value, its unit and its marker look like, and the same in a workbook."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.figures import (
    Count,
    Error,
    Figure,
    People,
    Points,
    Ratio,
    Share,
    ages,
    day,
    numbers,
    percent,
    places,
    points,
    vintage,
)


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Count(1230), "1,230"),
        (Count(0), "0"),
        (Count(0, base=5), "0 to 4"),
        (Count(0, base=10), "0 to 9"),
        (Count(5, base=5), "5"),
        (Count(None, "[c]"), "[c]"),
        (Count(None), "[x]"),
        (Count(0, "[r]", base=5), "0 to 4 [r]"),
        (Share(Decimal("0.165")), "17 %"),
        (Share(Decimal("0.1649")), "16 %"),
        (Share(Decimal("0.1645"), places=1), "16.5 %"),
        (Share(Decimal("0.1645"), "[r]", places=1), "16.5 % [r]"),
        (Share(Decimal(0)), "0 %"),
        (Points(Decimal("-14.85"), places=1), "−14.9 pp"),
        (Points(Decimal("14.85"), places=1), "+14.9 pp"),
        (Points(Decimal("-0.04"), places=1), "0.0 pp"),
        (Points(Decimal("-0.5")), "−1 pp"),
        (Error(Decimal("1.25"), places=1), "1.3 pp"),
        (Ratio(Decimal("0.525")), "0.53"),
        (Ratio(None, "[z]"), "[z]"),
        (People(62), "62"),
    ],
)
def test_a_figure_is_written_with_its_unit_and_marker_and_rounded_half_up(figure: Figure, text: str) -> None:
    assert figure.text == text


def test_a_ratio_has_no_percent_sign_in_it() -> None:
    assert "%" not in Ratio(Decimal("0.5")).text
    assert "%" not in Ratio(Decimal("0.5")).number_format


def test_a_workbook_holds_the_number_as_it_is_printed() -> None:
    held = (Share(Decimal("0.1649")), Points(Decimal("-14.86"), places=1), Count(0, base=5))
    assert [one.number for one in held] == [Decimal("0.16"), Decimal("-14.9"), 0]
    assert Share(None, "[u]").number is None
    assert str(Points(Decimal("-0.04"), places=1).number) == "0.0"
    assert [one.number_format for one in (Count(5), Count(0, base=5), Share(Decimal(0), places=1))] == [
        '#,##0;"−"#,##0',
        '#,##0;"−"#,##0;"0 to 4"',
        "0.0\\ %",
    ]


@given(st.decimals(-1000, 1000, places=9), st.integers(0, 2))
def test_what_is_printed_is_off_by_half_a_unit_at_most_and_says_its_sign(value: Decimal, decimals: int) -> None:
    figure = Points(value, places=decimals)
    assert abs((figure.shown or 0) - value) <= Decimal(1).scaleb(-decimals) / 2
    assert figure.text.startswith("−") == ((figure.shown or 0) < 0)
    assert "-" not in figure.text


def test_sizes_in_words() -> None:
    assert Points(Decimal("-14.86"), places=1).size == "14.9 percentage points"
    assert Points(Decimal("1.2")).size == "1 percentage point"
    assert People(1).words == "1 person"
    assert People(1200).words == "1,200 people"


def test_a_share_that_rounding_may_move_by_half_a_point_has_no_decimals() -> None:
    assert [places(error) for error in (None, Decimal("0.49"), Decimal("0.5"), Decimal(20))] == [1, 1, 0, 0]


def test_shares_and_gaps_of_lists_have_one_decimal() -> None:
    assert (percent(Decimal("0.0645")), points(Decimal("-12.55"))) == ("6.5 %", "−12.6 pp")


def test_dates_ages_and_vintages_in_words() -> None:
    assert day(date(2026, 3, 31)) == "31 March 2026"
    assert (ages("all"), ages("16-64")) == ("all ages", "ages 16-64")
    assert vintage("2021-03-21 to 2024-06-30") == "21 March 2021 to 30 June 2024"


def test_numbers_of_a_text_are_read_without_dates_bands_and_signs() -> None:
    text = "At 31 March 2026 (2021-03-21), −1,230 of band 8a: 16.5 %, 0 to 4; RXX1 and afc_8a_plus, in 2019."
    assert list(numbers(text)) == [Decimal(one) for one in ("1230", "16.5", "0", "4")]
