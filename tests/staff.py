"""Hand-written assignments, and the relations that the marts about them read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import contract, database
from pipelines.database import Connection
from pipelines.freeze import FrozenExtract, Snapshot
from pipelines.mapping import OrganisationMapping
from pipelines.measure import parts
from pipelines.measure import register as registered
from pipelines.sidecar import ControlTotal

Row = dict[str, Any]

ASSIGNMENT: Row = {
    "extract": "x",
    "as_at_date": "2026-03-31",
    "org_code": "RNA",
    "person_key": "p1",
    "assignment_key": "a1",
    "employment_type": "substantive",
    "primary_assignment": True,
    "grade": "band_5",
    "grade_source_value": "band_5",
    "staff_group": "nursing_and_midwifery_registered",
    "fte": "1.0000",
    "ethnicity_classification": "esr_16",
    "ethnicity": "A",
    "ethnicity_answer_status": "known",
    "ethnicity_source_value": "A",
}


def assignment(**cells: Any) -> Row:
    """An accepted assignment: a nurse's at one trust, but for what is given."""
    return ASSIGNMENT | cells


def selected(con: Connection, query: str, **where: Any) -> list[Row]:
    """The rows of a query in its order, kept to those that have the cells asked for."""
    result = con.execute(query)
    names = [column[0] for column in result.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return [row for row in rows if all(str(row[key]) == str(value) for key, value in where.items())]


def accept(con: Connection, rows: Sequence[Row], feed: str = "staff") -> None:
    """Make ``accepted`` of some rows and, of assignments, what leads to people."""
    types = {"extract": "varchar"} | contract.load(feed).typed
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    con.execute(f"create or replace table accepted_rows ({columns})")
    if rows:
        marks = ", ".join("?" * len(types))
        cells = [[row.get(name) for name in types] for row in rows]
        con.executemany(f"insert into accepted_rows values ({marks})", cells)
    con.execute("create or replace view accepted as select * from accepted_rows")
    database.build(con, "people/waterfall_step")
    if feed == "staff":
        parts.people(con)


def register(
    con: Connection, *extracts: FrozenExtract, rows: Sequence[Row], mappings: Sequence[OrganisationMapping] = ()
) -> None:
    """Make what the marts about files read: the rows of some extracts, who speaks for what, and their totals."""
    owned = tuple(
        replace(
            extract,
            owns=extract.owns or tuple(sorted({about(row) for row in rows if row["extract"] == extract.sha256})),
        )
        for extract in extracts
    )
    snapshot = Snapshot("snapshot", Path(), date(2026, 3, 31), tuple(one for one in owned if one.owns), {})
    accept(con, rows)
    for name in ("fate_count", "value_count"):
        database.build(con, f"people/{name}")
    con.execute(f"create or replace table cube_part as {database.read_sql('cube/staff')}")
    registered.run(con, snapshot)
    registered.senders(con, snapshot)
    registered.mappings(con, mappings)
    database.build(con, "marts/headcount")
    for name in ("roll_up", "coverage"):
        database.build(con, f"intermediate/{name}")
    for name in ("waterfall", "value_mapping"):
        database.build(con, f"marts/{name}")


def about(row: Row) -> tuple[str, ...]:
    """What a row speaks about, as freeze writes it."""
    return (row["org_code"], row["as_at_date"])


def extract(
    *control_totals: ControlTotal,
    rejected: int = 0,
    checking: int = 0,
    accepted: int = 0,
    stopped: int = 0,
    **cells: Any,
) -> FrozenExtract:
    """A frozen staff extract, called x, that speaks for whatever its rows are about."""
    counts = {"in": accepted + rejected + checking + stopped, "accepted": accepted, "rejected": rejected}
    counts |= {"checking": checking, "stopped": stopped}
    given: Row = {"sha256": "x", "feed": "staff", "layout": "edi_staff", "arrives": "monthly", "owns": ()} | cells
    return FrozenExtract(**given, typed=Path(), synthetic=True, control_totals=control_totals, rows=counts)


@contextmanager
def counted_as(con: Connection, **choices: str) -> Iterator[None]:
    """A method with other choices of who counts."""
    ((packaged,),) = con.execute("select counted_as from method").fetchall()
    con.execute("update method set counted_as = ?", [packaged | choices])
    yield
    con.execute("update method set counted_as = ?", [packaged])
