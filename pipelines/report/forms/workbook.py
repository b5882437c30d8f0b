"""The board pack as a workbook: real numbers in tables that can be worked with, one for each sheet.

A blank says why by its marker. A number that has one, weak or revised, stays a number, and the marker stands in a
column of its own beside it: such a column is there only where a table has such a number.
"""

import re
from collections.abc import Iterator, Mapping

from pipelines.figures import Figure
from pipelines.report.forms.plain import NO_ROWS, midnight
from pipelines.report.forms.sheets import Cell, Cover, Link, Sheet, first_free, written
from pipelines.report.pack import Block, Bullets, Chart, Finding, Pack, Paragraph, Section, Table, Terms
from pipelines.report.pack import Cell as PackCell
from pipelines.report.words import VERDICTS

# Shorthand as the Analysis Function writes it, as it is meant here.
SHORTHAND = {
    "[c]": "withheld, to protect people or by its publisher",
    "[x]": "not available: nobody reported, or the source can’t tell",
    "[z]": "not applicable: it can’t be computed, or would mean nothing",
    "[u]": "low reliability: too few people with a known answer, let nothing rest on it",
    "[r]": "revised: an earlier release counted something else; the value stands",
    "[p]": "provisional: it may change",
    "[e]": "estimate",
    "[low]": "rounds to zero, and isn’t zero",
}
MARK = re.compile(r"\[[a-z]+\]")
UNKNOWN_MARK = "explained above the table"
NO_MARK = "none"
ADDS_UP = "Adds up"
WHY_ADDS_UP = (
    f"Add up only rows that say yes in the column {ADDS_UP}: people in the other rows are counted in these too."
)

COVER, CONTENTS, NOTES, TEXT = "Cover", "Contents", "Notes", "Text"
# Excel keeps the last one for itself.
RESERVED = (COVER, CONTENTS, NOTES, TEXT, "History")
NAME_LENGTH = 31
ONE_TABLE = "This worksheet has one table."


def workbook(pack: Pack) -> bytes:
    """Return a pack as a workbook; the same pack gives the same bytes."""
    names = sheet_names(pack)
    charts = {chart.table.identifier: chart for chart in pack.charts}
    tables = [_table(pack, table, names, charts.get(table.identifier)) for table in pack.tables]
    text = _text(pack, names)
    notes = _notes(pack)
    listed = (_contents(pack, (notes, text, *tables)), notes, text, *tables)
    properties = {
        "title": f"{pack.title}: {pack.subtitle}",
        "subject": f"As at {pack.as_at}",
        "comments": " ".join(_standing(pack)),
    }
    return written(_cover(pack), listed, properties, midnight(pack.stamp))


def sheet_names(pack: Pack) -> dict[str, str]:
    """Return the name of the sheet of each table: its own, short enough, and no two the same."""
    names: dict[str, str] = {}
    taken = {name.casefold() for name in RESERVED}
    for table in pack.tables:
        short = re.sub(r"\W", "_", table.identifier, flags=re.ASCII)[:NAME_LENGTH]
        name = first_free(short, lambda short, number: f"{short[: NAME_LENGTH - 4]}_{number}", taken)
        names[table.identifier] = name
        taken.add(name.casefold())
    return names


def _standing(pack: Pack) -> list[str]:
    return [words for words in (pack.status, pack.warning) if words]


def _cover(pack: Pack) -> Cover:
    return Cover(
        COVER,
        pack.title,
        pack.subtitle,
        (
            ("About this workbook", (f"As at {pack.as_at} (organisation {pack.org_code})", *_standing(pack))),
            (
                "What is where",
                (
                    f"{CONTENTS} lists the worksheets, with a link to each.",
                    f"{NOTES} explains shorthand such as [u], and says what this workbook was made from.",
                    f"{TEXT} has the findings and all other words of the pack, in their order.",
                    "Each other worksheet has one table.",
                ),
            ),
        ),
    )


def _contents(pack: Pack, sheets: tuple[Sheet, ...]) -> Sheet:
    rows = tuple((Link(sheet.name), sheet.title) for sheet in sheets)
    return Sheet(CONTENTS, CONTENTS, (*_standing(pack), ONE_TABLE), ("Worksheet", "What it has"), rows)


def _notes(pack: Pack) -> Sheet:
    """Return the sheet that explains shorthand and says what the workbook was made from."""
    shorthand = tuple(
        ("Shorthand", mark, SHORTHAND.get(mark, UNKNOWN_MARK)) for mark in _in_order(_marks(list(pack.tables)))
    )
    columns = []
    if any(table.is_detail for table in pack.tables):
        columns.append(("Column", ADDS_UP, WHY_ADDS_UP))
    if shorthand:
        meaning = f"the shorthand of the number to its left; {NO_MARK} where it has none"
        columns.append(("Column", "A heading that ends in “marker”", meaning))
    facts = tuple(("Made from", name, value) for name, value in pack.facts)
    rows = (*shorthand, *columns, *facts) or (("Shorthand", NO_MARK, "no shorthand is used"),)
    return Sheet(NOTES, NOTES, (*_standing(pack), ONE_TABLE), ("Kind", "Name", "What it means or is"), rows)


