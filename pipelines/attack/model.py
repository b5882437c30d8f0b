"""What a stranger knows of one table of counts, as bounds on whole numbers, and whether another table keeps to them.

A table is one organisation's on one date, of one employment type: slabs (a grade, clinical or not) × answers. Every
bound is a statement of the kind "this sum of counts lies from here to there", so that whatever lies between two tables
that keep to all of them keeps to them too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

# Stands for no bound; far above any count, far below where a sum of such could overflow.
FREE = 1 << 40

# The column of a table that counts everybody of a slab; its part has this number.
TOTAL = 0


@dataclass(frozen=True)
class Model:
    """What is known of one table. ``truth`` keeps to all of it.

    Shapes: S slabs, K answers (the first is everybody), P characteristics, G groups of slabs, L groups of answers.
    """

    # S × K: the true counts, and what each is known to be at least and at most.
    truth: np.ndarray
    low: np.ndarray
    high: np.ndarray
    # K: the number of the characteristic that the answer is of, 0 for everybody.
    part: np.ndarray
    # S × P: whether the answers of a characteristic are known to add up to everybody of the slab. Column 0 isn't used.
    tied: np.ndarray
    # G × S and L × K: which slabs and which answers are summed up.
    groups: np.ndarray
    labels: np.ndarray
    # G × L: what such a sum is known to be at least and at most.
    floor: np.ndarray
    ceiling: np.ndarray

    @cached_property
    def sums(self) -> np.ndarray:
        """The true sums, G × L."""
        return self.sums_of(self.truth)

    def sums_of(self, table: np.ndarray) -> np.ndarray:
        """Return the sums of a table, G × L."""
        # Whole numbers far below 2**53: nothing is lost, however they are added.
        return np.asarray(np.rint(self._groups @ table @ self._labels).astype(np.int64))

    @cached_property
    def _groups(self) -> np.ndarray:
        return self.groups.astype(np.float64)

    @cached_property
    def _labels(self) -> np.ndarray:
        return np.ascontiguousarray(self.labels.T.astype(np.float64))

    def change_of(self, rows: np.ndarray, slabs: np.ndarray | int) -> np.ndarray:
        """Return by how much rows (n × K) in the place of slabs change the groups of answers, n × L."""
        return np.asarray(np.rint((rows - self.truth[slabs]) @ self._labels).astype(np.int64))

    @cached_property
    def room(self) -> tuple[np.ndarray, np.ndarray]:
        """By how much each group of answers may grow, and shrink, in a slab by itself: S × L each."""
        return self.least(self.ceiling - self.sums), self.least(self.sums - self.floor)

    @cached_property
    def _groups_of(self) -> tuple[np.ndarray, np.ndarray]:
        """The groups that each slab is in, slab after slab, and where each slab's begin; the last one is no group."""
        slabs, groups = np.nonzero(np.vstack([self.groups, np.ones((1, self.groups.shape[1]))]).T)
        return groups, np.searchsorted(slabs, np.arange(self.groups.shape[1]))

    def least(self, room: np.ndarray) -> np.ndarray:
        """Return the least room (G × L) over the groups that each slab is in, S × L."""
        groups, start = self._groups_of
        free = np.full((1, room.shape[1]), FREE, dtype=np.int64)
        return np.asarray(np.minimum.reduceat(np.vstack([room, free])[groups], start, axis=0))

    def at(self, truth: np.ndarray) -> "Model":
        """Return the same with another table that keeps to it as the true one; what doesn't hang on it is kept."""
        model = replace(self, truth=truth)
        kept = ("_groups", "_labels", "_groups_of", "parts", "_in_part")
        model.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        return model

    @cached_property
    def parts(self) -> tuple[np.ndarray, ...]:
        """The answers of each characteristic; first everybody's column."""
        return tuple(np.flatnonzero(self.part == number) for number in range(self.tied.shape[1]))

    @cached_property
    def _in_part(self) -> np.ndarray:
        return np.asarray((self.part[:, None] == np.arange(self.tied.shape[1])[None, :]).astype(np.float64))

    def _adds_up(self, rows: np.ndarray, tied: np.ndarray) -> np.ndarray:
        """Tell of each row whether the characteristics that are tied add up to everybody."""
        sums = np.rint(rows @ self._in_part).astype(np.int64)
        return np.asarray(((sums == rows[:, [TOTAL]]) | ~tied)[:, 1:].all(axis=1))

    def holds(self, table: np.ndarray) -> bool:
        """Tell whether a whole table keeps to everything that is known."""
        if (table < self.low).any() or (table > self.high).any():
            return False
        if not self._adds_up(table, self.tied).all():
            return False
        sums = self.sums_of(table)
        return bool((sums >= self.floor).all() and (sums <= self.ceiling).all())

    def holds_with(self, slab: int, rows: np.ndarray) -> np.ndarray:
        """Tell of each of some rows (n × K) whether the true table keeps to everything with it in a slab's place.

        Every group that the slab is in changes by the same, so that the one with the least room decides.
        """
        kept = np.asarray(((rows >= self.low[slab]) & (rows <= self.high[slab])).all(axis=1))
        kept &= self._adds_up(rows, self.tied[slab])
        change = self.change_of(rows, slab)
        up, down = self.room
        return np.asarray(kept & (change <= up[slab]).all(axis=1) & (-change <= down[slab]).all(axis=1))

    def condensed(self) -> "Model":
        """Return the same without what is said twice, of the same slabs or answers, and without what nothing bounds."""
        groups, floor, ceiling = _merged(self.groups, self.floor, self.ceiling)
        labels, floor, ceiling = _merged(self.labels, floor.T, ceiling.T)
        return replace(self, groups=groups, labels=labels, floor=floor.T, ceiling=ceiling.T)


