"""Ingest: every file in the landing folder becomes a typed table of its feed, or is refused with a sentence.

Types are explicit, columns are found by name, values are mapped by list. What can't be read or mapped isn't dropped
here: the row goes on with the kind of its fault beside the column (``<column>_fault``), and validation decides.
"""

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import contract, layout, reader, typed
from pipelines.contract import Contract
from pipelines.database import Connection, export, identifier, literal
from pipelines.layout import Layout
from pipelines.places import DataFolder
from pipelines.reader import UnreadableLine
from pipelines.sidecar import Sidecar

# What a file begins with that is no CSV in UTF-8, and what that makes it.
SIGNATURES = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"PK\x05\x06": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}

# Files of one layout are typed in one query, up to this many bytes: planning costs more than a month of a trust.
BATCH_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Refusal:
    """A file that stops here: ``rule`` for the machine, ``sentence`` for the sender, with what to do."""

    file: str
    rule: str
    sentence: str


@dataclass(frozen=True)
class Extract:
    """A file that was read.

    ``typed`` is a Parquet file that holds its rows, and may hold those of other extracts of the same layout: filter by
    ``extract = sha256``. ``about`` are the distinct values of the contract's ``about`` columns in its detail rows.
    """

    file: str
    source: Path
    sha256: str
    feed: str
    layout: str
    arrives: str
    rows_in: int
    unreadable: tuple[UnreadableLine, ...]
    typed: Path
    about: tuple[tuple[str, ...], ...]
    synthetic: bool
    sidecar: Sidecar = Sidecar()


