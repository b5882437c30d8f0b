"""The gate: what must hold before a release may be shown to those who approve it. It fails closed."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import describe, ledger, seal
from pipelines.places import DataFolder

if TYPE_CHECKING:
    from pipelines.approval import Standing
    from pipelines.attack import Result

# What the ledger says was checked.
CHECKS = ("seal", "public tables", "attack")

# What is no expected error, and keeps a gate closed as well.
FAULTS = (LookupError, ArithmeticError, TypeError, AttributeError, AssertionError, MemoryError)

# The tables that may go out: those that count nobody, and those of protected counts.
WITHOUT_COUNTS = ("category", "grade_group", "submission", "unit")
COUNTED = (
    *("headcount", "rounding", "representation_gap", "trend"),
    *("declaration_rate", "grade_profile", "comparator_area", "fallback", "answerable"),
)
# The board packs: of each unit a page, a PDF, a workbook, a short paper and images of the charts.
PACKS = re.compile(r"report/[A-Za-z0-9]+/(board-pack\.(html|pdf|xlsx)|summary\.docx|charts/[a-z0-9_]+\.png)")
MAY_GO_OUT = {
    *("SYNTHETIC.txt", "disclosure.md", "datapackage.json", "provenance.intoto.json"),
    *(f"{name}.{kind}" for name in (*WITHOUT_COUNTS, *COUNTED) for kind in ("parquet", "csv")),
}


@dataclass(frozen=True)
class Tried:
    """What the gate's checks found: ``problems`` is why it stays closed, a line each; ``attack`` None if none began."""

    problems: tuple[str, ...]
    attack: "Result | None" = None


def tried(folder: DataFolder, standing: "Standing", progress: Callable[[str], None] = lambda _: None) -> Tried:
    """Try every check on a release. The attack reads only what is sealed and known; what stops it closes the gate.

    Args:
        folder: the data folder.
        standing: what the ledger says of the release.
        progress: told each step of the attack.
    """
    found = problems(folder.marts / standing.release_id, standing.sums)
    return Tried(tuple(found)) if found else attacked(folder, standing, progress)


def attacked(folder: DataFolder, standing: "Standing", progress: Callable[[str], None] = lambda _: None) -> Tried:
    """Try the attack on a release alone, as it may be tried again once more is known.

    Args:
        folder: the data folder.
        standing: what the ledger says of the release; its files are as they were sealed.
        progress: told each step of the attack.
    """
    from pipelines import attack
    from pipelines.failure import EXPECTED, sentence

    try:
        result = attack.on_release(folder, standing, progress)
    except (*EXPECTED, *FAULTS) as error:
        # Whatever stops it is no proof: a fault of this program or of the solver too.
        why = sentence(error) if isinstance(error, EXPECTED) else f"{type(error).__name__}, a fault: report it"
        return Tried((f"attack: it wasn't finished: {why}",))
    return Tried(tuple(f"attack: {line}" for line in result.problems), result)


def note(folder: DataFolder, standing: "Standing", result: "Result") -> None:
    """Enter the result of an attack in the ledger, unless its last line about that release's attacks says the same."""
    line = {"event": "attacked", "release_id": standing.release_id, **result.entry}
    before = [
        one
        for one in ledger.read(folder.ledger)
        if one["event"] == "attacked" and one.get("release_id") == standing.release_id
    ]
    if not before or not line.items() <= before[-1].items():
        ledger.append(folder.ledger, [line])


def last_refused(entries: Sequence[ledger.Entry], release_id: str) -> bool:
    """Tell whether the ledger's last line about an attack on a release says that it found something."""
    attacks = [one for one in entries if one["event"] == "attacked" and one.get("release_id") == release_id]
    return bool(attacks) and attacks[-1].get("verdict") != "safe"


def problems(release: Path, sums: Mapping[str, str]) -> list[str]:
    """Return what of a release isn't sealed, or isn't known to be fit to go out, a line each.

    Args:
        release: the release's folder.
        sums: the hashes of its lists, as the ledger has them.
    """
    return [
        *(f"seal: {line}" for line in seal.problems(release, dict(sums))),
        *(f"public tables: {line}" for line in public_problems(release)),
    ]


def public_problems(release: Path) -> list[str]:
    """Return what of a public part isn't described: another file or column, or a number that nobody protects.

    Args:
        release: the release's folder.
    """
    files = {path.relative_to(release).as_posix(): path for path in seal.held(release)}
    found = [f"{name} isn't one of the files that may go out" for name in files if not _may_go_out(name)]
    for name in (*WITHOUT_COUNTS, *COUNTED):
        columns = describe.load(name, is_protected=True).columns
        there = [files[one] for one in (f"{name}.parquet", f"{name}.csv") if one in files]
        found += [f"{path.name} hasn't the columns described" for path in there if _columns(path) != list(columns)]
        if len(there) == 1 and name in COUNTED:
            found.append(f"{there[0].name} has no twin")
        quantities = [column for column, described in columns.items() if described.unit and name in WITHOUT_COUNTS]
        found += [f"{name}: {column} is a number, and nothing protects it" for column in quantities]
    return found


def _may_go_out(name: str) -> bool:
    return name in MAY_GO_OUT or PACKS.fullmatch(name) is not None


def _columns(path: Path) -> list[str]:
    """Return a table's columns; none of what isn't one."""
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return list(pq.read_schema(path).names)
        except pa.ArrowInvalid:
            return []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return next(csv.reader(file), [])
