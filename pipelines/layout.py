"""Layouts: how one publisher writes a feed, and which layout a file is in."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipelines import contract, declared, reference
from pipelines.contract import Column
from pipelines.places import DataFolder

# YAML reads 2017-09-30 as a date and 5 as a number; a layout means the text.
Text = Annotated[str, BeforeValidator(str)]

DateForm = Literal["YYYY-MM-DD", "DD/MM/YYYY", "DD-MON-YYYY"]

# Names of columns that the program gives to rows on their way; a file's own column can't be called so.
RESERVED = ("extract", "source_line", "part_number", "melted_role")
SIDECAR = "sidecar_"


class LayoutError(ValueError):
    """A layout file that can't be used; the message says which file, which entry and what to write instead."""


class Declared(BaseModel):
    """A part of a layout file; a key that doesn't exist is refused, so that a slip of the pen can't pass unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnyOf(Declared):
    """Alternative names of one column: the first that the file has is read."""

    names: tuple[str, ...] = Field(alias="any")


class FirstOf(Declared):
    """Columns of which the first that isn't empty gives the value, row by row."""

    names: tuple[str, ...] = Field(alias="first", min_length=2)


class Part(Declared):
    """A cell's part: the ``number``-th of those that ``of`` separates; a cell without the separator is its own part."""

    of: str = Field(min_length=1)
    number: int = Field(ge=1)


class Source(Declared):
    """Where a contract column comes from.

    A constant, or source columns (a name, alternatives, or the first that isn't empty), or the sidecar, or, for an
    answer that is written out, the four columns that say characteristic, classification, category and answer status.
    ``values`` or a list maps the sender's words to ours.
    """

    constant: Text | None = None
    origin: str | AnyOf | FirstOf | tuple[str, str, str, str] | None = Field(default=None, alias="from")
    sidecar: Literal["", "organisation", "as_at", "extracted_on"] = ""
    part: Part | None = None
    values: dict[Text, Text] = {}
    value_list: str = ""
    optional: bool = False

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The names under which the one source column may stand; empty for all other kinds of source."""
        if isinstance(self.origin, AnyOf):
            return self.origin.names
        return (self.origin,) if isinstance(self.origin, str) else ()

    @property
    def first_of(self) -> tuple[str, ...]:
        """The columns of which the first that isn't empty counts, or nothing."""
        return self.origin.names if isinstance(self.origin, FirstOf) else ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The four columns of a written-out answer, or nothing."""
        return self.origin if isinstance(self.origin, tuple) else ()

    @property
    def named(self) -> tuple[str, ...]:
        """Every source column that it names."""
        return (*self.alternatives, *self.first_of, *self.parts)


class Total(Declared):
    """A source column's word for "all of them", and the values that such a total leaves out."""

    value: Text
    leaves_out: tuple[Text, ...] = Field(default=(), alias="except")


class Subtotals(Declared):
    """A column's words that are the sum of others of its words: such rows check their parts, and never enter."""

    column: str
    parts: dict[Text, tuple[Text, ...]] = Field(min_length=1)


class NotApplicable(Declared):
    """Rows that say nothing: every named column has the value given."""

    where: dict[str, Text]


class Wide(Declared):
    """A line that holds several rows, one in each of some columns.

    The made column ``into`` holds what the column is about, ``value`` its cell, ``percentage`` the cell of a column
    that holds the publisher's percentage. ``columns`` and ``percentages`` lead a heading to its word; ``headings`` is a
    regular expression whose group is the word.
    """

    into: str
    value: str
    percentage: str = ""
    columns: dict[str, Text] = {}
    percentages: dict[str, Text] = {}
    headings: str = ""

    def words(self, header: Sequence[str]) -> dict[str, str]:
        """Return the columns of a header that hold a row's value, each with what it is about."""
        if not self.headings:
            return {name: self.columns[name] for name in header if name in self.columns}
        found = {name: re.fullmatch(self.headings, name) for name in header}
        return {name: match.group(1) for name, match in found.items() if match}

    @property
    def made(self) -> tuple[str, ...]:
        """The columns that it makes."""
        return tuple(name for name in (self.into, self.value, self.percentage) if name)


class LongPercentages(Declared):
    """Numbers and percentages in one column, told apart by how the words of another end.

    ``number`` and ``percentage`` are the endings, cut off with the spaces before them; rows of percentages have theirs
    in the made column ``into``, and an empty ``value``.
    """

    column: str
    number: str
    percentage: str
    value: str
    into: str = "Percentage"


