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
from pipelines.report.metrics import font
from pipelines.report.pack import text
from pipelines.report.plain import plain, repacked

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

LANGUAGE = "en-GB"
BLUE = "#005eb8"
FONT = {"font_name": "Arial", "font_size": 12}
# Pixels of an em at 12 points, of a cell's margins, and how wide a column is at most: what is longer is wrapped.
EM, MARGIN, WIDEST = 16, 18, 420
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
    book.set_properties({**properties, "created": created.replace(tzinfo=None)})
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
        self.title = book.add_format({**FONT, "bold": True, "font_size": 16, "font_color": BLUE})
        self.subtitle = book.add_format({**FONT, "font_size": 14})
        self.heading = book.add_format({**FONT, "bold": True, "font_size": 14, "font_color": BLUE, "text_wrap": True})
        self.line = book.add_format({**FONT})
        self.wrapped = book.add_format({**FONT, "text_wrap": True, "valign": "top"})
        below = {"bottom": 2, "bottom_color": BLUE}
        head = {**FONT, "bold": True, "text_wrap": True, "valign": "bottom", **below}
        self.head, self.head_of_numbers = book.add_format(head), book.add_format({**head, "align": "right"})
        self._cell = {**FONT, "text_wrap": True, "valign": "top", "bottom": 1, "bottom_color": "#d8dde0"}
        self.first = book.add_format({**self._cell, "bold": True})
        self.cell = book.add_format(self._cell)
        # A marker stands where a number would.
        self.marker = book.add_format({**self._cell, "align": "right"})
        self.link = book.add_format({**self._cell, "underline": 1, "font_color": BLUE})
        self._book = book
        self._numbers: dict[str, Any] = {}

    def number(self, number_format: str) -> Any:
        """Return the format of a number."""
        if number_format not in self._numbers:
            self._numbers[number_format] = self._book.add_format({**self._cell, "num_format": number_format})
        return self._numbers[number_format]


def _cover(page: "Worksheet", cover: Cover, formats: _Formats) -> None:
    page.hide_gridlines(2)
    page.set_column_pixels(0, 0, 900)
    _text(page, 0, 0, cover.title, formats.title)
    _text(page, 1, 0, cover.subtitle, formats.subtitle)
    row = 2
    for heading, lines in cover.parts:
        _text(page, row, 0, heading, formats.heading)
        for line in lines:
            row += 1
            _text(page, row, 0, line, formats.wrapped)
        row += 1
    _print(page)


def _sheet(page: "Worksheet", sheet: Sheet, formats: _Formats) -> None:
    page.hide_gridlines(2)
    _text(page, 0, 0, sheet.title, formats.title)
    for row, line in enumerate(sheet.lines, 1):
        _text(page, row, 0, line, formats.line)
    top = len(sheet.lines) + 1
    heads = unique(sheet.heads)
    numeric = [any(isinstance(row[place], Figure) for row in sheet.rows) for place in range(len(heads))]
    page.add_table(
        *(top, 0, top + max(len(sheet.rows), 1), len(heads) - 1),
        {
            "name": f"table_{sheet.name.lower()}",
            "style": None,
            "autofilter": False,
            "columns": [
                {"header": head, "header_format": formats.head_of_numbers if right else formats.head}
                for head, right in zip(heads, numeric, strict=True)
            ],
        },
    )
    for place, width in enumerate(_widths(heads, sheet.rows)):
        page.set_column_pixels(place, place, width)
    for row, cells in enumerate(sheet.rows, top + 1):
        for place, cell in enumerate(cells):
            _write(page, row, place, cell, formats)
    _print(page)
    page.repeat_rows(top)


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


def _widths(heads: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> list[int]:
    """Return the widths of columns in pixels: of what stands in them, and of the longest word of their heads."""
    widths = []
    for place, head in enumerate(heads):
        cells = [row[place] for row in rows]
        texts = [plain(cell.sheet if isinstance(cell, Link) else text(cell)) for cell in cells]
        widest = max((font(is_bold=place == 0).width(words) for words in texts), default=0.0)
        word = max(font(is_bold=True).width(word) for word in head.split())
        widths.append(min(WIDEST, round(EM * max(widest, word, 4)) + MARGIN))
    return widths
