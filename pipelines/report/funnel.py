"""Funnel: the organisations of a system beside the whole of it, within the limits that chance keeps them in.

No league table: organisations stand in the order of their names, and only one beyond the limits is told apart.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import sqrt

from pipelines.figures import day
from pipelines.report import charts, values, words
from pipelines.report.pack import Block, Chart, Paragraph, Section, Table
from pipelines.report.source import Row, Told

WITHIN, BEYOND_95, BEYOND_998, UNSURE = "within both", "beyond 95 %", "beyond 99.8 %", "cannot tell"
# Sizes at which limits are drawn, as parts of the largest organisation.
STEPS = 60


def section(told: Told) -> Section:
    """Return each followed group's share by organisation, within limits around the share of all of them."""
    blocks: list[Block] = [
        Paragraph(
            "If all organisations were alike, chance would keep nearly all of them between the limits: of twenty, "
            "one would lie beyond the 95 % limits all the same, and hardly any beyond the 99.8 % limits. One that "
            "lies beyond is worth a question, and no verdict on anybody. Organisations differ in what they do and "
            "where.",
            is_note=True,
        )
    ]
    for classification, category in told.groups():
        for family in told.families:
            blocks += _chart(told, family, classification, category)
    return Section("funnel", "Organisations beside each other", tuple(blocks))


def _chart(told: Told, family: str, classification: str, category: str) -> Iterator[Chart]:
    rows = [
        row
        for row in told.members
        if (row["grade_family"], row["grade_group"], row["classification"], row["category"], row["comparator"])
        == (family, "all", classification, category, "workforce")
    ]
    whole = told.gaps.get((family, "all", "all", classification, category, "workforce"))
    if whole is None or len(rows) < 2:
        return
    centre = values.share(told, whole)
    group = words.group(category, whole["category_label"])
    who = words.staff(family, "all")
    table = Table(
        identifier=f"funnel_{family}_{words.named(classification)}",
        caption=f"{group} among {who} by organisation; all together {centre.text}",
        heads=("Organisation", "People known", "Share", "Limits"),
        rows=tuple(
            (row["org_name"], values.count(told, row["known_headcount"]), values.share(told, row), where(row, whole))
            for row in rows
        ),
        notes=(
            "Limits: whether the organisation lies within the limits around the share of all together; “cannot tell” "
            "where rounding leaves it open. In the order of names.",
        ),
        is_detail=tuple(True for _ in rows),
    )
    data = [
        {"name": row["org_code"], "known": row["known_headcount"], "share": float(values.share(told, row).shown or 0)}
        for row in rows
    ]
    limits = _limits(float(centre.shown or 0) / 100, max(row["known_headcount"] for row in rows))
    yield Chart(
        identifier=f"{table.identifier}_chart",
        title=f"{group} among {who} by organisation, {day(told.as_at_date)}",
        description=f"A funnel: each organisation’s share against its size, around {centre.text} of all together. "
        + _outside([(str(row[0]), str(row[3])) for row in table.rows]),
        specification=charts.funnel(data, limits, float(centre.shown or 0), "% of people with a known answer"),
        table=table,
    )


def _outside(rows: Sequence[tuple[str, str]]) -> str:
    """Return which organisations don't lie within the limits, in the order of their names."""
    said = [
        f"{words.capital(place)}: {', '.join(names)}."
        for place in (BEYOND_998, BEYOND_95, UNSURE)
        if (names := [name for name, of in rows if of == place])
    ]
    return " ".join([*said, "All others lie within both limits." if said else "All lie within both limits."])


def where(row: Row, whole: Row) -> str:
    """Return where an organisation lies: by its Wilson intervals, which hold a share just if it holds them (4.6).

    What rounding may have moved, of its own share or that of all together, is given to both sides.
    """
    own, centre = row["share_rounding_error_pp"] / 100, whole["share_rounding_error_pp"] / 100
    share: Decimal = whole["workforce_share"]
    slack = own + centre
    for lower, upper, beyond in (
        (row["share_lower_998"], row["share_upper_998"], BEYOND_998),
        (row["share_lower_95"], row["share_upper_95"], BEYOND_95),
    ):
        if share < lower - slack or share > upper + slack:
            return beyond
    lower, upper = row["share_lower_95"], row["share_upper_95"]
    return WITHIN if lower + slack <= share <= upper - slack else UNSURE


def _limits(centre: float, largest: int) -> list[dict[str, float]]:
    """Return the limits by size, in percent: the share of all together and so many standard errors (domain.md 4.6)."""
    found = []
    for step in range(1, STEPS + 1):
        known = max(10.0, largest * 1.15 * step / STEPS)
        error = sqrt(centre * (1 - centre) / known)
        sides = {
            f"{side}_{kind}": round(100 * min(1.0, max(0.0, centre + sign * z * error)), 2)
            for kind, z in (("95", 1.959964), ("998", 3.090232))
            for side, sign in (("lower", -1), ("upper", 1))
        }
        found.append({"known": round(known, 1), **sides})
    return found
