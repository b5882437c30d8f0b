"""What the statistics macros of sql/macros promise: published vectors, hand calculations, and an independent library.

Section numbers are those of the domain brief. Shares are 0 to 1.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.special import erfc as scipy_erfc
from scipy.stats import binomtest, norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from pipelines import database, places

Z_95 = 1.959963984540054
Z_998 = 3.090232306167813
MACRO_FILES = sorted((places.SQL / "macros").glob("*.sql"))
STATISTICS = [
    "erfc",
    "interval_limit",
    "newcombe",
    "normal_two_sided_p",
    "score_test_p",
    "shortfall_growth",
    "shortfall_headcount",
    "two_share_score_test_p",
    "wilson",
]

# The group's and the whole workforce at band 8a and above, and a population by the census: section 4.1.
WORKED_EXAMPLE = (68, 412, 380_521, 1_213_172)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with database.connect() as connection:
        yield connection


def value(con, expression, *arguments):
    """The one value of an SQL expression; ``?`` stand for the arguments."""
    return con.execute(f"select {expression}", arguments).fetchall()[0][0]


def over(con, expression, **columns):
    """The value of an SQL expression for every row of some equally long columns, in one query."""
    con.register("frame", pd.DataFrame(columns))
    answer = con.execute(f"select {expression} as answer from frame").df()["answer"]
    return answer.to_numpy(dtype=float, na_value=np.nan)


def limits_over(con, expression, **columns):
    """The lower and upper limits of an interval for every row."""
    return over(con, f"({expression}).lower", **columns), over(con, f"({expression}).upper", **columns)


def count_grid():
    """Counts x of n: from one person to sixty million, with nobody, one, nearly everybody and everybody."""
    pairs = set()
    for n in [1, 2, 3, 5, 7, 10, 20, 50, 99, 100, 412, 1_000, 12_345, 500_000, 1_213_172, 60_000_000]:
        xs = {0, 1, 2, n - 2, n - 1, n} | {round(n * part / 12) for part in range(13)}
        pairs |= {(x, n) for x in xs if 0 <= x <= n}
    return np.array(sorted(pairs), dtype=np.int32).T


def pair_grid():
    """Each of the counts above (thinned) with each other: x1 of n1 against x2 of n2."""
    x, n = count_grid()[:, ::3]
    first, second = np.divmod(np.arange(len(x) ** 2), len(x))
    return x[first], n[first], x[second], n[second]


def off_by(ours, theirs):
    """The largest absolute difference; not-a-number counts as infinite."""
    return float(np.nan_to_num(np.abs(ours - theirs), nan=np.inf).max())


# The files


def test_one_macro_a_file_named_after_it_and_explained(con):
    assert set(STATISTICS) <= {path.stem for path in MACRO_FILES}
    for path in MACRO_FILES:
        text = path.read_text(encoding="utf-8")
        assert len(con.extract_statements(text)) == 1
        assert f"create or replace macro {path.stem}(" in text
        assert text.startswith(f"-- {path.stem}(")


def test_no_macro_hides_a_function_of_duckdb():
    with duckdb.connect() as bare:
        own = {name for (name,) in bare.execute("select function_name from duckdb_functions()").fetchall()}
    assert own.isdisjoint(path.stem for path in MACRO_FILES)


# Wilson: section 4.2


@pytest.mark.parametrize(
    ("x", "n", "z", "lower", "upper"),
    [
        (1, 100, Z_95, 0.0017674320641406511, 0.054486196178705294),
        (5, 100, Z_95, 0.02154367915436798, 0.11175046923191911),
        (20, 100, Z_95, 0.1333669333310325, 0.28882916559315885),
        (65, 100, Z_95, 0.5525444329688797, 0.7363575175690247),
        (1045, 5000, Z_95, 0.19795549880013297, 0.22049130373189027),
        (9856, 12345, Z_95, 0.7912101752909069, 0.8053640073614909),
        (222, 3215, Z_95, 0.060791690363636595, 0.07833956681383633),
        (999, 3456, Z_95, 0.27418951080009872, 0.30440389662818057),
        (0, 20, Z_95, 0, 0.16112515805281938),
        (2, 200, Z_95, 0.002746658133544438, 0.035721761716176796),
        (0.445, 1, Z_95, 0.04381744772058822, 0.9334621276979156),
        (1, 100, Z_998, 0.000873065697299977, 0.1045544528370582),
        (5, 100, Z_998, 0.013865320725997183, 0.16458852282596442),
        (20, 100, Z_998, 0.10519162066711432, 0.3471109417008601),
        (65, 100, Z_998, 0.4954946574070431, 0.7783540614089697),
        (1045, 5000, Z_998, 0.19179381799015244, 0.22731562902525818),
        (9856, 12345, Z_998, 0.7869924108419063, 0.8093061412589626),
        (222, 3215, Z_998, 0.05647101964624248, 0.08418414185270134),
        (999, 3456, Z_998, 0.26583995768074953, 0.3134475449279985),
    ],
)
def test_wilson_gives_the_published_limits(con, x, n, z, lower, upper):
    limits = value(con, "wilson(?, ?, ?)", x, n, z)
    assert limits["lower"] == pytest.approx(lower, abs=1e-9)
    assert limits["upper"] == pytest.approx(upper, abs=1e-9)


def test_wilson_by_hand(con):
    # z = 2, 16 of 32: (32 + 4 -+ 2 sqrt(4 + 64 * 1/2)) / (2 * 36) = (36 -+ 12) / 72.
    assert value(con, "wilson(16, 32, 2)") == pytest.approx({"lower": 1 / 3, "upper": 2 / 3}, abs=1e-15)


def test_wilson_of_nobody_starts_at_exactly_0_and_of_everybody_ends_at_exactly_1(con):
    # With x = 0 the upper limit is z^2 / (n + z^2): for 0 of 6, 39 % (section 4.3). One can't conclude absence.
    nobody = value(con, "wilson(0, 6, ?)", Z_95)
    everybody = value(con, "wilson(6, 6, ?)", Z_95)
    assert nobody["lower"] == 0
    assert nobody["upper"] == pytest.approx(3.841458820694124 / 9.841458820694124, abs=1e-15)
    assert round(nobody["upper"], 2) == 0.39
    assert everybody["upper"] == 1
    assert everybody["lower"] == pytest.approx(6 / 9.841458820694124, abs=1e-15)

    n = np.arange(1, 100_000, dtype=np.int32)
    assert (over(con, f"wilson(0, n, {Z_95}).lower", n=n) == 0).all()
    assert (over(con, f"wilson(n, n, {Z_95}).upper", n=n) == 1).all()


def test_wilson_of_the_worked_example(con):
    limits = value(con, "wilson(68, 412, ?)", Z_95)
    assert (round(limits["lower"], 4), round(limits["upper"], 4)) == (0.1323, 0.2040)


@pytest.mark.parametrize("z", [Z_95, Z_998])
def test_wilson_agrees_with_statsmodels(con, z):
    x, n = count_grid()
    ours = limits_over(con, f"wilson(x, n, {z!r})", x=x, n=n)
    theirs = proportion_confint(x.astype(float), n.astype(float), alpha=2 * norm.sf(z), method="wilson")
    assert off_by(ours[0], theirs[0]) < 1e-9
    assert off_by(ours[1], theirs[1]) < 1e-9


@pytest.mark.parametrize(
    "call",
    [
        "wilson(null, 10, 2)",
        "wilson(1, null, 2)",
        "wilson(1, 10, null)",
        "wilson(0, 0, 2)",
        "wilson(-1, 10, 2)",
        "wilson(11, 10, 2)",
        "wilson(1, -10, 2)",
        "wilson(1, 10, -2)",
        "wilson('nan'::double, 10, 2)",
        "wilson(1, 'nan'::double, 2)",
        "wilson(1, 'inf'::double, 2)",
        "interval_limit(null, 10, 2)",
        "interval_limit(1, 10, null)",
        "interval_limit(1, 0, 2)",
        "newcombe(null, 10, 1, 10, 2)",
        "newcombe(1, 10, 1, null, 2)",
        "newcombe(1, 10, 1, 10, null)",
        "newcombe(0, 0, 1, 10, 2)",
        "newcombe(1, 10, 0, 0, 2)",
        "newcombe(11, 10, 1, 10, 2)",
        "newcombe(1, 10, -1, 10, 2)",
        "newcombe(1, 10, 1, 10, -2)",
        "erfc(null)",
        "erfc('nan'::double)",
        "normal_two_sided_p(null)",
        "normal_two_sided_p('nan'::double)",
        "score_test_p(null, 10, 0.5)",
        "score_test_p(1, null, 0.5)",
        "score_test_p(1, 10, null)",
        "score_test_p(0, 0, 0.5)",
        "score_test_p(0, 0, 0)",
        "score_test_p(-1, 10, 0.5)",
        "score_test_p(11, 10, 0.5)",
        "score_test_p(1, 10, -0.1)",
        "score_test_p(1, 10, 1.1)",
        "two_share_score_test_p(null, 10, 1, 10)",
        "two_share_score_test_p(1, 10, 1, null)",
        "two_share_score_test_p(0, 0, 1, 10)",
        "two_share_score_test_p(1, 10, 0, 0)",
        "two_share_score_test_p(11, 10, 1, 10)",
        "two_share_score_test_p(1, 10, -1, 10)",
        "shortfall_headcount(null, 10, 1, 2)",
        "shortfall_headcount(1, null, 1, 2)",
        "shortfall_headcount(1, 10, null, 2)",
        "shortfall_headcount(1, 10, 1, null)",
        "shortfall_headcount(0, 0, 1, 2)",
        "shortfall_headcount(-1, 10, 1, 2)",
        "shortfall_headcount(11, 10, 1, 2)",
        "shortfall_headcount(1, 10, 0, 0)",
        "shortfall_headcount(1, 10, -1, 2)",
        "shortfall_headcount(1, 10, 3, 2)",
        "shortfall_growth(null, 10, 1, 2)",
        "shortfall_growth(1, null, 1, 2)",
        "shortfall_growth(1, 10, null, 2)",
        "shortfall_growth(1, 10, 1, null)",
        "shortfall_growth(0, 0, 1, 2)",
        "shortfall_growth(-1, 10, 1, 2)",
        "shortfall_growth(11, 10, 1, 2)",
        "shortfall_growth(1, 10, 0, 0)",
        "shortfall_growth(1, 10, 3, 2)",
    ],
)
def test_null_for_missing_and_for_impossible_counts(con, call):
    assert value(con, call) is None


# Newcombe: section 4.4


def test_newcombe_gives_the_published_limits(con):
    limits = value(con, "newcombe(56, 70, 48, 80, ?)", Z_95)
    assert limits["lower"] == pytest.approx(0.0524315, abs=5e-8)
    assert limits["upper"] == pytest.approx(0.3338727, abs=5e-8)
    assert (round(limits["lower"], 4), round(limits["upper"], 4)) == (0.0524, 0.3339)  # as printed in 1998


def test_newcombe_is_made_of_wilson_limits(con):
    # z = 2. 16 of 32: Wilson 1/3 to 2/3. 0 of 12: Wilson 0 to 4/16. d = 1/2.
    # lower = 1/2 - sqrt((1/2 - 1/3)^2 + (1/4)^2), upper = 1/2 + sqrt((2/3 - 1/2)^2 + 0^2) = 2/3.
    limits = value(con, "newcombe(16, 32, 0, 12, 2)")
    assert limits["lower"] == pytest.approx(1 / 2 - math.sqrt(1 / 36 + 1 / 16), abs=1e-15)
    assert limits["upper"] == pytest.approx(2 / 3, abs=1e-15)


def test_newcombe_of_the_furthest_groups_stays_within_1(con):
    limits = value(con, "newcombe(60000000, 60000000, 0, 60000000, ?)", Z_95)
    assert limits["upper"] == 1
    assert limits["lower"] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.002])
def test_newcombe_agrees_with_statsmodels(con, alpha):
    x1, n1, x2, n2 = pair_grid()
    z = float(norm.isf(alpha / 2))
    ours = limits_over(con, f"newcombe(x1, n1, x2, n2, {z!r})", x1=x1, n1=n1, x2=x2, n2=n2)
    x1, n1, x2, n2 = (counts.astype(float) for counts in (x1, n1, x2, n2))
    theirs = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff", alpha=alpha)
    assert off_by(ours[0], theirs[0]) < 1e-9
    assert off_by(ours[1], theirs[1]) < 1e-9


# The normal tail


def test_erfc_at_known_points(con):
    assert value(con, "erfc(0)") == 1
    assert value(con, "erfc(1)") == pytest.approx(0.15729920705028513, rel=1e-15)
    assert value(con, "erfc(-1)") == pytest.approx(1.8427007929497148, rel=1e-15)
    assert value(con, "erfc(5)") == pytest.approx(1.5374597944280349e-12, rel=1e-15)


def test_erfc_agrees_with_the_c_library_to_fourteen_digits(con):
    seams = [s for seam in (0.46875, 4.0) for s in (seam, np.nextafter(seam, 9), np.nextafter(seam, 0))]
    x = np.concatenate([np.linspace(-6, 26, 100_001), seams, np.negative(seams), [1e-300, 1e-9]])
    theirs = np.array([math.erfc(point) for point in x])
    ours = over(con, "erfc(x)", x=x)
    assert off_by(ours / theirs, 1) < 1e-14
    # SciPy loses two digits in the far tail: it differs from the C library by 6e-14 beyond x = 10, as from us.
    assert off_by(ours / scipy_erfc(x), 1) < 1e-13
    assert off_by((ours / scipy_erfc(x))[x < 2], 1) < 1e-14


def test_erfc_fades_to_0_and_to_2(con):
    x = np.array([26.5, 26.6, 27.0, 27.3, 28.5, 1e10, 1e200, np.inf])
    tail = over(con, "erfc(x)", x=x)
    assert (tail >= 0).all()
    assert all(later <= earlier for earlier, later in pairwise(tail))
    assert tail[0] > 0
    assert (tail[3:] == 0).all()
    assert (over(con, "erfc(-x)", x=x) == 2).all()


def test_normal_two_sided_p_at_the_quantiles_in_use(con):
    assert value(con, "normal_two_sided_p(?)", Z_95) == pytest.approx(0.05, rel=1e-14)
    assert value(con, "normal_two_sided_p(?)", -Z_95) == pytest.approx(0.05, rel=1e-14)
    assert value(con, "normal_two_sided_p(?)", Z_998) == pytest.approx(0.002, rel=1e-14)
    assert value(con, "normal_two_sided_p(0)") == 1
    assert value(con, "normal_two_sided_p('inf'::double)") == 0
    # One standard deviation: 31.73 % lie outside.
    assert value(con, "normal_two_sided_p(1)") == pytest.approx(0.31731050786291415, rel=1e-14)


@pytest.mark.parametrize("p", [1e-10, 1e-40, 1e-100, 1e-300])
def test_a_tiny_p_value_is_right_to_twelve_digits(con, p):
    z = float(norm.isf(p / 2))
    assert value(con, "normal_two_sided_p(?)", z) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-12)
    assert value(con, "normal_two_sided_p(?)", z) == pytest.approx(p, rel=1e-11)  # z itself is rounded


# The score test against a fixed share: section 4.4


def test_score_test_by_hand(con):
    # 60 of 100 against a half: z = 0.1 / sqrt(0.25 / 100) = 2. 50 of 100: z = 0.
    assert value(con, "score_test_p(60, 100, 0.5)") == pytest.approx(0.04550026389635842, rel=1e-12)
    assert value(con, "score_test_p(40, 100, 0.5)") == pytest.approx(0.04550026389635842, rel=1e-12)
    assert value(con, "score_test_p(50, 100, 0.5)") == 1


@pytest.mark.parametrize(
    ("call", "p"),
    [
        ("score_test_p(0, 10, 0)", 1),
        ("score_test_p(1, 10, 0)", 0),
        ("score_test_p(10, 10, 1)", 1),
        ("score_test_p(9, 10, 1)", 0),
    ],
)
def test_a_comparator_of_nobody_or_everybody_leaves_no_room_for_chance(con, call, p):
    assert value(con, call) == p


def test_score_test_of_the_worked_example(con):
    p0 = 0.313658
    p = value(con, "score_test_p(68, 412, ?)", p0)
    assert p == pytest.approx(2 * norm.sf(6.50), rel=0.02)  # z = -6.50 to two decimals
    assert p < 1e-10
    assert binomtest(68, 412, p0).pvalue < 1e-10


def test_score_test_agrees_with_statsmodels(con):
    shares = np.array([1e-6, 0.01, 0.05, 0.313658, 0.5, 0.75, 0.99])
    x, n = count_grid()
    x, n, p0 = np.repeat(x, len(shares)), np.repeat(n, len(shares)), np.tile(shares, len(x))
    # Besides the grid, counts close to what p0 lets expect: there p is neither 0 nor 1.
    steps = np.resize([-6, -3, -1, 0, 1, 3, 6, 0], len(n))
    near = np.clip(np.rint(n * p0 + steps * np.sqrt(n * p0 * (1 - p0)) / 2), 0, n).astype(np.int32)
    x, n, p0 = np.concatenate([x, near]), np.concatenate([n, n]), np.concatenate([p0, p0])
    ours = over(con, "score_test_p(x, n, p0)", x=x, n=n, p0=p0)
    theirs = np.array(
        [proportions_ztest(float(a), float(b), value=c, prop_var=c)[1] for a, b, c in zip(x, n, p0, strict=True)]
    )
    assert off_by(ours, theirs) < 1e-9
    seen = theirs > 1e-290
    assert seen.sum() > 1_500
    assert off_by(ours[seen] / theirs[seen], 1) < 1e-9


def test_p_is_below_5_percent_where_the_population_lies_outside_the_wilson_interval(con):
    x, n = count_grid()
    p0 = np.linspace(0, 1, 101)
    x, n, p0 = np.repeat(x, len(p0)), np.repeat(n, len(p0)), np.tile(p0, len(x))
    lower, upper = limits_over(con, f"wilson(x, n, {Z_95})", x=x, n=n)
    p = over(con, "score_test_p(x, n, p0)", x=x, n=n, p0=p0)
    outside = (p0 < lower) | (p0 > upper)
    assert outside.any()
    assert not outside.all()
    assert ((p < 0.05) == outside).all()


# The score test of two shares


def test_two_share_score_test_by_hand(con):
    # 60 of 100 and 40 of 100: pooled 1/2, z = 0.2 / sqrt(1/4 * 2/100) = sqrt(8); chi-square 8 with 1 degree of freedom.
    assert value(con, "two_share_score_test_p(60, 100, 40, 100)") == pytest.approx(0.004677734981047266, rel=1e-12)
    assert value(con, "two_share_score_test_p(3, 10, 30, 100)") == 1


def test_two_groups_of_nobody_or_of_everybody_are_the_same(con):
    assert value(con, "two_share_score_test_p(0, 10, 0, 99)") == 1
    assert value(con, "two_share_score_test_p(10, 10, 99, 99)") == 1
    assert value(con, "two_share_score_test_p(10, 10, 0, 10)") < 1e-4


def two_share_grid():
    """Pairs of counts, then the same with the second share close to the first one's: there p is neither 0 nor 1.

    Without those where nobody or everybody of both counts: statsmodels divides by 0.
    """
    x1, n1, x2, n2 = pair_grid()
    steps = np.resize([-3, -1, 0, 1, 3], len(n2))
    near = np.clip(np.rint(x1 / n1 * n2 + steps * np.sqrt(n2) / 2), 0, n2).astype(np.int32)
    x1, n1, x2, n2 = np.tile(x1, 2), np.tile(n1, 2), np.concatenate([x2, near]), np.tile(n2, 2)
    differ = ((x1 > 0) | (x2 > 0)) & ((x1 < n1) | (x2 < n2))
    return {"x1": x1[differ], "n1": n1[differ], "x2": x2[differ], "n2": n2[differ]}


def test_two_share_score_test_agrees_with_statsmodels(con):
    grid = two_share_grid()
    ours = over(con, "two_share_score_test_p(x1, n1, x2, n2)", **grid)
    theirs = np.array(
        [
            proportions_ztest(np.array([x1, x2], dtype=float), np.array([n1, n2], dtype=float))[1]
            for x1, n1, x2, n2 in zip(*grid.values(), strict=True)
        ]
    )
    assert off_by(ours, theirs) < 1e-9


def test_two_share_score_test_keeps_its_digits_where_shares_are_nearly_1_or_nearly_equal(con):
    # Against chi-square in exact fractions; statsmodels is up to 7e-8 off these, relatively.
    grid = two_share_grid()
    ours = over(con, "two_share_score_test_p(x1, n1, x2, n2)", **grid)
    exact = []
    for x1, n1, x2, n2 in zip(*(counts.tolist() for counts in grid.values()), strict=True):
        x, n = x1 + x2, n1 + n2
        exact.append(math.erfc(math.sqrt(Fraction((x1 * n2 - x2 * n1) ** 2 * n, n1 * n2 * x * (n - x)) / 2)))
    exact = np.array(exact)
    seen = exact > 1e-290
    assert seen.sum() > 1_500
    assert off_by(ours[seen] / exact[seen], 1) < 1e-11


# The shortfall: section 4.1


def test_shortfalls_of_the_worked_example(con):
    # Expected: 412 * 380521 / 1213172 = 129.2 people; 68 are there.
    assert value(con, "shortfall_headcount(?, ?, ?, ?)", *WORKED_EXAMPLE) == 62
    assert value(con, "shortfall_growth(?, ?, ?, ?)", *WORKED_EXAMPLE) == 90


@pytest.mark.parametrize(
    ("x", "n", "comparator_x", "comparator_n", "headcount", "growth"),
    [
        (1, 4, 1, 2, 1, 2),  # 2 of 4 is a half; so is 3 of 6
        (1, 5, 1, 2, 2, 3),  # 2.5 people expected: 3 of 5; 4 of 8
        (2, 4, 1, 2, 0, 0),  # just there
        (3, 4, 1, 2, 0, 0),  # more than there
        (4, 4, 1, 2, 0, 0),  # far more than there: still not below 0
        (0, 1, 1, 1_000_000, 1, 1),  # a millionth of a person expected: one is missing all the same
        (0, 3, 2, 3, 2, 6),  # 2 of 3; 6 of 9
        (0, 5, 0, 7, 0, 0),  # nobody expected
        (5, 5, 7, 7, 0, 0),  # everybody expected, everybody there
        (4, 5, 7, 7, 1, None),  # everybody expected, one isn't: no growth can mend it
    ],
)
def test_shortfalls_by_hand(con, x, n, comparator_x, comparator_n, headcount, growth):
    assert value(con, "shortfall_headcount(?, ?, ?, ?)", x, n, comparator_x, comparator_n) == headcount
    assert value(con, "shortfall_growth(?, ?, ?, ?)", x, n, comparator_x, comparator_n) == growth


def test_nobody_is_missing_at_exact_parity_though_doubles_would_invent_one(con):
    assert math.ceil(100 * 0.07 - 7) == 1  # the trap
    assert value(con, "shortfall_headcount(7, 100, 7, 100)") == 0
    assert value(con, "shortfall_growth(7, 100, 7, 100)") == 0


def test_shortfalls_are_exact_beyond_doubles_and_32_bits(con):
    # 60 million people in 32 bits, and 2^53 + 1, which no double holds.
    assert value(con, "shortfall_headcount(0, 60000000::int, 59999999::int, 60000000::int)") == 59_999_999
    assert value(con, "shortfall_headcount(0, ?, 1, 1)", 2**53 + 1) == 2**53 + 1
    assert value(con, "shortfall_headcount(1, ?, ?, ?)", 2**62, 2**62 - 1, 2**62) == 2**62 - 2
    assert value(con, "shortfall_growth(0, ?, 1, 2)", 2**53 + 1) == 2**53 + 1


def test_shortfalls_are_whole_numbers_of_people(con):
    assert value(con, "typeof(shortfall_headcount(1, 4, 1, 2))") == "BIGINT"
    assert value(con, "typeof(shortfall_growth(1, 4, 1, 2))") == "BIGINT"


@pytest.mark.parametrize("share", ["0.313658", "0.5::double", "1213172::double"])
def test_shortfalls_refuse_counts_that_are_not_integers(con, share):
    for macro in ("shortfall_headcount", "shortfall_growth"):
        with pytest.raises(duckdb.BinderException, match="does not support the supplied arguments"):
            value(con, f"{macro}(68, 412, {share}, 1213172)")
