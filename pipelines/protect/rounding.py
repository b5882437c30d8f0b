"""Controlled rounding: each count of a table goes to its floor or ceiling multiple of a base, and sums stay held.

A table is one organisation's on one date, of one employment type. Its answer is a pure function of it and of a key:
no other organisation, and no other date, moves any of its counts.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# What a count leans to is weighed in steps of 1/LEANS of the base.
LEANS = 1 << 20

# What it is worth to keep the rounding that an unchanged count had before a correction: far more than any leaning, and
# of a small count as much as of sixteen others.
KEEP, KEEP_SMALL = 1 << 22, 1 << 26


# Parts of a cell that the solver may be off by.
SLACK = 1e-6

# A sum that parts of cells bring so close to its bound, in cells, is broken by whole ones as a rule: it is held at
# once, as each round with whole cells begins anew.
NEAR = 0.4

# So many cuts the solver keeps at hand: thousands, as it would, cost more than all the rest, and find no other answer.
CUTS = 10


class RoundingError(ValueError):
    """A table of counts that can't be rounded."""


@dataclass(frozen=True)
class Bounds:
    """How far sums of rounded counts may lie from the sums of the true ones; none where nothing is promised."""

    held: int | None
    other: int | None

    def doubled(self) -> "Bounds":
        """The first fallback where the bounds can't be kept."""
        return Bounds(*(None if bound is None else 2 * bound for bound in (self.held, self.other)))


@dataclass(frozen=True)
class Sums:
    """Which sums of a table are held: every group of answers in every group of grades.

    ``answers`` is groups × cells and ``grades`` groups × cells, of ones and zeros; ``is_held`` says of each group of
    grades whether the closer bound is for it.
    """

    answers: np.ndarray
    grades: np.ndarray
    is_held: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the sums of a value per cell, groups of answers × groups of grades."""
        # Whole numbers far below 2**53: no order of adding them changes a sum.
        return np.asarray(np.rint((self.answers * values.astype(np.float64)) @ self.grades.T).astype(np.int64))

    def cells(self, answer: int, grade: int) -> np.ndarray:
        """Return the cells of one sum."""
        return np.flatnonzero(self.answers[answer] * self.grades[grade])


@dataclass(frozen=True)
class Table:
    """The cells of one table, in a fixed order.

    ``counts`` are people, none withheld. ``slab`` numbers the slab of each cell (a grade, clinical or not) and
    ``partition`` the characteristic in it, -1 for the cell that counts everybody. ``lean`` is where between its floor
    and ceiling multiple each count tips, 0 to LEANS - 1. ``before`` is what an unchanged count was rounded to before a
    correction, -1 where nothing was.
    """

    counts: np.ndarray
    slab: np.ndarray
    partition: np.ndarray
    lean: np.ndarray
    before: np.ndarray
    sums: Sums


def leans(key: bytes, cells: Sequence[tuple[str, ...]]) -> np.ndarray:
    """Return where each cell tips: drawn by the key from what the cell is called, whatever it counts and when.

    A cell whose count stays leans the same way on every date, so that its rounding seldom moves.
    """
    digests = (hmac.digest(key, "\x1f".join(cell).encode(), "sha256") for cell in cells)
    return np.array([int.from_bytes(digest[:4], "big") % LEANS for digest in digests], dtype=np.int64)


def rounded(table: Table, base: int, bounds: Bounds) -> tuple[np.ndarray, Bounds]:
    """Return the rounded counts of a table, and the bounds that hold for its sums.

    Where the bounds can't be kept they are doubled, and then given up: without them a rounding always exists, as each
    characteristic of a slab can fill the slab's floor or its ceiling.

    Args:
        table: the table.
        base: what counts become multiples of.
        bounds: what is to hold for its sums.

    Raises:
        RoundingError: a count is below 0, or there is no rounding at all, or the solver didn't find its end.
    """
    if (table.counts < 0).any():
        raise RoundingError("a count is below 0")
    for allowed in (bounds, bounds.doubled(), Bounds(None, None)):
        found = _solved(table, base, allowed)
        if found is not None:
            return found, allowed
    raise RoundingError("its counts can't be rounded to one total; report this fault")


def _solved(table: Table, base: int, bounds: Bounds) -> np.ndarray | None:
    """Return the rounding that leans least against the key, or None where the bounds leave none.

    Most bounds never bite: those that do are added until none is broken, first for parts of cells, which is quick, and
    then for whole ones.
    """
    floor, rest = np.divmod(table.counts, base)
    free = np.flatnonzero(rest)
    if not len(free):
        return base * floor
    solver = _Solver(_worth(table, base, floor, rest)[free])
    place = np.full(len(rest), -1)
    place[free] = np.arange(len(free))
    for cells, total in _slabs(table):
        solver.equal(place[cells], place[total], int(floor[total] - floor[cells].sum()))
    lowest, highest, added = _limits(table, base, rest, bounds)
    up = np.zeros(len(rest))
    while True:
        ups = solver.run()
        if ups is None:
            return None
        up[free] = ups
        broken = _beyond(table, up, lowest, highest, SLACK) & ~added
        is_kept = not broken.any()
        if is_kept and solver.is_whole:
            return np.asarray(base * (floor + up.astype(np.int64)))
        if is_kept:
            broken = _beyond(table, up, lowest, highest, -NEAR) & ~added
            solver.whole()
        added |= broken
        for answer, grade in zip(*np.nonzero(broken), strict=True):
            cells = place[table.sums.cells(answer, grade)]
            solver.between(cells, int(lowest[answer, grade]), int(highest[answer, grade]))


def _worth(table: Table, base: int, floor: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Return what it is worth to round each cell up: unbiased by the key, but for what was rounded before."""
    worth = rest * LEANS // base - table.lean
    kept = np.where(table.counts < base, KEEP_SMALL, KEEP)
    was_up = table.before > base * floor
    # The leaning still counts: of two that could give way the key says which, and not the solver.
    return np.asarray(worth + np.where(table.before < 0, 0, np.where(was_up, kept, -kept)))


