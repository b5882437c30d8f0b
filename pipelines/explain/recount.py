"""The number counted and worked out again: from the release's own cube, by the SQL that made it, and compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipelines import database, places
from pipelines.database import Connection
from pipelines.explain.release import Made
from pipelines.explain.words import Row, figure
from pipelines.freeze import Snapshot
from pipelines.measure import register

# From the cube, kept to the row's unit and dates, to its counts.
COUNTED = ("answer_count", "answer_base", "group_count", "resident", "footprint_residents")

# The release's tables that are read, beside the one of the number.
READ = ("headcount", "waterfall", "reconciliation", "submission")

# What the program says of a number that was worked out again.
AGREES, DIFFERS = "agrees", "DIFFERS"


@dataclass
class Check:
    """What was compared with the mart: how many values, and in words which of them differ."""

    compared: int = 0
    differing: list[str] = field(default_factory=list)

    def agrees(self, column: str, in_mart: Any, again: Any, tolerance: Decimal = Decimal(0)) -> bool:
        """Compare a value of the mart with the same worked out again, and remember the outcome."""
        self.compared += 1
        both_numbers = isinstance(in_mart, int | Decimal) and isinstance(again, int | Decimal)
        is_same = bool(abs(in_mart - again) <= tolerance if both_numbers else in_mart == again)
        if not is_same:
            self.differing.append(f"{column} is {figure(in_mart)} in the mart, and {figure(again)} if worked out again")
        return is_same


def prepare(con: Connection, made: Made, snapshot: Snapshot) -> None:
    """Make what the counts are read from: the cube and the roll-up of the unit of ``asked``, and residents.

    By the SQL files of a run, over fewer rows: one unit, one characteristic, one date, or two where the row is held
    against twelve months before.
    """
    for name in READ[1:]:
        database.view(con, f"every_{name}", [made.internal / f"{name}.parquet"])
    database.view(con, "cube", [made.internal / "headcount.parquet"])
    register.run(con, snapshot)
    con.execute("create or replace table run as select as_at_date from asked")
    columns = [name for name, *_ in con.execute("describe asked").fetchall()]
    held_against = con.execute("select comparator from asked").fetchall()[0][0] if "comparator" in columns else ""
    con.execute(
        "create or replace table headcount as select * from cube where as_at_date = (select as_at_date from asked) "
        "or (? and as_at_date = (select twelve_months_before(as_at_date) from asked))",
        [held_against == "previous"],
    )
    database.build(con, "intermediate/roll_up")
    con.execute("delete from roll_up where org_code <> (select org_code from asked)")
    con.execute(
        "delete from headcount where characteristic <> (select characteristic from asked) "
        "or org_code not in (select member_code from roll_up)"
    )
    con.execute("create or replace table reporting_date as select distinct org_code, as_at_date from headcount")
    for name in COUNTED:
        database.build(con, f"intermediate/{name}")
    con.execute("create or replace table earlier_group_count as select * from group_count limit 0")
    database.build(con, "intermediate/revised_group")
    database.define(con, "intermediate/comparison")
    for name in ("member", "waterfall", "reconciliation"):
        database.build(con, f"explain/{name}")


def rows(con: Connection, name: str) -> list[dict[str, Any]]:
    """Return the rows of ``sql/<name>.sql``, by column."""
    return _by_column(con, database.read_sql(name))


def _by_column(con: Connection, query: str) -> list[dict[str, Any]]:
    result = con.execute(query)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def counted(con: Connection) -> Row:
    """Return the row of ``comparison`` for ``asked``, or nothing where nobody is counted; it becomes ``recount``."""
    database.build(con, "explain/recount")
    return next(iter(_by_column(con, "from recount")), {})


def worked_out(con: Connection) -> Row:
    """Return what the macros make of the counts of ``asked`` and ``recount``, or nothing where nobody is counted."""
    return next(iter(rows(con, "explain/statistics")), {})


def worked_out_plainly(con: Connection, mart: str, row: Row) -> list[tuple[str, Any, Any]]:
    """Return of a row without a comparator each value that is worked out: its column, the mart's value and ours."""
    if not (places.SQL / "explain" / f"{mart}.sql").is_file():
        return []
    return [one for again in rows(con, f"explain/{mart}") for one in pairs(row, again)]


def total(grades: Sequence[Row], column: str) -> int | None:
    """Return a sum over grades, or None where a count of one of them isn't known."""
    values = [grade[column] for grade in grades]
    return None if None in values else sum(values)


def pairs(row: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the columns that both have, with the mart's value and the other one."""
    for column, value in again.items():
        if column in row:
            yield column, row[column], value
