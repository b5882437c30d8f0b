"""The board pack as a PDF, built to PDF/UA-1: tagged, with headings, heads of columns and of rows, and descriptions.

What the pack says comes to the template as data, and never as its language. Typst tags the heads of columns;
``pipelines.report.forms.tags`` makes the first cell of each row the head of its row.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines import places
from pipelines.figures import Figure
from pipelines.report.forms.drawing import svg
from pipelines.report.forms.fitting import breakable, fit
from pipelines.report.forms.metrics import font
from pipelines.report.forms.plain import NO_ROWS, coded, midnight, plain
from pipelines.report.forms.tags import with_row_heads
from pipelines.report.pack import Block, Bullets, Cell, Chart, Finding, Pack, Paragraph, Section, Table, Terms, text
from pipelines.report.words import SIGNS, VERDICTS

RECORD = "For the record"


def pdf(pack: Pack) -> bytes:
    """Return a pack as a PDF; the same pack gives the same bytes."""
    import typst

    made = typst.compile(
        str(places.REPORTS / "pack.typ"),
        format="pdf",
        font_paths=[str(places.REPORTS / "fonts")],
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        sys_inputs={"pack": json.dumps(_document(pack), ensure_ascii=False)},
        timestamp=midnight(pack.stamp),
    )
    if not isinstance(made, bytes):
        raise TypeError("the pack was made in several pieces")
    return with_row_heads(made, [printable(table.caption) for table in (*pack.tables, *_record(pack))])


def printable(words: str) -> str:
    """Return a text as the page shows it: a character that the font hasn't is named by its code.

    Typst refuses to make an accessible document with a character that can't be seen.
    """
    known = font()
    return "".join(character if known.has(character) else coded(character) for character in plain(words))


def _shown(words: str) -> str:
    return breakable(printable(words))


def _document(pack: Pack) -> dict[str, Any]:
    """Return what the template reads."""
    return {
        "title": printable(f"{pack.title}: {pack.subtitle}"),
        "name": _shown(pack.title),
        "subtitle": _shown(pack.subtitle),
        "as_at": _shown(pack.as_at),
        "code": _shown(pack.org_code),
        "status": _shown(pack.status),
        "warning": _shown(pack.warning),
        "sections": [_section(section) for section in pack.sections] + _facts(pack),
    }


def _record(pack: Pack) -> tuple[Table, ...]:
    """Return the facts as a table, where there are any."""
    if not pack.facts:
        return ()
    return (Table("facts", "What this document was made from", ("What", "Value"), pack.facts),)


def _facts(pack: Pack) -> list[dict[str, Any]]:
    return [_section(Section("facts", RECORD, (table,))) for table in _record(pack)]


def _section(section: Section) -> dict[str, Any]:
    """Return a section as runs of blocks, each on upright pages or on pages on their side; the first has the title."""
    runs: list[dict[str, Any]] = []
    for block in section.blocks:
        for part in _block(block):
            sideways = part.get("sideways", False)
            if not runs or runs[-1]["sideways"] != sideways:
                runs.append({"sideways": sideways, "blocks": []})
            runs[-1]["blocks"].append(part)
    return {
        "title": _shown(section.title),
        "is_summary": section.is_summary,
        "runs": runs or [{"sideways": False, "blocks": []}],
    }


def _block(block: Block) -> Iterator[dict[str, Any]]:
    if isinstance(block, Paragraph):
        yield {"kind": "note" if block.is_note else "paragraph", "text": _shown(block.text)}
    elif isinstance(block, Bullets):
        yield {"kind": "numbers" if block.is_numbered else "bullets", "items": _all(block.items)}
    elif isinstance(block, Terms):
        yield {"kind": "terms", "entries": [_all(entry) for entry in block.entries]}
    elif isinstance(block, Finding):
        yield {
            "kind": "finding",
            "title": _shown(block.title),
            "verdict": _shown(VERDICTS.get(block.verdict, block.verdict)),
            "sign": SIGNS.get(VERDICTS.get(block.verdict, block.verdict), ""),
            "sentences": _all(block.sentences),
        }
    elif isinstance(block, Chart):
        yield {
            "kind": "chart",
            "title": _shown(block.title),
            "description": printable(block.description),
            "svg": svg(block),
        }
        yield _table(block.table)
    else:
        yield _table(block)


def _table(table: Table) -> dict[str, Any]:
    fitted = fit(table)
    return {
        "kind": "table",
        "caption": _shown(table.caption),
        "notes": _all(table.notes if table.rows else (*table.notes, NO_ROWS)),
        "heads": _all(table.heads),
        "numeric": [any(isinstance(row[place], Figure) for row in table.rows) for place in range(len(table.heads))],
        # A figure stays in one line, digits and unit and marker.
        "rows": [
            [{"text": _shown(text(cell)), "whole": isinstance(cell, Figure)} for cell in row] for row in table.rows
        ],
        "size": fitted.size,
        "widths": fitted.widths,
        "sideways": fitted.is_sideways,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    """Return a cell; a figure stays in one line, digits and unit and marker."""
    return {"text": _shown(text(cell)), "whole": isinstance(cell, Figure)}


def _all(texts: Sequence[str]) -> list[str]:
    return [_shown(words) for words in texts]
