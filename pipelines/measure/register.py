"""What the marts read beside the cube: who speaks for what, residents from the landing folder, senders' totals."""

from datetime import date

import pyarrow as pa

from pipelines import database
from pipelines.contract import load as contract
from pipelines.database import Connection
from pipelines.freeze import POST_FEEDS, FrozenExtract, Snapshot
from pipelines.sidecar import ControlTotal

# Columns whose words may stand in no list; how many rows that cost is a matter of the sender's quality.
MAPPED = (
    *("grade", "staff_group", "ethnicity", "sex", "age"),
    *("disability", "religion", "sexual_orientation", "marital_status"),
)


def run(con: Connection, snapshot: Snapshot) -> None:
    """Make the tables ``run`` (the as-at date), ``owned`` (who speaks for what) and ``landing_population``."""
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


def _population(con: Connection, extracts: list[FrozenExtract]) -> None:
    typed = ", ".join(f"{database.identifier(name)} {kind}" for name, kind in contract("population").typed.items())
    con.execute(f"create or replace table landing_population ({typed})")
    for extract in extracts:
        owns = pa.table({"about": [" ".join(about) for about in extract.owns]})
        con.register("owns", owns)
        con.execute(
            "insert into landing_population select * from read_parquet(?) "
            "where area_code || ' ' || characteristic || ' ' || age_range in (select about from owns)",
            [database.only(extract.typed)],
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
    con.execute(
        "create or replace table submission_file (extract varchar, feed varchar, layout varchar, org_code varchar, "
        "as_at_date date, extracted_on date, rows_in bigint, accepted bigint, rejected bigint, checking bigint, "
        "has_totals boolean)"
    )
    con.execute("create or replace table unmapped (extract varchar, field varchar, rows bigint)")
    con.execute(
        "create or replace table control_total (extract varchar, org_code varchar, as_at_date date, people bigint, "
        "assignments bigint, fte decimal(18, 4))"
    )
    for extract in posts:
        _submission(con, extract)
        for field in MAPPED if extract.feed == "staff" else ():
            rule = f"staff.{field}.not_in_list"
            rows = sum(finding.rows_failing for finding in extract.findings if finding.rule == rule)
            con.execute("insert into unmapped values (?, ?, ?)", [extract.sha256, field, rows])
        for about, total in _totals(extract).items():
            cells = [extract.sha256, *about, total.people, total.assignments, total.fte]
            con.execute("insert into control_total values (?, ?, ?, ?, ?, ?)", cells)


def _submission(con: Connection, extract: FrozenExtract) -> None:
    """Add an extract's lines to ``submission_file``: one for each organisation and date that it owns."""
    taken: dict[tuple[str, ...], date] = {}
    if extract.typed.is_file():
        query = "select org_code, as_at_date::varchar, max(extracted_on) from read_parquet(?) group by all"
        rows = con.execute(query, [database.only(extract.typed)]).fetchall()
        taken = {(org, day): taken_on for org, day, taken_on in rows}
    counted = [extract.rows.get(name) for name in ("in", "accepted", "rejected", "checking")]
    for about in extract.owns:
        cells = [
            extract.sha256,
            extract.feed,
            extract.layout,
            *about,
            taken.get(about) or extract.extracted_on,
            *counted,
            bool(extract.control_totals),
        ]
        con.execute("insert into submission_file values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", cells)


def _totals(extract: FrozenExtract) -> dict[tuple[str, ...], ControlTotal]:
    """Return a file's control totals by the organisation and date that it speaks for: one each at most."""
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
