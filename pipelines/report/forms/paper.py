"""The short paper: the summary of a board pack as a Word document, to be put into a committee's own template.

Its headings, lists and tables are Word's own styles, so that a template's look is taken on when it is pasted.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pipelines.figures import Figure
from pipelines.report.forms.drawing import png
from pipelines.report.forms.fitting import Fit, fit
from pipelines.report.forms.plain import NO_ROWS, midnight, plain, repacked
from pipelines.report.pack import Block, Bullets, Chart, Finding, Pack, Paragraph, Table, Terms, text
from pipelines.report.words import SIGNS, VERDICTS

if TYPE_CHECKING:
    from docx.document import Document as Paper
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.table import Table as Grid
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph as Line

LANGUAGE = "en-GB"
BLUE, GREY = "005EB8", "4C6272"
FONT = "Arial"
# Points of the styles that the paper uses; headings are blue.
SIZES = {
    "Normal": 11,
    "Title": 24,
    "Subtitle": 14,
    "Heading 1": 18,
    "Heading 2": 13,
    "Caption": 11,
    "List Bullet": 11,
    "List Number": 11,
    "Header": 9,
    "Footer": 9,
}
HEADINGS = ("Title", "Heading 1", "Heading 2", "Caption")
CHART_WIDTH = 6.2
# Points: between the margins of a page that stands, and of one on its side; and of the type of a table.
UPRIGHT, SIDEWAYS, LARGEST = 470.0, 717.0, 9.5


def paper(pack: Pack) -> bytes:
    """Return the summary of a pack as a Word document; the same pack gives the same bytes."""
    from docx import Document

    made = Document()
    _empty(made)
    _look(made)
    _properties(made, pack)
    standing = [words for words in (pack.status, pack.warning) if words]
    section = made.sections[0]
    section.header.paragraphs[0].add_run(" · ".join(plain(words) for words in standing)).bold = True
    _page_number(section.footer.paragraphs[0], f"{pack.title}, {pack.as_at}. Page ")
    made.add_paragraph(plain(pack.title), style="Title")
    made.add_paragraph(plain(pack.subtitle), style="Subtitle")
    made.add_paragraph(plain(f"As at {pack.as_at} (organisation {pack.org_code})"))
    for words in standing:
        made.add_paragraph().add_run(plain(words)).bold = True
    for part in pack.sections:
        if part.is_summary:
            made.add_heading(plain(part.title), 1)
            for block in part.blocks:
                _block(made, block)
    written = BytesIO()
    made.save(written)
    return repacked(written.getvalue(), {})


def _empty(made: "Paper") -> None:
    """Leave out the picture of another document that the library's template brings along."""
    from docx.opc.constants import RELATIONSHIP_TYPE

    leads = made.part.package.rels if made.part.package else {}
    for name in [name for name, lead in leads.items() if lead.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del leads[name]


def _look(made: "Paper") -> None:
    """Give the styles the project's look, and the document its language."""
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    for name, size in SIZES.items():
        style: Any = made.styles[name]
        style.font.name, style.font.size, style.font.italic = FONT, Pt(size), False
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        for script in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{script}"), FONT)
        if name in HEADINGS:
            style.font.color.rgb, style.font.bold = RGBColor.from_string(BLUE), True
            style.paragraph_format.keep_with_next = True
        else:
            style.font.color.rgb = RGBColor.from_string(GREY if name in {"Header", "Footer"} else "000000")
    # The template's title has a rule below it in another blue.
    title = made.styles["Title"].element.get_or_add_pPr()
    for rule in title.findall(qn("w:pBdr")):
        title.remove(rule)
    for language in made.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), LANGUAGE)
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)


def _properties(made: "Paper", pack: Pack) -> None:
    """Set what the document says of itself; the time is the pack's, and no clock's."""
    said, time = made.core_properties, midnight(pack.stamp).replace(tzinfo=None)
    said.title, said.subject = plain(f"{pack.title}: {pack.subtitle}")[:255], plain(f"As at {pack.as_at}")
    said.comments = plain(f"{pack.status} {pack.warning}")[:255]
    said.author = said.last_modified_by = said.keywords = said.category = ""
    said.language, said.revision = LANGUAGE, 1
    said.created = said.modified = said.last_printed = time


def _block(made: "Paper", block: Block) -> None:
    if isinstance(block, Paragraph):
        _line(made, block.text, is_note=block.is_note)
    elif isinstance(block, Bullets):
        _list(made, block)
    elif isinstance(block, Terms):
        for word, meaning in block.entries:
            line = made.add_paragraph()
            line.add_run(plain(word)).bold = True
            line.add_run().add_break()
            line.add_run(plain(meaning))
    elif isinstance(block, Finding):
        _finding(made, block)
    elif isinstance(block, Chart):
        _chart(made, block)
    else:
        _table(made, block)


def _line(made: "Paper", words: str, is_note: bool = False) -> None:
    from docx.shared import Pt, RGBColor

    run = made.add_paragraph().add_run(plain(words))
    if is_note:
        run.font.size, run.font.color.rgb = Pt(9.5), RGBColor.from_string(GREY)


