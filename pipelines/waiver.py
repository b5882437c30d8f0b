"""Waivers: a rule that a named person sets aside, for one sender and until a date, with the reason in writing."""

import fnmatch
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipelines import contract, declared, places
from pipelines.places import DataFolder

# Rules of whole files that no suite holds and that can be waived.
FILE_RULES = ("column.personal", "file.shrinks", "file.too_many_rejected")


class WaiverError(ValueError):
    """A waiver that can't be used; the message says which file, which entry and what to write instead."""


class Waiver(BaseModel):
    """A rule set aside: for whom, why, by whom, and up to which as-at date; docs/waivers.md describes the file.

    The scope is everything that is given of ``organisation`` (of population files the area), ``layout``, ``file`` (a
    pattern of names) and ``column``; at least one of the first three.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = Field(default="", exclude=True)  # of its file, without the ending
    rule: str
    organisation: str = ""
    layout: str = ""
    file: str = ""
    column: str = ""
    reason: str = Field(min_length=1)
    approved_by: str = Field(min_length=1)
    approved_on: date
    expires: date

    def covers(self, rule: str, layout: str, file: str, column: str) -> bool:
        """Tell whether it is about this rule and column of this file, whosesoever rows these are."""
        return (
            self.rule == rule
            and self.layout in ("", layout)
            and self.column in ("", column)
            and (not self.file or fnmatch.fnmatchcase(file, self.file))
        )

    def covers_rows(self, about: Sequence[tuple[str, date | None]]) -> bool:
        """Tell whether it is about all of these organisations (or areas) and, as at their dates, still holds."""
        return all(
            self.organisation in ("", code) and (as_at is None or as_at <= self.expires) for code, as_at in about
        )


@dataclass(frozen=True)
class Waiving:
    """A waiver at work: so many rows of one file about one organisation (or area) and date broke the rule and entered.

    ``extract`` is the file's SHA-256.
    """

    waiver: Waiver
    extract: str
    rule: str
    code: str
    as_at: date
    rows: int

    @property
    def entry(self) -> dict[str, Any]:
        """The manifest's entry, apart from the extract."""
        said = {"waiver": self.waiver.name, **self.waiver.model_dump(mode="json")}
        return {**said, "rule": self.rule, "code": self.code, "as_at": self.as_at.isoformat(), "rows": self.rows}


def load_all(folder: DataFolder) -> list[Waiver]:
    """Read the data folder's waivers, in the order of their file names.

    Raises:
        WaiverError: a file isn't a waiver, or its rule doesn't exist or can't be waived.
    """
    return [_load(path) for path in folder.waivers()]


def _load(path: Path) -> Waiver:
    waiver = declared.load(path, Waiver, WaiverError, "docs/waivers.md describes waivers")
    waiver = waiver.model_copy(update={"name": path.stem})
    if not (waiver.organisation or waiver.layout or waiver.file):
        raise WaiverError(f"{path.name}: say for whom: organisation, layout or file; nothing is waived for everybody")
    if waiver.file and not any(letter.isalnum() for letter in waiver.file):
        raise WaiverError(f"{path.name}: file: a pattern of every name; write at least a part of the file's name")
    if waiver.rule not in waivable():
        raise WaiverError(
            f"{path.name}: rule: '{waiver.rule}' doesn't exist or can't be waived, because what it finds can't be "
            f"counted; those that can: {', '.join(waivable())}"
        )
    if waiver.rule == "column.personal" and not waiver.column:
        raise WaiverError(f"{path.name}: column: name the column that was found not to be personal")
    return waiver


@cache
def waivable() -> tuple[str, ...]:
    """Return the rules that can be waived: a suite's warnings, those that say ``waivable``, and ``FILE_RULES``."""
    rules = set(FILE_RULES)
    for feed in contract.FEEDS:
        suite = json.loads((places.EXPECTATIONS / f"{feed}.json").read_text(encoding="utf-8"))
        metas = [rule.get("meta", {}) for rule in suite["expectations"]]
        rules |= {meta["rule"] for meta in metas if meta.get("severity") == "warn" or meta.get("waivable")}
    return tuple(sorted(rules))
