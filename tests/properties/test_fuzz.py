"""Fuzzing: whatever became of a file on its way, no traceback, no row lost, each under its line, no cell in a message.

Real and staff-shaped files are damaged (``tests/fuzz.py``), each by a number of its own. EDI_FUZZ_FILES says how many
files are judged, EDI_FUZZ_SEED where the numbers come from; `make soak` takes many, from a new seed each time.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pipelines import reference
from pipelines.database import Connection, identifier
from pipelines.ingest import Extract, Ingested, ingest
from pipelines.ledger import Received
from pipelines.places import DataFolder
from pipelines.validate import Validated, validate
from tests import fuzz, planted
from tests.damage import CANARY
from tests.fuzz import Case, Source

FILES = int(os.environ.get("EDI_FUZZ_FILES", "200"))
SEED = int(os.environ.get("EDI_FUZZ_SEED", "1"))
BATCH = min(FILES, 1500)  # Great Expectations costs seconds, however many files there are
SETTINGS = settings(
    max_examples=max(1, FILES // BATCH),
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a failure names its files by their numbers, which no shrinking makes plainer
    suppress_health_check=list(HealthCheck),
)
NUMBERS = st.lists(st.integers(0, 2**24), min_size=BATCH, max_size=BATCH, unique=True)


@dataclass(frozen=True)
class Fates:
    """What became of an extract's lines, and what the rows say that entered: line → rows, each column → value."""

    accepted: frozenset[int]
    rejected: frozenset[int]
    checking: frozenset[int]
    said: dict[int, list[dict[str, Any]]]

    @property
    def lines(self) -> frozenset[int]:
        """All of them."""
        return self.accepted | self.rejected | self.checking


@dataclass(frozen=True)
class Judged:
    """The verdicts on some cases, by file name, and the lines' fates of each that was read."""

    ingested: Ingested
    validated: Validated
    fates: dict[str, Fates]


def judge(con: Connection, folder: Path, cases: Sequence[Case]) -> Judged:
    """Run files through ingest and validate; what goes wrong names the file that it went wrong with."""
    folder.mkdir()
    try:
        files = [case.write(folder / f"{number}.{case.kind}") for number, case in enumerate(cases)]
        ingested = ingest(con, DataFolder(folder), files, folder / "work")
        method = reference.method(DataFolder(folder)) | {"max_rejected_share": 1.0}
        received = [Received(one.sha256, one.file, one.feed, {}) for one in ingested.extracts]
        validated = validate(con, ingested, method, received)
        return Judged(ingested, validated, fates(con, ingested.extracts, {case.source.name: case for case in cases}))
    except Exception as error:
        if len(cases) == 1:
            error.add_note(f"with the fuzzed file of {cases[0]}")
            raise
        half = len(cases) // 2
        judge(con, folder / "a", cases[:half])
        judge(con, folder / "b", cases[half:])
        raise


def fates(con: Connection, extracts: Sequence[Extract], cases: dict[str, Case]) -> dict[str, Fates]:
    columns = sorted({column for case in cases.values() for column in case.source.copied})
    rejected: dict[str, set[int]] = {one.sha256: set() for one in extracts}
    for extract, line in con.execute("select distinct extract, source_line from rejected_row").fetchall():
        rejected[extract].add(line)
    roles: dict[tuple[str, int], set[str]] = {}
    said: dict[str, dict[int, list[dict[str, Any]]]] = {one.sha256: {} for one in extracts}
    for path in sorted({one.typed for one in extracts}):
        names = {name for name, *_ in con.execute("describe from read_parquet(?)", [str(path)]).fetchall()}
        there = [name for name in columns if name in names]
        query = f"select extract, source_line, row_role, {', '.join(map(identifier, there))} from read_parquet(?)"
        for extract, line, role, *cells in con.execute(query, [str(path)]).fetchall():
            roles.setdefault((extract, line), set()).add(role)
            if role == "detail" and extract in said:
                said[extract].setdefault(line, []).append(dict(zip(there, cells, strict=True)))
    made = {}
    for one in extracts:
        typed = {line: role for (extract, line), role in roles.items() if extract == one.sha256}
        lost = rejected[one.sha256] | {unreadable.line for unreadable in one.unreadable}
        accepted = frozenset(line for line, role in typed.items() if "detail" in role and line not in lost)
        checking = frozenset(typed) - accepted - lost
        made[one.file] = Fates(
            accepted, frozenset(lost), checking, {line: said[one.sha256][line] for line in sorted(accepted)}
        )
    return made


def faults(con: Connection, judged: Judged, cases: Sequence[Case]) -> list[str]:
    """Return which laws are broken, and by which files."""
    files = {f"{number}.{case.kind}": case for number, case in enumerate(cases)}
    accepted = {one.extract.file: one for one in judged.validated.accepted}
    ended = Counter([*accepted, *(one.file for one in judged.validated.refusals)])
    broken = [f"{files[file]}: ended {ended[file]} times" for file in files if ended[file] != 1]
    for extract in judged.ingested.extracts:
        case, of = files[extract.file], judged.fates[extract.file]
        fault = conserved(con, extract, of, accepted.get(extract.file)) or at_its_line(case, extract, of)
        broken += [f"{case}: {fault}"] if fault else []
    for one in judged.validated.refusals:
        words = (one.sentence, one.rule, one.column, one.kind, *(word for pair in one.also for word in pair))
        if CANARY in " ".join(words).lower():
            broken.append(f"{files[one.file]}: the refusal {one.rule} shows a cell")
    for finding in judged.validated.findings:
        words = (finding.sentence, finding.advice, finding.send, finding.column, finding.rule)
        if CANARY in " ".join(words).lower():
            broken.append(f"{files[finding.file]}: the finding {finding.rule} shows a cell")
        if not set(finding.lines) <= judged.fates[finding.file].lines:
            broken.append(f"{files[finding.file]}: the finding {finding.rule} names a line that is no row")
    return broken


