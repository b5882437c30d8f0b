"""Sheets: a workbook as the Analysis Function asks for it, whatever stands in it (docs/packs.md has the checklist).

XlsxWriter and not gptables, which writes such sheets too: gptables takes ``[words](target)`` in any cell for a link and
``$$words$$`` for a note, so that an employer's name could become either, and it formats columns where a cell here has
a format of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pipelines.figures import Figure
from pipelines.report.forms.metrics import font
from pipelines.report.forms.plain import plain, repacked
from pipelines.report.pack import text

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

LANGUAGE = "en-GB"
BLUE = "#005eb8"
FONT: dict[str, Any] = {"font_name": "Arial", "font_size": 12}
# Numbers and their heads; words stand a little away from the numbers to their left.
RIGHT, AWAY = {"align": "right"}, {"align": "left", "indent": 1}
# Pixels of an em at 12 points, of a cell's margins, and how wide a column is at most: what is longer is wrapped.
EM, MARGIN, WIDEST = 16, 34, 440
# A line above a table runs on over its columns; one that is longer than these, and than so many pixels, is wrapped in
# the first column, which is so wide then.
ROOM, WRAPPED = 900, 380
COVER_WIDTH = 900
# Points of a line of text and of what is above and below it. Heights are set: not every program fits them to the text.
LINE, GAP = 15.5, 5
# What Excel refuses: a longer heading of a table, and a longer text in a cell.
HEAD_LENGTH, TEXT_LENGTH = 255, 32767
# A4, lying on its side, as wide as the page.
PAPER = 9


@dataclass(frozen=True)
class Link:
    """A link to the beginning of another sheet of the workbook, under its name."""

    sheet: str


Cell = str | Figure | Link


@dataclass(frozen=True)
class Sheet:
    """A sheet with one table: the title in A1, lines below it, then the table; ``name`` names the table too."""

    name: str
    title: str
    lines: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Cover:
    """The first sheet: its title, a line below it, and what else is to be known, headings and lines below each."""

    name: str
    title: str
    subtitle: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]


def written(cover: Cover, sheets: Sequence[Sheet], properties: dict[str, str], created: datetime) -> bytes:
    """Return a workbook; the same sheets give the same bytes.

    Raises:
        ValueError: a text is longer than a workbook can hold.
    """
    from xlsxwriter.workbook import Workbook

    made = BytesIO()
    # Nothing becomes a formula, a link or a number because of how it looks.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    # A copy: the library writes into what it is given, and the next workbook would differ.
    book = Workbook(made, {**options, "default_format_properties": dict(FONT)})
    # A workbook's times have no zone.
    book.set_properties(
        {name: plain(words) for name, words in properties.items()} | {"created": created.replace(tzinfo=None)}
    )
    formats = _Formats(book)
    _cover(book.add_worksheet(cover.name), cover, formats)
    for sheet in sheets:
        _sheet(book.add_worksheet(sheet.name), sheet, formats)
    book.worksheets()[0].activate()
    book.close()
    return repacked(made.getvalue(), {"docProps/core.xml": _with_language})


def _with_language(properties: bytes) -> bytes:
    """Say the document's language, which the library has no word for."""
    end = b"</cp:coreProperties>"
    return properties.replace(end, f"<dc:language>{LANGUAGE}</dc:language>".encode() + end)


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: "Workbook") -> None:
        top = {**FONT, "valign": "top"}
        title = {**top, "bold": True, "font_size": 16, "font_color": BLUE}
        self.title, self.title_wrapped = book.add_format(title), book.add_format({**title, "text_wrap": True})
        self.line, self.line_wrapped = book.add_format(top), book.add_format({**top, "text_wrap": True})
        self.subtitle = book.add_format({**top, "font_size": 14, "text_wrap": True})
        heading = {"bold": True, "font_size": 14, "font_color": BLUE, "text_wrap": True, "valign": "bottom"}
        self.heading = book.add_format({**FONT, **heading})
        below = {"bottom": 2, "bottom_color": BLUE}
        head = {**FONT, "bold": True, "text_wrap": True, "valign": "bottom", **below}
        self.first_head, self.head = book.add_format(head), book.add_format({**head, **AWAY})
        self.head_of_numbers = book.add_format({**head, **RIGHT})
        self._cell = {**FONT, "text_wrap": True, "valign": "vcenter", "bottom": 1, "bottom_color": "#d8dde0"}
        self.first = book.add_format({**self._cell, "bold": True})
        self.cell = book.add_format({**self._cell, **AWAY})
        # A marker stands where a number would.
        self.marker = book.add_format({**self._cell, **RIGHT})
        self.link = book.add_format({**self._cell, "underline": 1, "font_color": BLUE})
        self._book = book
        self._numbers: dict[str, Any] = {}

    def number(self, number_format: str) -> Any:
        """Return the format of a number."""
        if number_format not in self._numbers:
            self._numbers[number_format] = self._book.add_format({**self._cell, **RIGHT, "num_format": number_format})
        return self._numbers[number_format]


def _cover(page: "Worksheet", cover: Cover, formats: _Formats) -> None:
    page.hide_gridlines(2)
    page.set_column_pixels(0, 0, COVER_WIDTH)
    lines = [(cover.title, formats.title_wrapped, 16, 0), (cover.subtitle, formats.subtitle, 14, 0)]
    for heading, below in cover.parts:
        lines += [(heading, formats.heading, 14, 12), *((line, formats.line_wrapped, 12, 0) for line in below)]
    for row, (words, words_format, size, above) in enumerate(lines):
        _text(page, row, 0, words, words_format)
        page.set_row(row, _height([(words, COVER_WIDTH, size > FONT["font_size"])], size) + above)
    _print(page)


