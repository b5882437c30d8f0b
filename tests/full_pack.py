"""A made-up pack of the size of a real one: many rows to choose from, several charts, long names and long tables."""

from decimal import Decimal
from typing import Any

from pipelines.figures import Count, Error, Figure, People, Points, Ratio, Share
from pipelines.report.pack import Bullets, Cell, Chart, Finding, Pack, Paragraph, Section, Table, Terms
from pipelines.report.words import VERDICTS

GRADES = ("All grades", *(f"Band {band}" for band in (2, 3, 4, 5, 6, 7)), "Bands 8a and above", "Medical and dental")
GROUPS = ("BME", "Asian or Asian British", "Black, African, Caribbean or Black British", "Disabled", "Women")
HEADS = (*("Grade group", "Group", "People", "Share", "Share of residents", "Gap", "95 % interval", "Ratio"), "Verdict")
BLUE = "#12436D"


def interval(lower: Figure, upper: Figure) -> str:
    """Two figures as a range, in one cell."""
    return f"{lower.digits} to {upper.digits}"


def gap_rows(name: str) -> tuple[tuple[Cell, ...], ...]:
    """Rows of a table of gaps, every fourth of which can't be stated, and one of which is about ``name``."""
    rows: list[tuple[Cell, ...]] = []
    for place, (group, grade) in enumerate((group, grade) for group in (*GROUPS[:4], name) for grade in GRADES):
        gap = Points(Decimal(place * 37 % 300 - 150) / 10, places=1)
        verdict = tuple(VERDICTS.values())[place * 37 % 5]
        if place % 4 == 3:
            unknown = (Count(0, base=5), Share(None, "[u]"), Share(Decimal("0.314"), places=1), Points(None, "[u]"))
            rows.append((grade, group, *unknown, "[z]", Ratio(None, "[u]"), verdict))
            continue
        known = (Count(place * 115 + 5, base=5), Share(Decimal(100 + place) / 600, places=1))
        bounds = interval(Points(gap.value - 4 if gap.value else None, places=1), Points(Decimal(place) / 9, places=1))
        comparator = Share(Decimal("0.314"), places=1)
        rows.append((grade, group, *known, comparator, gap, bounds, Ratio(Decimal(place + 3) / 20), verdict))
    return tuple(rows)


def chart(identifier: str, title: str, specification: dict[str, Any], table: Table) -> Chart:
    """A chart with a sentence about it."""
    said = "The share of BME staff falls from 31 % at band 2 to 12 % in bands 8a and above; residents are 31.4 %."
    return Chart(identifier, title, said, specification, table)


def bars(name: str) -> Chart:
    """Horizontal bars with their figures beside them, and a line for the comparator."""
    shares = tuple(zip(GRADES[1:], (31, 29, 27, 31, 24, 18, 12, 41), strict=True))
    specification = {
        "data": {"values": [{"grade": grade, "share": share} for grade, share in shares]},
        "width": 520,
        "height": {"step": 28},
        "encoding": {
            "y": {"field": "grade", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "share", "type": "quantitative", "title": f"% of people with a known answer, {name}"},
        },
        "layer": [
            {"mark": {"type": "bar", "color": BLUE}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"text": {"field": "share", "type": "quantitative"}},
            },
            {"mark": {"type": "rule", "color": "#801650", "size": 2}, "encoding": {"x": {"datum": 31.4}, "y": None}},
        ],
    }
    rows = tuple((grade, Share(Decimal(share) / 100), Error(Decimal("1.2"), places=1)) for grade, share in shares)
    table = Table("bars", "BME share by band, as drawn above", ("Band", "Share", "Rounding error"), rows)
    return chart("bars_chart", f"BME share by pay band, {name}, 31 March 2026", specification, table)


