"""Figures: the one place that turns a value, its unit and its marker into the digits and words that people read.

The unit is the type, so that a ratio can't carry a percent sign. A figure knows its text, and the number and the format
that a workbook shows the same text with. All rounding is half up.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar

MINUS = "−"
NOT_AVAILABLE = "[x]"

# Shares whose rounding error may reach half a point say nothing by their decimal.
WHOLE_FROM_PP = Decimal("0.5")


@dataclass(frozen=True)
class Figure:
    """A value of one unit: what is blank or weak says its ``marker``; ``places`` are the decimals that it can bear."""

    value: Decimal | int | None
    marker: str = ""
    places: int = 0
    factor: ClassVar[int] = 1
    suffix: ClassVar[str] = ""
    signed: ClassVar[bool] = False

    @property
    def shown(self) -> Decimal | None:
        """The number as it is printed, in the unit that is printed; no minus before a zero."""
        if self.value is None:
            return None
        rounded = (Decimal(self.value) * self.factor).quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)
        return abs(rounded) if rounded == 0 else rounded

    @property
    def digits(self) -> str:
        """The number without its unit or marker; a marker where there is none."""
        shown = self.shown
        if shown is None:
            return self.marker or NOT_AVAILABLE
        sign = MINUS if shown < 0 else "+" if self.signed and shown > 0 else ""
        return f"{sign}{abs(shown):,}"

    @property
    def text(self) -> str:
        """What a reader sees in a table: digits, unit, and the marker of a weak or revised value."""
        if self.value is None:
            return self.digits
        return f"{self._written}{f' {self.marker}' * bool(self.marker)}"

    @property
    def _written(self) -> str:
        return f"{self.digits}{self.suffix}"

    @property
    def number(self) -> Decimal | int | None:
        """What a workbook holds, rounded as it is printed; None where there is no value."""
        shown = self.shown
        return None if shown is None else shown / self.factor

    @property
    def number_format(self) -> str:
        """The format with which a workbook shows the number as ``text`` does, but for the marker."""
        return self._format

    @property
    def _format(self) -> str:
        digits = f"#,##0{self._decimals}" + (f'"{self.suffix}"' if self.suffix else "")
        return f'{digits};"{MINUS}"{digits}'

    @property
    def _decimals(self) -> str:
        return f".{'0' * self.places}" if self.places else ""


@dataclass(frozen=True)
class Count(Figure):
    """People. Of counts rounded to a ``base``, a zero is fewer than the base, and never nobody."""

    base: int = 1

    @property
    def _written(self) -> str:
        return f"0 to {self.base - 1}" if self.value == 0 and self.base > 1 else super()._written

    @property
    def _format(self) -> str:
        return f'{super()._format};"0 to {self.base - 1}"' if self.base > 1 else super()._format


@dataclass(frozen=True)
class Share(Figure):
    """A share in 0-1, printed in percent."""

    factor: ClassVar[int] = 100
    suffix: ClassVar[str] = " %"

    @property
    def _format(self) -> str:
        return f"0{self._decimals}\\ %"


@dataclass(frozen=True)
class Points(Figure):
    """A difference of two shares in percentage points, with its sign."""

    suffix: ClassVar[str] = " pp"
    signed: ClassVar[bool] = True

    @property
    def _format(self) -> str:
        digits = f"0{self._decimals}"
        return f'"+"{digits}" pp";"{MINUS}"{digits}" pp";{digits}" pp"'

    @property
    def size(self) -> str:
        """The size in words, without its sign."""
        shown = self.shown
        if shown is None:
            return self.digits
        return f"{abs(shown):,} percentage point{'s' * (abs(shown) != 1)}"


@dataclass(frozen=True)
class Error(Figure):
    """A distance in percentage points that something may be off by, either way."""

    suffix: ClassVar[str] = " pp"


@dataclass(frozen=True)
class Ratio(Figure):
    """One share by another; it has no unit."""

    places: int = field(default=2)


@dataclass(frozen=True)
class People(Figure):
    """A difference in people: how many more there would be."""

    @property
    def words(self) -> str:
        """The same in a sentence."""
        return f"{self.digits} {'person' if self.shown == 1 else 'people'}"


def places(error_pp: Decimal | None) -> int:
    """Return the decimals that a share can bear whose rounding error is so many percentage points at most."""
    return 0 if error_pp is not None and error_pp >= WHOLE_FROM_PP else 1


def percent(share: Decimal) -> str:
    """Return a share in 0-1 as a percentage to one decimal."""
    return Share(share, places=1).text


def points(gap_pp: Decimal) -> str:
    """Return a gap in percentage points to one decimal."""
    return Points(gap_pp, places=1).text


def day(when: date) -> str:
    """Return a date as it is spoken of: 31 March 2026."""
    return f"{when.day} {when:%B %Y}"


def vintage(dates: str) -> str:
    """Return the date of a profile, or the first and last of several, as they are spoken of."""
    return re.sub(r"\d{4}-\d\d-\d\d", lambda found: day(date.fromisoformat(found[0])), dates)


def ages(age_range: str) -> str:
    """Return the ages that a profile covers."""
    return "all ages" if age_range == "all" else f"ages {age_range}"


# What a text may hold beside figures: dates and years.
DATES = re.compile(
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)(?: \d{4})?\b|\b(?:19|20)\d{2}\b"
)
# A number by itself; what hangs together with letters, as a band or a code, is a name.
NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w]|[.,]\d)")


def numbers(text: str) -> Iterator[Decimal]:
    """Yield the numbers of a text, without signs; dates aren't any."""
    for found in NUMBER.finditer(DATES.sub(" ", text)):
        yield Decimal(found[0].replace(",", ""))
