"""Ingest: every file in the landing folder becomes a typed table of its feed, or is refused with a sentence.

Types are explicit, columns are found by name, values are mapped by list. What can't be read or mapped isn't dropped
here: the row goes on with the kind of its fault beside the column (``<column>_fault``), and validation decides.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from pipelines import contract, database, layout, lookup, mapping, reader, reference, sidecar, typed
from pipelines.contract import Contract
from pipelines.database import Connection, export, identifier, literal
from pipelines.layout import Layout
from pipelines.opening import Opening, UnreadableFileError, openings, text_cells
from pipelines.places import DataFolder
from pipelines.reader import UnreadableLine
from pipelines.sidecar import Sidecar, SidecarError

# Files of one layout are typed in one query, up to this many bytes: planning costs more than a month of a trust.
BATCH_BYTES = 256 * 2**20


NOTHING_BESIDE = Sidecar()

# What a sidecar may say of all rows, and what each of it is to a reader.
SIDECAR = ("organisation", "as_at", "extracted_on")
WHAT = {"organisation": "which organisation", "as_at": "which date", "extracted_on": "which day of extraction"}

# What a spreadsheet may put between cells instead of a comma.
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}

NOT_TEXT = "it isn't text in UTF-8, UTF-16 or Windows-1252; save it as 'CSV UTF-8' and send it again"

# Of the table `spelt`: the spellings of a value beyond its most frequent one, and those with blanks at their ends.
SPELLINGS = {
    "file.spellings": "select * from spelt where told = spelling "
    "qualify row_number() over (partition by extract, key order by times desc, line) > 1",
    "file.blanks": "select * from spelt where told <> spelling",
}


@dataclass(frozen=True)
class Refusal:
    """A file that stops here: ``rule`` for the machine, ``sentence`` for the sender, with what to do."""

    file: str
    rule: str
    sentence: str


@dataclass(frozen=True)
class Note:
    """Something about a file's cells or lines that its reader should know: ``rule`` is a key of ``NOTES``."""

    rule: str
    column: str
    rows: int
    lines: tuple[int, ...]


# Rule → what is noticed, and what to do.
NOTES = {
    "file.spellings": "one value is written in several ways; they were read as the same, but ask for one",
    "file.blanks": "cells begin or end with blanks; these were cut off, but ask the sender for codes without them",
    "file.notes": "lines below the table aren't rows and weren't read; nothing needs doing if they are notes",
}


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


