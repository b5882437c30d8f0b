"""Listing: what a run says of its release, as lines and tables of a terminal or log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from pipelines import database
from pipelines.database import Connection
from pipelines.figures import percent, points
from pipelines.publish import Release

if TYPE_CHECKING:
    from rich.table import Table

GRADE_WORDS = {
    "all": "all grades",
    "afc_8a_plus": "bands 8a and above",
    "afc_8c_plus": "bands 8c and above",
    "consultant": "consultants",
    "vsm": "very senior managers",
}
FAMILY_WORDS = {
    "all": "NHS staff",
    "afc": "Agenda for Change",
    "medical": "doctors and dentists",
    "vsm": "very senior managers",
    "other": "other NHS staff",
    "social_care": "social care",
}

RULE_WORDS = {
    "rows_in": "rows in",
    "rejected": "− rejected",
    "checking": "− subtotals",
    "stopped": "− on the stop-list",
    "not_in_post": "− ended, not begun, or no post",
    "bank_only": "− bank, of people who aren't substantive",
    "honorary": "− honorary",
    "non_executive": "− non-executive",
    "agency": "− agency",
    "career_break": "− career break",
    "no_fte": "− without contracted hours",
    "other_only": "− other employment, of people not counted above",
    "also_bank": "− bank, of substantive people",
    "also_other": "− other employment, of people counted above",
    "duplicate": "− further assignments of substantive people",
    "people": "= substantive people",
    "bank_rows": "bank",
    "bank_duplicate": "− further assignments of bank-only people",
    "bank_people": "= bank-only people",
    "other_rows": "other employment",
    "other_duplicate": "− further assignments of people in it",
    "other_people": "= people in other employment only",
}


TITLE = "Widest gaps below the residents served"

# Of organisations that sent no totals, as many are named.
CODES_NAMED = 12


@dataclass(frozen=True)
class WideGap:
    """One row of the list of widest gaps, in the words and digits that a reader sees."""

    who: str
    where: str
    against: str
    residents: str
    count: str
    base: str
    share: str
    interval: str
    gap: str
    verdict: str


def open_release(con: Connection, release: Release) -> None:
    """Make a release's as-at date and what is told of it readable in a database that has the reference tables."""
    con.execute("create or replace table run as select ?::date as as_at_date", [release.snapshot.as_at_date])
    for name in ("representation_gap", "waterfall", "reconciliation"):
        database.view(con, name, [release.internal / f"{name}.parquet"])


def coverage(con: Connection) -> list[str]:
    """Return a line per unit and sector of the open release: who of those expected has reported."""
    rows = con.execute(database.read_sql("report/coverage")).fetchall()
    return [f"{unit}, {sector}: {covered}" for unit, sector, covered in rows]


def waterfall_lines(con: Connection) -> list[str]:
    """Return the way from rows to people at the open release's as-at date, over all organisations: a table of text.

    Exact counts: for those who may see the internal marts.
    """
    rows = con.execute(database.read_sql("report/waterfall")).fetchall()
    if not rows:
        return []
    lines = [f"{f'From rows to people: {rows[0][1]} organisations':<47}{'rows':>10}{'people':>10}{'FTE':>13}"]
    for rule, _, count, people, fte in rows:
        exact = None if fte is None else fte.quantize(Decimal("0.01"), ROUND_HALF_UP)
        lines.append(f"{RULE_WORDS[rule]:<47}{_figure(count):>10}{_figure(people):>10}{_figure(exact):>13}")
    return lines


