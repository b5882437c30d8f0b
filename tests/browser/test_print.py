"""A page in print: draft and warning on every sheet, heads of tables again, charts' tables open, and no controls."""

import re
from collections.abc import Iterator
from io import BytesIO

import pikepdf
import pytest

from tests.browser.sight import Sight
from tests.full_pack import HEADS, full


def _meanings(font: pikepdf.Object) -> dict[int, str]:
    """Return what the glyphs of a font mean, from the table in it."""
    table = font.ToUnicode.read_bytes().decode("latin-1")
    meanings = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, flags=re.DOTALL):
        for code, meaning in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            meanings[int(code, 16)] = bytes.fromhex(meaning).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, flags=re.DOTALL):
        for first, last, meaning in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for place, code in enumerate(range(int(first, 16), int(last, 16) + 1)):
                meanings[code] = chr(int(meaning, 16) + place)
    return meanings


def _said(page: pikepdf.Page) -> Iterator[str]:
    """Yield what a printed page says, glyph by glyph; a space before each text that is set anew."""
    fonts = {name: _meanings(font) for name, font in page.Resources.get("/Font", pikepdf.Dictionary()).items()}
    meanings: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "Tf":
                meanings = fonts[str(operands[0])]
            case "BT":
                yield " "
            case "Tj" | "TJ":
                parts = operands[0] if str(operator) == "TJ" else [operands[0]]
                for part in parts:
                    if isinstance(part, pikepdf.String):
                        glyphs = bytes(part)
                        for code in zip(glyphs[::2], glyphs[1::2], strict=True):
                            yield meanings.get(code[0] * 256 + code[1], "")


@pytest.fixture(scope="module")
def sheets(shown: Sight, full_page: str) -> list[str]:
    """What each sheet of the printed full pack says, without its spaces: a printer sets each letter by itself."""
    shown.open(full_page)
    shown.page.emulate_media(media="print")
    with pikepdf.open(BytesIO(shown.page.pdf(prefer_css_page_size=True))) as pdf:
        return [re.sub(r"\s", "", "".join(_said(page))) for page in pdf.pages]


def told(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_every_sheet_says_draft_and_synthetic_first_and_its_number_of_all(sheets: list[str]) -> None:
    assert len(sheets) > 5
    for place, sheet in enumerate(sheets, 1):
        assert sheet.count(told(full().status)) == 1
        assert sheet.count(told(full().warning)) == 1
        assert f"{place}/{len(sheets)}" in sheet


def test_a_section_begins_a_sheet(sheets: list[str]) -> None:
    head = told(full().status + full().warning)
    for section in full().sections[1:]:
        assert any(f"{head}{told(section.title)}" in sheet for sheet in sheets), section.title


def test_a_table_that_goes_on_has_its_heads_again(sheets: list[str]) -> None:
    heads = told("".join(HEADS))
    holding = [place for place, sheet in enumerate(sheets) if heads in sheet]
    assert len(holding) >= 2
    assert holding == list(range(holding[0], holding[-1] + 1))


def test_the_tables_of_charts_are_printed_though_they_were_closed(sheets: list[str]) -> None:
    for chart in full().charts:
        assert any(told(chart.table.caption) in sheet for sheet in sheets)


def test_controls_are_not_printed_and_links_not_written_out(sheets: list[str]) -> None:
    whole = "".join(sheets)
    for unwanted in ("Show all rows", "Skip to main", "(Link:", "Figures of this chart as a table", "↕"):
        assert told(unwanted) not in whole


def test_what_was_chosen_is_said_in_print(sight: Sight) -> None:
    sight.page.select_option("#all_gaps-filter-1", "Disabled")
    sight.page.emulate_media(media="print")
    assert sight.page.locator("text=Showing 9 of 45 rows. Group: Disabled.").is_visible()
