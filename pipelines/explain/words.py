"""The words and digits of an explanation: dates, people, shares, grades, markers."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.figures import day, percent, points

Row = Mapping[str, Any]

# Why a value is blank or weak, as docs/board.md says it.
MARKERS = {
    "[c]": "withheld by its publisher",
    "[x]": "not available",
    "[z]": "can't be computed, or would mean nothing",
    "[u]": "a weak base, fewer people than the method asks for: let nothing rest on it",
    "[r]": "revised: a file was sent again, and an earlier release counted something else; the mart revision has both",
}

# What a number is a number of, by the end of its name.
UNITS = {
    "_pp": "percentage points",
    "_ratio": "ratio",
    "_share": "share, 0 to 1",
    "_95": "share, 0 to 1",
    "_998": "share, 0 to 1",
    "_undisclosed": "share, 0 to 1",
    "headcount": "people",
    "headcount_lower": "people",
    "headcount_upper": "people",
    "_growth": "people",
    "fte": "full-time equivalents",
    "p_value": "probability, 0 to 1",
    "p_adjusted": "probability, 0 to 1",
    "share_of_grade": "share, 0 to 1",
    "share_of_group": "share, 0 to 1",
}

# So many areas, grades or rules are named.
NAMED = 12


def figure(value: Any) -> str:
    """Return a cell as a reader sees it: numbers with separators and a true minus, nothing as a dash of its own."""
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{value:,{'f' if isinstance(value, Decimal) else ''}}".replace("-", "−")
    return day(value) if isinstance(value, date) else str(value)


def count(value: int | None) -> str:
    """Return a number of people, or the marker of what isn't known."""
    return "[x]" if value is None else f"{value:,}"


def unit(column: str) -> str:
    """Return what a column's numbers are numbers of; nothing for words."""
    return next((words for end, words in UNITS.items() if column.endswith(end)), "")


def digest(sha256: str) -> str:
    """Return the first twelve characters of a hash, by which people tell it."""
    return sha256[:12]


def some(names: Sequence[str]) -> str:
    """Return a list of names, cut short where nobody would read it to its end."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def distance(gap_pp: Decimal, to: str) -> str:
    """Return a gap in words: '14.9 percentage points below the …'."""
    size = points(gap_pp).lstrip("−+").removesuffix(" pp")
    if size == "0.0":
        return f"level with {to} to within 0.1 percentage points"
    return f"{size} percentage points {'below' if gap_pp < 0 else 'above'} {to}"


def interval(lower: Decimal, upper: Decimal) -> str:
    """Return the limits of a gap: '−18.1 to −11.0 percentage points'."""
    return f"{points(lower).removesuffix(' pp')} to {points(upper).removesuffix(' pp')} percentage points"


def of(part: int | None, whole: int | None) -> str:
    """Return a count of another and their share: '27 of 113 (23.9 %)'."""
    if part is None or not whole:
        return f"{count(part)} of {count(whole)}"
    return f"{part:,} of {whole:,} ({percent(Decimal(part) / whole)})"
