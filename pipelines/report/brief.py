"""In brief: the first two pages. What the board is asked, what was found, what can't be said, and what was agreed."""

from pipelines.commentary import Commentary
from pipelines.figures import Share, day
from pipelines.report import sentences, values, words
from pipelines.report.pack import Block, Bullets, Finding, Paragraph, Section, Table
from pipelines.report.source import Row, Told

ASKED = (
    "agree which of the findings are acted on, by whom and by when;",
    "note what can’t be said, and ask for what would let it be said;",
    "say at which date it will look again.",
)
NO_CAUSE = "These figures describe representation. They do not by themselves show discrimination or its cause."


def sections(told: Told, commentary: Commentary | None) -> list[Section]:
    """Return the sections that a director with ten minutes reads."""
    found = sentences.findings(told)
    return [
        Section("brief", "Purpose, and what the board is asked", tuple(_asked(told)), is_summary=True),
        Section("findings", "What we found", tuple(_found(told, found)), is_summary=True),
        Section("unsaid", "What can’t be said, and why", (Bullets(tuple(unsaid(told, found))),), is_summary=True),
        Section("since", "Since the last meeting", tuple(_since(commentary)), is_summary=True),
    ]


def nothing(told: Told) -> list[Section]:
    """Return what a pack says of a unit of which nothing is published."""
    return [
        Section(
            "brief",
            "Nothing can be shown for this date",
            (
                Paragraph(
                    f"Nothing is published of the workforce of {told.unit['org_name']} as at {day(told.as_at_date)}: "
                    "no file that counts its staff has been accepted, or its counts can’t be shown without giving "
                    "people away."
                ),
                Paragraph("The board is asked to find out why, and when its figures will be there."),
            ),
            is_summary=True,
        )
    ]


def _asked(told: Told) -> list[Block]:
    who = " and ".join(
        f"{values.count(told, told.people(family)).text} {words.staff(family, 'all')}" for family in told.families
    )
    about = "about " if told.base > 1 else ""
    blocks: list[Block] = [
        Paragraph(
            f"Purpose: to see where the workforce of {told.unit['org_name']} doesn’t look like the people it serves, "
            f"grade by grade, and to decide what follows. It counts {about}{who} as at {day(told.as_at_date)}, "
            "employed substantively; bank staff aren’t among them."
        ),
        *(Paragraph(line) for line in coverage(told)),
        Paragraph("The board is asked to:"),
        Bullets(ASKED, is_numbered=True),
    ]
    return blocks


def coverage(told: Told) -> list[str]:
    """Return who of a unit has reported, where not everybody has; a single organisation covers itself."""
    said = []
    for family in told.families:
        row = told.gaps[(family, "all", "all", "total", "all", "workforce")]
        reported, _, missing = str(row["coverage"] or "").partition("; missing: ")
        if missing:
            names = ", ".join(_name(told, code) for code in missing.split(", "))
            said.append(
                f"{words.capital(words.staff(family, 'all'))}: {reported} organisations reported. Missing: {names}."
            )
    return said


def _name(told: Told, code: str) -> str:
    return next((row["org_name"] for row in told.submissions if row["org_code"] == code), code)


def _found(told: Told, found: list[Finding]) -> list[Block]:
    if not found:
        return [Paragraph("None of the findings that are followed is about grades that anybody here is in.")]
    return [
        Paragraph(
            "The findings that the committee agreed beforehand to follow, in its order; they aren’t the widest gaps. "
            "“Cannot tell” is not “no gap”.",
            is_note=True,
        ),
        _glance(told),
        *found,
        Paragraph(NO_CAUSE, is_note=True),
    ]


def _glance(told: Told) -> Table:
    rows = [
        (
            sentences.title(told, one).rpartition(", ")[0],
            _stated(told, row),
            values.comparator(row),
            words.AGAINST[one.comparator],
            values.verdict(row),
            _moved(previous),
        )
        for one, row, previous in sentences.glance(told)
    ]
    return Table(
        identifier="at_a_glance",
        caption="At a glance",
        heads=("Finding", "Share", "Held against", "Whose", "So it is", "In twelve months"),
        rows=tuple(rows),
        notes=(
            "[u] = too few people with a known answer, or rounding may have moved the share by as much as matters. "
            "[x] = not available.",
        ),
    )


def _stated(told: Told, row: Row | None) -> Share:
    """Return the share of a finding, as far as its sentences state it."""
    if row is not None and values.is_rough(told, row) and row["verdict"] == "cannot_tell":
        return Share(None, values.THIN)
    return values.share(told, row)


def _moved(previous: Row | None) -> str:
    verdict = previous["verdict"] if previous else None
    return {"lower": "fallen", "higher": "risen", None: "not known"}.get(verdict, "no change we can distinguish")


def unsaid(told: Told, found: list[Finding]) -> list[str]:
    """Return what can't be said of a unit, and why, a sentence each."""
    said = [f"{one.title}: {one.sentences[0]}" for one in found if one.verdict == words.VERDICTS[""]]
    unsure = [one.title for one in found if one.verdict == words.VERDICTS["cannot_tell"]]
    if unsure:
        said.append(f"Chance or rounding leaves open whether there is a gap: {'; '.join(unsure)}.")
    said += [f"{line} A change from before may come from who reported." for line in coverage(told)]
    for row in told.declared:
        if row["rating"] not in (None, "adequate"):
            share = Share(row["declared_share"], places=1)
            what = words.CHARACTERISTICS[row["characteristic"]].lower()
            who = words.staff(row["grade_family"], "all")
            said.append(f"Of {who}, only {share.text} have a known {what}: {words.RATINGS[row['rating']]}.")
    if any(row["rests_on_waiver"] for row in told.gaps.values()):
        said.append("Some figures rest on a rule of validation that a named person set aside (a waiver).")
    said.append("Why a gap is there, and whether a decision caused it: counts of people in post can’t show that.")
    return said


def _since(commentary: Commentary | None) -> list[Block]:
    if commentary is None:
        return [Paragraph("No actions and no commentary were written for this pack.")]
    blocks: list[Block] = []
    if commentary.actions:
        blocks += [Paragraph("Actions of the last meeting:"), Bullets(commentary.actions, is_numbered=True)]
    blocks += [Paragraph(text) for text in commentary.paragraphs]
    blocks.append(Paragraph(f"Written by {commentary.author}, {day(commentary.written_on)}.", is_note=True))
    return blocks