@dataclass(frozen=True)
class _Recognised:
    """A file whose layout and header are known; files that share both are typed together."""

    path: Path
    sha256: str
    content_sha256: str
    layout: Layout
    opening: Opening
    header_line: int
    header: tuple[str, ...]
    sidecar: Sidecar


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
        MappingError: an organisation's mapping can't be used.
        ValueError: the data folder's method.yaml has a setting that doesn't exist.
    """
    layouts, mappings = layout.load_all(folder), mapping.load_all(folder)
    method = reference.method(folder)
    work.mkdir(parents=True, exist_ok=True)
    recognised, refusals = _recognise_all(layouts, files)
    extracts: list[Extract] = []
    for batch in _batches(recognised):
        texts = _read_batch(con, batch, work, progress)
        own = lookup.register(con, batch[0].layout, contract.load(batch[0].layout.feed), method, mappings)
        read, refused = _type_batch(con, texts, work, own)
        extracts += read
        refusals += refused
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


@dataclass(frozen=True)
class _Text:
    """A file of which the table ``source_batch`` holds the rows, or why it stops here."""

    recognised: _Recognised
    read: reader.Read
    refusal: Refusal | None = None


def _read_batch(
    con: Connection, batch: Sequence[_Recognised], work: Path, progress: Callable[[str], None]
) -> list[_Text]:
    """Make the table ``source_batch``: ``extract``, ``source_line``, what sidecars say, and the columns as text."""
    chosen, header = batch[0].layout, batch[0].header
    dropped = chosen.sanitised.columns if chosen.sanitised else ()
    kept = [name for name in header if name not in dropped]
    cells = ", ".join(f"{identifier(name)} varchar" for name in kept)
    beside = ", ".join(f"sidecar_{name} varchar" for name in SIDECAR)
    con.execute(f"create or replace temp table source_batch (extract varchar, source_line bigint, {beside}, {cells})")
    texts = []
    for one in batch:
        texts.append(_read_one(con, one, kept, work))
        progress(one.path.name)
    return texts


def _read_one(con: Connection, one: _Recognised, kept: Sequence[str], work: Path) -> _Text:
    copy = work / f"{one.sha256}.text"
    try:
        path = reader.in_utf8(one.path, one.opening.encoding, copy) if one.opening.kind == "csv" else one.path
        read = reader.read_table(con, path, one.opening, one.header_line, one.header)
    except UnicodeDecodeError:
        return _Text(one, reader.Read(0), Refusal(one.path.name, "file.text", NOT_TEXT))
    except UnreadableFileError as error:
        return _Text(one, reader.Read(0), Refusal(one.path.name, "file.format", str(error)))
    finally:
        copy.unlink(missing_ok=True)
    if not read.rows:
        sentence = "it has a header and no rows; send it again with its rows"
        return _Text(one, read, Refusal(one.path.name, "file.empty", sentence))
    fault = _personal(con, one) or _silent(one)
    if fault:
        return _Text(one, read, fault)
    said = [one.sha256, *(_said(one.sidecar, name) for name in SIDECAR)]
    columns = ", ".join(identifier(name) for name in kept)
    con.execute(f"insert into source_batch select ?, source_line, ?, ?, ?, {columns} from source_row", [*said])
    return _Text(one, read)


def _said(beside: Sidecar, name: str) -> str | None:
    value = getattr(beside, name)
    return str(value) if value else None


def _personal(con: Connection, one: _Recognised) -> Refusal | None:
    """Refuse a file in which a column that has to be empty, or hold the sender's word for that, doesn't."""
    sanitised = one.layout.sanitised
    for name in sanitised.columns if sanitised else ():
        words = ", ".join(literal(word.lower()) for word in ("", *sanitised.words)) if sanitised else ""
        cell = f"lower({typed.trimmed(identifier(name))})"
        if name in one.header and con.execute(
            f"select count(*) from source_row where {cell} not in ({words})"
        ).fetchall() != [(0,)]:
            return Refusal(
                one.path.name,
                "column.personal",
                f"its column '{name}' may hold personal data, which must not come here: delete the file where it lies, "
                "and ask for one in which that column is empty",
            )
    return None


def _silent(one: _Recognised) -> Refusal | None:
    """Refuse a file if neither it nor its sidecar says what the layout looks for in the sidecar."""
    wanted = [
        source.sidecar
        for source in one.layout.columns.values()
        if source.sidecar and not set(source.alternatives) & set(one.header)
    ]
    needed = [name for name in wanted if name != "extracted_on" and not getattr(one.sidecar, name)]
    if not needed:
        return None
    beside = sidecar.beside(one.path).name
    entries = ", ".join({"organisation": "'organisation: CODE'", "as_at": "'as_at: YYYY-MM-DD'"}[one] for one in needed)
    return Refusal(
        one.path.name,
        "sidecar.lacking",
        f"it doesn't say {' and '.join(WHAT[name] for name in needed)}; write {entries} into a file {beside} beside it",
    )


def _type_batch(
    con: Connection, texts: Sequence[_Text], work: Path, own: frozenset[str]
) -> tuple[list[Extract], list[Refusal]]:
    refusals = [text.refusal for text in texts if text.refusal]
    read = [text for text in texts if not text.refusal]
    if not read:
        return [], refusals
    chosen, header = read[0].recognised.layout, read[0].recognised.header
    feed = contract.load(chosen.feed)
    table = work / f"{read[0].recognised.sha256}.parquet"
    export(con, typed.typed_query(chosen, feed, header, "source_batch", own), table, {})
    notes = _spellings(con, chosen, feed, header)
    con.execute("drop table source_batch")
    about, synthetic, taken_on = _about(con, feed, table), _synthetic(con, table), _taken_on(con, feed, table)
    extracts = []
    for one, lines in ((text.recognised, text.read) for text in read):
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
            notes=(*notes.get(one.sha256, ()), *([Note("file.notes", "", lines.notes, ())] if lines.notes else ())),
        )
        fault = _contradiction(extract, taken_on.get(one.sha256, set()))
        if fault:
            refusals.append(fault)
        else:
            extracts.append(extract)
    return extracts, refusals


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
        said = _said(extract.sidecar, name)
        if said and values - {"", said}:
            return Refusal(
                extract.file,
                "sidecar.contradicts",
                f"its rows say another {WHAT[name].removeprefix('which ')} than {sidecar.beside(extract.source).name} "
                f"does; mend the one that is wrong, or leave '{name}' out of the sidecar",
            )
    return None


def _spellings(con: Connection, chosen: Layout, feed: Contract, header: Sequence[str]) -> dict[str, list[Note]]:
    """Return, by extract, the columns in which one value is spelt in several ways, or has blanks at its ends.

    Only columns whose values are codes: the organisation and area, and what is looked up in lists.
    """
    found: dict[str, list[Note]] = {}
    for name, column in feed.columns.items():
        source = chosen.columns.get(name, layout.Source())
        columns = [one for one in source.named if one in header]
        if len(columns) != 1 or not (lookup.is_looked_up(column, source) or name in ("org_code", "area_code")):
            continue
        cell = identifier(columns[0])
        # Each spelling once, and only then what it comes to: there are few, in many rows.
        con.execute(
            "create or replace temp table spelling as select extract, "
            f"{cell} as spelling, count(*) as times, min(source_line) as line from source_batch group by all"
        )
        con.execute(
            f"create or replace temp table spelt as select *, {typed.key('spelling')} as key, "
            f"{typed.trimmed('spelling')} as told from spelling where told <> ''"
        )
        for rule, which in SPELLINGS.items():
            for extract, times, lines in con.execute(
                f"with odd as ({which}) select extract, sum(times)::bigint, "
                "list(line order by line)[1:5] from odd group by extract"
            ).fetchall():
                found.setdefault(extract, []).append(Note(rule, name, times, tuple(lines)))
    return found


def _open(path: Path) -> tuple[list[Opening], Sidecar] | Refusal:
    """Return the tables that a file may hold, and what stands beside it."""
    file = path.name
    if not _is_utf8(file):
        return Refusal(
            file.encode(errors="replace").decode(), "file.name", "its name isn't written in UTF-8; rename it"
        )
    try:
        return openings(path), sidecar.read(path)
    except UnreadableFileError as error:
        return Refusal(file, "file.format", str(error))
    except SidecarError as error:
        return Refusal(file, "sidecar.unusable", str(error))
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return Refusal(file, "file.unreadable", f"it or its sidecar can't be opened: {why}; look at its permissions")


def _recognise(layouts: Sequence[Layout], path: Path) -> _Recognised | Refusal:
    file = path.name
    opened = _open(path)
    if isinstance(opened, Refusal):
        return opened
    tables, beside = opened
    # The first line that fits is the header; below it the same names are a row, and a bad one.
    matching: dict[tuple[str, str], tuple[Layout, Opening, int, tuple[str, ...]]] = {}
    for table in tables:
        for line, names, first_row in table.headers():
            for candidate in layouts:
                if candidate.matches(names, first_row, table.kind):
                    matching.setdefault((candidate.name, table.sheet), (candidate, table, line, names))
    if len(matching) > 1:
        return _several(file, list(matching))
    if not matching:
        return _unrecognised(path, layouts, tables)
    chosen, table, line, names = next(iter(matching.values()))
    fault = _header_fault(file, names) or _kept_name(file, names)
    if fault:
        return fault
    with path.open("rb") as content:
        content_sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    told = [f"{name}={_said(beside, name)}" for name in SIDECAR if _said(beside, name)]
    sha256 = hashlib.sha256("\n".join([content_sha256, *told]).encode()).hexdigest() if told else content_sha256
    return _Recognised(path, sha256, content_sha256, chosen, table, line, names, beside)


def _is_utf8(name: str) -> bool:
    """Tell whether a file's name is text; an archive unpacked from an old system can bring one that isn't."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _several(file: str, matching: Sequence[tuple[str, str]]) -> Refusal:
    names = list(dict.fromkeys(name for name, _ in matching))
    if len(names) > 1:
        sentence = f"the layouts {' and '.join(names)} both match it; make one of them more particular"
        return Refusal(file, "layout.several", sentence)
    sheets = " and ".join(repr(sheet) for _, sheet in matching)
    return Refusal(file, "layout.several_sheets", f"the sheets {sheets} are both {names[0]}; send one sheet a file")


