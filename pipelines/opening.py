"""A file's kind, its encoding and its first lines: enough to recognise its layout, before a row is read."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, AnyStr

import duckdb

from pipelines import database, signature, workbook
from pipelines.signature import BYTES_PER_BLOCK, Kind, UnreadableFileError

# A header is looked for in so many lines: publishers put a title and a few notes above their tables.
LINES_SEEN = 40

# No row of an extract is longer, in bytes without the end of the line: a longer one is passed over in pieces.
LINE_BYTES = 1 << 20
# The standard library's reader would take a cell of more than 128 KiB for a fault in quoting.
csv.field_size_limit(LINE_BYTES)
# Lines that are looked at for a header hold no more letters than these together.
LETTERS_SEEN = 2 << 20

# The mark of UTF-8 and UTF-16, as a letter; a file that was put together of others may have it twice.
MARK = "\ufeff"

BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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


class LineEndsError(UnreadableFileError):
    """A text file whose lines end in carriage returns alone; ``seen`` are its first ones."""

    def __init__(self, seen: Opening) -> None:
        """Say what it is and what to do."""
        super().__init__("its lines end in carriage returns alone; save it as 'CSV UTF-8' and send it again")
        self.seen = seen


def openings(path: Path) -> list[Opening]:
    """Return the tables that a file may hold: one, or one for each sheet of a workbook.

    Raises:
        UnreadableFileError: it isn't text, a workbook or Parquet, or can't be opened as what it is.
    """
    kind = signature.kind(path)
    if kind == "xlsx":
        return _of_workbook(path)
    return [_of_parquet(path) if kind == "parquet" else _of_text(path)]


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
    if len(lines) == 1 and "\r" in lines[0][0] and "\0" not in lines[0][0]:
        rows = tuple(tuple(text_cells(line)) for line in lines[0][0].split("\r")[:LINES_SEEN])
        raise LineEndsError(Opening("csv", rows, encoding=coding))
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
    workbook.weigh(path)
    book = workbook.open_workbook(path)
    return [
        Opening("xlsx", tuple(map(tuple, workbook.sheet_rows(book, name, LINES_SEEN))), sheet=name)
        for name in book.sheet_names
    ]


def _of_parquet(path: Path) -> Opening:
    try:
        with duckdb.connect() as con:
            columns = [
                name for name, *_ in con.execute(f"describe from {database.PARQUET}", [database.only(path)]).fetchall()
            ]
            first = con.execute(
                f"select columns(*)::varchar from {database.PARQUET} limit ?", [database.only(path), LINES_SEEN - 1]
            ).fetchall()
    except duckdb.Error as error:
        raise UnreadableFileError("it is a damaged Parquet file; send it again") from error
    return Opening("parquet", (tuple(columns), *(tuple(cell or "" for cell in row) for row in first)))


def _without_blank_end(row: Sequence[str]) -> tuple[str, ...]:
    """Return a row without the blank cells at its end: a spreadsheet writes as many in the lines above a table."""
    end = max((place for place, cell in enumerate(row, start=1) if cell.strip()), default=0)
    return tuple(row[:end])