@dataclass(frozen=True)
class Ingested:
    """What the landing folder gave, in the order of file names."""

    extracts: tuple[Extract, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class _Recognised:
    """A file whose layout and header are known; files that share both are typed together."""

    path: Path
    sha256: str
    layout: Layout
    header: tuple[str, ...]


def ingest(
    con: Connection,
    folder: DataFolder,
    files: Sequence[Path],
    work: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> Ingested:
    """Read files into typed Parquet under ``work``.

    Args:
        con: database with the reference tables.
        folder: where the user's own layouts lie.
        files: the files to read.
        work: folder for the typed tables; it holds personal rows.
        progress: told the name of each file when it has been read.

    Raises:
        LayoutError: a layout file can't be used.
    """
    layouts = layout.load_all(folder)
    work.mkdir(parents=True, exist_ok=True)
    recognised, refusals = _recognise_all(layouts, files)
    extracts: list[Extract] = []
    for batch in _batches(recognised):
        read, empty = _ingest_batch(con, batch, work, progress)
        extracts += read
        refusals += empty
    return Ingested(
        tuple(sorted(extracts, key=lambda extract: extract.file)),
        tuple(sorted(refusals, key=lambda refusal: refusal.file)),
    )


def _recognise_all(layouts: Sequence[Layout], files: Sequence[Path]) -> tuple[list[_Recognised], list[Refusal]]:
    recognised: dict[str, _Recognised] = {}
    refusals = []
    for path in sorted(files):
        one = _recognise(layouts, path)
        if isinstance(one, Refusal):
            refusals.append(one)
        elif one.sha256 in recognised:
            twin = recognised[one.sha256].path.name
            refusals.append(
                Refusal(path.name, "file.copy", f"it is a copy of {twin}, byte for byte; {twin} was read instead")
            )
        else:
            recognised[one.sha256] = one
    return list(recognised.values()), refusals


def _batches(recognised: Sequence[_Recognised]) -> Iterator[list[_Recognised]]:
    """Group files of one layout and header; a group ends when it reaches BATCH_BYTES."""
    groups: dict[tuple[str, tuple[str, ...]], list[_Recognised]] = {}
    for one in recognised:
        group = groups.setdefault((one.layout.name, one.header), [])
        group.append(one)
        if sum(member.path.stat().st_size for member in group) >= BATCH_BYTES:
            yield groups.pop((one.layout.name, one.header))
    yield from groups.values()


def _ingest_batch(
    con: Connection, batch: Sequence[_Recognised], work: Path, progress: Callable[[str], None]
) -> tuple[list[Extract], list[Refusal]]:
    chosen, header = batch[0].layout, batch[0].header
    feed = contract.load(chosen.feed)
    cells = ", ".join(f"{identifier(name)} varchar" for name in header)
    con.execute(f"create or replace temp table source_batch (extract varchar, source_line bigint, {cells})")
    read: list[tuple[_Recognised, int, tuple[UnreadableLine, ...]]] = []
    empty: list[Refusal] = []
    for one in batch:
        rows_in, unreadable = reader.read_csv(con, one.path, header)
        if rows_in:
            con.execute("insert into source_batch select ?, * from source_row", [one.sha256])
            read.append((one, rows_in, tuple(unreadable)))
        else:
            empty.append(
                Refusal(one.path.name, "file.empty", "it has a header and no rows; send it again with its rows")
            )
        progress(one.path.name)
    if not read:
        return [], empty
    typed.register_lookups(con, chosen, feed)
    table = work / f"{read[0][0].sha256}.parquet"
    export(con, typed.typed_query(chosen, feed, header, "source_batch"), table, {})
    con.execute("drop table source_batch")
    about, synthetic = _about(con, feed, table), _synthetic(con, table)
    extracts = [
        Extract(
            file=one.path.name,
            source=one.path,
            sha256=one.sha256,
            feed=feed.feed,
            layout=chosen.name,
            arrives=chosen.arrives,
            rows_in=rows_in,
            unreadable=unreadable,
            typed=table,
            about=about.get(one.sha256, ()),
            synthetic=one.sha256 in synthetic,
        )
        for one, rows_in, unreadable in read
    ]
    return extracts, empty


def _recognise(layouts: Sequence[Layout], path: Path) -> _Recognised | Refusal:
    file = path.name
    kind = _kind(path)
    if kind:
        return Refusal(
            file, "file.format", f"it is {kind}, whatever its name; save it as 'CSV UTF-8' and send it again"
        )
    try:
        header, first_row = layout.header_and_first_row(path)
    except (UnicodeDecodeError, csv.Error):
        return Refusal(file, "file.text", "it isn't UTF-8 text; save it as 'CSV UTF-8' and send it again")
    fault = _header_fault(path, header)
    if fault:
        return fault
    matching = [candidate for candidate in layouts if candidate.matches(header, first_row)]
    if len(matching) > 1:
        names = " and ".join(candidate.name for candidate in matching)
        return Refusal(file, "layout.several", f"the layouts {names} both match it; make one of them more particular")
    if not matching:
        return Refusal(file, "layout.none", _nearest(layouts, header))
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    return _Recognised(path, sha256, matching[0], tuple(header))


def _kind(path: Path) -> str:
    """Say what a file is by its first bytes, where these tell that it isn't a CSV file; else nothing."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((kind for signature, kind in SIGNATURES.items() if start.startswith(signature)), "")


def _header_fault(path: Path, header: Sequence[str]) -> Refusal | None:
    """Refuse a header that is blank or names a column twice, by position: where it is missing, its names are cells."""
    if not any(name.strip() for name in header):
        with path.open("rb") as file:
            empty = not any(line.removeprefix(b"\xef\xbb\xbf").strip() for line in file)
        if empty:
            return Refusal(path.name, "file.empty", "it is empty; send it again")
        return Refusal(
            path.name,
            "header.blank",
            "its first line is blank; the names of the columns must stand there: delete what comes before them",
        )
    positions: dict[str, list[int]] = {}
    for number, name in enumerate(header, start=1):
        positions.setdefault(name.lower(), []).append(number)
    twice = next((numbers for numbers in positions.values() if len(numbers) > 1), None)
    if twice is None:
        return None
    columns = f"{', '.join(map(str, twice[:-1]))} and {twice[-1]}"
    return Refusal(
        path.name,
        "header.twice",
        f"columns {columns} have the same name in its first line; keep the right one, or put in the line with the "
        "names of the columns if it is missing, and send it again",
    )


def _nearest(layouts: Sequence[Layout], header: Sequence[str]) -> str:
    """Say what keeps a file from the layout that it resembles most."""
    best = min(layouts, key=lambda one: (len(one.missing_columns(header)) + len(one.unknown_columns(header)), one.name))
    lacking, unknown = best.missing_columns(header), best.unknown_columns(header)
    if len(lacking) + len(unknown) > len(header):
        return "no layout recognises its columns; use a template (docs/templates.md) or add a layout (docs/layouts.md)"
    faults = [f"it lacks the column '{name}'" for name in lacking] + [
        f"it has the unknown column '{name}'" for name in unknown
    ]
    if not faults:
        faults = ["its columns fit but its first row isn't the publisher's"]
    return f"no layout recognises it; it comes nearest to {best.name}, but {', '.join(faults)}"


def _about(con: Connection, feed: Contract, table: Path) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return what each extract of a typed table speaks about."""
    keys = ", ".join(f"coalesce({identifier(name)}::varchar, '')" for name in feed.about)
    about: dict[str, list[tuple[str, ...]]] = {}
    for extract, *key in con.execute(
        f"select distinct extract, {keys} from {_parquet(table)} where row_role = 'detail' order by all"
    ).fetchall():
        about.setdefault(extract, []).append(tuple(key))
    return {extract: tuple(values) for extract, values in about.items()}


def _synthetic(con: Connection, table: Path) -> set[str]:
    return {
        extract
        for (extract,) in con.execute(f"select distinct extract from {_parquet(table)} where synthetic").fetchall()
    }


def _parquet(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"
