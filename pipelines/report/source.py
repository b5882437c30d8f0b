"""Source: what the public tables of a release tell of one unit. Nothing else goes into a pack."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import database
from pipelines.database import Connection
from pipelines.gate import COUNTED, WITHOUT_COUNTS

# What a pack is made from.
TABLES = (*WITHOUT_COUNTS, *COUNTED)

Row = Mapping[str, Any]
# grade_family, clinical, grade_group, classification, category, comparator
Key = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Followed:
    """A finding that the committee agreed to follow: whose share, in which grades, held against what."""

    grade_family: str
    grade_group: str
    classification: str
    category: str
    comparator: str

    @property
    def key(self) -> Key:
        """The row of ``representation_gap``: clinical and not together."""
        return self.against(self.comparator)

    def against(self, comparator: str) -> Key:
        """Return the row of another comparator."""
        return (self.grade_family, "all", self.grade_group, self.classification, self.category, comparator)


@dataclass(frozen=True)
class Told:
    """What is published of a unit: rows of the public tables, in the order in which they are shown.

    ``gaps`` are by key; ``base`` is what counts are multiples of, ``bound`` how far those of all grades may be off;
    ``members`` are gaps of its organisations.
    """

    unit: Row
    as_at_date: date
    method: Mapping[str, Any]
    base: int
    bound: int
    followed: tuple[Followed, ...]
    gaps: Mapping[Key, Row]
    thin: Mapping[tuple[str, str, str], Row]
    members: Sequence[Row]
    grades: Sequence[Row]
    trend: Sequence[Row]
    declared: Sequence[Row]
    answerable: Sequence[Row]
    submissions: Sequence[Row]

    @property
    def families(self) -> tuple[str, ...]:
        """The families that stand for everybody: NHS staff, and those in social care, as far as there are any."""
        return tuple(family for family in ("all", "social_care") if self.people(family) is not None)

    def people(self, grade_family: str, grade_group: str = "all") -> int | None:
        """Return how many people are in a grade group; None where nobody is."""
        row = self.gaps.get((grade_family, "all", grade_group, "total", "all", "workforce"))
        return row["headcount"] if row and row["headcount"] else None

    def groups(self) -> list[tuple[str, str]]:
        """Return the groups that are followed, each once: classification and category."""
        return list(dict.fromkeys((one.classification, one.category) for one in self.followed))


@contextmanager
def opened(con: Connection, public: Path, as_at_date: date, method: Mapping[str, Any]) -> Iterator[list[Row]]:
    """Make the public tables of a release readable, in a schema that is gone afterwards.

    Args:
        con: any database with the project's macros.
        public: the folder of a release.
        as_at_date: its date.
        method: the method that it was made with.

    Yields:
        the units that get a pack.
    """
    con.execute("create schema pack")
    con.execute("set search_path = 'pack,main'")
    try:
        for name in TABLES:
            database.view(con, f"public_{name}", [public / f"{name}.parquet"])
        con.execute("create table run as select ?::date as as_at_date", [as_at_date])
        con.execute("create table followed (place integer, classification varchar, category varchar)")
        groups = dict.fromkeys((one.classification, one.category) for one in follow(method))
        con.executemany("insert into followed values (?, ?, ?)", [(at, *group) for at, group in enumerate(groups)])
        con.execute("create table followed_grade (grade_family varchar, grade_group varchar)")
        grades = dict.fromkeys((one.grade_family, one.grade_group) for one in follow(method))
        con.executemany("insert into followed_grade values (?, ?)", list(grades))
        yield rows(con, "unit")
    finally:
        con.execute("set search_path = 'main'")
        con.execute("drop schema pack cascade")


def follow(method: Mapping[str, Any]) -> tuple[Followed, ...]:
    """Return the findings that the committee follows.

    Raises:
        ValueError: one lacks a word, has one too many, or none is followed.
    """
    said = method["board_pack"]["findings"]
    wanted = set(Followed.__dataclass_fields__)
    for number, one in enumerate(said, start=1):
        if set(one) != wanted:
            raise ValueError(
                f"method.yaml: board_pack.findings: finding {number} must have {', '.join(sorted(wanted))}"
            )
    if not said:
        raise ValueError("method.yaml: board_pack.findings: name at least one finding to follow")
    return tuple(Followed(**one) for one in said)


def rows(con: Connection, name: str) -> list[Row]:
    """Return the rows of ``sql/pack/<name>.sql``."""
    result = con.execute(database.read_sql(f"pack/{name}"))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def read(con: Connection, unit: Row, as_at_date: date, method: Mapping[str, Any]) -> Told:
    """Return what is told of a unit; the database is one that is ``opened``."""
    con.execute(
        "create or replace table pack.pack_unit as select ?::varchar as org_code, ?::varchar as org_level",
        [unit["org_code"], unit["org_level"]],
    )
    rounding = rows(con, "base")[0]
    return Told(
        unit=unit,
        as_at_date=as_at_date,
        method=method,
        base=rounding["base"] or method["disclosure"]["base"],
        bound=int(rounding["bound_held"] or 0),
        followed=follow(method),
        gaps={key_of(row): row for row in rows(con, "gap")},
        thin={(row["grade_family"], row["grade_group"], row["classification"]): row for row in rows(con, "fallback")},
        members=rows(con, "member_gap"),
        grades=rows(con, "grade"),
        trend=rows(con, "trend"),
        declared=rows(con, "declaration"),
        answerable=rows(con, "answerable"),
        submissions=rows(con, "submission"),
    )


def key_of(row: Row) -> Key:
    """Return by what a gap is found."""
    return (
        *(row["grade_family"], row["clinical"], row["grade_group"]),
        *(row["classification"], row["category"], row["comparator"]),
    )