def _marks(tables: list[Table]) -> set[str]:
    cells = (cell for table in tables for row in table.rows for cell in row)
    return {mark for cell in cells if isinstance(cell, Figure) for mark in _marks_of(cell)}


def _marks_of(figure: Figure) -> list[str]:
    return MARK.findall(figure.text if figure.number is None else figure.marker)


def _in_order(marks: set[str]) -> list[str]:
    """Return marks in the order in which they are explained, others last."""
    return [mark for mark in SHORTHAND if mark in marks] + sorted(marks - SHORTHAND.keys())


def _text(pack: Pack, names: Mapping[str, str]) -> Sheet:
    rows = tuple(
        (section.title, kind, words) for section in pack.sections for kind, words in _words(section, names) if words
    )
    lines = (*_standing(pack), ONE_TABLE)
    return Sheet(TEXT, "Findings and text", lines, ("Section", "Kind", "Text"), rows or ((NO_MARK, NO_MARK, NO_MARK),))


def _words(section: Section, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "Section", section.title
    for block in section.blocks:
        yield from _words_of(block, names)


def _words_of(block: Block, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the texts of a block, each with what it is; of a table only where it is."""
    if isinstance(block, Paragraph):
        yield "Note" if block.is_note else "Paragraph", block.text
    elif isinstance(block, Bullets):
        yield from (
            (f"Item {number}" if block.is_numbered else "Item", item) for number, item in enumerate(block.items, 1)
        )
    elif isinstance(block, Terms):
        for word, meaning in block.entries:
            yield "Term", word
            yield "Meaning", meaning
    elif isinstance(block, Finding):
        yield "Finding", block.title
        yield "Verdict", VERDICTS.get(block.verdict, block.verdict)
        yield from (("Sentence", sentence) for sentence in block.sentences)
    elif isinstance(block, Chart):
        yield "Chart", block.title
        yield "Description", block.description
        yield from _words_of(block.table, names)
    else:
        yield "Table", block.caption
        yield "Worksheet", names[block.identifier]


def _table(pack: Pack, table: Table, names: Mapping[str, str], chart: Chart | None) -> Sheet:
    heads, rows = columns(table)
    of_chart = (chart.title, chart.description) if chart else ()
    lines = [*_standing(pack), ONE_TABLE, *of_chart, *table.notes]
    if table.is_detail:
        lines.append(WHY_ADDS_UP)
    # What the table's own notes explain isn't explained otherwise.
    if marks := [mark for mark in _in_order(_marks([table])) if not any(f"{mark} =" in note for note in table.notes)]:
        lines.append("Some shorthand is used in this table.")
        lines += [f"{mark} = {SHORTHAND.get(mark, UNKNOWN_MARK)}" for mark in marks]
    if any(cell == "" for row in rows for cell in row):
        lines.append("A blank cell means that there is nothing to say.")
    if not rows:
        lines.append(NO_ROWS)
        rows = ((NO_MARK,) * len(heads),)
    lines.append(f"Source: {pack.title}, as at {pack.as_at}.")
    return Sheet(names[table.identifier], table.caption, tuple(lines), heads, rows)


def columns(table: Table) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """Return the headings and rows of a table with its markers, and what adds up, in columns of their own."""
    marked = [any(_is_marked(row[place]) for row in table.rows) for place in range(len(table.heads))]
    heads = [
        name
        for head, has_marks in zip(table.heads, marked, strict=True)
        for name in ((head, f"{head}: marker") if has_marks else (head,))
    ]
    rows: list[tuple[Cell, ...]] = []
    for at, row in enumerate(table.rows):
        cells: list[Cell] = []
        for cell, has_marks in zip(row, marked, strict=True):
            cells += [cell, _marker(cell)] if has_marks else [cell]
        rows.append((*cells, *(("yes" if table.is_detail[at] else "no",) if table.is_detail else ())))
    return (*heads, *((ADDS_UP,) if table.is_detail else ())), tuple(rows)


def _is_marked(cell: PackCell) -> bool:
    return isinstance(cell, Figure) and cell.number is not None and bool(cell.marker)


def _marker(cell: PackCell) -> str:
    """Return the marker of a figure, of one that is blank too, so that the column can be counted by itself."""
    if isinstance(cell, Figure):
        return cell.marker or (NO_MARK if cell.number is not None else cell.text)
    return NO_MARK