class Sanitised(Declared):
    """Columns that hold nothing, or the sender's word for what was taken out: they are dropped unread."""

    columns: tuple[str, ...] = Field(min_length=1)
    words: tuple[str, ...] = ()


class Numbers(Declared):
    """How counts and decimals are written, beyond digits and a decimal point."""

    thousands: Literal["", ",", " ", "'"] = ""


class Layout(Declared):
    """A publisher's way of writing a feed; docs/layouts.md describes the file."""

    name: str = Field(alias="layout")
    title: str
    publisher: str
    feed: Literal["staff", "headcount", "population"]
    format: Literal["any", "csv", "xlsx", "parquet"] = "any"
    arrives: Literal["monthly", "yearly"]
    published: bool = False
    recognise: dict[str, Text] = {}
    missing: tuple[Text, ...] = ()
    numbers: Numbers = Numbers()
    dates: tuple[DateForm, ...] = ("YYYY-MM-DD",)
    symbols: dict[Text, Literal["[c]", "[x]", "[z]", "[u]"]] = {}
    columns: dict[str, Source]
    unused: tuple[str, ...] = ()
    sanitised: Sanitised | None = None
    wide: Wide | None = None
    long_percentages: LongPercentages | None = None
    totals: dict[str, Total] = {}
    totals_within: tuple[str, ...] = ()
    subtotals: Subtotals | None = None
    not_applicable: NotApplicable | None = None

    @property
    def made_columns(self) -> tuple[str, ...]:
        """Columns that no file has: the layout makes them of others."""
        long = (self.long_percentages.into,) if self.long_percentages else ()
        return (*(self.wide.made if self.wide else ()), *long)

    def read_header(self, header: Sequence[str]) -> list[str]:
        """Return the columns that are read: the file's own without the dropped ones, and those that are made."""
        dropped = set(self.sanitised.columns) if self.sanitised else set()
        return [*(name for name in header if name not in dropped), *self.made_columns]

    def missing_columns(self, header: Sequence[str]) -> list[str]:
        """Return what the layout needs and the header lacks; alternatives are joined by "or"."""
        there = {*header, *self.made_columns}
        lacking = [
            " or ".join(source.alternatives)
            for source in self.columns.values()
            if source.alternatives and not source.optional and not set(source.alternatives) & there
        ]
        lacking += [
            name for source in self.columns.values() for name in (*source.parts, *source.first_of) if name not in there
        ]
        lacking += [name for name in self._row_columns if name not in there]
        if self.wide:
            lacking += [name for name in (*self.wide.columns, *self.wide.percentages) if name not in there]
            if self.wide.headings and not self.wide.words(header):
                lacking.append(self.wide.headings)
        return list(dict.fromkeys(lacking))

    @property
    def _row_columns(self) -> list[str]:
        """The columns, each once, that say what a row or the file is: recognised by, subtotal of, or saying nothing."""
        where = self.not_applicable.where if self.not_applicable else {}
        subtotals = (self.subtotals.column,) if self.subtotals else ()
        long = (self.long_percentages.column, self.long_percentages.value) if self.long_percentages else ()
        return list(dict.fromkeys((*self.recognise, *self.totals_within, *self.totals, *subtotals, *long, *where)))

    def unknown_columns(self, header: Sequence[str]) -> list[str]:
        """Return the header's columns that the layout doesn't name: a column nobody declared is never read."""
        named = self.named_columns | set(self.wide.words(header) if self.wide else ())
        beginnings = tuple(name.removesuffix("*") for name in self.unused if name.endswith("*"))
        return [name for name in header if name not in named and not (beginnings and name.startswith(beginnings))]

    @property
    def named_columns(self) -> set[str]:
        """Every source column that the layout knows by its whole name."""
        read = {name for source in self.columns.values() for name in source.named}
        wide = {*self.wide.columns, *self.wide.percentages} if self.wide else set()
        dropped = set(self.sanitised.columns) if self.sanitised else set()
        return (read | wide | dropped | {*self.unused, *self._row_columns}) - set(self.made_columns)

    def matches(self, header: Sequence[str], first_row: Mapping[str, str], kind: str) -> bool:
        """Tell whether a table with this header and first row, in a file of this kind, is in this layout."""
        return (
            self.format in ("any", kind)
            and not self.missing_columns(header)
            and not self.unknown_columns(header)
            and all(first_row.get(column) == value for column, value in self.recognise.items())
        )


def load_all(folder: DataFolder) -> list[Layout]:
    """Read the packaged layouts and the user's own, in the order of their file names.

    Raises:
        LayoutError: a file isn't a layout, or its columns and its feed's contract don't agree.
    """
    return [load(path) for path in folder.layouts()]


