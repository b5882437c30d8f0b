"""Fitting: how a table gets onto paper with nothing cut: its type, its columns, and whether the page is sideways."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.figures import Figure
from pipelines.report.forms.metrics import font
from pipelines.report.forms.plain import plain
from pipelines.report.pack import Table, text

# What a line of an A4 page has between its margins, in points: upright, and on its side.
UPRIGHT, SIDEWAYS = 487.0, 734.0
# Type in points, from best to worst.
SIZES = {UPRIGHT: (10.0, 9.0, 8.0, 7.5), SIDEWAYS: (10.0, 9.0, 8.0, 7.0, 6.0)}
# A table of more rows is worth a page of its own on its side.
FEW = 12
PADDING = 10.0
# In ems: the page measures kerning too, and what doesn't fit by a thousandth would be broken or cut.
HAIR = 0.15
# A column is as wide as its longest word, and, if that can be, no narrower than this in ems where it has more to say.
READABLE = 9.0
# A word of more characters may be broken after so many.
LONG_WORD, PART = 24, 12
BREAK = "\N{ZERO WIDTH SPACE}"


@dataclass(frozen=True)
class Fit:
    """Type size and widths of columns in points; ``is_sideways`` is a landscape page."""

    size: float
    widths: tuple[float, ...]
    is_sideways: bool


def breakable(words: str) -> str:
    """Return a text in which a word longer than any of a language may be broken."""
    return re.sub(
        rf"\S{{{LONG_WORD + 1},}}",
        lambda found: BREAK.join(found[0][at : at + PART] for at in range(0, len(found[0]), PART)),
        words,
    )


def fit(table: Table) -> Fit:
    """Return how a table fits best: type as large as there is room for, on an upright page rather than on its side.

    Raises:
        ValueError: it has so many columns that figures would lie on each other.
    """
    # A page that is turned leaves the rest of the one before it empty: of a short table columns are narrowed first.
    tries = [(UPRIGHT, READABLE), (UPRIGHT, 0.0), (SIDEWAYS, READABLE), (SIDEWAYS, 0.0)]
    if len(table.rows) > FEW:
        tries[1:3] = tries[2:0:-1]
    for page, readable in tries:
        room = page - PADDING * len(table.heads)
        narrowest, widest = _bounds(table, readable)
        for size in SIZES[page]:
            if sum(narrowest) * size <= room:
                return Fit(size, _widths(narrowest, widest, size, room), page == SIDEWAYS)
    raise ValueError(f"table {table.identifier}: {len(table.heads)} columns are too many for a page")


def _widths(narrowest: Sequence[float], widest: Sequence[float], size: float, room: float) -> tuple[float, ...]:
    """Share out what is left beyond the narrowest widths by what the columns would like, and then evenly."""
    wanted = [size * (wide - narrow) for narrow, wide in zip(narrowest, widest, strict=True)]
    spare = room - size * sum(narrowest)
    given = min(1.0, spare / sum(wanted)) if sum(wanted) else 0.0
    # A table that has room stays together: columns far apart are hard to follow.
    rest = min((spare - given * sum(wanted)) / len(wanted), 2 * size)
    return tuple(
        round(size * narrow + given * want + rest + PADDING, 2) for narrow, want in zip(narrowest, wanted, strict=True)
    )


def _bounds(table: Table, readable: float) -> tuple[list[float], list[float]]:
    """Return the least and the best width of each column in ems."""
    narrowest, widest = [], []
    for place, head in enumerate(table.heads):
        cells = [row[place] for row in table.rows]
        needs = [_word(head, is_bold=True), *(_narrow(cell, is_bold=place == 0) for cell in cells)]
        likes = [font(is_bold=True).width(plain(head)), *(font(place == 0).width(plain(text(cell))) for cell in cells)]
        narrowest.append(max(*needs, min(readable, max(likes[1:], default=0.0))))
        widest.append(max(narrowest[-1], *likes))
    return narrowest, widest


def _narrow(cell: str | Figure, is_bold: bool) -> float:
    """Return the least width of a cell: a figure is never broken between its digits and its unit."""
    if isinstance(cell, Figure):
        return font(is_bold).width(cell.text) + HAIR
    return _word(cell, is_bold)


def _word(words: str, is_bold: bool) -> float:
    parts = re.split(rf"[\s{BREAK}]", breakable(plain(words)))
    return max(font(is_bold).width(part) for part in parts) + HAIR
