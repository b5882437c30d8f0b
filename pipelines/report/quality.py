"""Quality: how much of the answers is known, who sent what, and which of the board's questions can be answered."""

from pipelines.figures import Share, day
from pipelines.report import brief, values, words
from pipelines.report.pack import Block, Paragraph, Section, Table
from pipelines.report.source import Told

# The questions that boards ask (domain.md 8.1), as the table `answerable` calls them.
QUESTIONS = {
    "each_band": "What is it at each band?",
    "each_band_split": "And clinical and non-clinical apart?",
    "senior_bands": "What is it in bands 8a and above, and 8c and above?",
    "two_years_before": "What was it in the two years before?",
    "short_of_parity": "How many people short of parity are the senior bands?",
    "like_residents": "Are we like the people we serve?",
    "how_sure": "How much of the answers is known?",
    "what_changed": "Has it changed in twelve months?",
}
ANSWERS = {"yes": "yes", "in_part": "in part", "no": "no"}
TOTALS = {"agree": "agree", "differ": "differ, unexplained", "none": "none sent", None: "–"}
FEEDS = {"staff": "a row for each post", "headcount": "counts", None: "–"}


def section(told: Told) -> Section:
    """Return what the figures rest on."""
    blocks: list[Block] = [
        *(Paragraph(line) for line in brief.coverage(told)),
        _declared(told),
        _submissions(told),
        _answerable(told),
    ]
    return Section("quality", "What the figures rest on", tuple(blocks))


def _declared(told: Told) -> Table:
    return Table(
        identifier="declared",
        caption="Answers known, declined and missing",
        heads=(
            *("Characteristic", "Staff", "People", "Known", "Declined", "Missing", "Not known which"),
            "How far it carries",
        ),
        rows=tuple(
            (
                words.CHARACTERISTICS[row["characteristic"]],
                words.staff(row["grade_family"], "all"),
                values.count(told, row["total_headcount"], row["marker"]),
                *(
                    Share(row[name], row["marker"] or "", places=1)
                    for name in ("declared_share", "declined_share", "missing_share", "unknown_share")
                ),
                words.RATINGS.get(row["rating"], "–"),
            )
            for row in told.declared
        ),
        notes=(
            "Declined = asked, and preferred not to say. Not known which = the sender doesn’t tell declined from "
            "missing.",
        ),
        filters=(1,),
        is_detail=tuple(row["grade_family"] in ("all", "social_care") for row in told.declared),
    )


def _submissions(told: Told) -> Table:
    return Table(
        identifier="submissions",
        caption=f"Files about {day(told.as_at_date)}",
        heads=(
            "Organisation",
            "Sent",
            "Data taken on, if said",
            "Rows rejected",
            "Sender’s own totals",
            "Revised",
            "Waiver",
        ),
        rows=tuple(
            (
                row["org_name"],
                "nothing accepted" if row["status"] == "absent" else FEEDS[row["feed"]],
                day(row["extracted_on"]) if row["extracted_on"] else "–",
                {"some": "some", "none": "none", None: "–"}[row["rejected"]],
                TOTALS[row["control_totals"]],
                "yes" if row["marker"] == "[r]" else "no",
                "yes" if row["rests_on_waiver"] else "no",
            )
            for row in told.submissions
        ),
        notes=("Waiver = a rule of validation that a named person set aside for a time.",),
    )


def _answerable(told: Told) -> Table:
    characteristics = list(dict.fromkeys(row["characteristic"] for row in told.answerable))
    answers = {(row["question"], row["characteristic"]): ANSWERS[row["answerable"]] for row in told.answerable}
    return Table(
        identifier="answerable",
        caption="Which of the questions that boards ask can be answered from what is published",
        heads=("Question", *(words.CHARACTERISTICS[one] for one in characteristics)),
        rows=tuple(
            (asked, *(answers.get((question, one), "no") for one in characteristics))
            for question, asked in QUESTIONS.items()
            if told.answerable
        ),
        notes=("In part = of some grades or groups too few people are known.",),
    )
