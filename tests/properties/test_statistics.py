"""What holds for the statistics macros of sql/macros whatever the counts."""

from collections.abc import Iterator
from fractions import Fraction

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pipelines import database

Z_95 = 1.959963984540054
ROUNDING = 1e-12

# One query a check: binding takes most of the time, some 5 ms for the long macros, under 1 ms for the shortfall.
some = settings(max_examples=30, deadline=None)
many = settings(max_examples=100, deadline=None)


@st.composite
def counts(draw, largest=60_000_000):
    """Some people of a base: (x, n) with 0 <= x <= n, edges and small bases often."""
    n = draw(st.one_of(st.integers(1, 60), st.integers(1, largest)))
    return draw(st.one_of(st.just(0), st.just(n), st.integers(0, n))), n


quantiles = st.floats(0.01, 8)
shares = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(1e-6, 1 - 1e-6))


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with database.connect(threads=1) as connection:
        yield connection


def value(con, expression, *arguments):
    """The one value of an SQL expression; ``?`` stand for the arguments."""
    return con.execute(f"select {expression}", arguments).fetchall()[0][0]


def wilson(con, x, n, z=Z_95):
    limits = value(con, "wilson(?, ?, ?)", x, n, z)
    return limits["lower"], limits["upper"]


def newcombe(con, first, second, z=Z_95):
    limits = value(con, "newcombe(?, ?, ?, ?, ?)", *first, *second, z)
    return limits["lower"], limits["upper"]


# Wilson


@some
@given(group=counts(), z=quantiles)
def test_wilson_holds_the_share_and_stays_within_0_and_1(con, group, z):
    x, n = group
    lower, upper = wilson(con, x, n, z)
    assert 0 <= lower <= x / n + ROUNDING
    assert x / n - ROUNDING <= upper <= 1
    assert lower < upper


@some
@given(group=counts(), z=quantiles)
def test_wilson_of_the_others_is_the_mirror_image(con, group, z):
    x, n = group
    lower, upper = wilson(con, x, n, z)
    assert wilson(con, n - x, n, z) == pytest.approx((1 - upper, 1 - lower), abs=ROUNDING)


@some
@given(group=counts(), narrow=quantiles, more=st.floats(0.001, 4))
def test_a_larger_z_gives_a_wider_wilson_interval(con, group, narrow, more):
    inner_lower, inner_upper = wilson(con, *group, narrow)
    outer_lower, outer_upper = wilson(con, *group, narrow + more)
    assert outer_lower <= inner_lower
    assert inner_upper <= outer_upper
    assert outer_upper - outer_lower > inner_upper - inner_lower


@some
@given(group=counts(largest=10_000_000), times=st.integers(2, 6))
def test_the_same_share_of_more_people_has_a_narrower_wilson_interval(con, group, times):
    x, n = group
    lower, upper = wilson(con, x, n)
    larger_lower, larger_upper = wilson(con, x * times, n * times)
    assert larger_upper - larger_lower < upper - lower


# The score test


@some
@given(group=counts(), p0=shares)
@example(group=(0, 10), p0=0.0)
@example(group=(10, 10), p0=1.0)
@example(group=(9, 10), p0=1.0)
def test_p_is_below_5_percent_exactly_outside_wilson(con, group, p0):
    lower, upper = wilson(con, *group)
    at_an_edge = p0 in (0, 1)  # there the limits are exact
    assume(at_an_edge or min(abs(p0 - lower), abs(p0 - upper)) > 1e-9)
    assert (value(con, "score_test_p(?, ?, ?)", *group, p0) < 0.05) == (not lower <= p0 <= upper)


@some
@given(group=counts(), share_of_the_way=st.floats(-0.5, 1.5), z=st.floats(0.5, 5))
def test_the_score_test_agrees_with_wilson_at_any_level(con, group, share_of_the_way, z):
    # p0 is placed near the interval, where the two could part.
    lower, upper = wilson(con, *group, z)
    p0 = lower + share_of_the_way * (upper - lower)
    assume(0 < p0 < 1)
    assume(min(abs(p0 - lower), abs(p0 - upper)) > 1e-9)
    level = value(con, "normal_two_sided_p(?)", z)
    assert (value(con, "score_test_p(?, ?, ?)", *group, p0) < level) == (not lower <= p0 <= upper)


@some
@given(group=counts(), p0=shares)
def test_the_score_test_is_a_probability_and_the_same_for_the_others(con, group, p0):
    x, n = group
    p = value(con, "score_test_p(?, ?, ?)", x, n, p0)
    assert 0 <= p <= 1
    # 1 - p0 is rounded, which moves a large z a little: only the digits that matter are compared.
    assert value(con, "score_test_p(?, ?, ?)", n - x, n, 1 - p0) == pytest.approx(p, rel=1e-6, abs=1e-9)


