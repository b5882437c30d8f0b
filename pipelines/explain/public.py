"""What is told of a public number: from the public tables alone, so that it may be passed on as they may."""

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from pipelines.database import Connection, parquet
from pipelines.explain.words import MARKERS, Row, figure, unit
from pipelines.figures import day
from pipelines.publish.provenance import NAME as PROVENANCE

# How far a share that was worked out again may lie from the one that is printed: the last of its nine decimals.
LAST_DECIMAL = Decimal("0.000000001")

# Of each share what it is a share of, as far as both are in its row.
SHARES = {
    "workforce_share": ("headcount", "known_headcount"),
    "share_of_grade": ("headcount", "known_headcount"),
    "share_of_group": ("headcount", "group_headcount"),
    "declared_share": ("declared_headcount", "total_headcount"),
    "declined_share": ("declined_headcount", "total_headcount"),
    "missing_share": ("missing_headcount", "total_headcount"),
    "unknown_share": ("unknown_headcount", "total_headcount"),
}


def number(row: Row, key: tuple[str, ...]) -> list[str]:
    """Return every value of a public row, with its unit; a 0 is told as what it means."""
    told = [
        f"{column:<28}{figure(value):>20}  {unit(column)}".rstrip()
        for column, value in row.items()
        if column not in (*key, "marker", "coverage")
    ]
    marker = f"marked {row['marker']}: {MARKERS[row['marker']]}" if row.get("marker") else ""
    return [f"At {day(row['as_at_date'])}:", *told, *([marker] if marker else []), *_coverage(row)]


def _coverage(row: Row) -> list[str]:
    return [f"Organisations that reported, of those expected: {row['coverage']}"] if row.get("coverage") else []


def rounding(con: Connection, release: Path, row: Row) -> list[str]:
    """Say how the counts of a row's unit were rounded, and between what the true count lies."""
    bases = con.execute(
        f"select org_code, base from {parquet(release / 'rounding.parquet')} where as_at_date = ?", [row["as_at_date"]]
    ).fetchall()
    # A unit that didn't report itself is made of those that did.
    base = dict(bases).get(row["org_code"]) or max((base for _, base in bases), default=1)
    if base == 1:
        return ["Its publisher had made the counts public: they stand as they are."]
    lines = [
        f"Each count of a grade by answer is rounded to a multiple of {base}, up or down; all else is made of these."
    ]
    if row.get("headcount_upper") is not None:
        lines.append(
            f"The true count lies between {figure(row['headcount_lower'])} and {figure(row['headcount_upper'])}."
        )
    elif row.get("headcount") == 0:
        lines.append(f"A 0 doesn't say that there is nobody: each cell that is added up may have up to {base - 1}.")
    if row.get("share_rounding_error_pp") is not None:
        lines.append(
            f"The share may lie up to {figure(row['share_rounding_error_pp'])} percentage points from the true one, "
            "whatever chance does; the verdict is one that every count consistent with the rounding agrees on."
        )
    return [*lines, "disclosure.md, beside the tables, has the whole rule."]


def differing(row: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Work the shares of a row out again from the counts beside them; return how many, and what doesn't agree."""
    again, wrong = 0, []
    for share, (part, whole) in SHARES.items():
        if row.get(share) is None or row.get(part) is None or not row.get(whole):
            continue
        again += 1
        expected = (Decimal(row[part]) / Decimal(row[whole])).quantize(LAST_DECIMAL, ROUND_HALF_UP)
        if abs(expected - Decimal(row[share])) > LAST_DECIMAL:
            wrong.append(f"{share}: the table says {row[share]}, the counts beside it give {expected}")
    return again, wrong


def made_by(release: Path) -> list[str]:
    """Say what made a release, as its public statement has it: snapshot and disclosure key by name."""
    said = json.loads((release / PROVENANCE).read_text(encoding="utf-8"))
    made = said["predicate"]["buildDefinition"]["externalParameters"]
    return [
        f"snapshot        {made['snapshot_id']}",
        f"disclosure key  {made.get('disclosure_key', 'none')}, by its name; the key is in no release",
        "Those who may see exact counts add --internal: files, rules and SQL.",
    ]
