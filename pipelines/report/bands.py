"""Bands: each group's share grade by grade, clinical and non-clinical staff apart."""

from collections.abc import Iterator
from typing import Any

from pipelines.figures import Count, Share, day
from pipelines.report import charts, values, words
from pipelines.report.pack import Block, Cell, Chart, Paragraph, Section, Table
from pipelines.report.source import Row, Told

SIDES = {"clinical": "Clinical", "non_clinical": "Non-clinical", "all": "All"}


def section(told: Told) -> Section:
    """Return the share of each group that is followed by grade, a chart with its table for each family."""
    blocks: list[Block] = [
        Paragraph(
            "The dashed line is the share of residents of the area served; where none may be compared, there is no "
            "line. Grades with too few people for a share have [u]; the finding about the wider group stands above.",
            is_note=True,
        )
    ]
    for classification, category in told.groups():
        for family in told.families:
            blocks += _chart(told, family, classification, category)
    if len(blocks) == 1:
        blocks = [Paragraph("In no single grade are enough people known for a share of those that are followed.")]
    return Section("bands", "Grade by grade", tuple(blocks))


def _chart(told: Told, family: str, classification: str, category: str) -> Iterator[Chart]:
    rows = [
        row
        for row in told.grades
        if (row["classification"], row["category"]) == (classification, category)
        and (row["grade_family"] == "social_care") == (family == "social_care")
    ]
    sides = [one for one in ("clinical", "non_clinical") if any(row["clinical"] == one for row in rows)] or ["all"]
    by_grade: dict[str, dict[str, Row]] = {grade: {} for grade in _grades(told, family)}
    for row in rows:
        if row["clinical"] in sides:
            by_grade[row["grade_label"]][row["clinical"]] = row
    if not any(_share(told, row).value is not None for sides_of in by_grade.values() for row in sides_of.values()):
        return
    first = rows[0]
    group = words.group(category, first["category_label"])
    table = Table(
        identifier=f"bands_{family}_{words.named(classification)}",
        caption=f"{group} by grade, {words.staff(family, 'all')}",
        heads=("Grade", *(head for one in sides for head in (f"{SIDES[one]}: people known", f"{SIDES[one]}: share"))),
        rows=tuple((grade, *_cells(told, of_grade, sides)) for grade, of_grade in by_grade.items()),
        notes=("[u] = nobody, or too few people with a known answer for a share.",),
        is_detail=tuple(True for _ in by_grade),
    )
    residents = values.comparator(told.gaps.get((family, "all", "all", classification, category, "population")))
    data: list[dict[str, Any]] = [
        {
            "grade": grade,
            "side": SIDES[side],
            "share": None if share.shown is None else float(share.shown),
            "label": share.text,
        }
        for grade, of_grade in by_grade.items()
        for side in sides
        for share in [_share(told, of_grade.get(side))]
    ]
    shown = {one["grade"] for one in data if one["share"] is not None}
    line = None if residents.shown is None else float(residents.shown)
    yield Chart(
        identifier=f"{table.identifier}_chart",
        title=f"{group} as a share of each grade, {words.staff(family, 'all')}, {day(told.as_at_date)}",
        description=_description(group, [one for one in data if one["share"] is not None], residents),
        specification=charts.bars(
            [one for one in data if one["grade"] in shown],
            [SIDES[one] for one in sides],
            line,
            "% of people with a known answer",
        ),
        table=table,
    )


def _grades(told: Told, family: str) -> list[str]:
    """Return the single grades that anybody is in, in their order."""
    found = [
        row
        for row in told.gaps.values()
        if row["characteristic"] == "total"
        and row["is_detail"]
        and row["headcount"] is not None
        and (row["grade_family"] == "social_care") == (family == "social_care")
    ]
    return [row["grade_label"] for row in sorted(found, key=lambda row: row["grade_order"])]


def _description(group: str, data: list[dict[str, Any]], residents: Share) -> str:
    line = "" if residents.value is None else f" A dashed line stands at {residents.text}, the residents’ share."
    ranked = sorted(data, key=lambda one: one["share"])
    ends = [f"{one['label']} ({one['grade']}, {one['side'].lower()})" for one in (ranked[0], ranked[-1])]
    return f"Bars of the share of {group} by grade, from {ends[0]} to {ends[1]} of the grades that have one.{line}"


def _share(told: Told, row: Row | None) -> Share:
    if row is None or row["workforce_share"] is None:
        return Share(None, values.THIN)
    return values.share(told, row)


def _cells(told: Told, of_grade: dict[str, Row], sides: list[str]) -> Iterator[Cell]:
    for side in sides:
        row = of_grade.get(side)
        yield Count(None, values.THIN) if row is None else values.count(told, row["known_headcount"])
        yield _share(told, row)