def conserved(con: Connection, extract: Extract, of: Fates, accepted: Any) -> str:
    """Hold rows in to what became of them, and the verdict's numbers to the lines."""
    counts = (len(of.accepted), len(of.rejected), len(of.checking))
    if sum(counts) != extract.rows_in:
        return f"{extract.rows_in} rows in, {counts} accepted, rejected, checking"
    if not accepted:
        return ""
    told = (accepted.rows_accepted, accepted.rows_rejected, accepted.rows_checking)
    stored = con.execute("select count(*) from read_parquet(?)", [str(accepted.typed)]).fetchall()[0][0]
    rows = sum(len(one) for one in of.said.values())
    return "" if (told, stored) == (counts, rows) else f"said {told} and stored {stored}, but {counts} and {rows} rows"


def at_its_line(case: Case, extract: Extract, of: Fates) -> str:
    """Hold lines and the cells of accepted rows to what the file holds, as the standard library reads it."""
    answers = fuzz.held(case)
    if answers is None:
        return ""
    notes = sum(note.rows for note in extract.notes if note.rule == "file.notes")
    found = [_differs(case, header, rows, of, notes) for header, rows in answers]
    return min(found, key=len, default="it was read, and has no header")


def _differs(case: Case, header: list[str], rows: dict[int, list[str]], of: Fates, notes: int) -> str:
    missing = set(rows) - of.lines
    if of.lines - set(rows):
        return f"lines {sorted(of.lines - set(rows))[:5]} have a fate and hold no row"
    if len(missing) != notes or (missing and min(missing) < max(of.lines, default=0)):
        return f"lines {sorted(missing)[:5]} have no fate, and {notes} notes are told"
    if any(2 * len([cell for cell in rows[line] if cell.strip()]) > len(header) for line in missing):
        return f"lines {sorted(missing)[:5]} are called notes and have a row's cells"
    for line, said in of.said.items():
        cells = dict(zip(header, rows[line], strict=False))
        for row in said:
            for column, name in case.source.copied.items():
                if row.get(column) is not None and name in cells and not _is_same(row[column], cells[name]):
                    return f"line {line}: {column} isn't the line's own"
    return ""


def _is_same(value: object, cell: str) -> bool:
    try:
        return str(value).casefold() == _trimmed(cell).casefold() or Decimal(str(value)) == Decimal(_trimmed(cell))
    except InvalidOperation:
        return False


def _trimmed(cell: str) -> str:
    """Cut off blanks of every kind; a letter without a width is none, and a tab inside counts as a blank."""
    spaced = cell.replace("\t", " ")
    return spaced.strip("".join(letter for letter in set(spaced) if unicodedata.category(letter) == "Zs"))


@pytest.fixture(scope="module")
def sources(real_data: Path) -> list[Source]:
    return fuzz.sources(real_data)


def test_no_damaged_file_breaks_a_law(
    con: Connection,
    sources: list[Source],
    tmp_path_factory: pytest.TempPathFactory,
    tell: Callable[[str], None],
) -> None:
    run: Counter[str] = Counter()

    @seed(SEED)
    @SETTINGS
    @given(NUMBERS)
    def batch(numbers: list[int]) -> None:
        cases = [fuzz.damaged(number, sources) for number in numbers]
        judged = judge(con, tmp_path_factory.mktemp("fuzz") / "landing", cases)
        run["files"] += len(cases)
        run["accepted"] += len(judged.validated.accepted)
        run["read"] += len(judged.ingested.extracts)
        run["lines"] += sum(one.rows_in for one in judged.ingested.extracts)
        broken = faults(con, judged, cases)
        assert not broken, "\n".join(broken)

    try:
        batch()
    finally:
        tell(
            f"fuzzing, seed {SEED}: {run['files']:,} damaged files, {run['read']:,} of them read, "
            f"{run['accepted']:,} accepted, {run['lines']:,} lines followed"
        )


def test_a_known_fault_is_rejected_under_its_own_line_and_nothing_else_is(
    con: Connection, tmp_path_factory: pytest.TempPathFactory, tell: Callable[[str], None]
) -> None:
    run: Counter[str] = Counter()

    @seed(SEED)
    @settings(SETTINGS, max_examples=max(1, FILES // BATCH // 4))
    @given(NUMBERS)
    def batch(numbers: list[int]) -> None:
        files = [planted.planted(number) for number in numbers]
        cases = [one.case for one in files]
        judged = judge(con, tmp_path_factory.mktemp("planted") / "landing", cases)
        run["files"] += len(files)
        run["faults"] += sum(len(one.rules) for one in files)
        broken = faults(con, judged, cases)
        found: dict[str, set[tuple[int, str]]] = {}
        for extract, line, rule in con.execute("select extract, source_line, rule from rejected_row").fetchall():
            found.setdefault(extract, set()).add((line, rule))
        read = {one.file: one.sha256 for one in judged.ingested.extracts}
        copies = {one.file for one in judged.validated.refusals if one.rule == "file.copy"}
        for number, one in enumerate(files):
            file = f"{number}.{one.case.kind}"
            if file not in copies:
                rejected = found.get(read.get(file, ""), set()) if file in read else None
                wrong = sorted((rejected or set()) ^ set(one.rules.items()))
                if rejected is None or wrong:
                    broken.append(f"{one.case}: {wrong[:5] if file in read else 'it was refused'}")
        assert not broken, "\n".join(broken)

    try:
        batch()
    finally:
        tell(f"fuzzing, seed {SEED}: {run['faults']:,} known faults in {run['files']:,} staff files, each at its line")