def _merged(members: np.ndarray, floor: np.ndarray, ceiling: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each different row once, with the closest of its bounds, where there is any."""
    different, which = np.unique(members, axis=0, return_inverse=True)
    lowest = np.full((len(different), floor.shape[1]), -FREE, dtype=np.int64)
    highest = np.full((len(different), floor.shape[1]), FREE, dtype=np.int64)
    np.maximum.at(lowest, which.ravel(), floor)
    np.minimum.at(highest, which.ravel(), ceiling)
    used = different.any(axis=1) & ((lowest > -FREE) | (highest < FREE)).any(axis=1)
    return different[used], lowest[used], highest[used]


@dataclass(frozen=True)
class Places:
    """For each answer the groups of answers that it is in, padded to one length by a group that nothing bounds.

    ``own`` is K × W; ``without`` of two answers K × K × W: the groups that the first is in and the second isn't.
    """

    model: Model
    own: np.ndarray = field(init=False)
    without: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Look the groups up once."""
        labels = self.model.labels.astype(bool)
        free, answers = labels.shape
        lists = [np.flatnonzero(labels[:, answer]) for answer in range(answers)]
        width = max([1, *map(len, lists)])
        own = np.full((answers, width), free)
        for answer, one in enumerate(lists):
            own[answer, : len(one)] = one
        padded = np.vstack([labels, np.zeros((1, answers), dtype=bool)])
        # [k, j, w]: the w-th group of k, unless j is in it as well.
        shared = padded[own].transpose(0, 2, 1)
        object.__setattr__(self, "own", own)
        object.__setattr__(self, "without", np.where(shared, free, own[:, None, :]))

    def padded(self, room: np.ndarray) -> np.ndarray:
        """Return room by group of answers (n × L) with the group that nothing bounds added."""
        return np.hstack([room, np.full((len(room), 1), FREE, dtype=np.int64)])


def slabs_of(cells: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each slab of some cells (n × 2: slab, answer) with the places of its cells among them."""
    for slab in np.unique(cells[:, 0]):
        yield int(slab), np.flatnonzero(cells[:, 0] == slab)
