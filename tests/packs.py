"""Packs made by hand, with every kind of block: what a form is tried on without a run."""

from decimal import Decimal

from pipelines.figures import Count, Error, People, Points, Ratio, Share
from pipelines.report.pack import Bullets, Chart, Finding, Pack, Paragraph, Section, Table, Terms

# What somebody might call an employer: none of it may run, break a form, or be taken for a formula or a link.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=1+1",
    "@SUM(A1)",
    "https://example.org/",
    "#set page(width: 1pt)",
    "$x$ *bold* _it_ `raw` \\ # [ ] ~ @ref <label>",
    "]]></style></script>",
    "Ynys Môn ‮drow‬ 🙂",
)


LOWER = (Points(Decimal("-14.86"), places=1), Ratio(Decimal("0.525")), People(62))
UNKNOWN = (Points(Decimal(0), "[r]"), Ratio(None, "[z]"), People(None, "[x]"))


def pack(name: str = "Made-up NHS Trust") -> Pack:
    """A pack of two sections: findings and a list to begin with, then two tables, a chart and a glossary."""
    gaps = Table(
        identifier="gaps",
        caption=f"Gaps by grade, {name}",
        heads=("Grade group", "Group", "People", "Share", "Gap", "Ratio", "More people", "Verdict"),
        rows=(
            (*("All grades", "BME", Count(1230, base=5), Share(Decimal("0.165"), places=1)), *LOWER, "lower"),
            (*("Bands 8a and above", name, Count(0, base=5), Share(None, "[u]")), *UNKNOWN, "cannot tell"),
        ),
        notes=("Counts are rounded to multiples of 5.", "[u] = too few people for a rate."),
        filters=(0, 7),
        is_detail=(False, True),
    )
    data = Table(
        identifier="bands",
        caption="BME share by band",
        heads=("Band", "Share", "Rounding error"),
        rows=tuple(
            (f"Band {band}", Share(Decimal(share) / 100), Error(Decimal("1.2"), places=1))
            for band, share in ((5, 31), (6, 24), (7, 18))
        ),
    )
    chart = Chart(
        identifier="bands_chart",
        title="BME share by band, 31 March 2026",
        description="The share falls from 31 % at band 5 to 18 % at band 7.",
        specification={
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "data": {
                "values": [{"band": f"Band {band}", "share": share} for band, share in ((5, 31), (6, 24), (7, 18))]
            },
            "mark": {"type": "bar", "color": "#12436D"},
            "width": 560,
            "encoding": {
                "y": {"field": "band", "type": "nominal", "sort": None, "title": None},
                "x": {"field": "share", "type": "quantitative", "title": "% of people with a known answer"},
            },
        },
        table=data,
    )
    return Pack(
        org_code="RXX",
        title=name,
        subtitle="Does our workforce look like the people we serve?",
        as_at="31 March 2026",
        stamp="2026-03-31",
        status="DRAFT: nobody has approved it yet.",
        warning="SYNTHETIC DATA: no real person is described.",
        sections=(
            Section(
                "summary",
                "What the board is asked",
                (
                    Paragraph("Purpose: to agree which gaps are acted on."),
                    Finding(
                        "BME staff in bands 8a and above", "lower", ("At 31 March 2026, 17 % were BME.", "No change.")
                    ),
                    Finding(name, "cannot tell", ("Too few people are known.",)),
                    Bullets(("Agree the actions.", f"Ask {name} for its figures."), is_numbered=True),
                    Paragraph("Counts are rounded.", is_note=True),
                ),
                is_summary=True,
            ),
            Section("representation", "Representation", (gaps, chart, Bullets((name, "plain")))),
            Section("words", "Words", (Terms((("BME", "everybody who isn’t White"), (name, name))),)),
        ),
        facts=(("Release", "2026-03-31-0123456789ab"), ("Organisation", name)),
    )
