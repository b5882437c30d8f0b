"""Commentary: what a named analyst writes for the boards, and what became of the actions of their last meetings.

``commentary.md`` in the data folder is frozen with the snapshot. It begins with its author and date, and has a part for
each unit, headed by its code::

    ---
    author: A. Analyst
    written_on: 2026-04-20
    as_at: 2026-03-31
    ---
    # E54000062
    ## Actions
    - Review the panel of band 8c posts. Owner: C. Chair. By June: done.
    ## Commentary
    The share at band 8c rests on few people.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines import declared

NAME = "commentary.md"
ACTIONS, TEXT = "Actions", "Commentary"
HEADED = f"'## {ACTIONS}' and '## {TEXT}'"


class CommentaryError(ValueError):
    """A commentary that can't be used; the message says where, and what to do."""


@dataclass(frozen=True)
class Commentary:
    """What was written for one unit."""

    author: str
    written_on: date
    actions: tuple[str, ...]
    paragraphs: tuple[str, ...]


class Head(BaseModel):
    """Who wrote it, when, and about which date: for a pack of another date it isn't meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    author: str = Field(min_length=1)
    written_on: date
    as_at: date


def refuse_unusable(path: Path) -> None:
    """Refuse a commentary that can't be used, before anything is computed for it.

    Raises:
        CommentaryError: as ``read``.
    """
    read(path, date.min)


def read(path: Path, as_at_date: date) -> Mapping[str, Commentary]:
    """Return what was written about a date, by the code of the unit; nothing, if it was about another one.

    Raises:
        CommentaryError: it has no author or date, another heading, a unit twice, or text outside a part.
    """
    text = path.read_text(encoding="utf-8-sig")
    match = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text.replace("\r\n", "\n"), re.DOTALL)
    if match is None:
        raise CommentaryError(
            f"{NAME}: it must begin with a line of ---, then author, written_on and as_at, and --- again"
        )
    try:
        head = Head.model_validate(declared.parse(match[1], CommentaryError, f"the head of {NAME}"))
    except ValidationError as error:
        raise CommentaryError(
            f"{NAME}: its head must name author, written_on and as_at (dates as 2026-03-31)"
        ) from error
    written = _units(match[2], match[1].count("\n") + 4)
    return {code: _of(head, parts) for code, parts in written.items()} if head.as_at == as_at_date else {}


def _of(head: Head, parts: Mapping[str, list[str]]) -> Commentary:
    actions = " ".join(f"\n{line}" if line.startswith("- ") else line for line in parts.get(ACTIONS, []))
    paragraphs = "\n".join(parts.get(TEXT, [])).split("\n\n")
    return Commentary(
        head.author,
        head.written_on,
        tuple(" ".join(one.removeprefix("- ").split()) for one in actions.split("\n") if one.strip()),
        tuple(" ".join(one.split()) for one in paragraphs if one.strip()),
    )


def _units(body: str, first_line: int) -> dict[str, dict[str, list[str]]]:
    units: dict[str, dict[str, list[str]]] = {}
    lines: list[str] | None = None
    code = ""
    for number, line in enumerate(body.split("\n"), start=first_line):
        if line.startswith("# "):
            code, lines = line[2:].strip(), None
            if code in units:
                raise CommentaryError(f"{NAME}, line {number}: {code} has a part already")
            units[code] = {}
        elif line.startswith("## "):
            part = line[3:].strip()
            if part not in (ACTIONS, TEXT) or not code or part in units[code]:
                raise CommentaryError(f"{NAME}, line {number}: below '# <code>' stand {HEADED}, once each")
            lines = units[code][part] = []
        elif lines is not None:
            lines.append(line)
        elif line.strip():
            raise CommentaryError(f"{NAME}, line {number}: text stands below '# <code>' and {HEADED}")
    return units
