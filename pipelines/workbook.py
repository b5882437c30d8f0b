"""Excel workbooks: weighed before they are opened, since a small file can fill a machine, then read as text."""

import errno
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.signature import BYTES_PER_BLOCK, LOCKED, UnreadableFileError

# A workbook that unpacks to more than this is no extract: a few kilobytes can be made to fill a disk.
UNPACKED_BYTES = 2 << 30
ENCRYPTED = 1  # of a member's flags
# How the parts of a workbook may be packed; others are of archives of another kind.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# So many places, rows times columns, a sheet may span: the library keeps one for each, filled or not. All the rows
# that a sheet may have, times 48.
SHEET_PLACES = 48 << 20
# A cell beyond the 48th column, AV, or with seven digits in its row.
FAR_CELL = re.compile(rb"""<c r="(?:A[W-Z]|[B-Z][A-Z]|[A-Z]{3,}|[A-Z]+(?=[0-9]{7}))[0-9]""", re.IGNORECASE)
# A cell's place as a sheet spells it; a row's; and a cell's beginning, which may leave its place out.
CELL_PLACE = re.compile(rb"""r\s*=\s*["']([A-Za-z]+)([0-9]+)["']""")
ROW_PLACE = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["']([0-9]+)["']""")
# Of a number in a place, as many digits are read: a longer one is beyond any sheet already.
DIGITS = 12
ROW_START = re.compile(rb"<(?:\w+:)?row[\s/>]")
CELL_START = re.compile(rb"<(?:\w+:)?c[\s/>]")
# The end of a text that cells share.
TEXT_END = re.compile(rb"</(?:\w+:)?si\s*>")
# A member that shows what an archive is instead of a workbook.
ARCHIVES = {
    "xl/workbook.bin": "it is a binary Excel workbook (.xlsb)",
    "content.xml": "it is an OpenDocument file",
    "word/document.xml": "it is a Word document",
}
DAMAGED_ARCHIVE = "it is a damaged Excel workbook or archive; send it again"
DAMAGED_WORKBOOK = "it is a damaged Excel workbook; open and save it, and send it again"
TOO_LARGE = "it unpacks to more than 2 GiB, which no extract does; send the table as 'CSV UTF-8'"


def weigh(path: Path) -> None:
    """Unpack a workbook into nothing, to know what it would take to read it.

    What its directory says of sizes, and a sheet of its extent, may be wrong; the library goes by what is there, and
    would take the whole process down with it.

    Raises:
        UnreadableFileError: it is another kind of archive, damaged, unpacks to too much, or a sheet spans too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_other_archive({member.filename for member in members})
            if any(member.flag_bits & ENCRYPTED for member in members):
                raise UnreadableFileError(LOCKED)
            if any(member.compress_type not in COMPRESSIONS for member in members):
                raise UnreadableFileError(DAMAGED_ARCHIVE)
            if sum(member.file_size for member in members) > UNPACKED_BYTES:
                raise UnreadableFileError(TOO_LARGE)
            left, shared = UNPACKED_BYTES, _Shared()
            for member in members:
                left -= _weigh_member(archive, member, left, shared)
            if shared.size > UNPACKED_BYTES:
                raise UnreadableFileError(TOO_LARGE)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, UnicodeDecodeError, zlib.error, EOFError) as error:
        raise UnreadableFileError(DAMAGED_ARCHIVE) from error
    except OSError as error:
        # A place before the archive's beginning is no matter of the disk.
        if error.errno != errno.EINVAL:
            raise
        raise UnreadableFileError(DAMAGED_ARCHIVE) from error


def _refuse_other_archive(names: set[str]) -> None:
    if "xl/workbook.xml" not in names:
        what = next((what for member, what in ARCHIVES.items() if member in names), "it is an archive, not a table")
        raise UnreadableFileError(f"{what}; send the table itself as 'CSV UTF-8' or .xlsx")


def _weigh_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, shared: "_Shared") -> int:
    """Return how many bytes a member unpacks to, at most ``left``, and add to ``shared`` what it holds of that."""
    size, is_near = 0, True
    shared.begin()
    for xml in _unpacked(archive, member, left):
        size += len(xml)
        is_near = is_near and _is_near(xml)
        shared.add(xml)
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


class _Shared:
    """How much the cells of a workbook may take that share texts: the library copies the text into each of them."""

    def __init__(self) -> None:
        self.longest = self._cells = self._since_end = 0

    @property
    def size(self) -> int:
        """All cells times the longest text, in bytes."""
        return self._cells * self.longest

    def begin(self) -> None:
        """Begin with a new member."""
        self._since_end = 0

    def add(self, xml: bytes) -> None:
        """Take in a piece of a member."""
        self._cells += xml.count(b"<c") - xml.count(b"<col") + xml.count(b":c")
        first, *others = TEXT_END.split(xml)
        self._since_end += len(first)
        if others:
            self.longest = max(self.longest, self._since_end, *map(len, others))
            self._since_end = len(others[-1])


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
            self.rows = max(self.rows, *map(_row_number, rows))
        self._rows_seen += len(ROW_START.findall(xml))
        self.rows = max(self.rows, self._rows_seen, *map(_row_number, ROW_PLACE.findall(xml)))
        if len(CELL_START.findall(xml)) > len(places):
            self._count(xml)

    def _count(self, xml: bytes) -> None:
        first, *others = ROW_START.split(xml)
        counts = [self._in_row + len(CELL_START.findall(first)), *(len(CELL_START.findall(row)) for row in others)]
        self._in_row = counts[-1]
        self.columns = max(self.columns, *counts, 0)


def _row_number(digits: bytes) -> int:
    return int(digits.lstrip(b"0")[:DIGITS] or b"0")


def _column_number(letters: bytes) -> int:
    """Return a column's number by its letters: 1 for A, 16384 for XFD."""
    number = 0
    for letter in letters.upper()[:DIGITS]:
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
