"""What public knowledge tells by itself: which counts nobody could protect any more, whatever a release says."""

import numpy as np

from pipelines.attack.model import FREE, TOTAL, Model

# Bounds run through a table until they stay; each pass is one step further from what was said.
PASSES = 50


def determined(model: Model, base: int, min_values: int) -> np.ndarray:
    """Return which cells (S × K) are told by sums alone, as an attack would count them told.

    Bounds are carried from sum to sum. A linear program may find more: what it finds and this doesn't counts as found
    through the release, which is the safe mistake.

    Args:
        model: what is known without the release.
        base: what counts are rounded to multiples of.
        min_values: how many values have to remain.
    """
    low, high = model.low.copy(), model.high.copy()
    sums = [
        (np.ix_(np.flatnonzero(model.groups[group]), np.flatnonzero(model.labels[label])), group, label)
        for group, label in np.argwhere((model.floor > -FREE) | (model.ceiling < FREE))
    ]
    for _ in range(PASSES):
        before = low.copy(), high.copy()
        for place, group, label in sums:
            _carry(low, high, place, int(model.floor[group, label]), int(model.ceiling[group, label]))
        for number, answers in list(enumerate(model.parts))[1:]:
            for slab in np.flatnonzero(model.tied[:, number]):
                _carry_total(low, high, int(slab), answers)
        if (low == before[0]).all() and (high == before[1]).all():
            break
    values = high - low + 1
    wanted = np.where(model.truth == 0, min(2, min_values), min_values)
    return np.asarray((values < wanted) | ((low >= 1) & (high < base)))


def _carry(low: np.ndarray, high: np.ndarray, place: tuple[np.ndarray, ...], floor: int, ceiling: int) -> None:
    """Carry the bounds of a sum to its cells."""
    least, most = low[place], high[place]
    low[place] = np.maximum(least, floor - (most.sum() - most))
    high[place] = np.minimum(most, ceiling - (least.sum() - least))


def _carry_total(low: np.ndarray, high: np.ndarray, slab: int, answers: np.ndarray) -> None:
    """Carry bounds between everybody of a slab and the answers that add up to everybody."""
    least, most = low[slab, answers], high[slab, answers]
    low[slab, TOTAL] = max(low[slab, TOTAL], least.sum())
    high[slab, TOTAL] = min(high[slab, TOTAL], most.sum())
    low[slab, answers] = np.maximum(least, low[slab, TOTAL] - (most.sum() - most))
    high[slab, answers] = np.minimum(most, high[slab, TOTAL] - (least.sum() - least))
