"""Notes: what a file's verdict should say about its cells and lines, though they can be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines import layout, lookup, typed
from pipelines.contract import Contract
from pipelines.database import Connection, identifier
from pipelines.layout import Layout

# Of the table `spelt`: the spellings of a value beyond its most frequent one, and those with blanks at their ends.
SPELLINGS = {
    "file.spellings": "select * from spelt where told = spelling "
    "qualify row_number() over (partition by extract, key order by times desc, line) > 1",
    "file.blanks": "select * from spelt where told <> spelling",
}


@dataclass(frozen=True)
class Note:
    """Something about a file's cells or lines that its reader should know: ``rule`` is a key of ``NOTES``.

    ``said`` is what is noticed, where that isn't the same for every file; ``waiver`` what lets it through.
    """

    rule: str
    column: str
    rows: int
    lines: tuple[int, ...]
    said: str = ""
    waiver: str = ""

    @property
    def sentence(self) -> str:
        """What is noticed."""
        return self.said or NOTES[self.rule].split("; ", 1)[0]

    @property
    def advice(self) -> str:
        """What to do."""
        return NOTES[self.rule].split("; ", 1)[1]


# Rule → what is noticed, and what to do.
NOTES = {
    "column.approved": "a named person approved a column that looks personal; take it out when the sender can",
    "file.spellings": "one value is written in several ways; they were read as the same, but ask for one",
    "file.blanks": "cells begin or end with blanks; these were cut off, but ask the sender for codes without them",
    "file.notes": "lines below the table aren't rows and weren't read; nothing needs doing if they are notes",
}


def spellings(con: Connection, chosen: Layout, feed: Contract, header: Sequence[str]) -> dict[str, list[Note]]:
    """Return, by extract, the columns in which one value is spelt in several ways, or has blanks at its ends.

    Only columns whose values are codes: the organisation and area, and what is looked up in lists.
    """
    found: dict[str, list[Note]] = {}
    for name, column in feed.columns.items():
        source = chosen.columns.get(name, layout.Source())
        columns = [one for one in source.named if one in header]
        if len(columns) != 1 or not (lookup.is_looked_up(column, source) or name in ("org_code", "area_code")):
            continue
        cell = identifier(columns[0])
        # Each spelling once, and only then what it comes to: there are few, in many rows.
        con.execute(
            "create or replace temp table spelling as select extract, "
            f"{cell} as spelling, count(*) as times, min(source_line) as line from source_batch group by all"
        )
        con.execute(
            f"create or replace temp table spelt as select *, {typed.key('spelling')} as key, "
            f"{typed.trimmed('spelling')} as told from spelling where told <> ''"
        )
        for rule, which in SPELLINGS.items():
            for extract, times, lines in con.execute(
                f"with odd as ({which}) select extract, sum(times)::bigint, "
                "list(line order by line)[1:5] from odd group by extract"
            ).fetchall():
                found.setdefault(extract, []).append(Note(rule, name, times, tuple(lines)))
    return found
