"""What other ways of protecting counts give away and cost: small tables, each conclusion to be checked by hand."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipelines import reference
from pipelines.cli import compare as cli
from pipelines.database import Connection
from pipelines.reference import method
from pipelines.rivals import ComparisonError, Found, compare, methods, of_release, sampling, spread, words
from pipelines.rivals.bounds import Sums, UnprovenError, settle
from pipelines.rivals.table import Groups, Table, make
from tests.cube import people, register

GROUPS = Groups({"afc/all": frozenset({"band_5", "band_6"})}, held=frozenset({"afc/all"}))
NINE = (np.array([[7, 2]]), np.array([9]))
DAY = date(2026, 3, 31)
GRADES = (("band_5", "clinical"), ("band_6", "clinical"))


def table(*slabs: list[int], grades: Any = GRADES) -> Table:
    """Slabs of as many people with each answer; everybody has answered."""
    cells = np.array(slabs)
    answers = [("list", name, "known") for name in "ABCDEFG"[: cells.shape[1]]]
    name = ("RNA", "substantive", "ethnicity")
    return make(name, grades[: len(slabs)], answers, cells, cells.sum(axis=1), GROUPS)


def by_itself(one: Table, _: Any) -> methods.Printed:
    return methods.independent(one.summed(one.truth), one.labels)


def found(one: Table, method: methods.Method) -> Found:
    return compare([(one, one.truth)], {"method": lambda own, _: method(own.summed(own.truth), own.labels)}, 50)[0]


def known(one: Table, method: methods.Method) -> tuple[int, int, int]:
    """How many cells of 1 to 4 there are, how many are known exactly, and how many are known to be 1 to 4."""
    told = found(one, method)
    assert told.tried == told.small
    return told.small, told.determined, told.proven_small


def test_a_tables_numbers_are_its_cells_its_totals_and_each_answer_over_all_grades_once() -> None:
    one = table([3, 10, 20], [12, 7, 6])
    cells, totals, over_grades = [3, 10, 20, 12, 7, 6], [33, 25], [15, 17, 26, 58]
    assert one.summed(one.truth).tolist() == [*cells, *totals, *over_grades]
    assert one.is_held.tolist() == [False] * 8 + [True] * 4
    # One grade alone: over all grades is over this one, and nothing is printed twice.
    assert one.labels[0] == "RNA|substantive|ethnicity|band_5|clinical|list|A|known"
    assert table([3, 10]).summed(table([3, 10]).truth).tolist() == [3, 10, 13]


def test_reported_categories_and_those_who_answered_are_published_as_sums_of_answers() -> None:
    into = {("ethnicity", "list", "A"): ("wres/BME",), ("ethnicity", "list", "B"): ("wres/BME",)}
    groups = Groups({"afc/band_5": frozenset({"band_5"})}, translations=into)
    answers = [("list", "A", "known"), ("list", "B", "known"), ("list", "C", "known"), ("list", "", "missing")]
    one = make(("RNA", "bank", "ethnicity"), GRADES[:1], answers, np.array([[1, 2, 3, 4]]), np.array([10]), groups)
    assert one.summed(one.truth).tolist() == [1, 2, 3, 4, 10, 3, 6]  # … total, BME, known
    assert one.shares.tolist() == [[5, 6]]


def test_an_exact_total_gives_the_only_hidden_cell_away() -> None:
    assert known(table([3, 10, 20], [12, 7, 6]), methods.suppressed) == (1, 1, 1)


def test_two_hidden_cells_in_a_grade_are_known_by_the_answers_totals_over_all_grades() -> None:
    # 3 and 2 of a total of 25; A over both grades is 15 with 12 in the other, B 9 with 7.
    assert known(table([3, 2, 20], [12, 7, 6]), methods.suppressed) == (2, 2, 2)


def test_hidden_cells_that_can_be_exchanged_are_known_to_be_small_and_not_how_small() -> None:
    # 3 and 2 above 2 and 3: one more here is one less there.
    assert known(table([3, 2, 20], [2, 3, 6]), methods.suppressed) == (4, 0, 4)


@pytest.mark.parametrize(
    ("slab", "conclusion"),
    [
        # B is 1 to 7. 10 is printed for A and for all, 8 to 12 each: B is at most 12 - 8.
        ([9, 1], (1, 0, 1)),
        # 10 and 15: B is 13 - 12 = 1 to 17 - 8 = 9, and no more than 7.
        ([10, 3], (1, 0, 0)),
    ],
)
def test_ranges_of_the_nhs_rule_can_prove_a_cell_small(slab: list[int], conclusion: tuple[int, int, int]) -> None:
    assert known(table(slab), methods.nhs) == conclusion


@pytest.mark.parametrize(
    ("slab", "conclusion"),
    [
        # Printed 10, 5, and 10 in all: B is 3 to 7 and at most 12 - 8.
        ([8, 4], (1, 0, 1)),
        # Printed 10, 10, 10, 5, and 25 in all: D is 3 to 7 and at most 27 - 3 × 8.
        ([8, 8, 8, 3], (1, 1, 1)),
        # Printed 10, 5, and 15 in all: B is 3 to 7.
        ([10, 3], (1, 0, 0)),
    ],
)
def test_numbers_rounded_each_by_itself_can_prove_a_cell(slab: list[int], conclusion: tuple[int, int, int]) -> None:
    assert known(table(slab), methods.independent) == conclusion


def test_several_sums_together_prove_what_none_of_them_does() -> None:
    # In all 13 or more, B at most 7 and C at most 2: A is 4 or more, and printed as 0, 0 to 2, in either grade.
    assert known(table([2, 1, 2], [2, 6, 0]), methods.independent) == (4, 2, 2)


@pytest.mark.parametrize(
    ("method", "answers"), [(methods.suppressed, 3), (methods.nhs, 2), (methods.independent, 3), (methods.keyed, 2)]
)
def test_what_is_known_is_what_all_tables_with_these_numbers_have_in_common(
    method: methods.Method, answers: int
) -> None:
    draw = np.random.default_rng(7)
    for _ in range(20):
        one = table(*draw.integers(0, 9, (2, answers)).tolist())
        printed = method(one.summed(one.truth), one.labels)
        size = 2 * answers
        ranges = map(range, printed.lower[:size], printed.upper[:size] + 1)
        cells = np.stack([part.ravel() for part in np.meshgrid(*map(list, ranges), indexing="ij")])
        grid = cells.reshape(2, answers, -1)
        numbers = np.vstack([cells, grid.sum(axis=1), grid.sum(axis=0), cells.sum(axis=0)[None]]).T
        possible = cells.T[((printed.lower <= numbers) & (printed.upper >= numbers)).all(axis=1)]
        least, most = possible.min(axis=0), possible.max(axis=0)
        rows = Sums(one, printed)
        rows.narrow()
        settle(rows, one.small)
        small = one.small
        assert rows.ranges.is_determined(small).tolist() == (least == most)[small].tolist()
        assert rows.ranges.is_small(small).tolist() == ((least >= 1) & (most <= 4))[small].tolist()


def test_what_one_characteristic_tells_of_a_grades_total_is_used_in_the_others() -> None:
    # Printed 5, 5, 5 and 10 in all: 3 to 7 each, 8 to 12 in all, so that nothing is known of any.
    ethnicity = table([3, 3, 3])
    assert known(ethnicity, methods.independent) == (3, 0, 0)
    # Printed 5 and 0, 3 to 7 and 0 to 2: 9 in all at most. Ethnicity needs 9: every count is certain.
    sex = make(("RNA", "substantive", "sex"), GRADES[:1], [("s", "F", "known"), ("s", "M", "known")], *NINE, GROUPS)
    told = compare([(ethnicity, ethnicity.truth), (sex, sex.truth)], {"m": by_itself}, 50)[0]
    assert (told.small, told.determined, told.proven_small) == (4, 4, 4)


def test_a_count_outside_the_bounds_that_are_stated_is_refused() -> None:
    one = table([3, 10], [3, 10])
    up = np.array([5, 10, 5, 10, 15, 15])
    printing = {"ours": lambda own, protected: methods.ours(own, protected, 5, 3, 9)}
    with pytest.raises(UnprovenError, match="RNA substantive ethnicity lies outside"):
        compare([(one, up)], printing, 50)


def test_a_sum_that_is_off_by_nothing_narrows_its_parts() -> None:
    one = table([3, 10], [2, 10])
    protected = np.array([5, 10, 0, 10, 15, 10])
    # A in all is 5, and 1 to 9 in the one grade: 0 to 4 in the other, where nothing more is known.
    told = methods.ours(one, protected, 5, 0, 9)
    rows = Sums(one, told)
    rows.narrow()
    assert (rows.ranges.lower[:4].tolist(), rows.ranges.upper[:4].tolist()) == ([1, 6, 0, 6], [5, 14, 4, 14])


def test_loss_is_counted_over_what_is_printed() -> None:
    one = table([3, 10, 20], [12, 7, 6])
    hidden = found(one, methods.suppressed)
    assert (hidden.cells, hidden.altered, hidden.hidden) == (6, 1, 1)
    assert (hidden.count_errors, hidden.share_errors) == ([0] * 11, [0] * 3)
    rounded = found(one, methods.independent)
    assert (rounded.cells, rounded.altered, rounded.hidden) == (6, 4, 0)
    assert rounded.count_errors == [2, 0, 0, 2, 2, 1, 2, 0, 0, 2, 1, 2]
    # 15, 15 and 25 of 60 in place of 15, 17 and 26 of 58; of 35 and of 25 people there is no rate.
    assert [round(error / 1e9, 4) for error in rounded.share_errors] == [0.0086, 0.0431, 0.0316]


@pytest.mark.parametrize(
    ("method", "count", "printed", "lower", "upper"),
    [
        (methods.suppressed, 0, 0, 0, 0),
        (methods.suppressed, 4, methods.HIDDEN, 1, 4),
        (methods.suppressed, 5, 5, 5, 5),
        (methods.nhs, 0, 0, 0, 0),
        (methods.nhs, 7, methods.HIDDEN, 1, 7),
        (methods.nhs, 8, 10, 8, 12),
        (methods.nhs, 13, 15, 13, 17),
        (methods.independent, 2, 0, 0, 2),
        (methods.independent, 3, 5, 3, 7),
        (methods.keyed, 0, 0, 0, 4),
        (methods.keyed, 5, 5, 1, 9),
    ],
)
def test_what_a_method_prints_of_a_count_and_what_its_rule_tells(
    method: methods.Method, count: int, printed: int, lower: int, upper: int
) -> None:
    told = method(np.array([count]), ["a cell"])
    assert (told.values.tolist(), told.lower.tolist(), told.upper.tolist()) == ([printed], [lower], [upper])


def test_random_rounding_goes_to_either_side_as_often_as_makes_it_unbiased() -> None:
    labels = [f"cell {number}" for number in range(2_000)]
    values = np.full(2_000, 13)
    rounded = methods.keyed(values, labels).values
    assert set(rounded.tolist()) == {10, 15}
    assert abs(rounded.mean() - 13) < 0.2
    assert methods.keyed(np.array([0, 5, 10]), labels[:3]).values.tolist() == [0, 5, 10]
    assert (methods.keyed(values, labels).values == rounded).all()


def test_of_many_small_cells_those_of_every_so_many_tables_are_tried() -> None:
    many = [(one, one.truth) for one in [table([3, 10, 20])] * 10]
    assert sampling(many, most_tried=10) == 1
    # Two would be six characteristics of twelve, always the same ones.
    assert sampling(many, most_tried=5) == 5
    assert compare(many, {"m": lambda own, _: methods.suppressed(own.truth, own.labels)}, 50, every=5)[0].tried == 2


def test_the_95th_percentile_is_the_least_error_that_95_in_100_dont_exceed() -> None:
    assert spread([0] * 95 + [7] * 5) == (Decimal("0.35"), 0)
    assert spread([0] * 94 + [7] * 6)[1] == 7
    assert spread([]) == (0, 0)


def release(con: Connection, folder: Path, parts: dict[str, str]) -> Path:
    """A release with an exact cube: 3 of 40 in band 5 at RNA; what is public is given as SQL."""
    path = folder / "2026-03-31-abc"
    (path / "internal").mkdir(parents=True)
    register(con, [people(3, "BME"), people(37, "White")])
    for name, query in parts.items():
        con.execute(f"copy ({query}) to '{path / name}'")
    return path


EXACT = {"internal/headcount.parquet": "from headcount"}
ROUNDED = "select * replace ((headcount + 2) // 5 * 5 as headcount) from headcount where headcount > 2"


def rounding(base: int) -> str:
    return f"select distinct as_at_date, org_code, {base} as base, 4 as bound_held, 9 as bound_other from headcount"


def compared(con: Connection, path: Path) -> list[str]:
    return list(words.lines(of_release(con, path, DAY)))


def test_every_method_has_a_line_on_the_releases_own_cube(con: Connection, tmp_path: Path) -> None:
    public = {"headcount.parquet": ROUNDED, "rounding.parquet": rounding(5)}
    lines = compared(con, release(con, tmp_path, EXACT | public))
    assert lines[1:8] == [
        "                            cells  cells small cells known   error of   error of",
        "                           changed hidden  exactly  as 1–4    a count    a share     s",
        "1–4 hidden, rest exact        50 %   50 %        1       1    0.0 / 0  0.0 / 0.0     0",
        "1–7 hidden, rest nearest 5   100 %   50 %        0       0    1.0 / 2  0.0 / 0.0     0",
        "nearest 5, each by itself    100 %    0 %        0       0    1.3 / 2  0.0 / 0.0     0",
        "random by key, each alone    100 %    0 %        0       0    1.7 / 3  0.0 / 0.0     0",
        "controlled, this release     100 %    0 %        0       0    1.3 / 2  0.0 / 0.0     0",
    ]
    assert "Small cells tried: 1 of 1" in lines[11]


def test_a_release_without_protected_counts_is_refused(con: Connection, tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match=r"has no headcount\.parquet; 'edi run' makes"):
        compared(con, release(con, tmp_path, EXACT))


def test_counts_that_their_publisher_made_public_are_not_compared(con: Connection, tmp_path: Path) -> None:
    public = {"headcount.parquet": "from headcount", "rounding.parquet": rounding(1)}
    with pytest.raises(ComparisonError, match="no counts that were protected"):
        compared(con, release(con, tmp_path, EXACT | public))


def test_the_command_prints_the_table(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    public = {"headcount.parquet": ROUNDED, "rounding.parquet": rounding(5)}
    made = SimpleNamespace(path=release(con, tmp_path, EXACT | public), snapshot=SimpleNamespace(as_at_date=DAY))
    monkeypatch.setattr("pipelines.inventory.find", lambda _, asked: asked)
    monkeypatch.setattr("pipelines.explain.release.open_release", lambda _, asked: made if asked == "2026" else None)
    monkeypatch.setattr("pipelines.explain.release.load", lambda own, folder, _: reference.load(own, method(folder)))
    assert cli.compare("2026", data=tmp_path) == 0
    printed = capsys.readouterr().out
    assert "5 methods on 2 cells of 1 organisations, 1 of them 1 to 4 people" in printed
    assert "\n1–4 hidden, rest exact        50 %" in printed
