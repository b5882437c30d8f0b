"""Bounds: what a stranger can conclude about small cells, from the ranges of all numbers and from how these add up.

The least and the greatest value that a cell can have are those of linear programmes, rounded to whole numbers. Most of
them needn't be solved: a solution for one cell shows for every other cell a value that it can have, and the truth is
one; and simple sums of ranges already prove much.
"""

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from pipelines.rivals.methods import Printed
from pipelines.rivals.table import Ints, Table

Floats = npt.NDArray[np.float64]

# What the solver's arithmetic may leave of a whole number.
TOLERANCE = 1e-6

# So often all cells still open are moved together, before each is taken by itself.
TOGETHER = 3
# The strategy of HiGHS that begins where another target left a solution.
PRIMAL = 4

SMALLEST, LARGEST = 1, 4


class UnprovenError(RuntimeError):
    """The solver gave no answer, or the numbers contradict each other."""


@dataclass
class Ranges:
    """Between what each variable lies: ``lower`` and ``upper`` hold for certain, ``least`` and ``most`` can be."""

    lower: Ints
    upper: Ints
    least: Ints
    most: Ints

    def is_determined(self, cells: Ints) -> npt.NDArray[np.bool_]:
        """Tell of which cells the value is certain."""
        return np.equal(self.lower[cells], self.upper[cells])

    def is_small(self, cells: Ints) -> npt.NDArray[np.bool_]:
        """Tell which cells are certainly 1 to 4."""
        return np.logical_and(self.lower[cells] >= SMALLEST, self.upper[cells] <= LARGEST)

    def is_open(self, cells: Ints) -> npt.NDArray[np.bool_]:
        """Tell of which cells either isn't settled yet."""
        may_differ = self.least[cells] < self.most[cells]
        may_be_other = (self.least[cells] < SMALLEST) | (self.most[cells] > LARGEST)
        settled = (self.is_determined(cells) | may_differ) & (self.is_small(cells) | may_be_other)
        return np.logical_not(settled)


class Sums:
    """The rows that hold between a table's variables: the answers of a slab make its total, and every wider number."""

    def __init__(self, table: Table, printed: Printed) -> None:
        """Take the ranges of a table's numbers."""
        height, width = table.cells.shape
        slab_members = np.hstack(
            [
                np.arange(height * width).reshape(height, width),
                height * width + np.arange(height).reshape(height, 1),
            ]
        )
        wide = np.flatnonzero(table.sizes > 1)
        first = table.starts[wide[0]] if len(wide) else len(table.members)
        self.members = np.concatenate([slab_members.ravel(), table.members[first:]])
        self.signs = np.ones(len(self.members), np.int64)
        self.signs[width : height * (width + 1) : width + 1] = -1
        self.sizes = np.concatenate([np.full(height, width + 1), table.sizes[wide]])
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        self.row_of = np.repeat(np.arange(len(self.sizes)), self.sizes)
        nothing = np.zeros(height, np.int64)
        self.lower = np.concatenate([nothing, printed.lower[wide]])
        self.upper = np.concatenate([nothing, printed.upper[wide]])
        single = np.flatnonzero(table.sizes == 1)
        truth = table.truth
        self.ranges = Ranges(printed.lower[single].copy(), printed.upper[single].copy(), truth.copy(), truth.copy())

    def narrow(self) -> None:
        """Narrow the ranges by each row alone, until nothing changes."""
        ranges, places, signs = self.ranges, self.members, self.signs
        while True:
            before = (ranges.lower.copy(), ranges.upper.copy())
            lower = np.where(signs > 0, ranges.lower[places], -ranges.upper[places])
            upper = np.where(signs > 0, ranges.upper[places], -ranges.lower[places])
            # What the others of the row leave to this one.
            most = (self.upper - np.add.reduceat(lower, self.starts))[self.row_of] + lower
            least = (self.lower - np.add.reduceat(upper, self.starts))[self.row_of] + upper
            np.minimum.at(ranges.upper, places, np.where(signs > 0, most, -least))
            np.maximum.at(ranges.lower, places, np.where(signs > 0, least, -most))
            if all(np.array_equal(*pair) for pair in zip(before, (ranges.lower, ranges.upper), strict=True)):
                break
        if (ranges.lower > ranges.upper).any():
            raise UnprovenError("the published numbers contradict each other")


def settle(sums: Sums, cells: Ints) -> None:
    """Find for each of the cells whether its value, or that it is 1 to 4, is certain; ``sums.ranges`` then says it.

    Raises:
        UnprovenError: the solver gave no answer.
    """
    ranges = sums.ranges
    if not ranges.is_open(cells).any():
        return
    solver = _Solver(sums)
    for _ in range(TOGETHER):
        before = int(ranges.is_open(cells).sum())
        for direction in (1.0, -1.0):
            still = cells[ranges.is_open(cells)]
            if len(still):
                solver.push(still, direction)
        if int(ranges.is_open(cells).sum()) in (0, before):
            break
    for cell in cells:
        one = np.array([cell])
        for direction in (1.0, -1.0):
            if ranges.is_open(one)[0]:
                value = solver.push(one, direction)
                if direction > 0:
                    ranges.lower[cell] = max(ranges.lower[cell], int(np.ceil(value - TOLERANCE)))
                else:
                    ranges.upper[cell] = min(ranges.upper[cell], int(np.floor(value + TOLERANCE)))


class _Solver:
    """One linear programme over a table's variables, solved again and again from where it stands."""

    def __init__(self, sums: Sums) -> None:
        self.ranges = sums.ranges
        self.size = len(self.ranges.lower)
        self.highs = highspy.Highs()
        # Without presolve a solution is where the next one begins.
        settings = (("output_flag", False), ("threads", 1), ("presolve", "off"), ("simplex_strategy", PRIMAL))
        for name, value in settings:
            self.highs.setOptionValue(name, value)
        self.highs.addVars(self.size, self.ranges.lower.astype(float), self.ranges.upper.astype(float))
        self.highs.addRows(
            len(sums.starts),
            sums.lower.astype(float),
            sums.upper.astype(float),
            len(sums.members),
            sums.starts.astype(np.int32),
            sums.members.astype(np.int32),
            sums.signs.astype(float),
        )
        self.costs = np.zeros(self.size)
        self.every = np.arange(self.size, dtype=np.int32)

    def push(self, cells: Ints, direction: float) -> float:
        """Make the sum of some cells as small as can be (1) or as large (-1), note what that shows; return the sum."""
        self.costs[:] = 0
        self.costs[cells] = direction
        self.highs.changeColsCost(self.size, self.every, self.costs)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise UnprovenError(f"the solver stopped at {self.highs.getModelStatus()}")
        found: Floats = np.array(self.highs.getSolution().col_value)
        np.minimum(self.ranges.least, np.ceil(found - TOLERANCE).astype(np.int64), out=self.ranges.least)
        np.maximum(self.ranges.most, np.floor(found + TOLERANCE).astype(np.int64), out=self.ranges.most)
        return float(found[cells].sum())
