"""The stop-list: people whose rows aren't used, by employer and key. It is honoured when a snapshot is frozen.

No snapshot names the list's hash: the list holds keys of people, and whoever guesses a key could prove the guess by
it. What it did shows in the hash of the typed rows, which lack these people.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from pipelines import contract, database
from pipelines.database import Connection, identifier, literal
from pipelines.places import DataFolder
from pipelines.validate import Accepted, Validated, rows_about, taken_on

HEADER = ["org_code", "person_key"]


class StopListError(ValueError):
    """The stop-list can't be used; the message names the line, and never what stands in it."""


@dataclass(frozen=True)
class Stopped:
    """A file of which rows were left out; ``is_held`` where an earlier snapshot keeps it as it came."""

    file: str
    sha256: str
    rows: int
    is_held: bool

    @property
    def line(self) -> str:
        """What is told of it: the landing folder isn't ours to edit."""
        held = f"; a snapshot keeps it as it came: 'edi dispose --extract {self.sha256[:12]}' removes that"
        return (
            f"stopped   {self.file}: {self.rows:,} row{'s' * (self.rows != 1)} of people on the stop-list left out; "
            "landing still holds them: ask its sender for a file without, and put that in its place"
            + held
            * self.is_held
        )


def read(path: Path) -> list[tuple[str, str]]:
    """Return whose rows aren't used: employer and key, trimmed; nobody's where there is no list.

    Raises:
        StopListError: it isn't UTF-8, has another header, or a line of it hasn't an employer and a key.
    """
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _people(path, file)
    except UnicodeDecodeError as error:
        raise StopListError(f"{path} isn't written in UTF-8; save it as 'CSV UTF-8'") from error


def _people(path: Path, text: Iterable[str]) -> list[tuple[str, str]]:
    people, lines = [], csv.reader(text, strict=True)
    try:
        header = [cell.strip() for cell in next(lines, [])]
        if header != HEADER:
            raise StopListError(f"{path}: its first line must be {','.join(HEADER)}")
        for cells in lines:
            trimmed = [cell.strip() for cell in cells]
            if any(trimmed) and (len(trimmed) != len(HEADER) or not all(trimmed)):
                raise StopListError(
                    f"{path}, line {lines.line_num}: it must hold an employer's code and a person's key, with a comma "
                    "between them, and nothing else"
                )
            people += [(trimmed[0], trimmed[1])] if any(trimmed) else []
    except csv.Error as error:
        raise StopListError(f"{path}, line {lines.line_num}: it isn't CSV; look at its quotation marks") from error
    return people


def honoured(folder: DataFolder, validated: Validated) -> tuple[Validated, tuple[Stopped, ...]]:
    """Return the verdicts without the rows of people on the stop-list, and the files that had such rows.

    What such a file speaks for is narrowed to its other rows.

    Args:
        folder: the data folder, with or without a stop-list.
        validated: what ``validate`` returned; beside its typed files those are written that lack these rows.

    Raises:
        StopListError: the list can't be used.
    """
    people = read(folder.stop_list)
    staff = [one for one in validated.accepted if one.extract.feed == "staff"]
    if not people or not staff:
        return validated, ()
    with database.connect() as con:
        con.register("stop_list", pa.table({name: [one[place] for one in people] for place, name in enumerate(HEADER)}))
        rows = _rows_of(con, staff)
        without = {
            one.extract.sha256: _without(con, one, rows[one.typed.name]) for one in staff if one.typed.name in rows
        }
    stopped = tuple(
        Stopped(
            one.extract.file,
            one.extract.sha256,
            one.rows_stopped,
            (folder.objects / one.extract.content_sha256).is_file(),
        )
        for one in without.values()
    )
    accepted = tuple(without.get(one.extract.sha256, one) for one in validated.accepted)
    return replace(validated, accepted=accepted), stopped


def _rows_of(con: Connection, staff: Sequence[Accepted]) -> dict[str, int]:
    """Return how many rows of people on the list each typed file has, by its name; files without any aren't there."""
    files = ", ".join(literal(database.only(one.typed)) for one in staff)
    query = (
        f"select parse_filename(filename), count(*) from read_parquet([{files}], filename = true) "
        "semi join stop_list using (org_code, person_key) group by all order by all"
    )
    return dict(con.execute(query).fetchall())


def _without(con: Connection, one: Accepted, rows: int) -> Accepted:
    """Return an accepted file without the rows of people on the list, in the order of before."""
    feed = one.extract.feed
    typed = one.typed.with_name(f"{one.extract.sha256}.stopped.parquet")
    order = ", ".join(map(identifier, contract.load(feed).key))
    database.export(
        con,
        f"select * from read_parquet({literal(database.only(one.typed))}) "
        f"anti join stop_list using (org_code, person_key) order by {order}",
        typed,
        {},
    )
    about = rows_about(con, feed, typed)
    return replace(
        one,
        extract=replace(one.extract, about=tuple(about)),
        typed=typed,
        rows_accepted=one.rows_accepted - rows,
        rows_stopped=rows,
        rows_about=about,
        taken_on=taken_on(con, feed, typed),
    )
