"""The texts of a PDF: its pages by its own table of characters, and whatever else of it somebody could read."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import dist
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pikepdf

# What is put between the letters of a long word so that it can be broken says nothing.
SILENT = re.compile("[\u200b\xad]")
# Where the pages say that letters stand apart by so much of an em, there is a space between them.
APART = -200
# In ems: letters of a drawing stand each for itself, and belong together where one begins where another ends.
NEAR = 0.1
# Operations that put letters where we don't follow; Typst has none of them.
UNREAD = frozenset({"'", '"', "T*", "Td", "TD"})
# Elements within a line of text; every other one begins and ends a text.
INLINE = frozenset({"/Span", "/Strong", "/Em", "/Link", "/Reference", "/Code", "/Quote"})
# Keys of the dictionaries of a PDF under which words stand.
WORDED = ("/Alt", "/ActualText", "/Contents", "/E", "/T", "/TU", "/Title", "/URI", "/Summary", "/F", "/UF", "/Desc")


@dataclass(frozen=True)
class Part:
    """Some letters in a row; ``follows`` is whether they begin where the part before them ends."""

    words: str
    follows: bool


@dataclass
class Page:
    """What a page says: the parts of each marked piece by its number, and what the tags leave out."""

    marked: dict[int, list[Part]] = field(default_factory=dict)
    loose: list[Part] = field(default_factory=list)
    # The numbers of the marks that are open; None is one without, such as a running head's.
    open: list[int | None] = field(default_factory=list)
    end: tuple[float, float] | None = None

    def close(self) -> None:
        """Close the mark that was opened last."""
        if self.open:
            self.open.pop()

    def say(self, words: str, start: tuple[float, float], end: tuple[float, float], near: float) -> None:
        """Take in what stands from one place to another; what is no farther than ``near`` follows."""
        number = next((mark for mark in reversed(self.open) if mark is not None), None)
        follows = self.end is not None and dist(self.end, start) <= near
        self.end = end
        if words := SILENT.sub("", words):
            parts = self.loose if number is None else self.marked.setdefault(number, [])
            parts.append(Part(words, follows and bool(parts)))


@dataclass(frozen=True)
class Font:
    """The characters of the letters of a font, and how wide each is in thousandths of an em."""

    characters: dict[bytes, str]
    widths: dict[int, float]

    def spelt(self, codes: Any) -> str:
        """Return the characters of a text of two bytes a letter."""
        try:
            return "".join(self.characters[letter] for letter in _letters(codes))
        except KeyError as error:
            raise ValueError(f"a letter {error} of the document has no character") from None

    def width(self, codes: Any) -> float:
        """Return the width of a text in ems."""
        return sum(self.widths.get(int.from_bytes(letter), 0) for letter in _letters(codes)) / 1000


def texts(path: Path) -> Iterator[str]:
    """Yield the texts in the order of the tags, then what they leave out, then descriptions, bookmarks, properties."""
    import pikepdf

    with pikepdf.open(path) as pdf:
        pages = {page.obj.objgen: _read(page) for page in pdf.pages}
        yield from tagged(pdf, pages)
        for page in pages.values():
            yield from _joined(page.loose)
            # What no tag leads to is there all the same.
            for parts in page.marked.values():
                yield from _joined(parts)
        yield from _properties(pdf)
        for found in pdf.objects:
            if isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
                yield from _words(found)


def tagged(pdf: "pikepdf.Pdf", pages: dict[tuple[int, int], Page] | None = None) -> Iterator[str]:
    """Yield the texts in the order of the tags, as they are read out, and take them from the pages.

    Raises:
        ValueError: a page has letters that nothing says the characters of.
    """
    known = {page.obj.objgen: _read(page) for page in pdf.pages} if pages is None else pages
    line: list[str] = []
    for part in _parts(pdf.Root.get("/StructTreeRoot"), None, known):
        if part is None:
            if said := "".join(line).strip():
                yield said
            line.clear()
        else:
            line.append(part)


def _joined(parts: list[Part]) -> Iterator[str]:
    """Yield what stands in a row as one text."""
    line = ""
    for part in parts:
        if not part.follows and line.strip():
            yield line.strip()
        line = line + part.words if part.follows else part.words
    if line.strip():
        yield line.strip()


def _parts(node: Any, page: Any, pages: dict[tuple[int, int], Page], is_drawn: bool = False) -> Iterator[str | None]:
    """Yield the parts below an element of the tree; None where a text ends: in a drawing, wherever letters end."""
    import pikepdf

    if isinstance(node, int):
        parts = pages[page.objgen].marked.pop(node, [])
        for words in _joined(parts) if is_drawn else (part.words for part in parts):
            yield words
            if is_drawn:
                yield None
    elif isinstance(node, pikepdf.Array):
        for child in node:
            yield from _parts(child, page, pages, is_drawn)
    elif isinstance(node, pikepdf.Dictionary):
        page = node.get("/Pg", page)
        if "/MCID" in node:
            yield from _parts(int(node.MCID), page, pages, is_drawn)
            return
        role = str(node.get("/S", ""))
        inner = _parts(node.get("/K", pikepdf.Array()), page, pages, is_drawn or role == "/Figure")
        yield from inner if role in INLINE else chain([None], inner, [None])


def _read(page: "pikepdf.Page") -> Page:
    import pikepdf

    seen = Page()
    _Reader(page.obj.get("/Resources", {}), seen, pikepdf.Matrix()).read(page)
    return seen


class _Reader:
    """What follows the drawing of a page: the place of its letters, their font, and the marks that are open."""

    def __init__(self, resources: Any, seen: Page, place: "pikepdf.Matrix") -> None:
        """Begin with a page, or with a drawing that stands in a place of it."""
        import pikepdf

        self.resources, self.seen, self.page = resources, seen, place
        self.text, self.saved = pikepdf.Matrix(), [place]
        self.fonts: dict[str, Font] = {}
        self.font, self.size = Font({}, {}), 0.0

    def read(self, stream: Any) -> None:
        """Follow the operations one by one."""
        import pikepdf

        follow: dict[str, Callable[..., object]] = {
            "q": lambda: self.saved.append(self.page),
            "Q": self._restore,
            "cm": lambda *numbers: self._move(pikepdf.Matrix(*numbers)),
            "Tm": lambda *numbers: self._begin(pikepdf.Matrix(*numbers)),
            "Tf": self._set_font,
            "Tj": self._show,
            "TJ": self._show,
            "BDC": self._open,
            "BMC": self._open,
            "EMC": self.seen.close,
            "Do": self._draw,
        }
        for instruction in pikepdf.parse_content_stream(stream):
            operator = str(instruction.operator)
            if operator in UNREAD:
                raise ValueError(f"the document moves between lines by {operator}, which isn't read")
            if operator in follow:
                follow[operator](*instruction.operands)

    def _restore(self) -> None:
        self.page = self.saved.pop()

    def _move(self, by: "pikepdf.Matrix") -> None:
        self.page = by @ self.page

    def _begin(self, place: "pikepdf.Matrix") -> None:
        self.text = place

    def _set_font(self, name: Any, size: Any) -> None:
        if str(name) not in self.fonts:
            self.fonts[str(name)] = _font(self.resources.Font[str(name)])
        self.font, self.size = self.fonts[str(name)], float(size)

    def _show(self, pieces: Any) -> None:
        words, wide = _shown(pieces, self.font)
        place = self.text @ self.page
        start, end, near = (place.transform((ems * self.size, 0)) for ems in (0, wide, NEAR))
        self.seen.say(words, start, end, dist(start, near))

    def _open(self, _: Any, named: Any = None) -> None:
        import pikepdf

        self.seen.open.append(int(named.MCID) if isinstance(named, pikepdf.Dictionary) and "/MCID" in named else None)

    def _draw(self, name: Any) -> None:
        """Read a drawing that has operations of its own."""
        import pikepdf

        drawn = self.resources.XObject[str(name)]
        if drawn.get("/Subtype") == "/Form":
            place = pikepdf.Matrix(drawn.Matrix) if "/Matrix" in drawn else pikepdf.Matrix()
            _Reader(drawn.get("/Resources", self.resources), self.seen, place @ self.page).read(drawn)


def _shown(pieces: Any, font: Font) -> tuple[str, float]:
    """Return the characters that an operation shows, and how far they reach in ems."""
    import pikepdf

    words, wide = "", 0.0
    for piece in pieces if isinstance(pieces, pikepdf.Array) else [pieces]:
        if isinstance(piece, pikepdf.String):
            words += font.spelt(piece)
            wide += font.width(piece)
        else:
            words += " " if float(piece) < APART else ""
            wide -= float(piece) / 1000
    return words, wide


def _letters(codes: Any) -> Iterator[bytes]:
    content = bytes(codes)
    return (content[at : at + 2] for at in range(0, len(content), 2))


def _font(font: Any) -> Font:
    """Return a font of two bytes a letter."""
    widths: dict[int, float] = {}
    listed = list(font.DescendantFonts[0].get("/W", []))
    while listed:
        first, second = int(listed.pop(0)), listed.pop(0)
        if isinstance(second, int):
            widths.update(dict.fromkeys(range(first, second + 1), float(listed.pop(0))))
        else:
            widths.update((first + place, float(width)) for place, width in enumerate(second))
    return Font(_characters(font), widths)


def _characters(font: Any) -> dict[bytes, str]:
    """Return the character of each letter of a font."""
    import pikepdf

    if "/ToUnicode" not in font:
        raise ValueError(f"the font {font.get('/BaseFont')} doesn't say its characters")
    known: dict[bytes, str] = {}
    for instruction in pikepdf.parse_content_stream(font.ToUnicode):
        operator, operands = str(instruction.operator), list(instruction.operands)
        if operator == "endbfchar":
            for code, said in zip(operands[::2], operands[1::2], strict=True):
                known[bytes(code)] = _utf16(said)
        elif operator == "endbfrange":
            for first, last, said in zip(operands[::3], operands[1::3], operands[2::3], strict=True):
                known.update(_range(bytes(first), bytes(last), said))
    return known


def _range(first: bytes, last: bytes, said: Any) -> Iterator[tuple[bytes, str]]:
    import pikepdf

    for place, code in enumerate(range(int.from_bytes(first), int.from_bytes(last) + 1)):
        if isinstance(said, pikepdf.Array):
            words = _utf16(said[place])
        else:
            start = _utf16(said)
            words = start[:-1] + chr(ord(start[-1]) + place)
        yield code.to_bytes(len(first)), words


def _utf16(said: Any) -> str:
    return bytes(said).decode("utf-16-be")


def _properties(pdf: "pikepdf.Pdf") -> Iterator[str]:
    yield from (str(value) for _, value in sorted(pdf.docinfo.items()))
    if "/Metadata" in pdf.Root:
        yield bytes(pdf.Root.Metadata.read_bytes()).decode("utf-8", "replace")
    yield from sorted(pdf.attachments)


def _words(found: Any) -> Iterator[str]:
    """Yield the words in a dictionary and in those that lie directly in it."""
    import pikepdf

    for key, value in found.items():
        if isinstance(value, pikepdf.String) and key in WORDED:
            yield str(value)
        elif isinstance(value, pikepdf.Dictionary) and not value.is_indirect:
            yield from _words(value)
        elif isinstance(value, pikepdf.Array) and not value.is_indirect:
            for item in value:
                if isinstance(item, pikepdf.Dictionary) and not item.is_indirect:
                    yield from _words(item)