def _unrecognised(path: Path, layouts: Sequence[Layout], tables: Sequence[Opening]) -> Refusal:
    """Say why no layout has the file, by the line that comes nearest to being a header."""
    kind = tables[0].kind
    headers = [names for table in tables for _, names, _ in table.headers()]
    if not headers:
        return Refusal(path.name, "file.empty", "it is empty; send it again")
    for names in headers[:1]:
        fault = _header_fault(path.name, names)
        if fault:
            return fault
    if "\ufffd" in "".join(headers[0]):
        return Refusal(path.name, "file.text", NOT_TEXT)
    separator = _other_separator(layouts, headers)
    if separator:
        sentence = (
            f"its cells are separated by {separator}, not commas; save it as 'CSV UTF-8 (comma delimited)' or .xlsx"
        )
        return Refusal(path.name, "file.separator", sentence)
    best = min(headers, key=lambda names: (_distance(layouts, names), headers.index(names)))
    return Refusal(path.name, "layout.none", _nearest(layouts, best, kind))


def _other_separator(layouts: Sequence[Layout], headers: Sequence[Sequence[str]]) -> str:
    """Return what separates the cells of a file instead of a comma, if that makes a header of a line, or nothing."""
    lines = [names[0] for names in headers if len(names) == 1]
    for letter, name in SEPARATORS.items():
        for cells in (text_cells(line, letter) for line in lines if letter in line):
            if _distance(layouts, cells) < len(cells):
                return name
    return ""


