"""What the rules compare a file with: the dates before, and the sender's own totals; counted once, for all rules."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from pipelines import database, earlier
from pipelines.database import Connection
from pipelines.earlier import Earlier
from pipelines.ingest import Extract

# Made of ``sql/judge/<feed>_<name>.sql``, one table each.
COUNTS = ("group_count", "undisclosed_count", "told_and_counted")

# Rules that also compare with what earlier runs took in: the last part of their names.
OVER_TIME = ("group_moved", "group_vanished", "total_jump", "shrinks")

TOLD_TOTAL = pa.schema(
    {
        "extract": pa.string(),
        "org_code": pa.string(),
        "as_at_date": pa.date32(),
        "people": pa.int64(),
        "assignments": pa.int64(),
        "fte": pa.decimal128(18, 4),
    }
)


def register(con: Connection, feed: str, extracts: Sequence[Extract], before: Earlier) -> None:
    """Make the tables that rules about people in post read beside a feed's own: earlier rows, totals told, counts."""
    earlier.register(con, feed, extracts, before)
    rows = [total for extract in extracts for total in told_totals(extract)]
    con.register("told", pa.Table.from_pylist(rows, TOLD_TOTAL))
    con.execute("create or replace table told_total as select * from told")
    con.unregister("told")
    for name in COUNTS:
        database.build(con, f"judge/{feed}_{name}")


def told_totals(extract: Extract) -> list[dict[str, Any]]:
    """Return a sender's totals as rows of ``told_total``, each with the one organisation and date that it is about.

    Where the sidecar doesn't say which, and the file speaks of several, nobody knows, and it is left out. Where the
    file speaks of none that fits, organisation and date are as they were told.
    """
    rows = []
    for total in extract.sidecar.control_totals:
        fitting = [
            (org_code, day)
            for org_code, day in extract.about
            if total.organisation in ("", org_code) and (total.as_at is None or total.as_at.isoformat() == day)
        ]
        if len(fitting) > 1:
            continue
        org_code, day = fitting[0] if fitting else (total.organisation, str(total.as_at or ""))
        rows.append(
            {
                "extract": extract.sha256,
                "org_code": org_code,
                "as_at_date": date.fromisoformat(day) if day else None,
                "people": total.people,
                "assignments": total.assignments,
                "fte": total.fte,
            }
        )
    return rows
