"""What moves can't tell: bounds of a cell by linear programs, and single values of it by integer programs (HiGHS)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.attack.model import FREE, TOTAL, Model

if TYPE_CHECKING:
    import highspy

# How far from whole a bound may be and still be meant whole: ten times what HiGHS takes for kept.
TOLERANCE = 1e-5

# After so much work a program counts as unfinished, which is a refusal. Steps and not seconds: the same on any machine.
MAX_STEPS = 2_000_000
MAX_NODES = 20_000

NO_SOLUTION = "a linear program of the attack has no solution, though the true table is one"


class UnfinishedError(RuntimeError):
    """A program that the solver didn't bring to an end."""


class Solver:
    """The programs of one table; each cell's are solved from where the last one ended."""

    def __init__(self, model: Model) -> None:
        """Write down the linear program."""
        import highspy

        self._highspy = highspy
        self._model = model
        self.linear = 0
        self.integer = 0
        self._relaxed = self._program()
        self._whole: highspy.Highs | None = None

    def _program(self) -> "highspy.Highs":
        program = self._highspy.Highs()
        for option, value in (
            *(("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0)),
            *(("simplex_iteration_limit", MAX_STEPS), ("mip_max_nodes", MAX_NODES)),
        ):
            program.setOptionValue(option, value)
        low, high = self._model.low.ravel(), self._model.high.ravel()
        infinite = program.inf
        program.addVars(low.size, _bounds(low, infinite), _bounds(high, infinite))
        for start, cells, factors, lowest, highest in self._rows():
            floor, ceiling = _bounds(lowest, infinite), _bounds(highest, infinite)
            program.addRows(len(start), floor, ceiling, len(cells), start, cells, factors)
        return program

    def _rows(self) -> list[tuple[np.ndarray, ...]]:
        """Return what is known of sums, as rows: where each begins, its cells, their factors, and its bounds."""
        model = self._model
        slabs, answers = model.truth.shape
        rows: list[tuple[np.ndarray, np.ndarray, int, int]] = []
        for number, columns in list(enumerate(model.parts))[1:]:
            for slab in np.flatnonzero(model.tied[:, number]):
                cells = np.append(columns, TOTAL) + slab * answers
                rows.append((cells, np.append(np.ones(len(columns)), -1.0), 0, 0))
        least, most = model.sums_of(model.low), model.sums_of(np.minimum(model.high, FREE // (slabs * answers)))
        for group, label in np.argwhere((least < model.floor) | (most > model.ceiling)):
            inside = np.flatnonzero(model.groups[group])[:, None] * answers
            cells = (inside + np.flatnonzero(model.labels[label])[None, :]).ravel()
            bounds = int(model.floor[group, label]), int(model.ceiling[group, label])
            rows.append((cells, np.ones(len(cells)), *bounds))
        if not rows:
            return []
        lengths = [len(cells) for cells, *_ in rows]
        start = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int32)
        return [
            (
                start,
                np.concatenate([cells for cells, *_ in rows]).astype(np.int32),
                np.concatenate([factors for _, factors, *_ in rows]),
                np.array([lowest for *_, lowest, _ in rows]),
                np.array([highest for *_, highest in rows]),
            )
        ]

    def bounds(self, cell: tuple[int, int]) -> tuple[int, int]:
        """Return between which whole numbers a cell lies, by two linear programs: it may not reach all of them.

        Raises:
            UnfinishedError: the solver stopped before its end.
        """
        column = self._column(cell)
        found = []
        for factor in (1.0, -1.0):
            self._relaxed.changeColCost(column, factor)
            self._relaxed.run()
            self.linear += 1
            if not self._ended(self._relaxed):
                raise UnfinishedError(NO_SOLUTION)
            found.append(self._relaxed.getInfo().objective_function_value * factor)
            self._relaxed.changeColCost(column, 0.0)
        return int(np.ceil(found[0] - TOLERANCE)), int(np.floor(found[1] + TOLERANCE))

    def corner(self, cell: tuple[int, int], sign: int) -> np.ndarray | None:
        """Return a whole table in which a cell is as high (sign 1) or as low as a linear program gets it.

        None where the program ends between whole numbers: that says nothing.

        Raises:
            UnfinishedError: the solver stopped before its end.
        """
        column = self._column(cell)
        self._relaxed.changeColCost(column, float(-sign))
        self._relaxed.run()
        self.linear += 1
        if not self._ended(self._relaxed):
            raise UnfinishedError(NO_SOLUTION)
        table, is_whole = self._found(self._relaxed)
        # Only now: a program that was changed has no solution.
        self._relaxed.changeColCost(column, 0.0)
        return table if is_whole else None

    def table(self, cell: tuple[int, int], lowest: int, highest: int) -> np.ndarray | None:
        """Return a whole table in which a cell lies between two values; None where there is none.

        Raises:
            UnfinishedError: the solver stopped before its end, or what it found doesn't keep to everything known.
        """
        table, is_sure = self._by_parts(cell, lowest, highest)
        if not is_sure:
            table = self._by_wholes(cell, lowest, highest)
        if table is not None and not (lowest <= table[cell] <= highest and self._model.holds(table)):
            raise UnfinishedError("what the solver found isn't a table that keeps to everything known")
        return table

    def _by_parts(self, cell: tuple[int, int], lowest: int, highest: int) -> tuple[np.ndarray | None, bool]:
        """Ask the linear program first, a tenth of the work: the table, or that there is none; and whether it's sure.

        It isn't where it ends between whole numbers. It seldom does where few people are in small cells as well as any:
        without such a wish it ends at whichever table it comes by.
        """
        table, is_whole = None, True
        columns = np.arange(self._model.truth.size, dtype=np.int32)
        self._relaxed.changeColsCost(columns.size, columns, 1 / (1 + self._model.truth.ravel()))
        with self._between(self._relaxed, cell, lowest, highest):
            self._relaxed.run()
            self.linear += 1
            if self._ended(self._relaxed):
                table, is_whole = self._found(self._relaxed)
        self._relaxed.changeColsCost(columns.size, columns, np.zeros(columns.size))
        return table, is_whole

    def _by_wholes(self, cell: tuple[int, int], lowest: int, highest: int) -> np.ndarray | None:
        if self._whole is None:
            self._whole = self._program()
            columns = np.arange(self._model.truth.size, dtype=np.int32)
            kinds = np.full(columns.size, self._highspy.HighsVarType.kInteger)
            self._whole.changeColsIntegrality(columns.size, columns, kinds)
        with self._between(self._whole, cell, lowest, highest):
            self._whole.run()
            self.integer += 1
            return self._found(self._whole)[0] if self._ended(self._whole) else None

    @contextmanager
    def _between(self, program: Any, cell: tuple[int, int], lowest: int, highest: int) -> Iterator[None]:
        """Hold a cell between two values, for as long as a program needs: one that is changed has no solution."""
        program.changeColBounds(self._column(cell), float(lowest), float(highest))
        try:
            yield
        finally:
            bounds = np.array([self._model.low[cell], self._model.high[cell]])
            program.changeColBounds(self._column(cell), *(float(one) for one in _bounds(bounds, program.inf)))

    def _found(self, program: Any) -> tuple[np.ndarray, bool]:
        """Return what a program found as a table of whole numbers, and whether it was one."""
        values = np.array(program.getSolution().col_value)
        table = np.rint(values).astype(np.int64)
        return table.reshape(self._model.truth.shape), bool(np.abs(values - table).max() <= TOLERANCE)

    def _column(self, cell: tuple[int, int]) -> int:
        return int(cell[0] * self._model.truth.shape[1] + cell[1])

    def _ended(self, program: Any) -> bool:
        """Tell whether a program has a solution.

        Raises:
            UnfinishedError: the solver doesn't know.
        """
        status, known = program.getModelStatus(), self._highspy.HighsModelStatus
        if status not in (known.kOptimal, known.kInfeasible):
            raise UnfinishedError(f"a program of the attack wasn't solved: {program.modelStatusToString(status)}")
        return bool(status == known.kOptimal)


def _bounds(values: np.ndarray, infinite: float) -> np.ndarray:
    bounds = values.astype(np.float64)
    bounds[values >= FREE] = infinite
    bounds[values <= -FREE] = -infinite
    return bounds


class PartSolver:
    """The programs of one characteristic by itself, everybody else staying as they are: small, and most often enough.

    What it finds is a table that keeps to everything known; that it finds none says nothing.
    """

    def __init__(self, model: Model, number: int) -> None:
        """Write down the program of the characteristic with a number."""
        self._model = model
        self._columns = np.append(TOTAL, model.parts[number])
        totals = model.truth[:, :1]
        answers = self._columns[1:]
        its_labels = model.labels[:, answers].any(axis=1)
        self.solver = Solver(
            Model(
                truth=model.truth[:, self._columns],
                low=np.hstack([totals, model.low[:, answers]]),
                high=np.hstack([totals, model.high[:, answers]]),
                part=np.append(0, np.ones(len(answers), dtype=np.int64)),
                tied=model.tied[:, [0, number]],
                groups=model.groups,
                labels=model.labels[its_labels][:, self._columns],
                floor=model.floor[:, its_labels],
                ceiling=model.ceiling[:, its_labels],
            )
        )

    def table(self, cell: tuple[int, int], lowest: int, highest: int) -> np.ndarray | None:
        """Return a whole table in which a cell lies between two values; None where none was found.

        Raises:
            UnfinishedError: as ``Solver.table``.
        """
        slab, answer = cell
        column = int(np.flatnonzero(self._columns == answer)[0])
        part = self.solver.corner((slab, column), 1 if lowest > self._model.truth[cell] else -1)
        if part is None or not lowest <= part[slab, column] <= highest:
            part = self.solver.table((slab, column), lowest, highest)
        if part is None:
            return None
        table = self._model.truth.copy()
        table[:, self._columns[1:]] = part[:, 1:]
        return table