def _distance(layouts: Sequence[Layout], header: Sequence[str]) -> int:
    return min(len(one.missing_columns(header)) + len(one.unknown_columns(header)) for one in layouts)


def _header_fault(file: str, header: Sequence[str]) -> Refusal | None:
    """Refuse a header that names a column twice, by position: where it is missing, its names are cells."""
    positions: dict[str, list[int]] = {}
    for number, name in enumerate(header, start=1):
        if name.strip():
            positions.setdefault(name.lower(), []).append(number)
    twice = next((numbers for numbers in positions.values() if len(numbers) > 1), None)
    if twice is None:
        return None
    columns = f"{', '.join(map(str, twice[:-1]))} and {twice[-1]}"
    return Refusal(
        file,
        "header.twice",
        f"columns {columns} have the same name in its first line; keep the right one, or put in the line with the "
        "names of the columns if it is missing, and send it again",
    )


def _kept_name(file: str, header: Sequence[str]) -> Refusal | None:
    """Refuse a header with a name that rows have for the program's use, where a layout's patterns take any name."""
    taken = [number for number, name in enumerate(header, start=1) if layout.is_kept(name)]
    sentence = "its column {} has no name, or one that is kept for the program's own use; rename the column"
    return Refusal(file, "header.kept", sentence.format(taken[0])) if taken else None


def _nearest(layouts: Sequence[Layout], header: Sequence[str], kind: str) -> str:
    """Say what keeps a file from the layout that it resembles most."""
    best = min(layouts, key=lambda one: (len(one.missing_columns(header)) + len(one.unknown_columns(header)), one.name))
    lacking, unknown = best.missing_columns(header), best.unknown_columns(header)
    if len(lacking) + len(unknown) > len(header):
        return "no layout recognises its columns; use a template (docs/templates.md) or add a layout (docs/layouts.md)"
    faults = [f"it lacks the column '{name}'" for name in lacking] + [
        f"it has the unknown column '{name}'" if name.strip() else f"its column {header.index(name) + 1} has no name"
        for name in unknown
    ]
    if not faults and best.format not in ("any", kind):
        faults = [f"that layout takes {best.format} files only"]
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
    return f"read_parquet({literal(database.only(path))})"
