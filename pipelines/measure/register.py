"""What the marts read beside the cube: who speaks for what, residents that were sent, senders' totals, waivers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipelines import database
from pipelines.contract import POST_FEEDS
from pipelines.contract import load as contract
from pipelines.database import Connection, identifier
from pipelines.freeze import FrozenExtract, Snapshot
from pipelines.freeze.objects import verified
from pipelines.mapping import OrganisationMapping
from pipelines.sidecar import ControlTotal
from pipelines.waiver import Waiving

# Columns whose words may stand in no list; how many rows that cost is a matter of the sender's quality.
MAPPED = (
    *("grade", "staff_group", "ethnicity", "sex", "age"),
    *("disability", "religion", "sexual_orientation", "marital_status"),
)

SUBMISSION_FILE = {
    "extract": "varchar",
    "feed": "varchar",
    "layout": "varchar",
    "org_code": "varchar",
    "as_at_date": "date",
    "extracted_on": "date",
    "rows_in": "bigint",
    "accepted": "bigint",
    "rejected": "bigint",
    "checking": "bigint",
    "stopped": "bigint",
    "has_totals": "boolean",
}
CONTROL_TOTAL = {
    "extract": "varchar",
    "org_code": "varchar",
    "as_at_date": "date",
    "people": "bigint",
    "assignments": "bigint",
    "fte": "decimal(18, 4)",
}
WAIVED = {
    "extract": "varchar",
    "waiver": "varchar",
    "rule": "varchar",
    "feed": "varchar",
    "code": "varchar",
    "as_at_date": "date",
    "column_name": "varchar",
    "characteristics": "varchar[]",
    "rows": "bigint",
    "reason": "varchar",
    "approved_by": "varchar",
    "approved_on": "date",
    "expires": "date",
}


def run(con: Connection, snapshot: Snapshot) -> None:
    """Make ``run`` (the as-at date), ``owned`` (who speaks for what), ``landing_population``, and what was waived."""
    con.execute("create or replace table run as select ?::date as as_at_date", [snapshot.as_at_date])
    owned = [(extract, about) for extract in snapshot.extracts for about in extract.owns]
    posts = [(extract, about) for extract, about in owned if extract.feed in POST_FEEDS]
    rows = pa.table(
        {
            "extract": [extract.sha256 for extract, _ in posts],
            "arrives": [extract.arrives for extract, _ in posts],
            "org_code": [about[0] for _, about in posts],
            "as_at_date": [about[1] for _, about in posts],
        }
    )
    con.register("owned_rows", rows)
    con.execute("create or replace table owned as select * replace (as_at_date::date as as_at_date) from owned_rows")
    con.unregister("owned_rows")
    _population(con, [extract for extract in snapshot.extracts if extract.feed == "population"])
    waivers(con, snapshot.extracts)


def waivers(con: Connection, extracts: Sequence[FrozenExtract]) -> None:
    """Make ``waived``, the waivers at work in what the extracts speak for, and ``waived_file``, their names.

    Grain of ``waived``: a file, a waiver, its rule, and an organisation and date, or an area and vintage. There the
    characteristics are those that the file speaks for.
    """
    _table(
        con,
        "waived",
        WAIVED,
        [
            (
                *(one.sha256, waiving.waiver.name, waiving.rule, one.feed, waiving.code, waiving.as_at),
                waiving.waiver.column or None,
                [] if one.feed in POST_FEEDS else sorted({kind for area, kind, _ in one.owns if area == waiving.code}),
                *(waiving.rows, waiving.waiver.reason),
                *(waiving.waiver.approved_by, waiving.waiver.approved_on, waiving.waiver.expires),
            )
            for one in extracts
            for waiving in at_work(one)
        ],
    )
    database.build(con, "intermediate/waived_file")


def at_work(extract: FrozenExtract) -> list[Waiving]:
    """Return the waivings of what an extract speaks for: another file's count may stand for the rest of its rows."""
    owned = {about if extract.feed in POST_FEEDS else about[0] for about in extract.owns}
    return [
        one
        for one in dict.fromkeys(extract.waivings)
        if ((one.code, one.as_at.isoformat()) if extract.feed in POST_FEEDS else one.code) in owned
    ]


def _population(con: Connection, extracts: list[FrozenExtract]) -> None:
    typed = ", ".join(f"{database.identifier(name)} {kind}" for name, kind in contract("population").typed.items())
    con.execute(f"create or replace table landing_population ({typed})")
    for extract in extracts:
        owns = pa.table({"about": [" ".join(about) for about in extract.owns]})
        con.register("owns", owns)
        con.execute(
            f"insert into landing_population select * from {database.PARQUET} "
            "where area_code || ' ' || characteristic || ' ' || age_range in (select about from owns)",
            [database.only(verified(extract.typed))],
        )
        con.unregister("owns")


def senders(con: Connection, snapshot: Snapshot) -> None:
    """Make what the marts about files read.

    ``submission_file``: a file, and the organisation and date that it speaks for, with its rows by verdict;
    ``unmapped``: of each file and column, how many rows have a word that no list and no mapping holds;
    ``control_total``: what the sender counted. A total that names no organisation or no date is about the only one that
    its file speaks for.
    """
    posts = [extract for extract in snapshot.extracts if extract.feed in POST_FEEDS]
    _table(
        con,
        "submission_file",
        SUBMISSION_FILE,
        [
            (
                *(one.sha256, one.feed, one.layout, *about),
                one.taken_on.get(about),
                *(one.rows.get(name) for name in ("in", "accepted", "rejected", "checking", "stopped")),
                bool(one.control_totals),
            )
            for one in posts
            for about in one.owns
        ],
    )
    _table(
        con,
        "unmapped",
        {"extract": "varchar", "field": "varchar", "rows": "bigint"},
        [(one.sha256, field, one.unmapped.get(field, 0)) for one in posts if one.feed == "staff" for field in MAPPED],
    )
    _table(
        con,
        "control_total",
        CONTROL_TOTAL,
        [
            (one.sha256, *about, total.people, total.assignments, None if total.fte is None else str(total.fte))
            for one in posts
            for about, total in _totals(one).items()
        ],
    )


def mappings(con: Connection, mappings: Sequence[OrganisationMapping]) -> None:
    """Make the table ``own_word``: an organisation's word that a mapping explains, who says so and since when."""
    rows = [
        (one.organisation, field, word, one.owner, one.date.isoformat())
        for one in mappings
        for field, words in one.columns.items()
        for word in words
    ]
    columns = {
        "org_code": "varchar",
        "field": "varchar",
        "source_value": "varchar",
        "owner": "varchar",
        "since": "date",
    }
    _table(con, "own_word", columns, rows)


def _table(con: Connection, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """Make a table of rows in one statement: one insert a row takes a second for a few hundred files."""
    cells = pa.table({column: [row[place] for row in rows] for place, column in enumerate(columns)})
    con.register("table_rows", cells)
    typed = ", ".join(f"{identifier(column)}::{kind} as {identifier(column)}" for column, kind in columns.items())
    con.execute(f"create or replace table {identifier(name)} as select {typed} from table_rows")
    con.unregister("table_rows")


def _totals(extract: FrozenExtract) -> dict[tuple[str, ...], ControlTotal]:
    """Return a file's control totals by the one organisation and date that each is about."""
    totals: dict[tuple[str, ...], ControlTotal] = {}
    for total in extract.control_totals:
        fitting = [
            about
            for about in extract.owns
            if total.organisation in ("", about[0]) and (total.as_at is None or total.as_at.isoformat() == about[1])
        ]
        if len(fitting) == 1:
            totals.setdefault(fitting[0], total)
    return totals
