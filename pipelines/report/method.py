"""Method: how the figures were made, what they don't say, how people are protected, and how to audit them."""

from collections.abc import Sequence

from pipelines.report import values
from pipelines.report.pack import Bullets, Paragraph, Section, Terms
from pipelines.report.source import Told

GLOSSARY = (
    (
        "BME",
        "Black and minority ethnic: the word of the Workforce Race Equality Standard for everybody who isn’t White.",
    ),
    ("Disabled", "Who told their employer so, by the Equality Act 2010."),
    ("Gap", "A group’s share of the staff minus its share of whom they are compared with, in percentage points."),
    ("Interval", "Where the gap may lie by chance: a range that holds it nineteen times out of twenty."),
    ("Known", "People whose answer is known. Who declined, or was never asked, is in no share."),
    ("Lower, higher", "The whole interval lies on one side of zero, and rounding doesn’t change that."),
    ("About the same", "The interval rules out every gap of the size that matters."),
    ("Cannot tell", "Chance or rounding leaves open whether there is a gap. It doesn’t mean that there is none."),
    ("Substantive", "Employed in a post, permanently or for a term; bank and agency work isn’t."),
    ("Employment", "A head is a person at one employer: who has two employers counts twice in a system."),
    ("Agenda for Change", "The pay bands 1 to 9 of NHS staff other than doctors, dentists and very senior managers."),
)


def sections(told: Told, facts: Sequence[tuple[str, str]]) -> list[Section]:
    """Return the last part of a pack: what an analyst, a statistician and an auditor look for."""
    return [_methods(told), Section("words", "Words", (Terms(GLOSSARY),)), _protection(told), _audit(facts)]


def _methods(told: Told) -> Section:
    matters = values.material(told).size
    return Section(
        "methods",
        "How it was made, and what it doesn’t say",
        (
            Bullets(
                (
                    "Counted: people in post on the date, once per employer, in their main substantive assignment; "
                    "heads, and not full-time equivalents.",
                    "A share is of people with a known answer, on both sides of a comparison.",
                    "Intervals: Wilson’s against residents, Newcombe’s against staff, 95 %. Everybody in post is "
                    "counted, so they don’t measure an error of sampling: they say how far such a count would move "
                    "by chance if people came and went as they do.",
                    f"A gap matters from {matters} on, or from four fifths of the comparator’s share, whichever is "
                    "smaller.",
                    "Verdicts are by each interval by itself. Of many gaps some are wide by chance alone: the tables "
                    "of the release hold p-values that take account of that (Benjamini and Hochberg), within one "
                    "family of gaps.",
                    "Residents are of the ages and the date that are named: children and the retired among them, "
                    "where “all ages” stands.",
                    "Clusters of grades overlap: numbers of people in them don’t add up. In the workbook a column "
                    "says which rows do.",
                )
            ),
        ),
    )


def _protection(told: Told) -> Section:
    if told.base == 1:
        return Section(
            "protection",
            "How people are protected",
            (Paragraph("These counts were made public by their publisher before, and are shown as published."),),
        )
    least = told.method["disclosure"]["min_known_headcount"]
    return Section(
        "protection",
        "How people are protected",
        (
            Paragraph(
                f"Every count was rounded down or up to a multiple of {told.base}, and all else is computed from "
                f"rounded counts: shares, gaps, intervals, verdicts, charts. A 0 means 0 to {told.base - 1} people in "
                f"each grade by answer, and never that there is nobody. A share needs at least {least} people with a "
                "known answer, and more where sums may be further off. A verdict is given only if every count that "
                "is consistent with the rounding agrees on it. Before a release may be shown, an attack tries to "
                "find small counts in all that is published."
            ),
            Paragraph("Who has access to exact figures: only those named for it, and never through this pack."),
        ),
    )


def _audit(facts: Sequence[tuple[str, str]]) -> Section:
    release = dict(facts).get("Release", "")
    return Section(
        "audit",
        "How to audit it",
        (
            Bullets(
                (
                    f"edi explain representation_gap org_code=… category=… --release {release}: how a number came "
                    "about.",
                    f"edi audit {release}: makes the release again from its snapshot, and compares every byte.",
                    f"edi attack {release}: tries once more to find anybody in it.",
                    "edi ledger verify: whether the record of what was received, approved and published is whole.",
                )
            ),
        ),
    )
