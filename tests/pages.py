"""A page read back: what a reader is told by it, in order, and what a pack has to say."""

from collections.abc import Iterator

from lxml import html

from pipelines.report.pack import Bullets, Chart, Finding, Pack, Paragraph, Table, Terms, text
from pipelines.report.words import SIGNS

# What holds text of its own, and no such element in it.
LEAVES = frozenset(("p", "li", "dt", "dd", "th", "td", "caption", "figcaption", "h1", "h2", "h3"))
OWN_HEADING = "Where these figures come from"


def plain(said: str) -> str:
    """Return text with ordinary spaces, one at a time, as it is heard."""
    return " ".join(said.split())


def texts(page: str) -> list[str]:
    """Return the texts of a page in the order of its source; the contents list and the drawings are left out."""
    root = html.document_fromstring(page)
    for left_out in root.xpath("//nav | //*[local-name()='svg']"):
        left_out.drop_tree()
    return [plain(element.text_content()) for element in root.iter() if element.tag in LEAVES]


def said(pack: Pack) -> list[str]:
    """Return every text and figure of a pack in its order, as a page says them."""
    told = [*filter(None, (pack.status, pack.warning)), pack.title, pack.subtitle, pack.as_at]
    for section in pack.sections:
        told.append(section.title)
        for block in section.blocks:
            told += _block(block)
    if pack.facts:
        told += [OWN_HEADING, *(word for fact in pack.facts for word in fact)]
    return [plain(one) for one in told]


def _block(block: object) -> Iterator[str]:
    match block:
        case Paragraph():
            yield block.text
        case Bullets():
            yield from block.items
        case Terms():
            yield from (word for entry in block.entries for word in entry)
        case Finding():
            yield from (block.title, f"{SIGNS[block.verdict]} {block.verdict}", *block.sentences)
        case Table():
            yield from (*block.notes, block.caption, *block.heads)
            yield from (text(cell) for row in block.rows for cell in row)
        case Chart():
            yield from (block.title, block.description, *_block(block.table))