@some
@given(first=counts(), second=counts())
def test_the_two_share_test_does_not_mind_the_order_or_the_side(con, first, second):
    (x1, n1), (x2, n2) = first, second
    p = value(con, "two_share_score_test_p(?, ?, ?, ?)", x1, n1, x2, n2)
    assert 0 <= p <= 1
    assert value(con, "two_share_score_test_p(?, ?, ?, ?)", x2, n2, x1, n1) == pytest.approx(p, rel=1e-6)
    others = value(con, "two_share_score_test_p(?, ?, ?, ?)", n1 - x1, n1, n2 - x2, n2)
    assert others == pytest.approx(p, rel=1e-6, abs=1e-9)


@some
@given(group=counts(largest=10_000_000), times=st.integers(1, 6))
def test_two_groups_of_the_same_share_do_not_differ(con, group, times):
    x, n = group
    p = value(con, "two_share_score_test_p(?, ?, ?, ?)", x, n, x * times, n * times)
    assert p == pytest.approx(1, abs=1e-9)


# The normal tail


@some
@given(z=st.floats(0, 45), step=st.floats(1e-6, 1))
def test_the_p_value_falls_as_z_grows_and_is_the_same_on_both_sides(con, z, step):
    p = value(con, "normal_two_sided_p(?)", z)
    assert 0 <= value(con, "normal_two_sided_p(?)", z + step) <= p <= 1
    assert value(con, "normal_two_sided_p(?)", -z) == p


@some
@given(x=st.floats(-30, 30))
def test_erfc_of_both_sides_adds_up_to_2(con, x):
    assert value(con, "erfc(?) + erfc(-?)", x, x) == pytest.approx(2, abs=1e-15)


# Newcombe


@some
@given(first=counts(), second=counts(), z=quantiles)
def test_newcombe_holds_the_difference_and_stays_within_1(con, first, second, z):
    difference = first[0] / first[1] - second[0] / second[1]
    lower, upper = newcombe(con, first, second, z)
    assert -1 <= lower <= difference + ROUNDING
    assert difference - ROUNDING <= upper <= 1


@some
@given(first=counts(), second=counts(), z=quantiles)
def test_newcombe_changes_sign_when_the_groups_change_places(con, first, second, z):
    lower, upper = newcombe(con, first, second, z)
    assert newcombe(con, second, first, z) == pytest.approx((-upper, -lower), abs=ROUNDING)


@some
@given(group=counts(), z=quantiles)
def test_newcombe_of_a_group_with_itself_lies_evenly_around_0(con, group, z):
    lower, upper = newcombe(con, group, group, z)
    assert lower < 0 < upper
    assert lower == pytest.approx(-upper, abs=ROUNDING)


@some
@given(first=counts(), second=counts(), narrow=quantiles, more=st.floats(0.001, 4))
def test_a_larger_z_gives_a_wider_newcombe_interval(con, first, second, narrow, more):
    inner_lower, inner_upper = newcombe(con, first, second, narrow)
    outer_lower, outer_upper = newcombe(con, first, second, narrow + more)
    assert outer_lower <= inner_lower + ROUNDING
    assert inner_upper <= outer_upper + ROUNDING
    assert outer_upper - outer_lower > inner_upper - inner_lower


# The shortfall, in exact fractions


@many
@given(group=counts(), comparator=counts(largest=10**15))
def test_shortfall_headcount_is_the_fewest_that_reach_the_comparator(con, group, comparator):
    x, n = group
    target = Fraction(*comparator)
    missing = value(con, "shortfall_headcount(?, ?, ?, ?)", x, n, *comparator)
    assert 0 <= missing <= n - x
    assert Fraction(x + missing, n) >= target
    if missing:
        assert Fraction(x + missing - 1, n) < target


@many
@given(group=counts(), comparator=counts(largest=10**11))
def test_shortfall_growth_is_the_fewest_joiners_that_reach_the_comparator(con, group, comparator):
    x, n = group
    target = Fraction(*comparator)
    joiners = value(con, "shortfall_growth(?, ?, ?, ?)", x, n, *comparator)
    if joiners is None:
        assert target == 1
        assert x < n
    else:
        assert joiners >= 0
        assert Fraction(x + joiners, n + joiners) >= target
        if joiners:
            assert Fraction(x + joiners - 1, n + joiners - 1) < target


@many
@given(group=counts(largest=10_000), times=st.integers(1, 10_000))
def test_nobody_is_missing_at_exact_parity(con, group, times):
    x, n = group
    assert value(con, "shortfall_headcount(?, ?, ?, ?)", x, n, x * times, n * times) == 0
    assert value(con, "shortfall_growth(?, ?, ?, ?)", x, n, x * times, n * times) == 0


@many
@given(group=counts(), comparator=counts())
def test_growth_takes_at_least_as_many_people_as_a_constant_size(con, group, comparator):
    headcount = value(con, "shortfall_headcount(?, ?, ?, ?)", *group, *comparator)
    growth = value(con, "shortfall_growth(?, ?, ?, ?)", *group, *comparator)
    assert growth is None or growth >= headcount
    assert (headcount == 0) == (growth == 0)