def _list(made: "Paper", block: Bullets) -> None:
    number = _new_numbering(made) if block.is_numbered else None
    for item in block.items:
        line = made.add_paragraph(plain(item), style="List Number" if block.is_numbered else "List Bullet")
        if number is not None:
            properties = line._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val, properties.get_or_add_numId().val = 0, number


def _new_numbering(made: "Paper") -> int:
    """Return a numbering that begins at 1: a second list would otherwise go on where the first one ended."""
    from docx.oxml.ns import qn

    numbering = made.part.numbering_part.element
    style = made.styles["List Number"].element.pPr.numPr.numId.val
    abstract = next(num for num in numbering.num_lst if num.numId == style).abstractNumId.val
    fresh = numbering.add_num(abstract)
    fresh.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(fresh.get(qn("w:numId")))


def _finding(made: "Paper", finding: Finding) -> None:
    made.add_heading(plain(finding.title), 2)
    verdict = VERDICTS.get(finding.verdict, finding.verdict)
    line = made.add_paragraph()
    line.paragraph_format.keep_with_next = True
    if sign := SIGNS.get(verdict):
        line.add_run(f"{sign} ")
    line.add_run(plain(verdict)).bold = True
    for sentence in finding.sentences:
        _line(made, sentence)


def _chart(made: "Paper", chart: Chart) -> None:
    """Put in the drawing with its words for those who hear it, then in print, then its table."""
    from docx.shared import Inches

    made.add_heading(plain(chart.title), 2)
    made.add_picture(BytesIO(png(chart)), width=Inches(CHART_WIDTH))
    drawn = made.inline_shapes[-1]._inline.docPr
    drawn.set("name", plain(chart.title))
    drawn.set("descr", plain(chart.description))
    _line(made, chart.description, is_note=True)
    _table(made, chart.table)


def _table(made: "Paper", table: Table) -> None:
    fitted = fit(table)
    if fitted.is_sideways:
        _turn(made)
    made.add_paragraph(plain(table.caption), style="Caption")
    for note in table.notes if table.rows else (*table.notes, NO_ROWS):
        _line(made, note, is_note=True)
    grid = made.add_table(1 + len(table.rows), len(table.heads), style="Table Grid")
    _describe(grid._tbl.tblPr, plain(table.caption))
    numeric = [any(isinstance(row[place], Figure) for row in table.rows) for place in range(len(table.heads))]
    size = _widen(grid, fitted)
    rows: Iterator[Sequence[Any]] = iter(row.cells for row in grid.rows)
    _row(next(rows), table.heads, numeric, size, is_head=True)
    for cells, row in zip(rows, table.rows, strict=True):
        _row(cells, [text(cell) for cell in row], numeric, size)
    for place, row in enumerate(grid.rows):
        _keep(row._tr.get_or_add_trPr(), is_head=place == 0)
    if fitted.is_sideways:
        _turn(made)
    else:
        made.add_paragraph()


def _turn(made: "Paper") -> None:
    """Begin a page that lies on its side, or stands again."""
    from docx.enum.section import WD_ORIENT

    section = made.add_section()
    section.page_width, section.page_height = section.page_height, section.page_width
    is_sideways = int(section.page_width or 0) > int(section.page_height or 0)
    section.orientation = WD_ORIENT.LANDSCAPE if is_sideways else WD_ORIENT.PORTRAIT


def _widen(grid: "Grid", fitted: Fit) -> float:
    """Give the columns their widths, and return the size of type; no table is wider than the page."""
    from docx.shared import Pt

    scale = min(1.0, (SIDEWAYS if fitted.is_sideways else UPRIGHT) / sum(fitted.widths))
    grid.autofit = False
    for column, width in zip(grid.columns, fitted.widths, strict=True):
        column.width = Pt(width * scale)
        for cell in column.cells:
            cell.width = Pt(width * scale)
    return min(LARGEST, fitted.size * scale)


def _row(
    cells: Sequence["_Cell"], words: Sequence[str], numeric: Sequence[bool], size: float, is_head: bool = False
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for place, (cell, said) in enumerate(zip(cells, words, strict=True)):
        line = cell.paragraphs[0]
        run = line.add_run(plain(said))
        run.bold, run.font.size = is_head or place == 0, Pt(size)
        line.paragraph_format.space_after = line.paragraph_format.space_before = Pt(2)
        if numeric[place]:
            line.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _describe(properties: "BaseOxmlElement", caption: str) -> None:
    """Say that the first row and the first column are heads, and what the table is of."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)
    look = OxmlElement("w:tblLook")
    for name, value in (("val", "00A0"), ("firstRow", "1"), ("firstColumn", "1"), ("noHBand", "1"), ("noVBand", "1")):
        look.set(qn(f"w:{name}"), value)
    described = OxmlElement("w:tblCaption")
    described.set(qn("w:val"), caption)
    properties.append(look)
    properties.append(described)


def _keep(properties: "BaseOxmlElement", is_head: bool) -> None:
    """Keep a row on one page, and repeat the head on each."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for name in ("w:cantSplit", "w:tblHeader") if is_head else ("w:cantSplit",):
        mark = OxmlElement(name)
        mark.set(qn("w:val"), "true")
        properties.append(mark)


def _page_number(line: "Line", before: str) -> None:
    """Write words and the number of the page, which the program that shows it fills in."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    line.add_run(plain(before) + " ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    field.append(line.add_run("1")._r)
    line._p.append(field)
