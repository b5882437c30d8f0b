"""The attack on one table: of each small count, how many values it could have for all that a stranger knows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

import numpy as np

from pipelines.attack.model import TOTAL, Model, Places, slabs_of
from pipelines.attack.moves import Climber, Exchanger, Reached, steps
from pipelines.attack.solver import PartSolver, Solver, UnfinishedError

FAULT = "a certificate of the attack doesn't keep to everything known: a fault of this program"


@dataclass(frozen=True)
class Outcome:
    """What an attack found, in numbers of cells, and of programs solved.

    ``determined``: one value is left. ``proven_small``: several are, all of them of 1 to base - 1. ``too_few``: fewer
    than the method wants. ``narrowest`` is the smallest number of values that a cell was shown to have, None where none
    was tried. ``unprotectable``: what others published about a cell says as much without the release.
    """

    tried: int = 0
    determined: int = 0
    proven_small: int = 0
    too_few: int = 0
    narrowest: int | None = None
    unprotectable: int = 0
    linear_programs: int = 0
    integer_programs: int = 0
    unfinished: int = 0

    @property
    def is_safe(self) -> bool:
        """Whether the attack came to its end and found nothing."""
        return not (self.determined or self.proven_small or self.too_few or self.unfinished)


def together(outcomes: Iterable[Outcome]) -> Outcome:
    """Add up what several attacks found; the narrowest is that of all."""
    outcomes = list(outcomes)
    narrowest = min((one.narrowest for one in outcomes if one.narrowest is not None), default=None)
    counts = {
        name: sum(getattr(one, name) for one in outcomes)
        for name in (field.name for field in fields(Outcome))
        if name != "narrowest"
    }
    return Outcome(**counts, narrowest=narrowest)


def attack(model: Model, base: int, min_values: int, printed: np.ndarray, known: np.ndarray | None = None) -> Outcome:
    """Try to find out each small count of a table.

    Small are true counts of 1 to base - 1; a 0 is tried too where its slab is printed, as nobody may be told of a
    band that none of its people is of some group. A cell is safe where tables that keep to everything known give it at
    least ``min_values`` values (a 0: two) of which one isn't small.

    Args:
        model: what a stranger knows.
        base: what counts were rounded to multiples of.
        min_values: how many values have to remain possible.
        printed: of each slab, whether its total was printed.
        known: S × K, which cells are known as well without the release; they are counted and not tried.

    Returns:
        What was found: only numbers, no cell and no table.
    """
    small = (model.truth > 0) & (model.truth < base)
    tried = small | ((model.truth == 0) & printed[:, None] & (model.high > 0))
    unprotectable = 0
    if known is not None:
        unprotectable = int((tried & known).sum())
        tried &= ~known
    model = model.condensed()
    cells = np.argwhere(tried)
    if not len(cells):
        return Outcome(unprotectable=unprotectable)
    search = _Search(model, base, min_values, cells)
    search.by_moves()
    search.by_exchange()
    search.by_walks()
    search.by_programs()
    return search.outcome(unprotectable)


class _Search:
    """Which values cells were shown to have: ``shown`` is n × width, the first column the lowest value tried."""

    def __init__(self, model: Model, base: int, min_values: int, cells: np.ndarray) -> None:
        self.model, self.base, self.cells = model, base, cells
        self.places = Places(model)
        self.truth = model.truth[cells[:, 0], cells[:, 1]]
        self.least = model.low[cells[:, 0], cells[:, 1]]
        # More than a base and as many above the least values needs nobody to be shown: without a box there is no end.
        most = np.maximum(self.truth, self.least) + base + min_values
        self.most = np.minimum(model.high[cells[:, 0], cells[:, 1]], most)
        self.wanted = np.where(self.truth == 0, min(2, min_values), min_values)
        self.shown = np.zeros((len(cells), int((self.most - self.least).max()) + 1), dtype=bool)
        self._show(np.arange(len(cells)), self.truth, self.truth)
        self.unfinished = np.zeros(len(cells), dtype=bool)
        self.linear = self.integer = 0

    def _show(self, which: np.ndarray, lowest: np.ndarray, highest: np.ndarray) -> None:
        value = self.least[which, None] + np.arange(self.shown.shape[1])[None, :]
        self.shown[which] |= (value >= lowest[:, None]) & (value <= highest[:, None])

    def lacking(self) -> np.ndarray:
        """The places of the cells that aren't safe by what was shown so far."""
        value = self.least[:, None] + np.arange(self.shown.shape[1])[None, :]
        large = (self.shown & ((value < 1) | (value >= self.base))).any(axis=1)
        return np.flatnonzero((self.shown.sum(axis=1) < self.wanted) | ~large)

    def by_moves(self) -> None:
        """Show what moves within the cells' slabs reach."""
        climber = Climber(self.model, self.places)
        for sign, goal in ((1, self.most), (-1, self.least)):
            reached = climber.reach(self.cells, sign, goal)
            self._check(reached)
            ends = reached.values
            self._show(np.arange(len(ends)), np.minimum(self.truth, ends), np.maximum(self.truth, ends))

    def _check(self, reached: Reached) -> None:
        for slab, which in slabs_of(reached.cells):
            if not self.model.holds_with(slab, reached.rows[which]).all():
                raise UnfinishedError(FAULT)

    def by_exchange(self) -> None:
        """Show what an exchange with another slab reaches, of the cells that aren't safe yet."""
        lacking = self.lacking()
        for slab, places in slabs_of(self.cells[lacking]):
            exchanger = Exchanger(self.model, slab, self.places)
            for place in lacking[places]:
                for sign, goal in ((1, int(self.most[place])), (-1, int(self.least[place]))):
                    self._walk(place, exchanger.tables(int(self.cells[place, 1]), sign, goal))

    def by_walks(self) -> None:
        """Show what several moves one after the other reach, of the cells that aren't safe yet."""
        for place in self.lacking():
            cell = int(self.cells[place, 0]), int(self.cells[place, 1])
            for sign, goal in ((1, int(self.most[place])), (-1, int(self.least[place]))):
                self._walk(place, steps(self.model, self.places, cell, sign, goal))

    def _walk(self, place: int, tables: Iterator[np.ndarray]) -> None:
        """Take tables one by one until a cell is safe; it has all values on the straight way to each of them."""
        while self._is_lacking(place) and (table := next(tables, None)) is not None:
            self._take(table)
            value, true = int(table[self.cells[place, 0], self.cells[place, 1]]), int(self.truth[place])
            lowest, highest = min(value, true), max(value, true)
            self.shown[place, lowest - self.least[place] : highest - self.least[place] + 1] = True

    def _take(self, table: np.ndarray) -> None:
        """Show each cell to have the value that it has in a table."""
        self._refuse_wrong(table)
        value = table[self.cells[:, 0], self.cells[:, 1]] - self.least
        which = np.flatnonzero(value < self.shown.shape[1])
        self.shown[which, value[which]] = True

    def _refuse_wrong(self, table: np.ndarray) -> None:
        if not self.model.holds(table):
            raise UnfinishedError(FAULT)

    def by_programs(self) -> None:
        """Ask the solver about the cells that aren't safe yet.

        First for one more table, over one characteristic; then for the bounds, and value by value between them. Where
        certificates span all that the rounding rule allows, the bounds are the rule's, and need no program; where they
        show enough values, no bound can make them fewer.
        """
        lacking = self.lacking()
        if not len(lacking):
            return
        parts: dict[int, PartSolver] = {}
        whole: Solver | None = None
        for place in lacking:
            number = int(self.model.part[self.cells[place, 1]])
            try:
                if number != TOTAL and self._is_lacking(place):
                    if number not in parts:
                        parts[number] = PartSolver(self.model, number)
                    self._nearby(int(place), parts[number])
                if self._is_lacking(place):
                    whole = whole or Solver(self.model)
                    self._nearby(int(place), whole)
                    if self._is_lacking(place):
                        self._every_value(int(place), whole)
            except UnfinishedError:
                self.unfinished[place] = True
        solvers = [*(one.solver for one in parts.values()), *([whole] if whole else [])]
        self.linear = sum(one.linear for one in solvers)
        self.integer = sum(one.integer for one in solvers)

    def _is_lacking(self, place: int) -> bool:
        values = self.least[place] + np.flatnonzero(self.shown[place])
        return bool(len(values) < self.wanted[place] or (values.min() >= 1 and values.max() < self.base))

    def _nearby(self, place: int, solver: PartSolver | Solver) -> None:
        """Ask for tables in which a cell has other values than it was shown to have."""
        cell = int(self.cells[place, 0]), int(self.cells[place, 1])
        shown = self.least[place] + np.flatnonzero(self.shown[place])
        above = (max(int(shown.max()) + 1, self.base if self.truth[place] else 0), int(self.most[place]))
        below = (int(self.least[place]), int(shown.min()) - 1)
        for lowest, highest in (above, below, (int(shown.max()) + 1, above[0] - 1)):
            if lowest <= highest and self._is_lacking(place):
                table = solver.table(cell, lowest, highest)
                if table is not None:
                    self._take(table)

    def _every_value(self, place: int, solver: Solver) -> None:
        """Ask for the bounds of a cell, and for a table with each value between them, until it is safe."""
        cell = int(self.cells[place, 0]), int(self.cells[place, 1])
        lowest, highest = solver.bounds(cell)
        values = range(max(lowest, int(self.least[place])), min(highest, int(self.most[place])) + 1)
        for value in sorted(
            values, key=lambda value: (1 <= value < self.base, abs(value - int(self.truth[place])), value)
        ):
            if not self._is_lacking(place):
                return
            if not self.shown[place, value - self.least[place]]:
                table = solver.table(cell, value, value)
                if table is not None:
                    self._take(table)

    def outcome(self, unprotectable: int) -> Outcome:
        """Count what was found."""
        lacking = self.lacking()
        lacking = lacking[~self.unfinished[lacking]]
        values = self.shown.sum(axis=1)
        determined = values[lacking] == 1
        value = self.least[lacking, None] + np.arange(self.shown.shape[1])[None, :]
        large = (self.shown[lacking] & ((value < 1) | (value >= self.base))).any(axis=1)
        return Outcome(
            tried=len(self.cells),
            determined=int(determined.sum()),
            proven_small=int((~determined & ~large).sum()),
            too_few=int((~determined & large).sum()),
            narrowest=int(values.min()),
            unprotectable=unprotectable,
            linear_programs=self.linear,
            integer_programs=self.integer,
            unfinished=int(self.unfinished.sum()),
        )