def heat() -> Chart:
    """A heat map with the figure in each cell, in black or white."""
    colours = ("#6BACE6", "#12436D")
    cells = [
        {
            "grade": grade,
            "group": group,
            "share": (row * 7 + column * 11) % 60,
            "dark": (row * 7 + column * 11) % 60 > 30,
        }
        for row, grade in enumerate(GRADES)
        for column, group in enumerate(GROUPS)
    ]
    specification = {
        "data": {"values": cells},
        "width": 480,
        "height": {"step": 30},
        "encoding": {
            "y": {"field": "grade", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "group",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"orient": "top", "labelAngle": 0, "labelLimit": 92},
            },
        },
        "layer": [
            {
                "mark": {"type": "rect", "stroke": BLUE},
                "encoding": {
                    "color": {
                        "field": "dark",
                        "type": "nominal",
                        "scale": {"domain": [False, True], "range": list(colours)},
                        "legend": None,
                    }
                },
            },
            {
                "mark": {"type": "text"},
                "encoding": {
                    "text": {"field": "share"},
                    "color": {"condition": {"test": "datum.dark", "value": "#ffffff"}, "value": "#000000"},
                },
            },
        ],
    }
    rows = tuple(
        (grade, *(Share(Decimal((row * 7 + column * 11) % 60) / 100) for column in range(len(GROUPS))))
        for row, grade in enumerate(GRADES)
    )
    table = Table("heat", "Share of each group by grade group", ("Grade group", *GROUPS), rows)
    return chart("heat_chart", "Where each group works, 31 March 2026", specification, table)


def full(name: str = "Made-up University Hospitals of Somewhere and Elsewhere NHS Foundation Trust") -> Pack:
    """A pack of five sections, as long as a board gets."""
    gaps = Table(
        identifier="all_gaps",
        caption="Gaps to residents by grade group, 31 March 2026",
        heads=HEADS,
        rows=gap_rows(name),
        notes=(
            "Counts are rounded to multiples of 5, and shares come from rounded counts.",
            "[u] = too few people for a rate. [z] = not applicable.",
        ),
        filters=(0, 1, 8),
        is_detail=tuple(row[0] != "All grades" for row in gap_rows(name)),
    )
    people = Table(
        identifier="people",
        caption="People by grade group",
        heads=("Grade group", "People", "More people for parity"),
        rows=tuple((grade, Count(place * 115 + 40, base=5), People(place * 7)) for place, grade in enumerate(GRADES)),
        filters=(0,),
    )
    sentence = "At 31 March 2026, 16.5 % of staff in bands 8a and above with a known ethnicity were BME (70 of 410)."
    shares = "That is 14.9 percentage points lower than the 31.4 % of residents aged 16 to 64 (Census 2021)."
    asked = ("Agree which gaps are acted on.", f"Ask the director of people of {name} for an action plan by June.")
    return Pack(
        org_code="RXX",
        title=name,
        subtitle="Does our workforce look like the people we serve?",
        as_at="As at 31 March 2026",
        stamp="2026-03-31",
        status="DRAFT: nobody has approved it yet.",
        warning="SYNTHETIC DATA: no real person is described.",
        sections=(
            Section(
                "summary",
                "What the board is asked",
                (
                    Paragraph(f"Purpose: to agree which gaps are acted on. {sentence} {shares}"),
                    Finding("BME staff in bands 8a and above", "lower", (sentence, shares)),
                    Finding("Women in bands 8a and above", "about the same", ("No difference could be told.",)),
                    Finding("Disabled staff at all grades", "cannot tell", ("31 % have no known answer.",)),
                    Bullets(asked, is_numbered=True),
                    Paragraph("Counts are rounded. These figures don’t by themselves show discrimination.", True),
                ),
                is_summary=True,
            ),
            Section("gaps", "Gaps", (Paragraph(shares), gaps)),
            Section("bands", "Pay bands", (bars(name), heat(), people)),
            Section("limits", "What the figures can’t say", (Bullets((sentence, shares, name)),)),
            Section(
                "words",
                "Words",
                (
                    Terms(
                        (
                            ("BME", "Everybody with a known ethnicity who isn’t White."),
                            ("Gap", "The share of staff less the share of residents, in percentage points."),
                            (name, "A trust that doesn’t exist."),
                        )
                    ),
                ),
            ),
        ),
        facts=(
            ("Release", "2026-03-31-0123456789ab"),
            ("Snapshot", "0123456789abcdef" * 4),
            ("Method", "Wilson intervals; Newcombe’s for differences; 95 %"),
        ),
    )
