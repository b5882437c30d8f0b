"""A file's kind, its encoding and its first lines: enough to recognise its layout, before a row is read."""

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, AnyStr, Literal

import duckdb

from pipelines import database

Kind = Literal["csv", "xlsx", "parquet"]

# A header is looked for in so many lines: publishers put a title and a few notes above their tables.
LINES_SEEN = 40
BYTES_PER_BLOCK = 1 << 20

# No row of an extract is longer, in bytes without the end of the line: a longer one is passed over in pieces.
LINE_BYTES = 1 << 20
# The standard library's reader would take a cell of more than 128 KiB for a fault in quoting.
csv.field_size_limit(LINE_BYTES)
# Lines that are looked at for a header hold no more letters than these together.
LETTERS_SEEN = 2 << 20

# A workbook that unpacks to more than this is no extract: a few kilobytes can be made to fill a disk.
UNPACKED_BYTES = 2 << 30
# So many places, rows times columns, a sheet may span: the library keeps one for each, filled or not. All the rows
# that a sheet may have, times 48.
SHEET_PLACES = 48 << 20
# A cell beyond the 48th column, AV, or with seven digits in its row.
FAR_CELL = re.compile(rb"""<c r="(?:A[W-Z]|[B-Z][A-Z]|[A-Z]{3,}|[A-Z]+(?=[0-9]{7}))[0-9]""", re.IGNORECASE)
# A cell's place as a sheet spells it; a row's; and a cell's beginning, which may leave its place out.
CELL_PLACE = re.compile(rb"""r\s*=\s*["']([A-Za-z]{1,7})([0-9]{1,10})["']""")
ROW_PLACE = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["']([0-9]{1,10})["']""")
ROW_START = re.compile(rb"<(?:\w+:)?row[\s/>]")
CELL_START = re.compile(rb"<(?:\w+:)?c[\s/>]")

# The mark of UTF-8 and UTF-16, as a letter; a file that was put together of others may have it twice.
MARK = "\ufeff"

OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
# A report that is called a workbook may be a page or an XML document; more than its beginning isn't looked at.
START_BYTES = 64
DAMAGED_WORKBOOK = "it is a damaged Excel workbook; open and save it, and send it again"
TOO_LARGE = "it unpacks to more than 2 GiB, which no extract does; send the table as 'CSV UTF-8'"
NOT_A_TABLE = {
    b"%pdf": "a PDF document",
    b"\x1f\x8b": "a compressed file",
    **dict.fromkeys((b"<!do", b"<bod", b"<div", b"<hea", b"<htm", b"<met", b"<sty", b"<tab"), "a web page"),
    b"<?xm": "an XML document",
}
BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UnreadableFileError(ValueError):
    """A file that no table can be read from; the message says what it is and what to do."""


@dataclass(frozen=True)
class Opening:
    """The first lines of a table in a file; ``rows[0]`` is line 1, each as its cells.

    ``sheet`` names the sheet of a workbook; ``encoding`` is how a text file is written. ``long_line`` is the first line
    that is too long to be one, or 0; such a line has no cells here.
    """

    kind: Kind
    rows: tuple[tuple[str, ...], ...]
    sheet: str = ""
    encoding: str = ""
    long_line: int = 0

    def headers(self) -> Iterator[tuple[int, tuple[str, ...], dict[str, str]]]:
        """Yield what may be the header: its line, its names, and the first row below it by name.

        A line below with another number of cells isn't a row.
        """
        # Parquet names its columns itself: no row below can do it.
        for number, row in enumerate(self.rows[: 1 if self.kind == "parquet" else None], start=1):
            names = _without_blank_end(row)
            if not names:
                continue
            below = next((cells for cells in self.rows[number:] if len(cells) == len(row) and any(cells)), ())
            yield number, names, dict(zip(names, below, strict=False))


def openings(path: Path) -> list[Opening]:
    """Return the tables that a file may hold: one, or one for each sheet of a workbook.

    Raises:
        UnreadableFileError: it isn't text, a workbook or Parquet, or can't be opened as what it is.
    """
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if start.startswith(b"PK"):
        return _of_workbook(path)
    if start.startswith(b"PAR1"):
        return [_of_parquet(path)]
    if start.startswith(OLD_WORKBOOK):
        raise UnreadableFileError(
            "it is an old Excel workbook or one with a password; save it as 'Excel workbook (.xlsx)' without a "
            "password, or as 'CSV UTF-8', and send it again"
        )
    for signature, what in NOT_A_TABLE.items():
        if start.lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower().startswith(signature):
            raise UnreadableFileError(f"it is {what}, whatever its name; send the table as 'CSV UTF-8' or .xlsx")
    return [_of_text(path)]


def encoding(path: Path) -> str:
    """Return how a text file is written: ``utf-16``, ``utf-8`` or ``cp1252`` (Windows-1252).

    UTF-16 without its mark (``utf-16-le``, ``utf-16-be``) shows in a zero byte beside the first letter.
    Windows-1252 is what a file is in that isn't UTF-8 and has no line in which UTF-8 shows: where both stand in one
    file, it counts as UTF-8, and the other lines are rejected one by one.
    """
    with path.open("rb") as file:
        first = file.read(2)
        if first in BYTE_ORDER_MARKS:
            return "utf-16"
        if len(first) == 2 and 0 in first and first != b"\0\0":
            return "utf-16-le" if first[1] == 0 else "utf-16-be"
        file.seek(0)
        if _is_utf8(file):
            return "utf-8"
        file.seek(0)
        for line, is_long in bounded_lines(file):
            if not is_long and not line.isascii() and _decodes(line, "utf-8"):
                return "utf-8"
        file.seek(0)
        blocks = iter(lambda: file.read(BYTES_PER_BLOCK), b"")
        return "cp1252" if all(_decodes(block, "cp1252") for block in blocks) else "utf-8"


def bounded_lines(file: IO[AnyStr]) -> Iterator[tuple[AnyStr, bool]]:
    """Yield each line, and whether it is longer than ``LINE_BYTES``: of such a line its beginning alone."""
    while line := file.readline(LINE_BYTES + 1):
        is_long = len(line) > LINE_BYTES and not _ends(line)
        yield line, is_long
        while is_long and (rest := file.readline(BYTES_PER_BLOCK)) and not _ends(rest):
            pass


def _ends(line: str | bytes) -> bool:
    return line[-1:] in ("\n", b"\n")


def _is_utf8(file: Any) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(BYTES_PER_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decodes(line: bytes, coding: str) -> bool:
    try:
        line.decode(coding)
    except UnicodeDecodeError:
        return False
    return True


def _of_text(path: Path) -> Opening:
    coding = encoding(path)
    # A line stands for itself: a quotation mark that isn't closed doesn't take in the lines behind it. It ends where
    # the reader ends it, at a line feed, or a header's line here would be another one there.
    with path.open(encoding=coding, errors="replace", newline="\n") as file:
        lines = _first_lines(file)
    lines[:1] = [(line.lstrip(MARK), is_long) for line, is_long in lines[:1]]
    if len(lines) == 1 and "\r" in lines[0][0]:
        raise UnreadableFileError("its lines end in carriage returns alone; save it as 'CSV UTF-8' and send it again")
    rows = tuple(() if is_long else tuple(text_cells(line)) for line, is_long in lines)
    long_line = next((number for number, (_, is_long) in enumerate(lines, start=1) if is_long), 0)
    return Opening("csv", rows, encoding=coding, long_line=long_line)


def _first_lines(file: IO[str]) -> list[tuple[str, bool]]:
    """Return the lines that may be a header, each with whether it is too long to be one."""
    lines: list[tuple[str, bool]] = []
    letters = 0
    for line, is_long in bounded_lines(file):
        lines.append((line.rstrip("\r\n"), is_long))
        letters += 0 if is_long else len(line)
        if len(lines) == LINES_SEEN or letters > LETTERS_SEEN:
            break
    return lines


def text_cells(line: str, separator: str = ",") -> list[str]:
    """Take a line apart; one that can't be taken apart is its own cell."""
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return [line]


def _of_workbook(path: Path) -> list[Opening]:
    _weigh(path)
    workbook = open_workbook(path)
    return [
        Opening("xlsx", tuple(map(tuple, sheet_rows(workbook, name, LINES_SEEN))), sheet=name)
        for name in workbook.sheet_names
    ]


def _weigh(path: Path) -> None:
    """Unpack a workbook into nothing, to know what it would take to read it.

    What its directory says of sizes, and a sheet of its extent, may be wrong; the library goes by what is there, and
    would take the whole process down with it.

    Raises:
        UnreadableFileError: it is another kind of archive, damaged, unpacks to too much, or a sheet spans too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if not any(member.filename == "xl/workbook.xml" for member in members):
                raise UnreadableFileError(
                    "it is an archive, not a table; send the table itself as 'CSV UTF-8' or .xlsx"
                )
            if sum(member.file_size for member in members) > UNPACKED_BYTES:
                raise UnreadableFileError(TOO_LARGE)
            left = UNPACKED_BYTES
            for member in members:
                left -= _weigh_member(archive, member, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError) as error:
        raise UnreadableFileError("it is a damaged Excel workbook or archive; send it again") from error


def _weigh_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> int:
    """Return how many bytes a member unpacks to, at most ``left``."""
    size, is_near = 0, True
    for xml in _unpacked(archive, member, left):
        size += len(xml)
        is_near = is_near and _is_near(xml)
    if not is_near:
        span = _Span()
        for xml in _unpacked(archive, member, left):
            span.add(xml)
        if span.rows * span.columns > SHEET_PLACES:
            raise UnreadableFileError(
                f"a sheet of it reaches to row {span.rows:,} and column {span.columns:,}, which no extract does; "
                "delete what stands far from the table, and send it again"
            )
    return size


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
    """Yield a member in pieces, cut between two elements where it is XML."""
    # What the directory says would end the reading, and this is never reached.
    member.file_size = left + 2 * BYTES_PER_BLOCK
    size, tail = 0, b""
    with archive.open(member) as file:
        while block := file.read(BYTES_PER_BLOCK):
            size += len(block)
            if size > left:
                raise UnreadableFileError(TOO_LARGE)
            block = tail + block
            cut = block.rfind(b"<")
            cut = cut if cut >= 0 and len(block) - cut < BYTES_PER_BLOCK else len(block)
            yield block[:cut]
            tail = block[cut:]
    yield tail


def _is_near(xml: bytes) -> bool:
    """Tell quickly whether every cell says where it stands, and none stands far out; most sheets are so."""
    cells = xml.count(b"<c") - xml.count(b"<col")
    return not cells or (cells == xml.count(b'<c r="') and b":c" not in xml and not FAR_CELL.search(xml))


class _Span:
    """How many rows and columns a sheet's cells span from its first place on, by their places or by their number."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._rows_seen = self._in_row = 0

    def add(self, xml: bytes) -> None:
        """Take in a piece of a sheet, cut between two elements."""
        places = CELL_PLACE.findall(xml)
        if places:
            columns, rows = (set(part) for part in zip(*places, strict=True))
            self.columns = max(self.columns, *map(_column_number, columns))
            self.rows = max(self.rows, *map(int, rows))
        self._rows_seen += len(ROW_START.findall(xml))
        self.rows = max(self.rows, self._rows_seen, *map(int, ROW_PLACE.findall(xml)))
        if len(CELL_START.findall(xml)) > len(places):
            self._count(xml)

    def _count(self, xml: bytes) -> None:
        first, *others = ROW_START.split(xml)
        counts = [self._in_row + len(CELL_START.findall(first)), *(len(CELL_START.findall(row)) for row in others)]
        self._in_row = counts[-1]
        self.columns = max(self.columns, *counts, 0)


def _column_number(letters: bytes) -> int:
    """Return a column's number by its letters: 1 for A, 16384 for XFD."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def open_workbook(path: Path) -> Any:
    """Return a workbook that can be read.

    Raises:
        UnreadableFileError: it is damaged.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except CalamineError as error:
        raise UnreadableFileError(DAMAGED_WORKBOOK) from error


def sheet_rows(workbook: Any, sheet: str, lines: int | None = None) -> Iterator[list[str]]:
    """Yield a sheet's rows from its first line on, each as its cells in text; ``lines`` of them, or all.

    A number is written with the fifteen digits that a spreadsheet keeps, a date as YYYY-MM-DD.

    Raises:
        UnreadableFileError: the sheet is damaged, or missing in its workbook.
    """
    from python_calamine import CalamineError

    try:
        rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=lines)
    except CalamineError as error:
        raise UnreadableFileError(DAMAGED_WORKBOOK) from error
    for row in rows:
        yield [_sheet_cell(cell) for cell in row]


def _sheet_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 10**15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _of_parquet(path: Path) -> Opening:
    try:
        with duckdb.connect() as con:
            columns = [
                name for name, *_ in con.execute("describe from read_parquet(?)", [database.only(path)]).fetchall()
            ]
            first = con.execute(
                "select columns(*)::varchar from read_parquet(?) limit ?", [database.only(path), LINES_SEEN - 1]
            ).fetchall()
    except duckdb.Error as error:
        raise UnreadableFileError("it is a damaged Parquet file; send it again") from error
    return Opening("parquet", (tuple(columns), *(tuple(cell or "" for cell in row) for row in first)))


def _without_blank_end(row: Sequence[str]) -> tuple[str, ...]:
    """Return a row without the blank cells at its end: a spreadsheet writes as many in the lines above a table."""
    end = max((place for place, cell in enumerate(row, start=1) if cell.strip()), default=0)
    return tuple(row[:end])
