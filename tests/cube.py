"""A hand-written cube, and the marts made of it: the tests of the marts are tables in and tables out."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipelines import contract, database, describe, measure
from pipelines.database import Connection
from pipelines.freeze import FrozenExtract
from pipelines.measure import register as measured

Row = dict[str, Any]

SQL_TYPES = {"string": "varchar", "integer": "bigint", "number": "decimal(18, 4)", "date": "date", "boolean": "boolean"}

# The classification of people counted in a finer list than WRES.
CENSUS = {"classification": "census_2021_19"}
ESR = {"classification": "esr_16"}

DEFAULTS: Row = {
    "as_at_date": "2026-03-31",
    "org_code": "RNA",
    "employment_type": "substantive",
    "grade_family": "afc",
    "clinical": "clinical",
    "staff_group": "nursing_and_midwifery_registered",
    "grade": "band_5",
    "characteristic": "ethnicity",
    "classification": "wres",
    "category": None,
    "answer_status": "known",
    "headcount": 0,
    "fte": None,
    "marker": None,
    "source_level": "organisation",
}


def people(headcount: int, category: str | None, **cells: Any) -> Row:
    """A row of the cube: so many people with one answer; no category means that the answer is missing."""
    status = "known" if category else "missing"
    return DEFAULTS | {"headcount": headcount, "category": category, "answer_status": status} | cells


def everybody(rows: Sequence[Row]) -> list[Row]:
    """The rows and, for each of their cells, everybody in it: what sql/cube does."""
    totals: dict[tuple[Any, ...], Row] = {}
    cell = ("as_at_date", "org_code", "employment_type", "grade_family", "clinical", "staff_group", "grade")
    first = rows[0]["characteristic"]
    for row in rows:
        if row["characteristic"] == first:
            total = totals.setdefault(
                tuple(row[name] for name in cell),
                row
                | {"characteristic": "total", "classification": "total", "category": "all", "answer_status": "known"}
                | {"headcount": 0},
            )
            total["headcount"] = (
                None if None in (total["headcount"], row["headcount"]) else total["headcount"] + row["headcount"]
            )
    return [*rows, *totals.values()]


def without_files(con: Connection) -> None:
    """Make what is told of files, where nothing is: a cube that was written by hand came out of none."""
    for mart in ("submission", "reconciliation"):
        columns = describe.load(mart).columns.items()
        nothing = ", ".join(f"null::{SQL_TYPES[one.type]} as {name}" for name, one in columns)
        con.execute(f"create or replace table {mart} as select {nothing} where false")


def register(
    con: Connection,
    rows: Sequence[Row],
    as_at_date: str = "2026-03-31",
    arrives: str = "monthly",
    residents: Sequence[Mapping[str, Any]] = (),
    extracts: Sequence[FrozenExtract] = (),
) -> None:
    """Make what the marts read: the cube, who speaks for what, the run, the landing folder's residents, and waivers."""
    types = {"as_at_date": "date", "headcount": "bigint", "fte": "decimal(18, 4)"}
    columns = ", ".join(f"{name} {types.get(name, 'varchar')}" for name in DEFAULTS)
    con.execute(f"create or replace table headcount ({columns})")
    marks = ", ".join("?" * len(DEFAULTS))
    con.executemany(f"insert into headcount values ({marks})", [list(row.values()) for row in everybody(rows)])
    con.execute(
        "create or replace table owned as select distinct 'x' as extract, ? as arrives, org_code, as_at_date "
        "from headcount",
        [arrives],
    )
    con.execute("create or replace table run as select ?::date as as_at_date", [as_at_date])
    typed = contract.load("population").typed
    con.execute(f"create or replace table landing_population ({', '.join(f'{k} {v}' for k, v in typed.items())})")
    for resident in residents:
        cells = [resident.get(name) for name in typed]
        con.execute(f"insert into landing_population values ({', '.join('?' * len(cells))})", cells)
    measured.waivers(con, extracts)
    for name in measure.INTERMEDIATE:
        database.build(con, f"intermediate/{name}")
    for name in measure.revise.COMPARED:
        con.execute(f"create or replace table earlier_{name} as select * from {name} limit 0")
    for name in ("revised_group", "revised_answer"):
        database.build(con, f"intermediate/{name}")
    database.define(con, "intermediate/comparison")


def mart(con: Connection, name: str, **where: Any) -> list[Row]:
    """The rows of a mart in its order, kept to those that have the cells asked for."""
    result = con.execute(database.read_sql(f"marts/{name}"))
    names = [column[0] for column in result.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return [row for row in rows if all(str(row[key]) == str(value) for key, value in where.items())]


def one(con: Connection, name: str, **where: Any) -> Row:
    """The only row of a mart that has the cells asked for."""
    rows = mart(con, name, **where)
    assert len(rows) == 1, f"{len(rows)} rows of {name} have {where}"
    return rows[0]


def rounded(value: Decimal | None, places: int) -> float | None:
    """A mart's decimal as a reader would write it."""
    return None if value is None else round(float(value), places)


def gap(con: Connection, **where: Any) -> Row:
    """A gap of one trust against its residents, clinical and not together, but for what is given."""
    defaults = {"comparator": "population", "clinical": "all", "as_at_date": "2026-03-31", "org_code": "RNA"}
    return one(con, "representation_gap", **(defaults | where))
