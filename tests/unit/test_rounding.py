"""Controlled rounding of one table: every count to its floor or ceiling multiple, and the sums held."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.protect.rounding import LEANS, Bounds, Sums, Table, leans, rounded

BOUNDS = Bounds(4, 9)

# A slab is what each characteristic's cells add up to: lists of counts, of which all have the same sum.
Slab = list[list[int]]


def table(slabs: list[Slab], lean: list[int] | None = None, before: list[int] | None = None) -> Table:
    """Make a table: of each slab a cell for everybody, then the cells of each characteristic.

    The k-th cell of the n-th characteristic is the same answer in every slab; every grade alone and all together are
    the groups of grades, all together held more closely.
    """
    counts, slab, partition, answer = [], [], [], []
    for number, characteristics in enumerate(slabs):
        for place, cells in enumerate([[sum(characteristics[0])], *characteristics]):
            for rank, count in enumerate(cells):
                counts.append(count)
                slab.append(number)
                partition.append(-1 if place == 0 else 100 * number + place)
                answer.append((place, rank))
    names = sorted(set(answer))
    answers = np.array([[float(one == name) for one in answer] for name in names])
    grades = np.array([*([float(one == n) for one in slab] for n in range(len(slabs))), [1.0] * len(slab)])
    is_held = np.array([False] * len(slabs) + [True])
    cells = len(counts)
    return Table(
        np.array(counts),
        np.array(slab),
        np.array(partition),
        np.array(lean or leans(b"key", [("RNA", str(cell)) for cell in range(cells)])),
        np.array(before or [-1] * cells),
        Sums(answers, grades, is_held),
    )


def test_a_multiple_stays_and_every_other_count_goes_to_a_neighbouring_one() -> None:
    found, _ = rounded(table([[[10, 5, 0], [15, 0, 0]]]), 5, BOUNDS)
    assert found.tolist() == [15, 10, 5, 0, 15, 0, 0]
    found, _ = rounded(table([[[12, 3], [14, 1]]]), 5, BOUNDS)
    assert found[0] == 15  # everybody: 15 stays
    assert tuple(found[1:3]) in {(10, 5), (15, 0)}
    assert tuple(found[3:5]) in {(10, 5), (15, 0)}


def test_a_count_leans_as_the_key_says() -> None:
    """Everybody are 10, so one of two cells of 3 and 7 goes up: the one that leans up."""
    up_first = table([[[3, 7]]], lean=[0, 0, LEANS - 1])
    up_second = table([[[3, 7]]], lean=[0, LEANS - 1, 0])
    assert rounded(up_first, 5, BOUNDS)[0].tolist() == [10, 5, 5]
    assert rounded(up_second, 5, BOUNDS)[0].tolist() == [10, 0, 10]


def test_all_grades_together_are_held_more_closely_than_a_key_would_have_them() -> None:
    """Ten grades of 2 and 3 people: all 2s leaning up would make 50 of 20; they make 20, which is a multiple."""
    lean = [0, 0, LEANS - 1] * 10
    found, bounds = rounded(table([[[2, 3]]] * 10, lean=lean), 5, BOUNDS)
    assert bounds == BOUNDS
    assert found[1::3].sum() == 20
    assert found[2::3].sum() == 30


def test_bounds_that_cannot_be_kept_are_doubled_and_said() -> None:
    """Of 2, 2 and 1 people one goes up to 5, as all are 5: by 3 at least."""
    one = table([[[2, 2, 1]]])
    found, bounds = rounded(one, 5, Bounds(0, 0))
    assert bounds == Bounds(None, None)
    assert all(abs(found - one.counts) < 5)
    assert rounded(one, 5, Bounds(2, 2))[1] == Bounds(4, 4)


def test_an_unchanged_count_keeps_its_rounding_through_a_correction() -> None:
    """A joiner among the 7s: the 3s stay at 5, as they were, although they lean down."""
    lean = [0, LEANS - 1, 0, LEANS - 1]
    assert rounded(table([[[3, 7, 3]]], lean=lean), 5, BOUNDS)[0].tolist()[1] == 0
    before = [-1, 5, -1, 5]
    assert rounded(table([[[3, 8, 3]]], lean=lean, before=before), 5, BOUNDS)[0].tolist() in (
        [15, 5, 5, 5],
        [10, 5, 0, 5],
        [20, 5, 10, 5],
    )


def test_counts_that_do_not_add_up_to_everybody_are_rounded_by_themselves() -> None:
    one = table([[[3, 7], [2, 9]]])  # everybody 10, and the second characteristic has 11
    found, _ = rounded(one, 5, BOUNDS)
    assert found[:3].tolist() in ([10, 5, 5], [10, 0, 10])
    assert all(abs(found - one.counts) < 5)


def test_a_name_leans_the_same_way_wherever_it_stands_and_another_key_makes_it_lean_otherwise() -> None:
    one, other = ("RNA", "band_5"), ("RNA", "band_6")
    assert leans(b"a", [one, other]).tolist() == leans(b"a", [other, one]).tolist()[::-1]
    assert leans(b"a", [one]).tolist() != leans(b"b", [one]).tolist()


def partitions(total: int, cells: int) -> st.SearchStrategy[list[int]]:
    cuts = st.lists(st.integers(0, total), min_size=cells - 1, max_size=cells - 1).map(sorted)
    return cuts.map(lambda cut: [high - low for low, high in zip([0, *cut], [*cut, total], strict=True)])


slabs = st.integers(0, 40).flatmap(lambda total: st.tuples(partitions(total, 3), partitions(total, 4)).map(list))


@given(st.lists(slabs, min_size=1, max_size=5), st.sampled_from([3, 5, 10]))
@settings(max_examples=40, deadline=None)
def test_laws_of_rounding(drawn: list[Slab], base: int) -> None:
    """Any table has a rounding: near each count, additive in each slab, and within the bounds that come with it."""
    one = table(drawn)
    found, bounds = rounded(one, base, Bounds(base - 1, 2 * base - 1))
    assert (found % base == 0).all()
    assert (abs(found - one.counts) < base).all()
    assert (found[one.counts % base == 0] == one.counts[one.counts % base == 0]).all()
    for cell in np.flatnonzero(one.partition < 0):
        for partition in {int(p) for p in one.partition[one.slab == one.slab[cell]] if p >= 0}:
            assert found[one.partition == partition].sum() == found[cell]
    if bounds.held is not None and bounds.other is not None:
        errors = abs(one.sums.of(found) - one.sums.of(one.counts))
        assert errors[:, one.sums.is_held].max() <= bounds.held
        assert errors.max() <= bounds.other
    assert (rounded(one, base, Bounds(base - 1, 2 * base - 1))[0] == found).all()
