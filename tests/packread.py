"""Readers of the forms of a pack, and what each form has to say: every text and figure of the pack, in its order."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import openpyxl
import pikepdf
import pypdfium2
from docx import Document
from docx.table import Table as WordTable
from openpyxl.cell import Cell as Place
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.figures import Count, People, Points, Ratio, Share
from pipelines.report import words
from pipelines.report.forms import pdftext
from pipelines.report.pack import Block, Bullets, Chart, Finding, Pack, Paragraph, Section, Table, Terms, text
from tests.packs import HOSTILE, pack

ROOT = Path(__file__).resolve().parent.parent


def large() -> Pack:
    """A pack of an employer with a hostile name: a long table, wide ones, an empty table, an empty section."""
    numbered = tuple(
        (f"Organisation {number}", Count(number * 5, base=5), Share(Decimal(number) / 1000, places=1), "yes")
        for number in range(300)
    )
    wide = tuple(
        (
            f"Made-up Hospitals NHS Foundation Trust {number}",
            *(Points(Decimal(number * place - 15), "[u]" * (place % 2), places=1) for place in range(13)),
        )
        for number in range(4)
    )
    tables = (
        Table("long", "Every organisation", ("Organisation", "People", "Share", "Reported"), numbered),
        Table("wide", "Every measure", ("Organisation", *(f"Measure number {place}" for place in range(13))), wide),
        Table(
            "minus",
            "Less than nothing",
            ("What", "Value"),
            (
                ("People", People(-1234)),
                ("Count", Count(-5, base=5)),
                ("Nobody", People(0)),
                ("Gap", Points(Decimal("-0.04"), places=1)),
                ("Revised", Count(-7, "[r]")),
            ),
        ),
        Table("none", "Nobody reported", ("Organisation", "People"), ()),
        Table("words", "Long words", ("A" * 90, "B" * 200), (("C" * 300, Ratio(Decimal("0.5"))),)),
        *(Table(f"hostile_{at}", name, (name, "Number"), ((name, Count(7)),)) for at, name in enumerate(HOSTILE)),
    )
    made = pack(" ".join(HOSTILE))
    return replace(made, sections=(*made.sections, Section("empty", "Empty", ()), Section("more", "More", tables)))


def everything(made: Pack, is_summary: bool = False) -> Iterator[str]:
    """Yield every text that a form has to say in its order, of all sections or of the summary only."""
    yield from map(shown, (made.title, made.subtitle, made.status, made.warning))
    for section in made.sections:
        if section.is_summary or not is_summary:
            yield shown(section.title)
            for block in section.blocks:
                yield from said(block)


def shown(words: str) -> str:
    """Return a text as any form shows it: what turns letters round is named, so that it can't."""
    return words.replace("\u202e", "[U+202E]").replace("\u202c", "[U+202C]").replace("\x07", "�")


def said(block: Block) -> list[str]:
    """Return the texts of a block in their order, as any form shows them."""
    return list(map(shown, _said(block)))


def _said(block: Block) -> list[str]:
    match block:
        case Paragraph():
            return [block.text]
        case Bullets():
            return list(block.items)
        case Terms():
            return [part for entry in block.entries for part in entry]
        case Finding():
            return [block.title, words.VERDICTS.get(block.verdict, block.verdict), *block.sentences]
        case Chart():
            return [block.title, block.description, *_said(block.table)]
        case Table():
            cells = [text(cell) for row in block.rows for cell in row]
            return [block.caption, *block.notes, *block.heads, *cells]


def missing(wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    """Return the texts that don't follow each other among what was found, each as a whole."""
    left = iter(found)
    return [one for one in wanted if one not in left]


def texts_of_pdf(content: bytes) -> list[str]:
    """Return the texts of a PDF in the order of its tags, as a screen reader hears them."""
    with pikepdf.open(BytesIO(content)) as document:
        return list(pdftext.tagged(document))


def seen_of_pdf(content: bytes) -> str:
    """Return the characters of a PDF's pages without blanks, as another library takes them from the pages."""
    document = pypdfium2.PdfDocument(content)
    pages = (document[number].get_textpage().get_text_bounded() for number in range(len(document)))
    return "".join("".join(pages).replace("\u200b", "").split())


def sheets_of_workbook(content: bytes) -> list[Worksheet]:
    """Return the sheets of a workbook."""
    return openpyxl.load_workbook(BytesIO(content)).worksheets


def cells_of_workbook(content: bytes) -> dict[str, list[list[Place]]]:
    """Return the rows of each sheet of a workbook, without the cells that have nothing in them."""
    return {
        sheet.title: [[cell for cell in row if cell.value is not None] for row in sheet.iter_rows()]
        for sheet in sheets_of_workbook(content)
    }


def rendered(number: float, number_format: str) -> str:
    """Return a number as a workbook shows it: sections for more, less and nothing, digits, and what is quoted."""
    sections = number_format.split(";")
    place = 1 if number < 0 else 2 if number == 0 else 0
    section = sections[place] if place < len(sections) else sections[0]
    scale = 100 if section.endswith("%") else 1
    literal = re.sub(r"\\(.)", r"\1", section.replace('"', ""))
    if not (digits := re.search(r"(#,##)?0(\.0+)?(?! to)", section)) or section.startswith('"0 to'):
        return literal
    places = len(digits[2] or ".") - 1
    value = abs(Decimal(repr(number)) * scale).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    shown = literal.replace(digits[0], f"{value:,}" if digits[1] else str(value))
    return f"-{shown}" if number < 0 and len(sections) < 2 else shown


def texts_of_paper(content: bytes) -> list[str]:
    """Return the paragraphs and cells of a paper's body in their order."""
    found = []
    for part in Document(BytesIO(content)).iter_inner_content():
        if isinstance(part, WordTable):
            found += [cell.text for row in part.rows for cell in row.cells]
        else:
            found.append(part.text)
    return found


def elsewhere(form: str) -> str:
    """Return the hash of a form of the large pack, made in another process under another clock and language."""
    code = f"import sys; from hashlib import sha256; from tests.packread import large; \
from pipelines.report.forms.{form} import {form}; sys.stdout.write(sha256({form}(large())).hexdigest())"
    setting = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LANG": "C", "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], env=os.environ | setting, capture_output=True, check=True)
    return run.stdout.decode()


def digest(content: bytes) -> str:
    """Return the hash of a file."""
    return sha256(content).hexdigest()