def _sheet(page: "Worksheet", sheet: Sheet, formats: _Formats) -> None:
    page.hide_gridlines(2)
    heads, top = unique(sheet.heads), len(sheet.lines) + 1
    widths = _widths(heads, sheet.rows)
    room = max(ROOM, sum(widths))
    if any(_pixels(line, at == 0, 16 if at == 0 else 12) > room for at, line in enumerate((sheet.title, *sheet.lines))):
        widths[0] = max(widths[0], WRAPPED)
    for place, width in enumerate(widths):
        page.set_column_pixels(place, place, width)
    for row, line in enumerate((sheet.title, *sheet.lines)):
        is_title, size = row == 0, 12 if row else 16
        is_long = _pixels(line, is_title, size) > room
        whole, wrapped = (formats.title, formats.title_wrapped) if is_title else (formats.line, formats.line_wrapped)
        _text(page, row, 0, line, wrapped if is_long else whole)
        page.set_row(row, _height([(line, widths[0] if is_long else room, is_title)], size))
    _add_table(page, sheet, heads, top, formats)
    page.set_row(top, _height([(head, width, True) for head, width in zip(heads, widths, strict=True)]) + GAP)
    for row, cells in enumerate(sheet.rows, top + 1):
        for place, cell in enumerate(cells):
            _write(page, row, place, cell, formats)
        said = (_shown(cell) for cell in cells)
        page.set_row(row, _height([(one, widths[place], place == 0) for place, one in enumerate(said)]))
    _print(page)
    page.repeat_rows(top)


def _add_table(page: "Worksheet", sheet: Sheet, heads: Sequence[str], top: int, formats: _Formats) -> None:
    """Mark up the table as one, with the headings in its first row."""
    numeric = [any(isinstance(row[place], Figure) for row in sheet.rows) for place in range(len(heads))]
    of_words = [formats.first_head, *[formats.head] * (len(heads) - 1)]
    columns = [
        {"header": head, "header_format": formats.head_of_numbers if is_numeric else of_words[place]}
        for place, (head, is_numeric) in enumerate(zip(heads, numeric, strict=True))
    ]
    options = {"name": f"table_{sheet.name.lower()}", "style": None, "autofilter": False, "columns": columns}
    page.add_table(top, 0, top + len(sheet.rows), len(heads) - 1, options)


def _print(page: "Worksheet") -> None:
    page.set_landscape()
    page.set_paper(PAPER)
    page.fit_to_pages(1, 0)


def _write(page: "Worksheet", row: int, place: int, cell: Cell, formats: _Formats) -> None:
    if isinstance(cell, Link):
        page.write_url(row, place, f"internal:'{cell.sheet}'!A1", formats.link, cell.sheet)
    elif isinstance(cell, str):
        _text(page, row, place, cell, formats.cell if place else formats.first)
    elif cell.number is None:
        _text(page, row, place, cell.text, formats.marker)
    else:
        page.write_number(row, place, float(cell.number), formats.number(cell.number_format))


def _text(page: "Worksheet", row: int, place: int, words: str, words_format: Any) -> None:
    said = plain(words)
    if len(said) > TEXT_LENGTH:
        raise ValueError(f"a text of {len(said)} characters is longer than a cell can hold: {said[:60]}…")
    if said:
        page.write_string(row, place, said, words_format)
    else:
        page.write_blank(row, place, None, words_format)


def unique(heads: Sequence[str]) -> list[str]:
    """Return the headings of a table, none of them empty and no two the same: Excel would mend the file otherwise.

    Raises:
        ValueError: a heading is longer than Excel allows.
    """
    found: dict[str, str] = {}
    for place, head in enumerate(heads, 1):
        said = plain(head) or f"Column {place}"
        if len(said) > HEAD_LENGTH - 5:
            raise ValueError(f"a heading of {len(said)} characters is longer than Excel allows: {said[:60]}…")
        name = first_free(said, lambda said, number: f"{said} ({number})", found.keys())
        found[name.casefold()] = name
    return list(found.values())


def first_free(name: str, numbered: Callable[[str, int], str], taken: Any) -> str:
    """Return a name that isn't taken yet in whatever letters: with the first number that makes it another one."""
    candidate, number = name, 2
    while candidate.casefold() in taken:
        candidate, number = numbered(name, number), number + 1
    return candidate


def _shown(cell: Cell) -> str:
    return plain(cell.sheet if isinstance(cell, Link) else text(cell))


def _pixels(words: str, is_bold: bool, size: float = 12) -> float:
    return font(is_bold).width(plain(words)) * EM * size / 12


def _widths(heads: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> list[int]:
    """Return the widths of columns in pixels: of what stands in them, and of the longest word of their heads."""
    widths = []
    for place, head in enumerate(heads):
        widest = max((_pixels(_shown(row[place]), is_bold=place == 0) for row in rows), default=0.0)
        word = max(_pixels(word, is_bold=True) for word in head.split())
        widths.append(min(WIDEST, round(max(widest, word, 4 * EM)) + MARGIN))
    return widths


def _height(cells: Sequence[tuple[str, float, bool]], size: float = 12) -> float:
    """Return the height of a row in points: of texts, the widths of their columns, and whether each is bold."""
    lines = max(_lines(plain(words), width - MARGIN / 2, is_bold, size) for words, width, is_bold in cells)
    return lines * LINE * size / 12 + GAP


def _lines(words: str, width: float, is_bold: bool, size: float) -> int:
    """Return how many lines a text takes in a column; a word that is longer than a line is broken."""
    lines, filled = 1, 0.0
    for word in words.split(" "):
        wide = _pixels(word, is_bold, size)
        if filled and filled + wide > width:
            lines, filled = lines + 1, 0.0
        lines += int(wide // width)
        filled += wide % width + _pixels("n", is_bold, size) / 2
    return lines
