"""Personal data that must not come: columns told by their heading, or by what most of their cells look like.

A heading is looked up in ``data/reference/personal_headings.csv``. What cells look like is counted by
``sql/ingest/personal_evidence.sql`` on a sample of a file's rows, with the thresholds of the method. No cell leaves
this module: what is found is a column's name or place, and a kind.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa

from pipelines import database, places, typed
from pipelines.contract import POST_FEEDS
from pipelines.database import Connection, identifier, literal
from pipelines.layout import Layout
from pipelines.opening import Opening, text_cells
from pipelines.waiver import Waiver

RULE = "column.personal"

# Kind → what stands in such a column, in words.
KINDS = {
    "address": "addresses",
    "bank_account": "bank accounts",
    "cost_centre": "cost centres",
    "date_of_birth": "dates of birth",
    "email": "e-mail addresses",
    "job_title": "job titles",
    "login": "names of users",
    "name": "names of persons",
    "nhs_number": "NHS numbers",
    "ni_number": "National Insurance numbers",
    "passport_number": "numbers of passports",
    "phone": "telephone numbers",
    "postcode": "full postcodes",
    "registration_number": "numbers of professional registrations",
    "sanitised": "personal data",
    "staff_number": "staff numbers",
}

# How people write a word of a heading → the word on the list.
SPELLINGS = {"no": "number", "num": "number", "nr": "number", "center": "centre", "identifier": "id"}

# A heading with one of these holds a value, most likely, and isn't repeated.
VALUE_IN_HEADING = re.compile(r"@|[0-9]{5}|[0-9] ?[0-9] ?[0-9] ?[0-9] ?[0-9]")
LONGEST_HEADING = 60

# A line with fewer of the widest line's cells than this share is a title or a note, no header.
HEADER_MIN_SHARE = 0.8


@dataclass(frozen=True)
class Found:
    """A column that may hold personal data.

    ``heading`` is its name, empty where it has none that may be repeated; ``place`` counts columns from 1, ``sheet``
    those sheets of a workbook, from 1, that aren't the table itself. ``by_cells`` tells whether its cells say so.
    """

    heading: str
    place: int
    kind: str
    by_cells: bool = False
    sheet: int = 0

    @property
    def column(self) -> str:
        """How the column is called in a verdict."""
        where = f" of sheet {self.sheet}" if self.sheet else ""
        return self.heading or f"column {self.place}{where}"

    @property
    def said(self) -> str:
        """The column and what is in it, as a part of a sentence."""
        where = f" of its sheet {self.sheet}" if self.sheet else ""
        column = f"column '{self.heading}'" if self.heading else f"column {self.place}"
        verb = "looks as if it held" if self.by_cells else "is for"
        return f"its {column}{where} {verb} {KINDS[self.kind]}"


@dataclass(frozen=True)
class Approved:
    """A column that was found and that waivers approve, each for some organisations and until a date."""

    found: Found
    waivers: tuple[Waiver, ...]

    def holds(self, feed: str, about: Sequence[tuple[str, ...]]) -> bool:
        """Tell whether it covers all that a file's rows speak about; those that can't be read speak about nothing."""
        told = [(key[0], date.fromisoformat(key[1]) if feed in POST_FEEDS and key[1] else None) for key in about]
        return all(any(one.covers_rows([key]) for one in self.waivers) for key in told if key[0])

    @property
    def sentence(self) -> str:
        """Who approved the column, and where that is written."""
        who = " and ".join(f"{one.approved_by}, waivers/{one.name}.yaml until {one.expires}" for one in self.waivers)
        return f"the column would be refused as {KINDS[self.found.kind]}, and was approved by {who}"


def sentence(found: Sequence[Found], layout: str = "") -> str:
    """Say which columns must not come, and what to do about the file and about a column that isn't what it seems."""
    columns = ", ".join(one.said for one in found)
    approval = (
        "if a column isn't what it seems, a named person can approve it in a waiver"
        if layout
        else "if a column isn't what it seems, a layout has to name it before a named person can approve it in a waiver"
    )
    one = "that column" if len(found) == 1 else "those columns"
    return (
        f"{columns}; personal data must not come here: delete the file where it lies, and ask for one without {one} "
        f"({approval})"
    )


def kind_of_heading(heading: str, counts: bool = False) -> str:
    """Return the kind of personal data that a heading promises, or nothing.

    ``counts`` is for a table of counts, where a heading of one such word may be about nobody.
    """
    words = _words(heading)
    lines = _lines(counts)
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            line = lines.get(words[start : start + length])
            if line and (length == len(words) or not line[0]):
                return line[1]
    together = "".join(words)
    written = {together, re.sub("(no|num)$", "number", together)}
    return next((kind for line, (_, kind) in lines.items() if "".join(line) in written), "")


