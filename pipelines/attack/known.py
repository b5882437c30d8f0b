"""From tables of counts to what a stranger knows of each: the rounding rule, its bounds, what was seen elsewhere."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipelines import database
from pipelines.attack.model import FREE, TOTAL, Model
from pipelines.database import Connection

TABLE = ("as_at_date", "org_code", "employment_type")
SLAB = ("grade", "clinical")
ANSWER = ("characteristic", "classification", "category", "answer_status")
CELL = (*SLAB, *ANSWER)

Key = tuple[str, str, str]
Slab = tuple[str, str]
Answer = tuple[str, str, str, str]
# A group of slabs: family, grade group, clinical split; and of answers: characteristic, classification, category. A
# status is a category without a classification.
Group = tuple[str, str, str]
Label = tuple[str, str, str]

EVERYBODY: Answer = ("total", "total", "all", "known")


@dataclass(frozen=True)
class Rule:
    """What a release says of its rounding of an organisation on a date; a bound is None where none is stated."""

    base: int
    held: int | None
    other: int | None


@dataclass(frozen=True)
class Structure:
    """What adds up to what, for everybody to read: grade groups, reported categories, and the lists of categories."""

    groups: Mapping[Slab, tuple[Group, ...]]
    held: frozenset[Group]
    labels: Mapping[tuple[str, str, str], tuple[tuple[str, str], ...]]
    categories: Mapping[tuple[str, str], tuple[str, ...]]
    reported: frozenset[Label]

    def labels_of(self, answer: Answer) -> list[Label]:
        """Return the groups that an answer belongs to: its status, and what a known one becomes when reported."""
        characteristic, classification, category, status = answer
        named = self.labels.get((characteristic, classification, category), ()) if status == "known" else ()
        itself = [(classification, category)] if status == "known" else []
        return [(characteristic, "", status), *((characteristic, *one) for one in dict.fromkeys([*named, *itself]))]

    def is_reported(self, label: Label) -> bool:
        """Tell whether sums of such answers are published, so that a bound is stated for them."""
        return not label[1] or label in self.reported


def structure(con: Connection) -> Structure:
    """Read the structure of the tables.

    Args:
        con: database with the reference tables.
    """
    groups: dict[Slab, list[Group]] = {}
    held = set()
    for *group, grade, clinical, is_held in con.execute(database.read_sql("attack/grade_split")).fetchall():
        family, name, split = group
        groups.setdefault((grade, clinical), []).append((family, name, split))
        if is_held and family:
            held.add((family, name, split))
    labels: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for characteristic, source, category, to, becomes in con.execute(
        "select characteristic, from_classification, from_category, to_classification, to_category from translation"
    ).fetchall():
        labels.setdefault((characteristic, source, category), []).append((to, becomes))
    categories: dict[tuple[str, str], list[str]] = {}
    for characteristic, classification, category in con.execute(
        "select characteristic, classification, category from reference_categories order by all"
    ).fetchall():
        categories.setdefault((characteristic, classification), []).append(category)
    return Structure(
        {slab: tuple(of) for slab, of in groups.items()},
        frozenset(held),
        {answer: tuple(of) for answer, of in labels.items()},
        {of: tuple(names) for of, names in categories.items()},
        frozenset((answer[0], *one) for answer, of in labels.items() for one in of),
    )


@dataclass(frozen=True)
class Sighting:
    """The same true table printed once more: by an earlier release, or on an adjacent date but for known changes.

    ``printed`` has the columns of CELL, ``printed`` (a cell that isn't there reads 0), and ``is_same``: whether the
    true count is the same one.
    """

    rule: Rule
    printed: pd.DataFrame


@dataclass(frozen=True)
class Sum:
    """A sum that others made public: of a group of slabs and answers, and what it is at least and at most."""

    group: Group
    label: Label
    least: int
    most: int


@dataclass
class Table:
    """One table of counts by name, and what is known of it.

    ``cells`` has the columns of CELL, ``headcount`` and ``printed``. ``sums`` others made public, ``leaks`` the release
    tells itself beside its cells.
    """

    key: Key
    rule: Rule
    cells: pd.DataFrame
    sightings: list[Sighting] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    leaks: list[Sum] = field(default_factory=list)


def tables(cells: pd.DataFrame, rules: Mapping[tuple[str, str], Rule]) -> Iterator[Table]:
    """Yield each organisation's table of a date and employment type, in order.

    Args:
        cells: the columns of TABLE and CELL, ``headcount`` and ``printed``, of ``sql/attack/cell.sql``.
        rules: what is said of the rounding, by date and organisation.

    Raises:
        ValueError: an organisation's counts are printed, and nothing is said of how they were rounded.
    """
    for (as_at, org_code, employment_type), rows in cells.groupby(list(TABLE), sort=True):
        key = (str(as_at), str(org_code), str(employment_type))
        if key[:2] not in rules:
            raise ValueError(f"rounding: nothing is said of {org_code} on {as_at}, though its counts are public")
        yield Table(key, rules[key[:2]], rows)


@dataclass(frozen=True)
class Laid:
    """A table laid out: what a stranger knows, which slabs are printed, and what others know without the release.

    ``contradicted`` is how many sums of others our counts contradict: these aren't used.
    """

    model: Model
    others: Model | None
    printed: np.ndarray
    base: int
    contradicted: int

    def digest(self) -> bytes:
        """Return the hash of everything that the attack on it hangs on."""
        digest = hashlib.sha256(str(self.base).encode())
        for model in (self.model, *([self.others] if self.others else [])):
            for name in ("truth", "low", "high", "part", "tied", "groups", "labels", "floor", "ceiling"):
                values = getattr(model, name)
                digest.update(f"{name} {values.shape} {values.dtype}".encode())
                digest.update(np.ascontiguousarray(values).tobytes())
        digest.update(self.printed.tobytes())
        return digest.digest()


def lay(table: Table, known: Structure) -> Laid:
    """Lay out one table on the complete grid of its slabs and answers.

    The grid is every grade and split in which somebody is counted, by every category of the classifications that its
    answers come in and every status that occurs: a stranger can't leave out more.
    """
    cells = [table.cells[list(CELL)], *(one.printed[list(CELL)] for one in table.sightings)]
    named = pd.concat(cells, ignore_index=True).drop_duplicates()
    slabs = sorted(set(named[list(SLAB)].itertuples(index=False, name=None)))
    answers = _answers(set(named[list(ANSWER)].itertuples(index=False, name=None)), known)
    place = {cell: number for number, cell in enumerate(slabs)}, {cell: number for number, cell in enumerate(answers)}
    truth = _matrix(table.cells, "headcount", place)
    withheld = np.isnan(truth)
    truth = np.nan_to_num(truth).astype(np.int64)
    printed = np.nan_to_num(_matrix(table.cells, "printed", place)).astype(np.int64)
    group_names = sorted({group for slab in slabs for group in known.groups.get(slab, ())})
    label_names = sorted({label for answer in answers for label in known.labels_of(answer)})
    groups = _membership([known.groups.get(slab, ()) for slab in slabs], group_names)
    labels = _membership([known.labels_of(answer) for answer in answers], label_names)
    characteristics = ["total", *sorted({answer[0] for answer in answers} - {"total"})]
    part = np.array([characteristics.index(answer[0]) for answer in answers])
    free = np.full((len(group_names), len(label_names)), FREE, dtype=np.int64)
    blank = Model(
        truth=truth,
        low=np.zeros_like(truth),
        high=np.where(withheld, 0, FREE),
        part=part,
        tied=_tied(truth, withheld, part, len(characteristics)),
        groups=groups,
        labels=labels,
        floor=-free,
        ceiling=free.copy(),
    )
    names = ({name: at for at, name in enumerate(group_names)}, {name: at for at, name in enumerate(label_names)})
    sums, wrong = _agreeing(blank, table.sums, names)
    leaks, _ = _agreeing(blank, table.leaks, names)
    others = _with_sums(blank, sums) if sums else None
    is_held = np.array([name in known.held for name in group_names], dtype=bool)
    promised = np.outer(
        np.array([bool(family) for family, *_ in group_names], dtype=bool),
        np.array([known.is_reported(label) for label in label_names], dtype=bool),
    )
    model = _with_sums(others or blank, leaks)
    model = _with_printed(model, table.rule, printed, np.ones(truth.shape, dtype=bool), is_held, promised)
    for one in table.sightings:
        once_more = np.nan_to_num(_matrix(one.printed, "printed", place)).astype(np.int64)
        is_same = _matrix(one.printed.assign(differs=~one.printed["is_same"]), "differs", place) == 0
        model = _with_printed(model, one.rule, once_more, is_same, is_held, promised)
    return Laid(model, others, printed[:, TOTAL] > 0, table.rule.base, wrong)


def _answers(there: set[Answer], known: Structure) -> list[Answer]:
    """Return all answers that may occur, everybody first."""
    complete = set(there)
    for characteristic, classification in {(one[0], one[1]) for one in there if one[3] == "known"}:
        for category in known.categories.get((characteristic, classification), ()):
            complete.add((characteristic, classification, category, "known"))
    return [EVERYBODY, *sorted(complete - {EVERYBODY})]


def _matrix(cells: pd.DataFrame, column: str, place: tuple[Mapping[Slab, int], Mapping[Answer, int]]) -> np.ndarray:
    """Return a column of some cells as slabs × answers, 0 where there is no row."""
    matrix = np.zeros((len(place[0]), len(place[1])))
    slabs = [place[0][slab] for slab in cells[list(SLAB)].itertuples(index=False, name=None)]
    answers = [place[1][answer] for answer in cells[list(ANSWER)].itertuples(index=False, name=None)]
    matrix[slabs, answers] = cells[column].to_numpy(np.float64, na_value=np.nan)
    return matrix


def _membership(lists: Sequence[Sequence[tuple[str, ...]]], names: Sequence[tuple[str, ...]]) -> np.ndarray:
    """Return names × lists of ones where a list has a name."""
    place = {name: number for number, name in enumerate(names)}
    matrix = np.zeros((len(names), len(lists)), dtype=np.int8)
    for number, one in enumerate(lists):
        matrix[[place[name] for name in one], number] = 1
    return matrix


def _tied(truth: np.ndarray, withheld: np.ndarray, part: np.ndarray, parts: int) -> np.ndarray:
    """Return which characteristics add up to everybody of a slab: a stranger can't rely on those that don't."""
    tied = np.zeros((len(truth), parts), dtype=bool)
    for number in range(1, parts):
        answers = part == number
        whole = ~withheld[:, answers].any(axis=1) & ~withheld[:, TOTAL]
        tied[:, number] = whole & (truth[:, answers].sum(axis=1) == truth[:, TOTAL])
    return tied


def _agreeing(
    model: Model, sums: Sequence[Sum], names: tuple[Mapping[Group, int], Mapping[Label, int]]
) -> tuple[list[tuple[int, int, int, int]], int]:
    """Return the sums that our counts agree with by their places, with their bounds; and how many don't agree."""
    agreeing, wrong = [], 0
    for one in sums:
        if one.group in names[0] and one.label in names[1]:
            group, label = names[0][one.group], names[1][one.label]
            if one.least <= model.sums[group, label] <= one.most:
                agreeing.append((group, label, one.least, one.most))
            else:
                wrong += 1
        elif one.least > 0:
            wrong += 1
    return agreeing, wrong


def _with_sums(model: Model, sums: Sequence[tuple[int, int, int, int]]) -> Model:
    floor, ceiling = model.floor.copy(), model.ceiling.copy()
    for group, label, least, most in sums:
        floor[group, label] = max(floor[group, label], least)
        ceiling[group, label] = min(ceiling[group, label], most)
    return _replaced(model, model.low, model.high, floor, ceiling)


def _with_printed(
    model: Model, rule: Rule, printed: np.ndarray, is_same: np.ndarray, is_held: np.ndarray, promised: np.ndarray
) -> Model:
    """Return what is known once a table was printed by a rule; sums count where all of their cells are the same."""
    reach = rule.base - 1
    low = np.where(is_same, np.maximum(model.low, printed - reach), model.low)
    high = np.where(is_same, np.minimum(model.high, printed + reach), model.high)
    sums = model.sums_of(printed)
    bound = np.where(is_held, FREE if rule.held is None else rule.held, FREE if rule.other is None else rule.other)
    bound = np.where(promised, bound[:, None], FREE)
    counts = (model.sums_of((~is_same).astype(np.int64)) == 0) & (bound < FREE)
    floor = np.where(counts, np.maximum(model.floor, sums - bound), model.floor)
    ceiling = np.where(counts, np.minimum(model.ceiling, sums + bound), model.ceiling)
    return _replaced(model, low, high, floor, ceiling)


def _replaced(model: Model, low: np.ndarray, high: np.ndarray, floor: np.ndarray, ceiling: np.ndarray) -> Model:
    return Model(model.truth, low, high, model.part, model.tied, model.groups, model.labels, floor, ceiling)
