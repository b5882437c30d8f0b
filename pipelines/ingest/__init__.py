"""Ingest: every file in the landing folder becomes a typed table of its feed, or is refused with a sentence.

Types are explicit, columns are found by name, values are mapped by list. What can't be read or mapped isn't dropped
here: the row goes on with the kind of its fault beside the column (``<column>_fault``), and validation decides.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from pipelines import contract, database, disk, layout, lookup, mapping, reader, reference, sidecar, typed, waiver
from pipelines.contract import Contract
from pipelines.database import Connection, export, identifier
from pipelines.ingest import personal
from pipelines.ingest.notes import Note, spellings
from pipelines.ingest.personal import Approved, Found
from pipelines.ingest.recognise import NOT_TEXT, Recognised, Refusal, growing, personal_refusal, recognise_all
from pipelines.places import DataFolder
from pipelines.reader import UnreadableLine
from pipelines.sidecar import WHAT, Sidecar
from pipelines.signature import UnreadableFileError
from pipelines.waiver import Waiver

# Files of one layout are typed in one query, up to this many bytes: planning costs more than a month of a trust.
BATCH_BYTES = 256 * 2**20


NOTHING_BESIDE = Sidecar()


@dataclass(frozen=True)
class Extract:
    """A file that was read.

    ``sha256`` names what it says: its bytes and, where a sidecar says whose and of when they are, that too;
    ``content_sha256`` its bytes alone. ``typed`` is a Parquet file that holds its rows, and may hold those of other
    extracts of the same layout: filter by ``extract = sha256``. ``rows_in`` are its lines, not blank, below the header.
    ``about`` are the distinct values of the contract's ``about`` columns in its detail rows.
    """

    file: str
    source: Path
    sha256: str
    content_sha256: str
    feed: str
    layout: str
    arrives: str
    rows_in: int
    unreadable: tuple[UnreadableLine, ...]
    typed: Path
    about: tuple[tuple[str, ...], ...]
    synthetic: bool
    sidecar: Sidecar = NOTHING_BESIDE
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Ingested:
    """What the landing folder gave, in the order of file names."""

    extracts: tuple[Extract, ...]
    refusals: tuple[Refusal, ...]
    waivers: tuple[Waiver, ...] = ()


def ingest(
    con: Connection,
    folder: DataFolder,
    files: Sequence[Path],
    work: Path,
    progress: Callable[[str], None] = lambda _: None,
    step: Callable[[str], None] = lambda _: None,
) -> Ingested:
    """Read files into typed Parquet under ``work``.

    Args:
        con: database with the reference tables.
        folder: where the user's own layouts lie.
        files: the files to read.
        work: folder for the typed tables; it holds personal rows.
        progress: told the name of each file when it has been read.
        step: told what else was done, for all files or a batch of them.

    Raises:
        LayoutError: a layout file can't be used.
        MappingError: an organisation's mapping can't be used.
        WaiverError: a waiver can't be used.
        ValueError: the data folder's method.yaml has a setting that doesn't exist.
    """
    layouts, mappings = layout.load_all(folder), mapping.load_all(folder)
    waivers = waiver.load_all(folder)
    method = reference.method(folder)
    work.mkdir(parents=True, exist_ok=True)
    found = recognise_all(con, layouts, files, waivers)
    step("recognising")
    extracts: list[Extract] = []
    refusals = found.refusals
    for batch in _batches(found.files):
        texts = _without_personal(con, _read_batch(con, batch, work, progress), waivers, method)
        step("looking for personal data")
        own = lookup.register(con, batch[0].layout, contract.load(batch[0].layout.feed), method, mappings)
        read, refused = _type_batch(con, texts, work, own)
        extracts += read
        refusals += refused
        step("typing")
    refusals = _with_copies(refusals, found.copies)
    return Ingested(
        tuple(sorted(extracts, key=lambda extract: extract.file)),
        tuple(sorted(refusals, key=lambda refusal: refusal.file)),
        tuple(waivers),
    )


def _batches(recognised: Sequence[Recognised]) -> Iterator[list[Recognised]]:
    """Group files of one layout and header; a group ends when it reaches BATCH_BYTES."""
    groups: dict[tuple[str, tuple[str, ...]], list[Recognised]] = {}
    for one in recognised:
        group = groups.setdefault((one.layout.name, one.header), [])
        group.append(one)
        if sum(member.path.stat().st_size for member in group) >= BATCH_BYTES:
            yield groups.pop((one.layout.name, one.header))
    yield from groups.values()


@dataclass(frozen=True)
class _Text:
    """A file of which the table ``source_batch`` holds the rows, or why it stops here.

    ``found`` are columns of personal data, ``approved`` those of them that a named person let in.
    """

    recognised: Recognised
    read: reader.Read
    refusal: Refusal | None = None
    found: tuple[Found, ...] = ()
    approved: tuple[Approved, ...] = ()


def _read_batch(
    con: Connection, batch: Sequence[Recognised], work: Path, progress: Callable[[str], None]
) -> list[_Text]:
    """Make the table ``source_batch``: ``extract``, ``source_line``, what sidecars say, and the columns as text."""
    chosen, header = batch[0].layout, batch[0].header
    dropped = chosen.sanitised.columns if chosen.sanitised else ()
    kept = [name for name in header if name not in dropped]
    cells = ", ".join(f"{identifier(name)} varchar" for name in kept)
    beside = ", ".join(f"sidecar_{name} varchar" for name in WHAT)
    con.execute(f"create or replace temp table source_batch (extract varchar, source_line bigint, {beside}, {cells})")
    texts = []
    for one in batch:
        texts.append(_read_one(con, one, kept, work))
        progress(one.path.name)
    return texts


def _read_one(con: Connection, one: Recognised, kept: Sequence[str], work: Path) -> _Text:
    copy = work / f"{one.sha256}.text"
    try:
        path = reader.in_utf8(one.path, one.opening.encoding, copy) if one.opening.kind == "csv" else one.path
        read = reader.read_table(con, path, one.opening, one.header_line, one.header)
        refusal = growing(one.path, one.state)
    except UnicodeDecodeError:
        refusal = growing(one.path, one.state) or Refusal(one.path.name, "file.text", NOT_TEXT)
    except UnreadableFileError as error:
        refusal = growing(one.path, one.state) or Refusal(one.path.name, "file.format", str(error))
    except (OSError, duckdb.IOException):
        # Not there any more; but a full disk is another matter.
        refusal = growing(one.path, one.state)
        if refusal is None:
            raise
    finally:
        disk.remove(copy)
    if refusal:
        seen = personal.in_lines(con, one.layout, one.header, one.opening.rows[one.header_line :])
        return _Text(one, reader.Read(0), refusal, tuple(seen))
    found = [*personal.in_header(one.layout, one.header), *personal.in_sanitised(con, one.layout, one.header)]
    if read.rows:
        said = [one.sha256, *(one.sidecar.said(name) for name in WHAT)]
        columns = ", ".join(identifier(name) for name in kept)
        con.execute(f"insert into source_batch select ?, source_line, ?, ?, ?, {columns} from source_row", [*said])
    con.execute("drop table source_row")
    if len(read.unreadable) * 2 > read.rows:
        # Its rows aren't looked at below: a comma in each name, or a column beyond the header.
        found += personal.in_openings(con, [(1, replace(one.opening, sheet=""))], names=one.layout.feed == "staff")
    sentence = "it has a header and no rows; send it again with its rows"
    return _Text(one, read, None if read.rows else Refusal(one.path.name, "file.empty", sentence), tuple(found))


def _without_personal(
    con: Connection, texts: Sequence[_Text], waivers: Sequence[Waiver], method: Mapping[str, Any]
) -> list[_Text]:
    """Refuse files with columns of personal data that nobody approved, and take their rows out of ``source_batch``."""
    one = texts[0].recognised
    dropped = one.layout.sanitised.columns if one.layout.sanitised else ()
    kept = [name for name in one.header if name not in dropped]
    seen = personal.in_batch(con, one.layout, kept, method["personal"]["sample_rows"])
    judged = []
    for text in texts:
        file, layout_name = text.recognised.path.name, one.layout.name
        found = [*text.found, *seen.get(text.recognised.sha256, [])]
        found = list({(each.column, each.kind): each for each in reversed(found)}.values())[::-1]
        stopped = personal.not_approved(found, waivers, layout_name, file)
        if stopped:
            con.execute("delete from source_batch where extract = ?", [text.recognised.sha256])
            judged.append(replace(text, refusal=personal_refusal(file, stopped, layout_name)))
        else:
            judged.append(replace(text, approved=personal.approved(found, waivers, layout_name, file)))
    return judged


def _with_copies(refusals: Sequence[Refusal], copies: Mapping[str, str]) -> list[Refusal]:
    """Refuse the copy of a file of personal data as what it is."""
    stopped = {one.file: one for one in refusals if one.rule == personal.RULE}
    return [
        replace(stopped[copies[one.file]], file=one.file) if copies.get(one.file) in stopped else one
        for one in refusals
    ]


def _type_batch(
    con: Connection, texts: Sequence[_Text], work: Path, own: frozenset[str]
) -> tuple[list[Extract], list[Refusal]]:
    refusals = [text.refusal for text in texts if text.refusal]
    read = [text for text in texts if not text.refusal]
    if not read:
        con.execute("drop table source_batch")
        return [], refusals
    chosen, header = read[0].recognised.layout, read[0].recognised.header
    feed = contract.load(chosen.feed)
    table = work / f"{read[0].recognised.sha256}.parquet"
    export(con, typed.typed_query(chosen, feed, header, "source_batch", own), table, {})
    notes = spellings(con, chosen, feed, header)
    con.execute("drop table source_batch")
    about, synthetic, taken_on = _about(con, feed, table), _synthetic(con, table), _taken_on(con, feed, table)
    extracts = []
    for text in read:
        one, lines = text.recognised, text.read
        extract = Extract(
            file=one.path.name,
            source=one.path,
            sha256=one.sha256,
            content_sha256=one.content_sha256,
            feed=feed.feed,
            layout=chosen.name,
            arrives=chosen.arrives,
            rows_in=lines.rows,
            unreadable=lines.unreadable,
            typed=table,
            about=about.get(one.sha256, ()),
            synthetic=one.sha256 in synthetic,
            sidecar=one.sidecar,
            notes=(
                *notes.get(one.sha256, ()),
                *([Note("file.notes", "", lines.notes, ())] if lines.notes else ()),
                *(
                    Note("column.approved", each.found.column, lines.rows, (), each.sentence, one_waiver.name)
                    for each in text.approved
                    for one_waiver in each.waivers
                ),
            ),
        )
        fault = _expired(extract, text.approved) or _contradiction(extract, taken_on.get(one.sha256, set()))
        if fault:
            refusals.append(fault)
        else:
            extracts.append(extract)
    return extracts, refusals


def _expired(extract: Extract, approved: Sequence[Approved]) -> Refusal | None:
    """Refuse a file of which a column is approved for other organisations, or only until an earlier date."""
    found = [one.found for one in approved if not one.holds(extract.feed, extract.about)]
    if not found:
        return None
    refusal = personal_refusal(extract.file, found, extract.layout)
    why = "; the waiver there is doesn't hold for all of its organisations and as-at dates"
    return replace(refusal, sentence=refusal.sentence + why)


def _contradiction(extract: Extract, taken_on: Set[str]) -> Refusal | None:
    """Refuse a file whose sidecar names another organisation or date than its rows do, or another day of extraction."""
    if extract.feed == "population":
        return None
    told = {
        "organisation": {about[0] for about in extract.about},
        "as_at": {about[1] for about in extract.about},
        "extracted_on": taken_on,
    }
    for name, values in told.items():
        said = extract.sidecar.said(name)
        if said and values - {"", said}:
            return Refusal(
                extract.file,
                "sidecar.contradicts",
                f"its rows say another {WHAT[name].removeprefix('which ')} than {sidecar.beside(extract.source).name} "
                f"does; mend the one that is wrong, or leave '{name}' out of the sidecar",
            )
    return None


def _about(con: Connection, feed: Contract, table: Path) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return what each extract of a typed table speaks about."""
    keys = ", ".join(f"coalesce({identifier(name)}::varchar, '')" for name in feed.about)
    about: dict[str, list[tuple[str, ...]]] = {}
    for extract, *key in con.execute(
        f"select distinct extract, {keys} from {_parquet(table)} where row_role = 'detail' order by all"
    ).fetchall():
        about.setdefault(extract, []).append(tuple(key))
    return {extract: tuple(values) for extract, values in about.items()}


def _taken_on(con: Connection, feed: Contract, table: Path) -> dict[str, set[str]]:
    """Return on what days the rows of each extract of a typed table say they were taken."""
    days: dict[str, set[str]] = {}
    if "extracted_on" in feed.columns:
        query = f"select distinct extract, extracted_on::varchar from {_parquet(table)} where extracted_on is not null"
        for extract, day in con.execute(query).fetchall():
            days.setdefault(extract, set()).add(day)
    return days


def _synthetic(con: Connection, table: Path) -> set[str]:
    return {
        extract
        for (extract,) in con.execute(f"select distinct extract from {_parquet(table)} where synthetic").fetchall()
    }


def _parquet(path: Path) -> str:
    return database.parquet(path)