def _words(heading: str) -> tuple[str, ...]:
    """Take a heading apart: FirstName, FIRST_NAME and first name are the same words."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", heading.replace("#", " number "))
    words = [SPELLINGS.get(word, word) for word in re.findall(r"[^\W\d_]+|\d+", apart.casefold())]
    return tuple(" ".join(words).replace("e mail", "email").split())


@cache
def _lines(counts: bool) -> dict[tuple[str, ...], tuple[bool, str]]:
    """Return the list of headings: the words, whether they have to be the whole heading, and the kind."""
    with (places.REFERENCE / "personal_headings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        tuple(row["heading"].split()): (row["place"] == "whole", row["kind"])
        for row in rows
        if not (counts and row["place"] == "whole")
    }


def in_header(recognised: Layout, header: Sequence[str]) -> list[Found]:
    """Return the columns of a recognised file that its headings give away, but for those that are dropped unread."""
    sanitised = recognised.sanitised.columns if recognised.sanitised else ()
    return [
        Found(_repeatable(name), place, kind)
        for place, name in enumerate(header, start=1)
        if name not in sanitised and (kind := kind_of_heading(name, recognised.feed != "staff"))
    ]


def _repeatable(heading: str) -> str:
    return "" if VALUE_IN_HEADING.search(heading) or len(heading) > LONGEST_HEADING else heading.strip()


def in_sanitised(con: Connection, recognised: Layout, header: Sequence[str]) -> list[Found]:
    """Return the columns of ``source_row`` that have to be empty, or hold the sender's word for that, and don't."""
    sanitised = recognised.sanitised
    if not sanitised:
        return []
    words = ", ".join(literal(word.lower()) for word in ("", *sanitised.words))
    return [
        Found(name, header.index(name) + 1, kind_of_heading(name) or "sanitised")
        for name in sanitised.columns
        if name in header
        and con.execute(
            f"select count(*) from source_row where lower({typed.trimmed(identifier(name))}) not in ({words})"
        ).fetchall()
        != [(0,)]
    ]


def not_approved(found: Sequence[Found], waivers: Sequence[Waiver], layout: str, file: str) -> list[Found]:
    """Return the columns that no waiver approves, whosesoever rows and whichever dates it is for."""
    return [one for one in found if not _waivers_of(one, waivers, layout, file)]


def approved(found: Sequence[Found], waivers: Sequence[Waiver], layout: str, file: str) -> tuple[Approved, ...]:
    """Return the columns that waivers approve, each once; until when is compared once the rows' dates are known."""
    pairs = [(one, _waivers_of(one, waivers, layout, file)) for one in found]
    return tuple(Approved(one, allowed) for one, allowed in pairs if allowed)


def _waivers_of(one: Found, waivers: Sequence[Waiver], layout: str, file: str) -> tuple[Waiver, ...]:
    return tuple(waiver for waiver in waivers if one.heading and waiver.covers(RULE, layout, file, one.heading))


def in_openings(con: Connection, tables: Iterable[tuple[int, Opening]], names: bool = True) -> list[Found]:
    """Return what the first lines of a file show, of whose columns nobody knows more than that.

    Args:
        con: database with the method.
        tables: the file's tables, numbered from 1: one, or one for each sheet of a workbook.
        names: whether to look for names of persons; names of places look like them.
    """
    return [
        one for number, table in tables for one in _in_opening(con, _rows(table), number if table.sheet else 0, names)
    ]


def in_lines(con: Connection, recognised: Layout, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Found]:
    """Return what the first rows of a recognised file show, which aren't those that ``in_batch`` will see."""
    cells = [(place, cell) for row in rows for place, cell in enumerate(row[: len(header)], start=1)]
    return _told(recognised, header, [(place, kind) for _, place, kind in _seen(con, cells, len(rows))])


def _rows(table: Opening) -> list[tuple[str, ...]]:
    """Return an opening's rows; where they aren't separated by commas, by what separates them into most cells."""
    rows = [row for row in table.rows if any(row)]
    if any(len(row) > 1 for row in rows) or table.kind != "csv":
        return rows
    apart = [[tuple(text_cells(row[0], separator)) for row in rows] for separator in ";\t|"]
    return max([rows, *apart], key=lambda table: sum(map(len, table)))