def load(path: Path) -> Layout:
    """Read one layout file. Raises LayoutError as ``load_all`` does."""
    layout = declared.load(path, Layout, LayoutError, "docs/layouts.md describes the entries")
    _check_against_contract(layout, path)
    return layout


def _check_against_contract(layout: Layout, path: Path) -> None:
    if layout.published and layout.feed == "staff":
        raise LayoutError(f"{path.name}: published: rows about people aren't public; it is for counts only")
    columns = contract.load(layout.feed).columns
    for name in layout.columns:
        if name not in columns:
            raise LayoutError(f"{path.name}: the feed {layout.feed} has no column '{name}', only {', '.join(columns)}")
    for name, column in columns.items():
        if column.required and name not in layout.columns:
            raise LayoutError(f"{path.name}: the feed {layout.feed} needs '{name}': give its column or a constant")
    _check_names(layout, path)
    for name, source in layout.columns.items():
        fault = (
            _answer_fault(columns[name], source) if columns[name].type == "answer" else _fault(columns[name], source)
        )
        if fault:
            raise LayoutError(f"{path.name}: {name}: {fault}; docs/layouts.md describes the entries")


def _check_names(layout: Layout, path: Path) -> None:
    """Refuse names that the program keeps, made columns that clash, and a pattern of headings that can't be used."""
    names = {name.lower() for name in (*layout.named_columns, *layout.made_columns)}
    taken = sorted(filter(is_kept, names))
    if taken:
        raise LayoutError(
            f"{path.name}: the column name '{taken[0]}' is kept for the program's own use; rename it first"
        )
    if layout.wide and layout.wide.headings:
        try:
            groups = re.compile(layout.wide.headings).groups
        except re.error as error:
            raise LayoutError(f"{path.name}: wide.headings isn't a regular expression: {error}") from error
        if groups != 1:
            raise LayoutError(f"{path.name}: wide.headings needs one group, (…), and has {groups}")
    if layout.wide and bool(layout.wide.headings) == bool(layout.wide.columns):
        raise LayoutError(f"{path.name}: wide: give either columns or headings")
    if layout.wide and bool(layout.wide.percentage) != bool(layout.wide.percentages):
        raise LayoutError(f"{path.name}: wide: percentage and percentages belong together")


def _answer_fault(column: Column, source: Source) -> str:
    """Say what is wrong with where an answer comes from, or nothing."""
    lists = {row["value_list"]: row["characteristic"] for row in reference.source_values()}
    if source.parts:
        return ""
    if not source.named:
        return "an answer comes from a column"
    if source.value_list not in lists:
        return f"there is no list '{source.value_list}' in source_values.csv, only {', '.join(sorted(lists))}"
    if column.characteristic and lists[source.value_list] != column.characteristic:
        return f"the list '{source.value_list}' is about {lists[source.value_list]}"
    return ""


def _fault(column: Column, source: Source) -> str:
    """Say what is wrong with where a column that isn't an answer comes from, or nothing."""
    kinds = (source.constant is not None, bool(source.named), bool(source.sidecar))
    if sum(kinds) != 1 and not (kinds == (False, True, True) and source.optional):
        return "give the column that it comes from, a constant, or the sidecar (or that beside an optional column)"
    if source.parts:
        return "only an answer is written out in four columns"
    if len({folded(word) for word in source.values}) < len(source.values):
        return "two of its values are the same word, apart from case and spaces"
    if source.value_list and (source.values or source.value_list not in reference.coded_lists()):
        return f"give values, or one of the lists of coded_values.csv: {', '.join(sorted(reference.coded_lists()))}"
    given = {source.constant} if source.constant is not None else set(source.values.values())
    given |= {row["code"] for row in reference.coded_lists().get(source.value_list, ()) if row["code"]}
    allowed = ("yes", "no") if column.type == "boolean" else allowed_choices(column) if column.type == "choice" else ()
    unknown = sorted(given - set(allowed)) if allowed else []
    return f"there is no '{unknown[0]}', only {', '.join(allowed)}" if unknown else ""


def is_kept(name: str) -> bool:
    """Tell whether a column's name is the program's own, or none, so that no file's column can have it."""
    return not name.strip() or name.lower() in RESERVED or name.lower().startswith(SIDECAR)


def allowed_choices(column: Column) -> tuple[str, ...]:
    """Return what a choice may be."""
    return column.choices or reference.codes(column.reference)


def folded(value: str) -> str:
    """Return a value as lists hold it: spaces squeezed, case folded."""
    return " ".join(value.split()).lower()