def _slabs(table: Table) -> list[tuple[np.ndarray, int]]:
    """Return each characteristic's cells of a slab with the cell that counts everybody in it.

    A characteristic whose counts don't add up to everybody is held to nothing: its publisher's figures don't agree.
    """
    totals = {int(table.slab[cell]): int(cell) for cell in np.flatnonzero(table.partition < 0)}
    found = []
    for partition in np.unique(table.partition[table.partition >= 0]):
        cells = np.flatnonzero(table.partition == partition)
        total = totals.get(int(table.slab[cells[0]]))
        if total is not None and table.counts[cells].sum() == table.counts[total]:
            found.append((cells, total))
    return found


def _limits(table: Table, base: int, rest: np.ndarray, bounds: Bounds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many cells of each sum may go up, at least and at most, and which sums no bound can bite."""
    sums = table.sums.of(rest)
    cells = table.sums.of((rest > 0).astype(np.int64))
    allowed = np.empty(sums.shape, dtype=np.int64)
    for which, bound in ((table.sums.is_held, bounds.held), (~table.sums.is_held, bounds.other)):
        allowed[:, which] = base * len(rest) if bound is None else bound
    lowest = -((allowed - sums) // base)
    highest = (sums + allowed) // base
    return lowest, highest, (lowest <= 0) & (highest >= cells)


def _beyond(table: Table, up: np.ndarray, lowest: np.ndarray, highest: np.ndarray, by: float) -> np.ndarray:
    """Return which sums lie beyond their bounds by more than so many cells."""
    ups = (table.sums.answers * up) @ table.sums.grades.T
    return np.asarray((ups < lowest - by) | (ups > highest + by))


class _Solver:
    """A MILP of HiGHS: which cells go up. One thread, no time limit, no gap: the same answer on any machine."""

    def __init__(self, worth: np.ndarray) -> None:
        import highspy

        self._highspy = highspy
        self._model = highspy.Highs()
        for option, value in (
            *(("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0)),
            ("mip_pool_soft_limit", CUTS),
        ):
            self._model.setOptionValue(option, value)
        cells = np.arange(len(worth), dtype=np.int32)
        self._model.addVars(len(cells), np.zeros(len(cells)), np.ones(len(cells)))
        self._model.changeColsCost(len(cells), cells, -worth.astype(np.float64))
        self._cells = cells
        self.is_whole = False

    def whole(self) -> None:
        """Have cells go up as wholes from now on."""
        kinds = np.full(len(self._cells), self._highspy.HighsVarType.kInteger)
        self._model.changeColsIntegrality(len(kinds), self._cells, kinds)
        self.is_whole = True

    def equal(self, cells: np.ndarray, total: int, lift: int) -> None:
        """Have the cells that go up be as many as lift a characteristic from its floors to the slab's total."""
        free = cells[cells >= 0]
        ones = np.ones(len(free))
        if total >= 0:
            free, ones = np.append(free, total), np.append(ones, -1.0)
        self._add(free, ones, lift, lift)

    def between(self, cells: np.ndarray, lowest: int, highest: int) -> None:
        """Have so many of some cells go up."""
        free = cells[cells >= 0]
        self._add(free, np.ones(len(free)), lowest, highest)

    def _add(self, cells: np.ndarray, factors: np.ndarray, lowest: int, highest: int) -> None:
        self._model.addRow(float(lowest), float(highest), len(cells), cells.astype(np.int32), factors)

    def run(self) -> np.ndarray | None:
        """Return 1 for each cell that goes up and else 0, or parts of it; None where nothing keeps to the rows.

        Raises:
            RoundingError: the solver stopped before it knew.
        """
        self._model.run()
        status = self._model.getModelStatus()
        if status == self._highspy.HighsModelStatus.kInfeasible:
            return None
        if status != self._highspy.HighsModelStatus.kOptimal:
            raise RoundingError(
                f"the solver stopped before its end ({self._model.modelStatusToString(status)}); report this fault"
            )
        found = np.array(self._model.getSolution().col_value)
        return np.rint(found) if self.is_whole else found
