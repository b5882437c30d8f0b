"""Metrics of the project's font: which characters it has, and how wide a text is, so that tables can be fitted."""

import struct
from dataclasses import dataclass
from functools import cache

from pipelines import places

# The format of a map of characters in segments: from, to, and what to add for the glyph.
SEGMENTS = 4


@dataclass(frozen=True)
class Font:
    """The width of each character that a font has, in ems."""

    widths: dict[str, float]

    def has(self, character: str) -> bool:
        """Tell whether a character can be printed."""
        return character in self.widths

    def width(self, text: str) -> float:
        """Return the width of a text in ems; what the font hasn't is taken for a wide character."""
        return sum(self.widths.get(character, 1.0) for character in text)


@cache
def font(is_bold: bool = False) -> Font:
    """Return the metrics of the font that the project brings along."""
    content = (places.REPORTS / "fonts" / f"arimo_{'bold' if is_bold else 'regular'}.ttf").read_bytes()
    tables = _tables(content)
    (em,) = struct.unpack_from(">H", content, tables["head"] + 18)
    (measured,) = struct.unpack_from(">H", content, tables["hhea"] + 34)
    advances = struct.unpack_from(">" + "Hh" * measured, content, tables["hmtx"])[::2]
    return Font(
        {
            chr(code): advances[min(glyph, measured - 1)] / em
            for code, glyph in _glyphs(content, tables["cmap"]).items()
            if glyph
        }
    )


def _tables(content: bytes) -> dict[str, int]:
    """Return where each table of a font begins."""
    (count,) = struct.unpack_from(">H", content, 4)
    entries = (struct.unpack_from(">4sLLL", content, 12 + 16 * place) for place in range(count))
    return {tag.decode(): offset for tag, _, offset, _ in entries}


def _glyphs(content: bytes, cmap: int) -> dict[int, int]:
    """Return the glyph of each character of the font's map in segments.

    Raises:
        ValueError: the font has none.
    """
    (count,) = struct.unpack_from(">H", content, cmap + 2)
    for place in range(count):
        _, _, offset = struct.unpack_from(">HHL", content, cmap + 4 + 8 * place)
        if struct.unpack_from(">H", content, cmap + offset)[0] == SEGMENTS:
            return _segments(content, cmap + offset)
    raise ValueError("the font has no map of characters in segments")


def _segments(content: bytes, start: int) -> dict[int, int]:
    segments = struct.unpack_from(">H", content, start + 6)[0] // 2
    column = f">{segments}H"
    lasts = struct.unpack_from(column, content, start + 14)
    firsts = struct.unpack_from(column, content, start + 16 + 2 * segments)
    deltas = struct.unpack_from(column, content, start + 16 + 4 * segments)
    ranges = start + 16 + 6 * segments
    offsets = struct.unpack_from(column, content, ranges)
    glyphs = {}
    for place, (first, last, delta, offset) in enumerate(zip(firsts, lasts, deltas, offsets, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", content, ranges + 2 * place + offset + 2 * (code - first))
            glyphs[code] = (glyph + delta) % 0x10000 if glyph or not offset else 0
    return glyphs
