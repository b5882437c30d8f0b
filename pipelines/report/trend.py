"""Trend: the groups that are followed over months and years, with breaks where others reported."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from pipelines.figures import Share, day, places
from pipelines.report import charts, words
from pipelines.report.pack import Block, Chart, Paragraph, Section, Table
from pipelines.report.source import Row, Told
from pipelines.report.tables import SHORT

BREAK = "[b]"


def section(told: Told) -> Section:
    """Return each followed group's share at every date there is."""
    blocks: list[Block] = [
        Paragraph(
            "A share moves only as people join, leave, are promoted, or answer. Small movements from month to month "
            f"are chance or rounding. {BREAK} = break: others have reported than at the date before, and the share "
            "may have moved for no other reason; the chart has a dotted line there.",
            is_note=True,
        )
    ]
    for classification, category in told.groups():
        for family in told.families:
            blocks += _chart(told, family, classification, category)
    if len(blocks) == 1:
        blocks = [Paragraph("There is one date only: nothing to set it against.")]
    return Section("trend", "Over months and years", tuple(blocks))


def _chart(told: Told, family: str, classification: str, category: str) -> Iterator[Chart]:
    shown = [one for one in words.BESIDE if (one[0] == "social_care") == (family == "social_care")]
    rows = {
        (row["as_at_date"], (row["grade_family"], row["grade_group"])): row
        for row in told.trend
        if (row["classification"], row["category"]) == (classification, category)
        and (row["grade_family"], row["grade_group"]) in shown
    }
    dates = sorted({date for date, _ in rows})
    groups = [one for one in shown if any(key[1] == one for key in rows)]
    if len(dates) < 2:
        return
    label = next((row["category_label"] for row in told.gaps.values() if row["category"] == category), category)
    group = words.group(category, label)
    lead = {date: rows.get((date, groups[0])) for date in dates}
    breaks = [
        later
        for earlier, later in pairwise(dates)
        if (before := lead[earlier]) and (after := lead[later]) and before["coverage"] != after["coverage"]
    ]
    table = Table(
        identifier=f"trend_{family}_{words.named(classification)}",
        caption=f"{group}: share over time, {words.staff(family, 'all')}",
        heads=("Date", *(SHORT[one] for one in groups), "Reported", "Break"),
        rows=tuple(
            (
                day(date),
                *(_share(told, rows.get((date, one))) for one in groups),
                _coverage(lead[date]),
                BREAK if date in breaks else "no",
            )
            for date in dates
        ),
        notes=("[u] = too few people with a known answer for a share.",),
    )
    data = [
        {"date": date.isoformat(), "who": SHORT[one], "share": float(share.shown)}
        for one in groups
        for date in dates
        for share in [_share(told, rows.get((date, one)))]
        if share.shown is not None
    ]
    yield Chart(
        identifier=f"{table.identifier}_chart",
        title=f"{group} over time, {words.staff(family, 'all')}, to {day(told.as_at_date)}",
        description=_description(group, table),
        specification=charts.lines(
            data, [SHORT[one] for one in groups], [one.isoformat() for one in breaks], "% of people with a known answer"
        ),
        table=table,
    )


def _description(group: str, table: Table) -> str:
    first, last = table.rows[0], table.rows[-1]
    ends = "; ".join(
        f"{head}: {_text(before)} at first, {_text(after)} at last"
        for head, before, after in zip(table.heads[1:-2], first[1:-2], last[1:-2], strict=True)
    )
    return f"Lines of the share of {group} from {_text(first[0])} to {_text(last[0])}. {ends}."


def _text(cell: object) -> str:
    return cell.text if isinstance(cell, Share) else str(cell)


def _coverage(row: Row | None) -> str:
    return str(row["coverage"]).split(";", maxsplit=1)[0] if row and row["coverage"] else "not known"


def _share(told: Told, row: Row | None) -> Share:
    if row is None or row["workforce_share"] is None or not row["known_headcount"]:
        return Share(None, "[u]" if row is None else row["marker"] or "[u]")
    # Neither the count nor the base is further off than the bound.
    return Share(
        row["workforce_share"], row["marker"] or "", places(Decimal(200 * told.bound) / row["known_headcount"])
    )
