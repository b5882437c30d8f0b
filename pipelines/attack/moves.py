"""Certificates by small moves: other tables that keep to everything that a stranger knows, built from the true one.

A cell is taken up or down by people who change their answer within the slab, or who join or leave it. Each move is a
straight line between two tables: every whole number on its way is a table that keeps to everything as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipelines.attack.model import FREE, TOTAL, Model, Places

# So many moves are made one after the other; most cells need one.
ROUNDS = 5


@dataclass
class Reached:
    """Some cells (n × 2: slab, answer) and a row of the table for each, in which the cell is as far as moves take it.

    ``rows`` is n × K: the slab's row of the table that is the certificate.
    """

    cells: np.ndarray
    rows: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """The values that the cells have in their rows."""
        return np.asarray(self.rows[np.arange(len(self.rows)), self.cells[:, 1]])


class Climber:
    """Takes cells of one table as far up or down as moves within their slabs go."""

    def __init__(self, model: Model, places: Places) -> None:
        """Begin at the model's true table."""
        self.model, self.places = model, places

    def reach(self, cells: np.ndarray, sign: int, goal: np.ndarray) -> Reached:
        """Move cells up (sign 1) or down (-1) to their goals, or as far as it goes; nothing is checked yet.

        Args:
            cells: n × 2, slab and answer.
            sign: 1 or -1.
            goal: n values, not beyond what is known of the cell by itself.
        """
        reached = Reached(cells, self.model.truth[cells[:, 0]].copy())
        for number in np.unique(self.model.part[cells[:, 1]]):
            lacking = np.flatnonzero(self.model.part[cells[:, 1]] == number)
            for _ in range(ROUNDS):
                if not len(lacking):
                    break
                moved = self._step(reached, lacking, int(number), sign, goal)
                lacking = lacking[moved & (reached.values[lacking] != goal[lacking])]
        return reached

    def _step(self, reached: Reached, which: np.ndarray, number: int, sign: int, goal: np.ndarray) -> np.ndarray:
        """Make the longer of the two kinds of move for some cells of one characteristic; tell which moved."""
        cells, rows = reached.cells[which], reached.rows[which]
        wanted = sign * (goal[which] - reached.values[which])
        grow, shrink = self._room(cells[:, 0], rows)
        swap_by, swap_with = self._swaps(cells, rows, number, sign, grow, shrink)
        lift_by, lift_with = self._lifts(cells, rows, number, sign, grow, shrink)
        by_swap = swap_by >= np.minimum(lift_by, wanted)
        steps = np.maximum(np.minimum(np.where(by_swap, swap_by, lift_by), wanted), 0)
        one = np.arange(len(which))
        rows[one, cells[:, 1]] += sign * steps
        rows[one, swap_with] -= sign * np.where(by_swap, steps, 0)
        for with_them in lift_with:
            rows[one, with_them] += sign * np.where(by_swap | (with_them < 0), 0, steps)
        reached.rows[which] = rows
        return np.asarray(steps > 0)

    def _room(self, slabs: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return by how much each group of answers may still grow and shrink, n × (L + 1)."""
        up, down = self.model.room
        change = self.model.change_of(rows, slabs)
        return self.places.padded(up[slabs] - change), self.places.padded(down[slabs] + change)

    def _box(self, slabs: np.ndarray, rows: np.ndarray, answers: np.ndarray, sign: int) -> np.ndarray:
        """Return by how much answers may go by themselves in a direction, n × answers."""
        if sign > 0:
            return np.asarray(self.model.high[slabs][:, answers] - rows[:, answers])
        return np.asarray(rows[:, answers] - self.model.low[slabs][:, answers])

    def _swaps(
        self, cells: np.ndarray, rows: np.ndarray, number: int, sign: int, grow: np.ndarray, shrink: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return how far each cell goes if people change from one other answer to it, and which one that is."""
        slabs, answers = cells[:, 0], cells[:, 1]
        if number == 0:
            return np.zeros(len(cells), dtype=np.int64), answers
        others = self.model.parts[number]
        same, opposite = (grow, shrink) if sign > 0 else (shrink, grow)
        own = _own(self._box(slabs, rows, others, sign), others, answers)
        by = np.minimum(own[:, None], self._box(slabs, rows, others, -sign))
        one = np.arange(len(cells))[:, None, None]
        by = np.minimum(by, same[one, self.places.without[answers[:, None], others[None, :]]].min(axis=2))
        by = np.minimum(by, opposite[one, self.places.without[others[None, :], answers[:, None]]].min(axis=2))
        by[others[None, :] == answers[:, None]] = 0
        best = by.argmax(axis=1)
        return by[np.arange(len(cells)), best], others[best]

    def _lifts(
        self, cells: np.ndarray, rows: np.ndarray, number: int, sign: int, grow: np.ndarray, shrink: np.ndarray
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return how far each cell goes if people join or leave the slab, and with which other answers that is.

        A characteristic that isn't known to add up to everybody of the slab needs nobody to move with it: -1.
        """
        slabs, answers = cells[:, 0], cells[:, 1]
        one = np.arange(len(cells))
        everything = np.arange(rows.shape[1])
        same = grow if sign > 0 else shrink
        alone = np.minimum(
            self._box(slabs, rows, everything, sign), same[one[:, None, None], self.places.own[None]].min(axis=2)
        )
        by = alone[one, answers]
        with_them = []
        tied = self.model.tied[slabs]
        is_tied = tied[:, number] | (number == 0)
        for other, columns in enumerate(self.model.parts):
            if other == number:
                continue
            needed = is_tied & (tied[:, other] | (other == 0))
            best = alone[:, columns].argmax(axis=1)
            by = np.where(needed, np.minimum(by, alone[one, columns[best]]), by)
            with_them.append(np.where(needed, columns[best], -1))
        return by, with_them


def _own(box: np.ndarray, others: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return of each row the value in its own answer's column; ``others`` are the columns, in order."""
    return np.asarray(box[np.arange(len(answers)), np.searchsorted(others, answers)])


class Exchanger:
    """Moves with another slab that makes up for it: sums over groups that both slabs are in don't change.

    ``slab`` is the slab whose cells are moved.
    """

    def __init__(self, model: Model, slab: int, places: Places) -> None:
        """Work out once how much each other slab can make up for."""
        self.model, self.slab = model, slab
        up, down = model.ceiling - model.sums, model.sums - model.floor
        # T × (L + 1): by how much a group of answers may grow in the slab while it shrinks in the other one.
        self._grow = places.padded(np.minimum(self._here(up), self._there(down)))
        self._shrink = places.padded(np.minimum(self._here(down), self._there(up)))
        self._places = places

    def _here(self, room: np.ndarray) -> np.ndarray:
        """Return the least room (G × L) over the groups that the slab is in and each other one isn't, T × L."""
        groups = np.flatnonzero(self.model.groups[:, self.slab])
        shared = self.model.groups[groups].astype(bool)
        rooms = np.where(shared[:, :, None], FREE, room[groups][:, None, :])
        return np.asarray(rooms.min(axis=0, initial=FREE))

    def _there(self, room: np.ndarray) -> np.ndarray:
        """Return the least room (G × L) over the groups that each other slab is in and the slab isn't, T × L."""
        return self.model.least(np.where(self.model.groups[:, [self.slab]], FREE, room))

    def tables(self, answer: int, sign: int, goal: int) -> Iterator[np.ndarray]:
        """Yield tables in which the slab's cell of an answer lies towards its goal."""
        change = sign * (goal - int(self.model.truth[self.slab, answer]))
        if change > 0:
            for change_of in (self._swap, self._transfer):
                table = change_of(answer, sign, change)
                if table is not None:
                    yield table

    def _sides(self, sign: int) -> tuple[np.ndarray, ...]:
        up, down = self.model.high - self.model.truth, self.model.truth - self.model.low
        rooms = (self._grow, self._shrink), (up, down)
        return (*rooms[0], *rooms[1]) if sign > 0 else (*rooms[0][::-1], *rooms[1][::-1])

    def _swap(self, answer: int, sign: int, change: int) -> np.ndarray | None:
        """People change from one answer to another in the slab, and as many the other way round in another slab."""
        number = int(self.model.part[answer])
        if number == TOTAL:
            return None
        answers = self.model.parts[number]
        same, opposite, go, back = self._sides(sign)
        by = np.minimum(np.minimum(go[self.slab, answer], back[self.slab, answers])[None, :], back[:, answer, None])
        by = np.minimum(by, go[:, answers])
        by = np.minimum(by, same[:, self._places.without[answer, answers]].min(axis=2))
        by = np.minimum(by, opposite[:, self._places.without[answers, answer]].min(axis=2))
        by[self.slab, :] = 0
        by[:, answers == answer] = 0
        other, best = np.unravel_index(by.argmax(), by.shape)
        step = sign * min(int(by[other, best]), change)
        table = self.model.truth.copy()
        table[[self.slab, other], answer] += [step, -step]
        table[[self.slab, other], answers[best]] -= [step, -step]
        return table if step else None

    def _transfer(self, answer: int, sign: int, change: int) -> np.ndarray | None:
        """People of one answer of each characteristic come from another slab, or go there."""
        by, best, least = self._from_others[sign]
        number = int(self.model.part[answer])
        reach = np.minimum(by[:, answer], np.delete(least, number, axis=1).min(axis=1, initial=FREE))
        other = int(reach.argmax())
        step = sign * min(int(reach[other]), change)
        table = self.model.truth.copy()
        for part, columns in enumerate(best[other]):
            column = answer if part == number else columns
            if column >= 0:
                table[[self.slab, other], column] += [step, -step]
        return table if step else None

    @cached_property
    def _from_others(self) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """By direction: what another slab can give or take.

        How many people of an answer (T × K); of each characteristic the answer with most of them, and how many these
        are (T × P). -1 where the slabs' totals don't hang on it.
        """
        found = {}
        tied = self.model.tied | self.model.tied[self.slab]
        tied[:, TOTAL] = True
        for sign in (1, -1):
            same, _, go, back = self._sides(sign)
            by = np.minimum(go[self.slab][None, :], back)
            by = np.minimum(by, same[:, self._places.own].min(axis=2))
            by[self.slab] = 0
            best = np.stack([columns[by[:, columns].argmax(axis=1)] for columns in self.model.parts], axis=1)
            most = np.take_along_axis(by, best, axis=1)
            found[sign] = by, np.where(tied, best, -1), np.where(tied, most, FREE)
        return found


def steps(model: Model, places: Places, cell: tuple[int, int], sign: int, goal: int) -> Iterator[np.ndarray]:
    """Yield table after table, each one move further, in which a cell comes ever closer to its goal.

    Args:
        model: what is known; its ``truth`` is where the walk begins.
        places: of the model's groups of answers.
        cell: slab and answer.
        sign: 1 for up, -1 for down.
        goal: where it is to come to.
    """
    slab, answer = cell
    for _ in range(ROUNDS):
        reached = Climber(model, places).reach(np.array([cell]), sign, np.array([goal]))
        within = model.truth.copy()
        within[slab] = reached.rows[0]
        tables = [within, *Exchanger(model, slab, places).tables(answer, sign, goal)]
        best = max(tables, key=lambda table: sign * int(table[cell]))
        if best[cell] == model.truth[cell]:
            return
        yield best
        if best[cell] == goal:
            return
        model = model.at(best)