def _in_opening(con: Connection, rows: Sequence[tuple[str, ...]], sheet: int, names: bool) -> list[Found]:
    filled = [sum(map(bool, row)) for row in rows]
    first = next((place for place, cells in enumerate(filled) if cells >= HEADER_MIN_SHARE * max(filled)), 0)
    header = rows[first] if rows else ()
    kinds = {place: kind for place, name in enumerate(header, start=1) if (kind := kind_of_heading(name, not names))}
    # Without a header the first line is somebody's: only what is on the list word by word is repeated.
    told = {
        place: header[place - 1].strip() if _words(header[place - 1]) in _lines(not names) else "" for place in kinds
    }
    found = [Found(told[place], place, kind, sheet=sheet) for place, kind in kinds.items()]
    cells = [
        (place, cell)
        for number, row in enumerate(rows)
        for place, cell in enumerate(row, start=1)
        if not (number == first and kinds)
    ]
    return found + [
        Found("", place, kind, by_cells=True, sheet=sheet)
        for _, place, kind in _seen(con, cells, len(rows) - 1)
        if place not in kinds and kind != "name_as_key" and (names or kind != "name")
    ]


def _seen(con: Connection, cells: Sequence[tuple[int, str]], rows: int) -> list[tuple[str, int, str]]:
    """Return what cells look like that are in hand, each with the place of its column."""
    told = [{"place": place, "cell": cell.strip()} for place, cell in cells if cell.strip()]
    if not told:
        return []
    con.register("opening_cell", pa.Table.from_pylist(told))
    con.execute(
        "create or replace temp table sent_cell as "
        "select '' as extract, place, cell, count(*) as times from opening_cell group by all"
    )
    con.unregister("opening_cell")
    con.execute(
        "create or replace temp table sent_extent as "
        "select '' as extract, null::date as as_at_date, ?::bigint as people",
        [max(1, rows)],
    )
    return _evidence(con)


def in_batch(con: Connection, recognised: Layout, header: Sequence[str], sample_rows: int) -> dict[str, list[Found]]:
    """Return, by extract, the columns of ``source_batch`` whose cells look like personal data.

    Args:
        con: database with the method and ``source_batch``.
        recognised: the layout of the batch.
        header: the columns of ``source_batch`` that are the files' own.
        sample_rows: of a file with more rows, at least so many are looked at, evenly spaced.
    """
    con.execute(
        "create or replace temp table sent_row as "
        "with stride as (select extract, greatest(1, count(*) // ?) as rows_apart from source_batch group by extract) "
        "select source_batch.* from source_batch inner join stride using (extract) "
        "where source_batch.source_line % stride.rows_apart = 0",
        [sample_rows],
    )
    # Column by column: most have few words, and a list of all cells would be long.
    columns = [
        f"select extract, {place} as place, {identifier(name)} as cell, count(*) as times from sent_row group by all"
        for place, name in enumerate(header, start=1)
    ]
    text = typed.trimmed("cell")
    con.execute(
        f"create or replace temp table sent_cell as with told as ({' union all '.join(columns)}) "
        f"select extract, place, {text} as cell, sum(times)::bigint as times from told where {text} <> '' group by all"
    )
    person = _column_of(recognised, "person_key", header)
    people = f"count(distinct {identifier(person)})" if person else "count(*)"
    con.execute(
        "create or replace temp table sent_extent as select extract, max(sidecar_as_at)::date as as_at_date, "
        f"{people} as people from sent_row group by extract"
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for extract, place, kind in _evidence(con):
        found.setdefault(extract, []).append((place, kind))
    return {extract: _told(recognised, header, seen) for extract, seen in found.items()}


def _told(recognised: Layout, header: Sequence[str], seen: Iterable[tuple[int, str]]) -> list[Found]:
    """Return what counts of what cells look like in a recognised file.

    Names of persons count in files about people alone, and there in keys and in columns that aren't read: a column that
    is, is a list's.
    """
    keys = {_column_of(recognised, name, header) for name in ("person_key", "assignment_key")} - {""}
    read = {name for source in recognised.columns.values() for name in source.named}
    found = []
    for place, kind in seen:
        name = header[place - 1]
        counts = {
            "name": recognised.feed == "staff" and name not in read,
            "name_as_key": recognised.feed == "staff" and name in keys,
        }
        if counts.get(kind, True):
            found.append(Found(_repeatable(name), place, kind.removesuffix("_as_key"), by_cells=True))
    return found


def _column_of(recognised: Layout, name: str, header: Sequence[str]) -> str:
    """Return the file's column that a contract column is read from, or nothing."""
    source = recognised.columns.get(name)
    return next((one for one in source.alternatives if one in header), "") if source else ""


def _evidence(con: Connection) -> list[tuple[str, int, str]]:
    """Return extract, place and kind of what looks personal in ``sent_cell``; no cell is kept longer than that."""
    found: list[Any] = con.execute(database.read_sql("ingest/personal_evidence")).fetchall()
    for table in ("sent_cell", "sent_extent", "sent_row"):
        con.execute(f"drop table if exists {table}")
    return found