def reconciliation_lines(con: Connection) -> list[str]:
    """Return how the senders' totals at the open release's as-at date compare with ours, and which differ by what.

    Exact counts: for those who may see the internal marts.
    """
    result = con.execute(database.read_sql("report/reconciliation"))
    names = [column[0] for column in result.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    compared = {row["org_code"] for row in rows if row["unexplained"] is not None}
    silent = [row["org_code"] for row in rows if row["total"] is None and not row["is_absent"]]
    absent = [row["org_code"] for row in rows if row["is_absent"]]
    differing: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row["unexplained"]:
            figures = [f"{name} {_figure(row[name], row['measure'])}" for name in ("total", "ours", "unexplained")]
            key = (row["org_code"], row["org_name"], row["note"])
            differing.setdefault(key, []).append(f"{row['measure']} {', '.join(figures)}")
    lines = [
        f"the senders' own: {len(compared)} organisations compared, "
        f"{len({code for code, *_ in differing})} with a difference that no step explains"
    ]
    lines += [f"none sent by {_some(silent)}"] if silent else []
    lines += [f"absent: {_some(absent)}"] if absent else []
    for (code, name, note), measures in differing.items():
        lines.append(f"{code} {name}: {'; '.join(measures)}: {note}")
    return lines


def _some(codes: Sequence[str]) -> str:
    """Return a list of codes, cut short where nobody would read it to its end."""
    more = f" and {len(codes) - CODES_NAMED:,} more" if len(codes) > CODES_NAMED else ""
    return ", ".join(codes[:CODES_NAMED]) + more


def _figure(value: Decimal | int | None, measure: str = "fte") -> str:
    """Return a number with separators for thousands and a true minus, whole unless it is of FTE; or its marker."""
    if value is None:
        return "[x]"
    return f"{value if measure == 'fte' else int(value):,}".replace("-", "−")


def widest_gaps(con: Connection) -> list[WideGap]:
    """Return the widest gaps of the open release's as-at date, three of each characteristic.

    Exact counts: for those who may see the internal marts.
    """
    result = con.execute(database.read_sql("report/widest_gaps"))
    names = [column[0] for column in result.description or []]
    return [_wide_gap(dict(zip(names, row, strict=True))) for row in result.fetchall()]


def _wide_gap(row: Mapping[str, Any]) -> WideGap:
    group = GRADE_WORDS[row["grade_group"]]
    grades = f"{FAMILY_WORDS[row['grade_family']]}, {group}" if row["grade_group"] == "all" else group
    ages = "all ages" if row["age_range"] == "all" else row["age_range"]
    return WideGap(
        who=f"{row['category']} ({row['characteristic'].replace('_', ' ')})",
        where=f"{row['org_name']}: {grades}",
        against=percent(row["comparator_share"]),
        residents=f"{ages}, {row['population_vintage'][:4]}",
        count=f"{row['headcount']:,}",
        base=f"of {row['known_headcount']:,}",
        share=percent(row["workforce_share"]),
        interval=f"{percent(row['share_lower_95'])[:-2]} to {percent(row['share_upper_95'])[:-2]}",
        gap=points(row["gap_pp"]),
        verdict=row["verdict"],
    )


def gap_line(gap: WideGap) -> str:
    """Return a wide gap as one line of a log."""
    return (
        f"gap       {gap.who}, {gap.where}: {gap.gap}, {gap.verdict}; {gap.count} {gap.base} known, {gap.share} "
        f"(95 % range {gap.interval}); residents ({gap.residents}) {gap.against}"
    )


def table(gaps: Iterable[WideGap]) -> "Table":
    """Return the widest gaps as a table for the terminal, readable at 80 columns."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=TITLE, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 1, 0), show_edge=False)
    drawn.add_column("Who\nWhere", overflow="fold")
    drawn.add_column("Residents\nages, year", no_wrap=True)
    for heading in ("Count\nof known", "Share\n95 % range", "Gap\nVerdict"):
        drawn.add_column(heading, justify="right", no_wrap=True)
    for gap in gaps:
        drawn.add_row(
            Text.assemble((gap.who, "bold"), f"\n{gap.where}"),
            f"{gap.against}\n{gap.residents}",
            f"{gap.count}\n{gap.base}",
            f"{gap.share}\n{gap.interval}",
            f"{gap.gap}\n{gap.verdict}",
        )
    return drawn
