"""The board pack as its readers get it, before it is a page, a PDF or a workbook: each form says what stands here.

A pack is made of sections, and a section of paragraphs, lists, tables and charts. Every number is a figure, or
stands in a sentence that was made from one, so that no form has digits of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.figures import Figure

Cell = str | Figure


def text(cell: Cell) -> str:
    """Return what a reader sees in a cell."""
    return cell.text if isinstance(cell, Figure) else cell


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text; a ``note`` is about what stands beside it, and may be set smaller."""

    text: str
    is_note: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of sentences; ``is_numbered`` where somebody will speak of "the third"."""

    items: tuple[str, ...]
    is_numbered: bool = False


@dataclass(frozen=True)
class Terms:
    """A glossary: words, each with what it means."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Finding:
    """A finding that the committee agreed to follow: what it is about, its verdict in a word or two, and sentences.

    ``verdict`` is one of the words of ``words.VERDICTS``, which have signs; a finding that can't be stated says why in
    its sentences.
    """

    title: str
    verdict: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table with one row of headings; the first cell of a row is its heading.

    ``identifier`` is its name in links and workbooks: letters, digits and underscores, unique in a pack. ``filters``
    are the places of the columns that a reader may choose rows by. ``is_detail`` tells which rows add up without
    overlap, one for each row, or is empty where none overlap or none are counts. ``notes`` stand above it.
    """

    identifier: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    filters: tuple[int, ...] = ()
    is_detail: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a row of another width than the headings: a cell would stand under a wrong one."""
        if wrong := [row for row in self.rows if len(row) != len(self.heads)]:
            raise ValueError(
                f"table {self.identifier}: {len(wrong)} rows haven't the {len(self.heads)} cells of the heading"
            )


@dataclass(frozen=True)
class Chart:
    """A drawing: ``specification`` is Vega-Lite, ``description`` says in words what is to be seen, ``table`` its data.

    The table stands beside it in every form; the title states what is measured, of whom and when.
    """

    identifier: str
    title: str
    description: str
    specification: Mapping[str, Any]
    table: Table


Block = Paragraph | Bullets | Terms | Finding | Table | Chart


@dataclass(frozen=True)
class Section:
    """A part of a pack; one ``is_summary`` is what a director with ten minutes reads, and the short paper's content."""

    identifier: str
    title: str
    blocks: tuple[Block, ...]
    is_summary: bool = False


@dataclass(frozen=True)
class Pack:
    """What a board receives of one organisation or system.

    ``status`` says whether it is a draft, ``warning`` that the data are made up, empty where they are not;
    ``facts`` are what an auditor needs, a name and a value each: release, snapshot, method, version. ``as_at`` is the
    date in words, ``stamp`` the same date as YYYY-MM-DD: no clock stands in a pack.
    """

    org_code: str
    title: str
    subtitle: str
    as_at: str
    stamp: str
    status: str
    warning: str
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def tables(self) -> Iterator[Table]:
        """Every table in its order, those of charts too."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    yield block
                elif isinstance(block, Chart):
                    yield block.table

    @property
    def charts(self) -> Iterator[Chart]:
        """Every chart in its order."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Chart))
