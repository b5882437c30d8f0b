"""Attack: try to find people in what a release publishes, as a stranger would; what can't be tried is refused.

A stranger reads every public file of this release and of those that anybody may have seen before, knows the rounding
rule and its bounds, and what others made public about the same people. Nothing of the protector is used but the tables'
structure (docs/attack.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines import database, gate
from pipelines.approval import Standing
from pipelines.attack import alone, earlier, explained, files, kept, knowledge, texts
from pipelines.attack.cells import Outcome, attack, together
from pipelines.attack.known import Laid, Structure, Table, lay, structure, tables
from pipelines.attack.solver import UnfinishedError
from pipelines.database import Connection
from pipelines.places import DataFolder


@dataclass(frozen=True)
class Result:
    """What an attack on a release found.

    ``unexplained`` says what of the public files tells more than the printed cells, a line each; ``contradicted`` what
    of public knowledge our counts contradict; ``unsafe`` names the organisations and dates in which a count was found.
    """

    outcome: Outcome
    unexplained: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    releases: int = 0
    tables: int = 0

    @property
    def is_safe(self) -> bool:
        """Whether nothing was found, and the attack came to its end."""
        return self.outcome.is_safe and not self.unexplained

    @property
    def problems(self) -> list[str]:
        """Why the release may not go out, a line each."""
        one = self.outcome
        found = [
            (one.determined, "can be told exactly"),
            (one.proven_small, "can be told to be small"),
            (one.too_few, "could be too few different values"),
            (one.unfinished, "weren't tried to the end"),
        ]
        where = f" ({', '.join(self.unsafe[:3])}{', …' if len(self.unsafe) > 3 else ''})" if self.unsafe else ""
        return [*(f"{count:,} counts {what}{where}" for count, what in found if count), *self.unexplained]

    @property
    def entry(self) -> dict[str, Any]:
        """What the ledger says of it: numbers only."""
        return {
            "verdict": "safe" if self.is_safe else "refused",
            **asdict(self.outcome),
            "unexplained": len(self.unexplained),
            "contradicted": len(self.contradicted),
            "releases": self.releases,
            "tables": self.tables,
        }


@dataclass(frozen=True)
class Seen:
    """What a stranger may have at hand beside the release: earlier ones, and a folder of public knowledge."""

    releases: tuple[Path, ...] = ()
    knowledge: Path | None = None


def on_release(folder: DataFolder, standing: Standing, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Attack a release of a data folder, with all that the folder knows to be public.

    Args:
        folder: the data folder.
        standing: what the ledger says of the release.
        progress: told each organisation's table when it is done.

    Raises:
        DamagedError: the snapshot isn't there, or isn't what its id says.
        KnowledgeError: a file of public knowledge can't be read.
        ValueError: the release counts people, and has no public cells that could explain it.
    """
    from pipelines.explain import release

    if not files.counts_people(folder.marts / standing.release_id):
        return Result(Outcome())
    made = release.open_release(folder, standing)
    seen = Seen(tuple(earlier.shown(folder, standing.release_id)), folder.root / knowledge.FOLDER)
    with database.connect() as con:
        release.load(con, folder, made)
        method = {**made.snapshot.method}
        return attack_files(con, made.path, method, seen, folder.snapshots / kept.FOLDER, progress)


def attack_files(
    con: Connection,
    release: Path,
    method: Mapping[str, Any],
    seen: Seen,
    results: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Result:
    """Attack the files of a release.

    Args:
        con: database with the reference tables and the method.
        release: its folder, with the exact cube in ``internal``: from there certificates start.
        method: the method in force.
        seen: what else a stranger has at hand.
        results: where the results per table are kept, if anywhere.
        progress: told each organisation's table when it is done.

    Raises:
        KnowledgeError: a file of public knowledge can't be read.
        ValueError: the release counts people, and has no public cells that could explain it.
    """
    if not files.counts_people(release):
        return Result(Outcome())
    unknown = gate.public_problems(release)
    if unknown:
        return Result(Outcome(), tuple(unknown))
    for name in ("headcount", "rounding"):
        if not (release / f"{name}.parquet").is_file():
            raise ValueError(
                f"{release} counts people and has no {name}.parquet, from which its numbers could be explained"
            )
    files.views(con, release)
    told = explained.unexplained(con, release)
    unexplained = [*told.lines, *texts.unexplained(con, release, method)]
    progress("explained")
    cells = earlier.read_cells(con, release)
    con.execute("create or replace table cell as from cell_read")
    rules = earlier.rules(con)
    public = knowledge.read(seen.knowledge) if seen.knowledge else knowledge.Knowledge()
    again = earlier.sightings(con, seen.releases)
    moved, contradicted = knowledge.sightings(public, knowledge.by_table(cells), rules)
    known = structure(con)
    # Of what its publisher had made public there is nothing to find out.
    listed = [table for table in tables(cells, rules) if table.rule.base > 1]
    for table in listed:
        groups = {
            group
            for slab in set(zip(table.cells["grade"], table.cells["clinical"], strict=True))
            for group in known.groups.get(slab, ())
        }
        table.sightings += [*again.get(table.key, []), *moved.get(table.key, [])]
        table.sums += public.sums_of(table.key, groups)
        table.leaks += told.sums.get(table.key, [])
    outcomes, wrong = _attacked(listed, known, int(method["disclosure"]["attack_min_values"]), results, progress)
    unsafe = [
        f"{table.key[1]} on {table.key[0]}" for table, one in zip(listed, outcomes, strict=True) if not one.is_safe
    ]
    return Result(
        together(outcomes),
        tuple(unexplained),
        (*contradicted, *wrong),
        tuple(dict.fromkeys(unsafe)),
        len(seen.releases),
        len(listed),
    )


def _attacked(
    listed: list[Table], known: Structure, min_values: int, results: Path | None, progress: Callable[[str], None]
) -> tuple[list[Outcome], list[str]]:
    """Attack table by table, each by itself; return what was found, in the tables' order.

    One after the other: two at a time were measured to be no faster, as most of the work is Python's.
    """
    outcomes, wrong = [], []
    for table in listed:
        laid = lay(table, known)
        if laid.contradicted:
            wrong.append(f"{laid.contradicted:,} counts about {table.key[1]}, {table.key[2]}, {table.key[0]}")
        outcomes.append(_on_table(laid, min_values, results))
        progress(" ".join(table.key))
    return outcomes, wrong


def _on_table(laid: Laid, min_values: int, results: Path | None) -> Outcome:
    place = kept.place(results, laid, min_values) if results else None
    found = kept.read(place) if place else None
    if found is not None:
        return found
    told_by_others = alone.determined(laid.others, laid.base, min_values) if laid.others else None
    try:
        if not laid.model.holds(laid.model.truth):
            raise UnfinishedError("the true counts don't keep to what the release says of its rounding")
        outcome = attack(laid.model, laid.base, min_values, laid.printed, told_by_others)
    except UnfinishedError:
        return Outcome(tried=laid.model.truth.size, unfinished=1)
    if place:
        kept.write(place, outcome)
    return outcome
