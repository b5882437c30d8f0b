"""Loss: what the protection of counts costs their readers, measured on the exact ones, and stated without them.

The report in ``internal`` says how far the published counts and shares lie from the true ones. The public summary says
only what anybody can work out from the published tables and the rule.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from pipelines import database, disk, places
from pipelines.database import Connection

REPORT, SUMMARY = "disclosure_report.md", "disclosure.md"

# In this order: a statement reads the earlier ones.
GROUPS = ("roll_up", "answer_count", "answer_base", "group_count")

LEVEL_WORDS = {
    "cell": "detail cells: a grade, clinical or not, by answer",
    "grade_group": "an organisation's grades and groups of grades",
    "organisation": "an organisation as a whole",
    "system": "systems, all grades and groups",
    "region": "regions, all grades and groups",
    "national": "the nation, all grades and groups",
}


@dataclass(frozen=True)
class Level:
    """How far protected counts (people) and shares (percentage points) lie from the true ones, at one level.

    ``rates`` are the shares that have a rate; of none there is no error.
    """

    level: str
    counts: int
    count_error_mean: Decimal
    count_error_95: int
    shares: int
    rates: int
    share_error_mean_pp: Decimal | None
    share_error_95_pp: Decimal | None


@dataclass(frozen=True)
class Stated:
    """How far rounding can at most have moved a published share (percentage points), at one level.

    ``bases`` are groups of grades by classification, ``without_rate`` those of too few known answers.
    """

    level: str
    bases: int
    without_rate: int
    shares: int
    error_mean_pp: Decimal | None
    error_95_pp: Decimal | None


def measure(con: Connection, public: Path, internal: Path, as_at_date: date) -> list[Level]:
    """Return the errors at each level, the finest first.

    Args:
        con: database with the reference tables and the method; nothing of it changes.
        public: the folder of the protected tables.
        internal: the folder of the exact ones.
        as_at_date: the date that is measured.
    """
    with _opened(con, public, as_at_date):
        database.view(con, "exact_headcount", [internal / "headcount.parquet"])
        _group(con, "exact_headcount", "exact_group")
        _group(con, "public_headcount", "protected_group")
        database.build(con, "loss/error")
        return [Level(*row) for row in con.execute(database.read_sql("loss/level")).fetchall()]


def state(con: Connection, public: Path, as_at_date: date) -> list[Stated]:
    """Return the largest errors that are possible at each level; from protected tables alone.

    Args:
        con: database with the reference tables and the method; nothing of it changes.
        public: the folder of the protected tables.
        as_at_date: the date that is told of.
    """
    with _opened(con, public, as_at_date):
        database.view(con, "public_gap", [public / "representation_gap.parquet"])
        _group(con, "public_headcount", "protected_group")
        return [Stated(*row) for row in con.execute(database.read_sql("loss/stated_error")).fetchall()]


@contextmanager
def _opened(con: Connection, public: Path, as_at_date: date) -> Iterator[None]:
    """Make the protected tables readable, in a schema that is gone afterwards: what the marts read stays as it is."""
    con.execute("create schema loss")
    con.execute("set search_path = 'loss,main'")
    try:
        con.execute("create table run as select ?::date as as_at_date", [as_at_date])
        database.view(con, "public_headcount", [public / "headcount.parquet"])
        database.view(con, "rounding", [public / "rounding.parquet"])
        yield
    finally:
        con.execute("set search_path = 'main'")
        con.execute("drop schema loss cascade")


def _group(con: Connection, cube: str, groups: str) -> None:
    """Make the counts of every group at the as-at date, by the SQL of the marts."""
    con.execute(
        "create or replace view headcount as "
        f"select * from {database.identifier(cube)} where as_at_date = (select as_at_date from run)"
    )
    for name in GROUPS:
        database.build(con, f"intermediate/{name}")
    database.build(con, "protect/unit_bound")
    con.execute(f"create or replace table {database.identifier(groups)} as select * from group_count")


def write_report(con: Connection, public: Path, internal: Path, as_at_date: date) -> Path:
    """Write what protection costs into the internal part of a release, and return where; from exact counts.

    Args:
        con: database with the reference tables and the method; nothing of it changes.
        public: the folder of the protected tables.
        internal: the folder of the exact ones, which the report goes into.
        as_at_date: the release's date.
    """
    levels = measure(con, public, internal, as_at_date)
    text = _text(REPORT, as_at_date=as_at_date, disclosure=_settings(con), levels=levels)
    disk.write_whole(internal / REPORT, text)
    return internal / REPORT


def summary(con: Connection, public: Path, as_at_date: date, key_id: str) -> str:
    """Return how the public counts were protected, and how far off they can be.

    Nothing of it needs the exact counts: whoever has the public tables gets the same text.

    Args:
        con: database with the reference tables and the method; nothing of it changes.
        public: the folder of the protected tables.
        as_at_date: the release's date.
        key_id: what the key is called in public.
    """
    stated = state(con, public, as_at_date)
    with _opened(con, public, as_at_date):
        rules = con.execute(database.read_sql("loss/rule")).fetchall()
    told = {"as_at_date": as_at_date, "disclosure": _settings(con), "key_id": key_id}
    return _text(SUMMARY, **told, stated=stated, rules=rules)


def _settings(con: Connection) -> dict[str, Any]:
    """Return the settings ``disclosure`` of the method."""
    settings: dict[str, Any] = con.execute("select disclosure from method").fetchall()[0][0]
    return settings


def _text(name: str, **told: Any) -> str:
    """Return what the template of a file's name makes of what is told."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    templates = Environment(
        loader=FileSystemLoader(places.REPORTS),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals |= {"words": LEVEL_WORDS, "percent": _percent, "or_dash": _or_dash, "bound": _bound}
    return templates.get_template(f"{name}.j2").render(told)


def _bound(base: int, bound: int | None) -> str:
    if base == 1:
        return "exact"
    return "none promised" if bound is None else f"{bound}"


def _percent(part: int, whole: int) -> str:
    """Return a part as a percentage to one decimal, rounded half up."""
    if not whole:
        return "–"
    return f"{(Decimal(100 * part) / whole).quantize(Decimal('0.1'), ROUND_HALF_UP)} %"


def _or_dash(value: Decimal | None) -> str:
    return "–" if value is None else f"{value}"
