"""Board: the pack of one unit, put together from what is told of it."""

from collections.abc import Sequence

from pipelines.commentary import Commentary
from pipelines.figures import day
from pipelines.report import bands, brief, funnel, method, quality, standing, tables, trend
from pipelines.report.pack import Pack, Section
from pipelines.report.source import Told

QUESTION = "Does our workforce look like the people we serve?"


def pack(
    told: Told, facts: Sequence[tuple[str, str]], status: str, warning: str, commentary: Commentary | None = None
) -> Pack:
    """Return the pack of a unit.

    Args:
        told: what is published of it.
        facts: what an auditor needs, a name and a value each.
        status: whether it is a draft; empty where it isn't.
        warning: that the data are made up; empty where they aren't.
        commentary: what was written for its board.
    """
    return Pack(
        org_code=told.unit["org_code"],
        title=told.unit["org_name"],
        subtitle=QUESTION,
        as_at=day(told.as_at_date),
        stamp=told.as_at_date.isoformat(),
        status=status,
        warning=warning,
        sections=tuple(_sections(told, facts, commentary)),
        facts=tuple(facts),
    )


def _sections(told: Told, facts: Sequence[tuple[str, str]], commentary: Commentary | None) -> list[Section]:
    if not told.families:
        return [
            *brief.nothing(told),
            *([quality.section(told)] if told.submissions else []),
            *method.sections(told, facts),
        ]
    return [
        *brief.sections(told, commentary),
        tables.representation(told, standing.standings(told)),
        bands.section(told),
        tables.gaps(told),
        trend.section(told),
        *([funnel.section(told)] if told.members else []),
        quality.section(told),
        *method.sections(told, facts),
    ]
