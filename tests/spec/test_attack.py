"""The attack on one table: what it shows and what it says can't be shown, held to all tables that there are."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines import attack as attacking
from pipelines import gate, ledger
from pipelines.approval import Standing
from pipelines.attack import Result, alone, kept
from pipelines.attack.cells import Outcome, attack, together
from pipelines.attack.known import Laid
from pipelines.attack.model import FREE, Model
from pipelines.attack.solver import Solver, UnfinishedError
from pipelines.places import DataFolder

BASE, VALUES = 5, 3


def model(truth: list[list[int]], printed: list[list[int]], bound: int = 4) -> Model:
    """Slabs × answers, everybody first and one characteristic after it; sums over all slabs are held within a bound."""
    counts, rounded = np.array(truth), np.array(printed)
    slabs, answers = counts.shape
    groups, labels = np.ones((1, slabs), dtype=np.int8), np.eye(answers, dtype=np.int8)
    sums = rounded.sum(axis=0, keepdims=True)
    return Model(
        truth=counts,
        low=np.maximum(rounded - BASE + 1, 0),
        high=rounded + BASE - 1,
        part=np.array([0] + [1] * (answers - 1)),
        tied=np.ones((slabs, 2), dtype=bool),
        groups=groups,
        labels=labels,
        floor=sums - bound,
        ceiling=sums + bound,
    )


def possible(known: Model) -> dict[tuple[int, int], set[int]]:
    """Every value of every cell, by trying all tables: nothing clever."""
    slabs, answers = known.truth.shape
    rows = [
        [
            (sum(row), *row)
            for row in itertools.product(
                *(range(known.low[slab, at], known.high[slab, at] + 1) for at in range(1, answers))
            )
            if known.low[slab, 0] <= sum(row) <= known.high[slab, 0]
        ]
        for slab in range(slabs)
    ]
    found: dict[tuple[int, int], set[int]] = {}
    for table in itertools.product(*rows):
        sums = known.sums_of(np.array(table))
        if (sums >= known.floor).all() and (sums <= known.ceiling).all():
            for slab, row in enumerate(table):
                for at, value in enumerate(row):
                    found.setdefault((slab, at), set()).add(value)
    return found


def expected(known: Model) -> tuple[int, int, int]:
    """How many small cells are told exactly, told to be small, or could be too few values."""
    determined = small = few = 0
    for cell, values in possible(known).items():
        if known.truth[cell] >= BASE:
            continue
        wanted = 2 if known.truth[cell] == 0 else VALUES
        is_small = all(1 <= value < BASE for value in values)
        if len(values) == 1:
            determined += 1
        elif is_small:
            small += 1
        elif len(values) < wanted:
            few += 1
    return determined, small, few


TABLES = {
    "nothing leaks": ([[3, 2, 1], [8, 5, 3]], [[5, 0, 5], [10, 5, 5]], 4),
    "held sums": ([[3, 2, 1], [8, 5, 3]], [[5, 0, 5], [5, 5, 0]], 4),
    "sums that are held so closely that a count is left alone": ([[2, 2, 0], [2, 2, 0]], [[0, 0, 0], [0, 0, 0]], 4),
    "sums told exactly where counts lie as far off as may be": ([[4, 4, 0], [8, 4, 4]], [[0, 0, 0], [5, 0, 5]], 3),
    "a slab of one person": ([[1, 1, 0], [1, 0, 1]], [[0, 0, 0], [5, 0, 5]], 4),
    "nobody at all": ([[0, 0, 0]], [[0, 0, 0]], 4),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_attack_finds_what_trying_every_table_finds(name: str) -> None:
    truth, printed, bound = TABLES[name]
    known = model(truth, printed, bound)
    if not known.holds(known.truth):
        known = replace(known, floor=np.minimum(known.floor, known.sums), ceiling=np.maximum(known.ceiling, known.sums))
    found = attack(known, BASE, VALUES, np.ones(len(truth), dtype=bool))
    assert (found.determined, found.proven_small, found.too_few) == expected(known)
    assert found.unfinished == 0


def test_the_attack_finds_what_trying_every_table_finds_in_tables_drawn_at_random() -> None:
    """Of two slabs and two answers each, with sums held anywhere from exactly to not at all."""
    draw = np.random.default_rng(20260331)
    leaks = 0
    for _ in range(60):
        answers = draw.integers(0, 8, size=(2, 2))
        truth = np.hstack([answers.sum(axis=1, keepdims=True), answers])
        known = model(truth.tolist(), (BASE * (truth // BASE + draw.integers(0, 2, truth.shape))).tolist(), FREE)
        known = replace(
            known,
            low=np.where(truth % BASE == 0, np.maximum(truth - 4, 0), np.minimum(known.low, truth)),
            high=np.maximum(known.high, truth),
            floor=known.sums - draw.integers(0, 3, known.sums.shape),
            ceiling=known.sums + draw.integers(0, 3, known.sums.shape),
        )
        found = attack(known, BASE, VALUES, np.ones(2, dtype=bool))
        assert (found.determined, found.proven_small, found.too_few) == expected(known), truth
        leaks += found.determined + found.proven_small + found.too_few
    assert leaks > 0


def test_a_count_that_two_bounds_squeeze_is_told() -> None:
    """Two cells printed as 0 that are 8 together are 4 and 4."""
    known = model([[4, 4, 0], [4, 4, 0]], [[0, 0, 0], [0, 0, 0]], FREE)
    exact = replace(known, floor=np.array([[-FREE, 8, -FREE]]), ceiling=np.array([[FREE, 8, FREE]]))
    found = attack(exact, BASE, VALUES, np.ones(2, dtype=bool))
    assert (found.determined, found.narrowest) == (6, 1)
    assert attack(known, BASE, VALUES, np.ones(2, dtype=bool)).is_safe


def test_a_program_that_stops_before_its_end_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise UnfinishedError("iteration limit")

    monkeypatch.setattr(Solver, "table", stopped)
    monkeypatch.setattr(Solver, "corner", stopped)
    known = model([[4, 4, 0], [4, 4, 0]], [[0, 0, 0], [0, 0, 0]], FREE)
    exact = replace(known, floor=np.array([[-FREE, 8, -FREE]]), ceiling=np.array([[FREE, 8, FREE]]))
    found = attack(exact, BASE, VALUES, np.ones(2, dtype=bool))
    assert (found.is_safe, found.determined, found.unfinished) == (False, 0, 6)


def test_what_is_known_without_the_release() -> None:
    """8 people of whom 8 gave the first answer: nobody gave the second, and nobody can hide it."""
    known = model([[8, 8, 0]], [[10, 10, 0]])
    others = replace(
        known,
        low=np.zeros_like(known.low),
        high=np.full_like(known.high, FREE),
        floor=np.array([[8, 8, -FREE]]),
        ceiling=np.array([[8, 8, FREE]]),
    )
    assert alone.determined(others, BASE, VALUES).tolist() == [[True, True, True]]
    unsaid = replace(others, floor=np.array([[8, -FREE, -FREE]]), ceiling=np.array([[8, FREE, FREE]]))
    assert alone.determined(unsaid, BASE, VALUES).tolist() == [[True, False, False]]


def test_results_add_up() -> None:
    one, two = Outcome(tried=3, narrowest=4), Outcome(tried=2, determined=1, narrowest=1)
    assert together([one, two, Outcome()]) == Outcome(tried=5, determined=1, narrowest=1)
    assert (together([]).narrowest, one.is_safe, two.is_safe) == (None, True, False)


def test_a_result_is_kept_under_all_that_it_hangs_on(tmp_path: Path) -> None:
    laid = Laid(model([[3, 2, 1]], [[5, 0, 5]]), None, np.array([True]), BASE, 0)
    other = replace(laid, model=model([[3, 1, 2]], [[5, 0, 5]]))
    places = {kept.place(tmp_path, one, values) for one in (laid, other) for values in (2, 3)}
    assert len(places) == 4
    path = kept.place(tmp_path, laid, 3)
    assert kept.read(path) is None
    kept.write(path, Outcome(tried=2, narrowest=4))
    assert kept.read(path) == Outcome(tried=2, narrowest=4)
    assert "rows" not in path.read_text()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"tried": 2}', None])
def test_a_damaged_result_is_worked_out_again(tmp_path: Path, damage: str | None) -> None:
    path = tmp_path / "a.json"
    kept.write(path, Outcome(tried=2, determined=1, narrowest=1))
    if damage is None:
        damage = json.dumps({**json.loads(path.read_text()), "determined": 0})
    path.write_text(damage, encoding="utf-8")
    assert kept.read(path) is None


STANDING = Standing("2026-03-31-aaaaaaaaaaaa", "built", ({"snapshot_id": "s"},))
LEAKING = Result(Outcome(tried=9, determined=2, narrowest=1), ("trend.parquet: x",), (), ("RNA on 2026-03-31",), 0, 1)


@pytest.mark.parametrize("error", [UnfinishedError("time"), KeyError("x"), MemoryError(), ValueError("no headcount")])
def test_an_attack_that_stops_keeps_the_gate_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def stopped(*_: object) -> Result:
        raise error

    monkeypatch.setattr(gate, "problems", lambda *_: [])
    monkeypatch.setattr(attacking, "on_release", stopped)
    (line,) = gate.tried(DataFolder(tmp_path), STANDING).problems
    assert line.startswith("attack: it wasn't finished: ")


def test_what_an_attack_finds_keeps_the_gate_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "problems", lambda *_: [])
    monkeypatch.setattr(attacking, "on_release", lambda *_: LEAKING)
    assert gate.tried(DataFolder(tmp_path), STANDING).problems == (
        "attack: 2 counts can be told exactly (RNA on 2026-03-31)",
        "attack: trend.parquet: x",
    )
    monkeypatch.setattr(gate, "problems", lambda *_: ["seal: unit.csv was changed"])
    assert gate.tried(DataFolder(tmp_path), STANDING) == gate.Tried(("seal: unit.csv was changed",))


def test_the_ledger_holds_numbers_of_an_attack_and_the_same_result_once(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    for result in (LEAKING, LEAKING, Result(Outcome(tried=9, narrowest=3)), LEAKING):
        gate.note(folder, STANDING, result)
    lines = ledger.read(folder.ledger)
    assert [(one["verdict"], one["determined"], one["unexplained"]) for one in lines] == [
        *(("refused", 2, 1), ("safe", 0, 0), ("refused", 2, 1))
    ]
    assert "trend" not in folder.ledger.read_text(encoding="utf-8")
