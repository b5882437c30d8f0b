"""Recognise: which layout a file is in, by its content; or why it is in none, in a sentence."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import disk, layout, sidecar
from pipelines.database import Connection
from pipelines.ingest import personal
from pipelines.ingest.personal import Found
from pipelines.layout import Layout
from pipelines.opening import LINE_BYTES, LineEndsError, Opening, openings, text_cells
from pipelines.sidecar import WHAT, Sidecar, SidecarError
from pipelines.signature import UnreadableFileError
from pipelines.waiver import Waiver

# What a spreadsheet may put between cells instead of a comma.
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}

LONG_LINE = f"is longer than {LINE_BYTES >> 20} MiB; look whether the ends of lines are missing, and send it again"
NUL_BYTE = "has a NUL byte in it, which is no letter; the file may be damaged: export it and send it again"
NOT_TEXT = "it isn't text in UTF-8, UTF-16 or Windows-1252; save it as 'CSV UTF-8' and send it again"


@dataclass(frozen=True)
class Refusal:
    """A file that stops here: ``rule`` for the machine, ``sentence`` for the sender, with what to do.

    ``column`` and ``kind`` (of what is in it) where it stops for one column; ``also`` names further ones.
    """

    file: str
    rule: str
    sentence: str
    column: str = ""
    kind: str = ""
    also: tuple[tuple[str, str], ...] = ()


# A file's length, when it was last written to, and which file it is: what changes while it is written.
State = tuple[int, int, int]


@dataclass(frozen=True)
class Recognised:
    """A file whose layout and header are known; files that share both are typed together.

    ``state`` is that of before it was opened: ``growing`` tells whether all that was read since is of one file.
    """

    path: Path
    sha256: str
    content_sha256: str
    layout: Layout
    opening: Opening
    header_line: int
    header: tuple[str, ...]
    sidecar: Sidecar
    state: State


@dataclass(frozen=True)
class AllRecognised:
    """What recognising gave: files whose layout is known, why others stop here, and whose copy a file is."""

    files: list[Recognised]
    refusals: list[Refusal]
    copies: dict[str, str]


def recognise_all(
    con: Connection, layouts: Sequence[Layout], files: Sequence[Path], waivers: Sequence[Waiver]
) -> AllRecognised:
    """Recognise files in the order of their names; a copy of another file stops here.

    Args:
        con: database with the method.
        layouts: the layouts that a file may be in.
        files: the files.
        waivers: what a named person set aside.
    """
    recognised: dict[str, Recognised] = {}
    refusals: list[Refusal] = []
    copies: dict[str, str] = {}
    for path in sorted(files, key=str):  # as paths, Windows would take capitals for small letters
        one = _recognise(con, layouts, path, waivers)
        if isinstance(one, Refusal):
            refusals.append(one)
        elif one.sha256 in recognised:
            twin = recognised[one.sha256]
            sentence = f"it is a copy of {twin.path.name}, byte for byte; {twin.path.name} was read instead"
            if one.sidecar != twin.sidecar:
                sentence += f", and its sidecar wasn't: what that says goes into {sidecar.beside(twin.path).name}"
            refusals.append(Refusal(path.name, "file.copy", sentence))
            copies[path.name] = twin.path.name
        else:
            recognised[one.sha256] = one
    return AllRecognised(list(recognised.values()), refusals, copies)


def personal_refusal(file: str, found: Sequence[Found], layout: str = "") -> Refusal:
    """Refuse a file for columns of personal data; ``layout`` is that of a file that has one."""
    first, *others = found
    also = tuple((one.column, one.kind) for one in others)
    return Refusal(file, "column.personal", personal.sentence(found, layout), first.column, first.kind, also)


def identity(path: Path, beside: Sidecar) -> tuple[str, str]:
    """Return what names an extract, the hash of its bytes and of what stands beside it, and that of its bytes alone.

    Raises:
        OSError: the file can't be read.
    """
    content_sha256 = disk.file_sha256(path)
    told = [f"{name}={beside.said(name)}" for name in WHAT if beside.said(name)]
    sha256 = hashlib.sha256("\n".join([content_sha256, *told]).encode()).hexdigest() if told else content_sha256
    return sha256, content_sha256


def state(path: Path) -> State | None:
    """Return a file's state, or nothing where there is no file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def growing(path: Path, before: State | None) -> Refusal | None:
    """Refuse a file that was written to since it had the state of ``before``."""
    if state(path) == before:
        return None
    return Refusal(
        path.name,
        "file.growing",
        "it changed while it was read; wait until it is whole and run again: it stays where it lies, and nothing of it "
        "was used",
    )


