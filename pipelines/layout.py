"""Layouts: how one publisher writes a feed, and which layout a file is in."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipelines import contract, reader, reference
from pipelines.contract import Column
from pipelines.places import DataFolder

# YAML reads 2017-09-30 as a date and 5 as a number; a layout means the text.
Text = Annotated[str, BeforeValidator(str)]


class LayoutError(ValueError):
    """A layout file that can't be used; the message says which file, which entry and what to write instead."""


class Declared(BaseModel):
    """A part of a layout file; a key that doesn't exist is refused, so that a slip of the pen can't pass unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnyOf(Declared):
    """Alternative names of one column: the first that the file has is read."""

    names: tuple[str, ...] = Field(alias="any")


class Source(Declared):
    """Where a contract column comes from.

    A constant, or one source column (a name or alternatives), or, for an answer that is written out, the four columns
    that say characteristic, classification, category and answer status. ``values`` maps the sender's words to ours.
    """

    constant: Text | None = None
    origin: str | AnyOf | tuple[str, str, str, str] | None = Field(default=None, alias="from")
    values: dict[Text, Text] = {}
    value_list: str = ""
    optional: bool = False

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The names under which the one source column may stand; empty for a constant and a written-out answer."""
        if isinstance(self.origin, AnyOf):
            return self.origin.names
        return (self.origin,) if isinstance(self.origin, str) else ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The four columns of a written-out answer, or nothing."""
        return self.origin if isinstance(self.origin, tuple) else ()


class Total(Declared):
    """A source column's word for "all of them", and the values that such a total leaves out."""

    value: Text
    leaves_out: tuple[Text, ...] = Field(default=(), alias="except")


class NotApplicable(Declared):
    """Rows that say nothing: every named column has the value given."""

    where: dict[str, Text]


class Layout(Declared):
    """A publisher's way of writing a feed; docs/layouts.md describes the file."""

    name: str = Field(alias="layout")
    title: str
    publisher: str
    feed: Literal["staff", "headcount", "population"]
    format: Literal["csv"]
    arrives: Literal["monthly", "yearly"]
    recognise: dict[str, Text] = {}
    missing: tuple[Text, ...] = ()
    columns: dict[str, Source]
    unused: tuple[str, ...] = ()
    totals: dict[str, Total] = {}
    totals_within: tuple[str, ...] = ()
    not_applicable: NotApplicable | None = None

    def missing_columns(self, header: Sequence[str]) -> list[str]:
        """Return what the layout needs and the header lacks; alternatives are joined by "or"."""
        lacking = [
            " or ".join(source.alternatives)
            for source in self.columns.values()
            if source.alternatives and not source.optional and not set(source.alternatives) & set(header)
        ]
        lacking += [part for source in self.columns.values() for part in source.parts if part not in header]
        return lacking + [column for column in self._row_columns if column not in header]

    @property
    def _row_columns(self) -> list[str]:
        """The columns, each once, that say what a row or the file is: recognised by, subtotal of, or saying nothing."""
        where = self.not_applicable.where if self.not_applicable else {}
        return list(dict.fromkeys((*self.recognise, *self.totals_within, *self.totals, *where)))

    def unknown_columns(self, header: Sequence[str]) -> list[str]:
        """Return the header's columns that the layout doesn't name: a column nobody declared is never read."""
        return [column for column in header if column not in self.named_columns]

    @property
    def named_columns(self) -> set[str]:
        """Every source column that the layout knows."""
        read = {name for source in self.columns.values() for name in (*source.alternatives, *source.parts)}
        return read | {*self.unused, *self._row_columns}

    def matches(self, header: Sequence[str], first_row: Mapping[str, str]) -> bool:
        """Tell whether a file with this header and first row is in this layout."""
        return (
            not self.missing_columns(header)
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
    try:
        layout = Layout.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise LayoutError(f"{path.name} isn't YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LayoutError(f"{path.name}: {where}: {first['msg']}; docs/layouts.md describes the entries") from error
    _check_against_contract(layout, path)
    return layout


def _check_against_contract(layout: Layout, path: Path) -> None:
    columns = contract.load(layout.feed).columns
    for name in layout.columns:
        if name not in columns:
            raise LayoutError(f"{path.name}: the feed {layout.feed} has no column '{name}', only {', '.join(columns)}")
    for name, column in columns.items():
        if column.required and name not in layout.columns:
            raise LayoutError(f"{path.name}: the feed {layout.feed} needs '{name}': give its column or a constant")
    taken = sorted({"extract", "source_line"} & {name.lower() for name in layout.named_columns})
    if taken:
        raise LayoutError(
            f"{path.name}: the column name '{taken[0]}' is kept for the program's own use; rename it first"
        )
    for name, source in layout.columns.items():
        fault = (
            _answer_fault(columns[name], source) if columns[name].type == "answer" else _fault(columns[name], source)
        )
        if fault:
            raise LayoutError(f"{path.name}: {name}: {fault}; docs/layouts.md describes the entries")


def _answer_fault(column: Column, source: Source) -> str:
    """Say what is wrong with where an answer comes from, or nothing."""
    lists = {row["value_list"]: row["characteristic"] for row in reference.source_values()}
    if source.parts:
        return ""
    if not source.alternatives:
        return "an answer comes from a column"
    if source.value_list not in lists:
        return f"there is no list '{source.value_list}' in source_values.csv, only {', '.join(sorted(lists))}"
    if column.characteristic and lists[source.value_list] != column.characteristic:
        return f"the list '{source.value_list}' is about {lists[source.value_list]}"
    return ""


def _fault(column: Column, source: Source) -> str:
    """Say what is wrong with where a column that isn't an answer comes from, or nothing."""
    if (source.constant is None) == (not source.alternatives):
        return "give either the column that it comes from or a constant"
    if len({folded(word) for word in source.values}) < len(source.values):
        return "two of its values are the same word, apart from case and spaces"
    given = {source.constant} if source.constant is not None else set(source.values.values())
    unknown = sorted(given - set(allowed_choices(column))) if column.type == "choice" else []
    return f"there is no '{unknown[0]}', only {', '.join(allowed_choices(column))}" if unknown else ""


def allowed_choices(column: Column) -> tuple[str, ...]:
    """Return what a choice may be."""
    return column.choices or reference.codes(column.reference)


def folded(value: str) -> str:
    """Return a value as lists hold it: spaces squeezed, case folded."""
    return " ".join(value.split()).lower()


def header_and_first_row(path: Path) -> tuple[list[str], dict[str, str]]:
    """Return a CSV file's header and its first row that can be read, empty where the file has none.

    Raises:
        UnicodeDecodeError: the header isn't UTF-8.
        csv.Error: the header can't be taken apart.
    """
    with path.open("rb") as file:
        header = next(csv.reader([next(file, b"").decode("utf-8-sig").rstrip("\r\n")], strict=True), [])
        rows = (reader.cells(line, len(header)) for line in file if line.strip())
        first = next((row for row in rows if not isinstance(row, str)), [])
        return header, {name: cell or "" for name, cell in zip(header, first, strict=False)}
