"""Sidecars: what a file doesn't say stands beside it in ``<file>.yaml``."""

import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipelines import declared

# YAML reads 1234.5 as a floating-point number; a total means the decimal that was written.
Exact = Annotated[Decimal, BeforeValidator(str)]


# What a sidecar may say of all rows, and what each of it is to a reader.
WHAT = {"organisation": "which organisation", "as_at": "which date", "extracted_on": "which day of extraction"}


class SidecarError(ValueError):
    """A sidecar that can't be used; the message says which file, which entry and what to write instead."""


class Declared(BaseModel):
    """A part of a sidecar; a key that doesn't exist is refused, so that a slip of the pen can't pass unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class ControlTotal(Declared):
    """What the sender counted of one organisation on one date: people, assignments, full-time equivalents.

    The organisation and date are the sidecar's own where they aren't given here.
    """

    organisation: str = ""
    as_at: date | None = None
    people: int | None = Field(default=None, ge=0)
    assignments: int | None = Field(default=None, ge=0)
    fte: Exact | None = Field(default=None, ge=0, max_digits=14, decimal_places=4)


class Sidecar(Declared):
    """What stands beside a file: its organisation, dates, why it was sent again, and the sender's own totals."""

    organisation: str = ""
    as_at: date | None = None
    extracted_on: date | None = None
    reason: str = ""
    control_totals: tuple[ControlTotal, ...] = ()

    def said(self, name: str) -> str | None:
        """Return what it says of all rows, as text, under one of ``WHAT``; null where it says nothing."""
        value = getattr(self, name)
        return str(value) if value else None


def beside(path: Path) -> Path:
    """Return where a file's sidecar lies, or would lie.

    A Mac may write a letter such as é as two, which nobody can see: one that is there counts, in either writing.
    """
    expected = path.with_name(path.name + ".yaml")
    if expected.name.isascii() or expected.is_file() or not path.parent.is_dir():
        return expected
    same = unicodedata.normalize("NFC", expected.name)
    names = sorted(one.name for one in path.parent.iterdir())
    return next((path.with_name(name) for name in names if unicodedata.normalize("NFC", name) == same), expected)


def read(path: Path) -> Sidecar:
    """Return what stands beside a file; nothing where there is no sidecar.

    Raises:
        SidecarError: it isn't YAML, or an entry of it can't be used.
    """
    file = beside(path)
    if not file.is_file():
        return Sidecar()
    sidecar = declared.load(file, Sidecar, SidecarError, "docs/layouts.md describes sidecars")
    totals = tuple(
        total.model_copy(
            update={
                "organisation": total.organisation or sidecar.organisation,
                "as_at": total.as_at or sidecar.as_at,
            }
        )
        for total in sidecar.control_totals
    )
    _refuse_two_totals(file, totals)
    return sidecar.model_copy(update={"control_totals": totals})


def _refuse_two_totals(file: Path, totals: Sequence[ControlTotal]) -> None:
    """Refuse two totals that may be about the same: nobody here can know which of them is the sender's."""
    for one, other in combinations(totals, 2):
        organisations, days = {one.organisation, other.organisation} - {""}, {one.as_at, other.as_at} - {None}
        if len(organisations) < 2 and len(days) < 2:
            whose = " on ".join(map(str, [*organisations, *days])) or "the same organisation and date"
            raise SidecarError(
                f"{file.name}: control_totals has two entries about {whose}; write one, with people, assignments and "
                "fte in it, or say in each which organisation and date it is about"
            )