def _open_elsewhere(path: Path) -> Refusal | None:
    """Refuse a file that Excel or LibreOffice has open: what is saved may be half of what is meant."""
    locks = (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#"))
    lock = next((lock for lock in locks if lock.is_file()), None)
    if lock is None:
        return None
    sentence = (
        f"it is open in a spreadsheet, as {lock.name} beside it says; close it there and run again; if nobody has it "
        f"open, delete {lock.name}"
    )
    return Refusal(path.name, "file.open", sentence)


def _cloud_only(path: Path) -> Refusal | None:
    """Refuse a file that isn't on this machine, or whose sidecar isn't: reading would wait for a network, or fail."""
    for name in (path, sidecar.beside(path)):
        if name.is_file() and disk.cloud_only(name.stat()):
            what = "it lies" if name == path else f"its sidecar {name.name} lies"
            sentence = (
                f"{what} in the cloud only; in Explorer choose 'Always keep on this device' (in Finder 'Download "
                "Now'), wait for the tick, and run again"
            )
            return Refusal(path.name, "file.cloud_only", sentence)
    return None


def _link(path: Path) -> Refusal | None:
    """Refuse a file that lies elsewhere, or whose sidecar does: a link would let in what nobody put here."""
    here = path.parent.resolve()
    for name in (path, sidecar.beside(path)):
        if name.is_symlink() and not name.resolve().is_relative_to(here):
            what = "it" if name == path else f"its sidecar {name.name}"
            sentence = f"{what} is a symbolic link to a file outside its folder; put the file itself here instead"
            return Refusal(path.name, "file.link", sentence)
    return None


def _open(path: Path) -> tuple[list[Opening], Sidecar | Refusal] | Refusal:
    """Return the tables that a file may hold, and what stands beside it, or why that can't be used."""
    file = path.name
    if not _is_utf8(file):
        return Refusal(
            file.encode(errors="replace").decode(), "file.name", "its name isn't written in UTF-8; rename it"
        )
    try:
        elsewhere = _link(path) or _cloud_only(path)
        if elsewhere:
            return elsewhere
        tables = openings(path)
        try:
            return tables, sidecar.read(path)
        except SidecarError as error:
            return tables, Refusal(file, "sidecar.unusable", str(error))
        except OSError as error:
            return tables, _unreadable(file, error)
    except LineEndsError as error:
        return [error.seen], Refusal(file, "file.format", str(error))
    except UnreadableFileError as error:
        return Refusal(file, "file.format", str(error))
    except OSError as error:
        return _unreadable(file, error)


def _unreadable(file: str, error: OSError) -> Refusal:
    why = (error.strerror or type(error).__name__).lower()
    sentence = f"it or its sidecar can't be opened: {why}; look at its permissions, and whether a program has it open"
    return Refusal(file, "file.unreadable", sentence)


def _recognise(
    con: Connection, layouts: Sequence[Layout], path: Path, waivers: Sequence[Waiver]
) -> Recognised | Refusal:
    """Recognise a file, or refuse it; whatever it is refused for, personal data in it come first.

    A file that somebody is at work on comes next: whatever else may be wrong with it, it isn't the sender's last word.
    """
    before = state(path)
    one = _judged(con, layouts, path, waivers, before)
    if isinstance(one, Refusal) and one.rule in ("column.personal", "file.name", "file.link", "file.cloud_only"):
        return one
    return growing(path, before) or _open_elsewhere(path) or one


def _judged(
    con: Connection, layouts: Sequence[Layout], path: Path, waivers: Sequence[Waiver], before: State | None
) -> Recognised | Refusal:
    opened = _open(path)
    if isinstance(opened, Refusal):
        return opened
    tables, beside = opened
    one = beside if isinstance(beside, Refusal) else _matched(layouts, path, tables, beside, before or (0, 0, 0))
    if isinstance(one, Refusal):
        found = personal.in_openings(con, enumerate(tables, start=1))
        return personal_refusal(path.name, found) if found else one
    found = personal.not_approved(_first_seen(con, one, tables), waivers, one.layout.name, path.name)
    return personal_refusal(path.name, found, one.layout.name) if found else _silent(one) or one


def _first_seen(con: Connection, one: Recognised, tables: Sequence[Opening]) -> list[Found]:
    """Return what a file shows before it is read: its headings, the other sheets of its workbook.

    Its first lines count too where it won't be read any further, or would have to be copied into UTF-8 to be.
    """
    found = personal.in_header(one.layout, one.header)
    others = [(number, table) for number, table in enumerate(tables, start=1) if table.sheet != one.opening.sheet]
    found += personal.in_openings(con, others, names=one.layout.feed == "staff")
    if found or _silent(one) or (one.opening.kind == "csv" and one.opening.encoding != "utf-8"):
        seen = personal.in_lines(con, one.layout, one.header, one.opening.rows[one.header_line :])
        found += [each for each in seen if (each.place, 0) not in {(other.place, other.sheet) for other in found}]
    return found


def _matched(
    layouts: Sequence[Layout], path: Path, tables: Sequence[Opening], beside: Sidecar, before: State
) -> Recognised | Refusal:
    file = path.name
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
    fault = _nul_fault(file, names) or _header_fault(file, names) or _kept_name(file, names)
    if fault:
        return fault
    sha256, content_sha256 = identity(path, beside)
    return Recognised(path, sha256, content_sha256, chosen, table, line, names, beside, before)


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
    kind, long_line = tables[0].kind, tables[0].long_line
    if long_line:
        return Refusal(path.name, "line.long", f"its line {long_line} {LONG_LINE}")
    headers = [names for table in tables for _, names, _ in table.headers()]
    if not headers:
        return Refusal(path.name, "file.empty", "it is empty; send it again")
    for names in headers[:1]:
        fault = _header_fault(path.name, names)
        if fault:
            return fault
    if "\0" in "".join(headers[0]):
        return Refusal(path.name, "line.nul", f"its first line {NUL_BYTE}")
    if "\ufffd" in "".join(headers[0]):
        return Refusal(path.name, "file.text", NOT_TEXT)
    separator = _other_separator(layouts, headers)
    if separator:
        sentence = (
            f"its cells are separated by {separator}, not commas; save it as 'CSV UTF-8 (comma delimited)' or .xlsx"
        )
        return Refusal(path.name, "file.separator", sentence)
    best = min(headers, key=lambda names: (_distance(layouts, names), headers.index(names)))
    has_rows = any(names == best and row for table in tables for _, names, row in table.headers())
    return Refusal(path.name, "layout.none", _nearest(layouts, best, kind, has_rows))


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


def _nul_fault(file: str, header: Sequence[str]) -> Refusal | None:
    """Refuse a header with a NUL byte, which a layout's patterns may have let pass: the database takes no such name."""
    return Refusal(file, "line.nul", f"its header {NUL_BYTE}") if "\0" in "".join(header) else None


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


def _nearest(layouts: Sequence[Layout], header: Sequence[str], kind: str, has_rows: bool) -> str:
    """Say what keeps a file from the layout that it resembles most.

    Where a row may have run into the header, its unknown names aren't told: they may be that row's cells.
    """
    best = min(layouts, key=lambda one: (len(one.missing_columns(header)) + len(one.unknown_columns(header)), one.name))
    lacking, unknown = best.missing_columns(header), best.unknown_columns(header)
    if len(lacking) + len(unknown) > len(header):
        return "no layout recognises its columns; use a template (docs/templates.md) or add a layout (docs/layouts.md)"
    faults = [f"it lacks the column '{name}'" for name in lacking]
    if unknown and not has_rows:
        faults.append(f"no line below is as wide as its header of {len(header)}; look whether lines ran together")
    elif _ran_together(header, lacking, unknown):
        faults.append(
            f"{len(unknown)} of its {len(header)} columns are unknown; look whether a row ran into its header"
        )
    else:
        faults += [
            f"it has the unknown column '{name}'"
            if name.strip()
            else f"its column {header.index(name) + 1} has no name"
            for name in unknown
        ]
    if not faults and best.format not in ("any", kind):
        faults = [f"that layout takes {best.format} files only"]
    if not faults:
        faults = ["its columns fit but its first row isn't the publisher's"]
    return f"no layout recognises it; it comes nearest to {best.name}, but {', '.join(faults)}"


def _ran_together(header: Sequence[str], lacking: Sequence[str], unknown: Sequence[str]) -> bool:
    """Tell whether a row may stand in the header: many of its names are unknown, or one begins as a name that lacks."""
    return 3 * len(unknown) > len(header) or any(name.startswith(tuple(lacking)) for name in unknown if lacking)


def _silent(one: Recognised) -> Refusal | None:
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
