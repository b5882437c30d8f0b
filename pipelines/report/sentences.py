"""Sentences: a finding in words, by rule. What a row doesn't bear isn't said of it."""

from pipelines import figures
from pipelines.figures import day
from pipelines.report import values, words
from pipelines.report.pack import Finding
from pipelines.report.source import Followed, Row, Told

PLACES = {
    "cluster": "the wider group of grades",
    "system": "the same grades in the whole system",
    "family": "all grades",
}


def findings(told: Told) -> list[Finding]:
    """Return the findings that the committee follows, in its order; none of grades that nobody is in."""
    return [finding(told, one) for one in told.followed if told.people(one.grade_family, one.grade_group)]


def finding(told: Told, one: Followed) -> Finding:
    """Return one finding: value, comparator, interval, certainty, size in people, and what changed; or why not."""
    row = told.gaps.get(one.key)
    if row is None or row["gap_pp"] is None:
        return Finding(title(told, one), values.verdict(None), (why_not(told, one),))
    if values.is_rough(told, row) and row["verdict"] == "cannot_tell":
        return Finding(title(told, one), values.verdict(row), (too_rough(told, row),))
    return Finding(
        title(told, one),
        values.verdict(row),
        (
            value(told, row),
            f"{held_against(told, row)} {certainty(told, row)}",
            *undisclosed(row),
            *size(told, row),
            change(told.gaps.get(one.against("previous"))),
        ),
    )


def glance(told: Told) -> list[tuple[Followed, Row | None, Row | None]]:
    """Return each finding with its row and that of twelve months before, as far as there are any."""
    return [
        (one, told.gaps.get(one.key), told.gaps.get(one.against("previous")))
        for one in told.followed
        if told.people(one.grade_family, one.grade_group)
    ]


def title(told: Told, one: Followed) -> str:
    """Return what a finding is about: the group and its grades."""
    row = next((row for row in told.gaps.values() if row["category"] == one.category), None)
    label = row["category_label"] if row else one.category
    grade = _grade_label(told, one.grade_family, one.grade_group)
    held = {"workforce": "against its own staff", "previous": "against twelve months before"}.get(
        one.comparator, "against residents"
    )
    return f"{words.group(one.category, label)} among {words.staff(one.grade_family, one.grade_group, grade)}, {held}"


def value(told: Told, row: Row) -> str:
    """Return the share with the counts that it is made of."""
    error = values.error(row)
    # What the printed share wouldn't show needn't be said.
    is_seen = (error.value or 0) >= figures.WHOLE_FROM_PP
    moved = f" Rounding may have moved the share by up to {error.digits} percentage points." * is_seen
    about = "about " if told.base > 1 else ""
    people, known = values.count(told, row["headcount"]), values.count(told, row["known_headcount"])
    return (
        f"At {day(row['as_at_date'])}, {values.share(told, row).text} of {_who(row)} were "
        f"{words.were(row['category'], row['category_label'])} ({about}{people.text} of {known.text}).{moved}"
    )


def too_rough(told: Told, row: Row) -> str:
    """Return the counts of a group whose share rounding may have moved by more than a gap that matters."""
    people, known = values.count(told, row["headcount"]), values.count(told, row["known_headcount"])
    return (
        f"At {day(row['as_at_date'])}, about {people.text} of {known.text} {_who(row)} were "
        f"{words.were(row['category'], row['category_label'])}. Rounding may have moved their share "
        f"by up to {values.error(row).digits} percentage points, more than a gap that matters, so no share is stated."
    )


def _who(row: Row) -> str:
    who = words.staff(row["grade_family"], row["grade_group"], row["grade_label"])
    return f"{who} whose {row['characteristic'].replace('_', ' ')} is known"


def held_against(told: Told, row: Row) -> str:
    """Return the comparator's share by name, with ages and vintage, and the gap between the two."""
    gap, share = values.gap(told, row), values.comparator(row)
    to = f"{share.text} of {words.against(row)}" if row["comparator"] != "previous" else f"{share.text} a year before"
    if gap.shown == 0:
        return f"That is level with the {to}."
    return f"That is {gap.size} {'below' if row['gap_pp'] < 0 else 'above'} the {to}."


def certainty(told: Told, row: Row) -> str:
    """Return how sure the verdict is, with the interval of the gap in words."""
    lower, upper = values.gap_limits(told, row)
    fits = f"Chance alone could put the gap anywhere from {lower.digits} to {upper.digits} percentage points"
    matters = values.material(told).size
    rounding = ", and rounding doesn’t change that" * (told.base > 1)
    return {
        "lower": f"{fits}: all of it is below zero{rounding}.",
        "higher": f"{fits}: all of it is above zero{rounding}.",
        "similar": f"{fits}: too little to matter, by the measure of {matters} or four fifths of the comparator.",
        "cannot_tell": f"{fits}, and rounding adds to that: too few people are known to say whether there is a gap.",
    }[row["verdict"]]


def undisclosed(row: Row) -> list[str]:
    """Return whether those whose answer isn't known could turn a clear gap round."""
    if row["verdict"] not in ("lower", "higher") or not values.undisclosed(row).shown:
        return []
    unknown = f"Of {values.undisclosed(row).text} no answer is known"
    if row["sign_is_robust"]:
        return [f"{unknown}; whatever they would answer, the gap would stay on the same side of zero."]
    return [f"{unknown}, and their answers could turn the gap round."]


def size(told: Told, row: Row) -> list[str]:
    """Return the difference in people, where a gap is known to be below zero."""
    if row["verdict"] != "lower" or not row["shortfall_headcount"]:
        return []
    about = "about " if told.base > 1 else ""
    return [f"The difference is {about}{values.more_people(told, row).words} at today’s size (not a target)."]


def change(previous: Row | None) -> str:
    """Return what changed in twelve months, or that nothing can be told apart."""
    if previous is None or previous["comparator_share"] is None:
        return "There is no figure of twelve months before that it could be held against."
    before = f"Twelve months before it was {values.comparator(previous).text}"
    moved = {"lower": "fallen", "higher": "risen"}.get(previous["verdict"])
    if moved:
        return f"{before}: the share has {moved}, and neither chance nor rounding explains it."
    return f"{before}: no change that we can distinguish."


def why_not(told: Told, one: Followed) -> str:
    """Return why a finding can't be stated, and where to look instead."""
    who = words.staff(one.grade_family, one.grade_group, _grade_label(told, one.grade_family, one.grade_group))
    thin = told.thin.get((one.grade_family, one.grade_group, one.classification))
    if thin is None and not any(row["classification"] == one.classification for row in told.gaps.values()):
        return f"No answers on {_characteristic(told, one.classification)} were sent."
    if thin is None:
        return f"Nothing is published that {who} may be held against: no comparison is better than a wrong one."
    too_few = f"Too few {who} have a known answer for a share that could be published or relied on"
    if thin["look_at"] == "nothing":
        return f"{too_few}, and no wider group has one either."
    if thin["look_at"] == "three_years":
        return f"{too_few} in one year; three years together would have enough."
    return f"{too_few}. Look at {PLACES[thin['look_at']]} instead{_instead(told, thin)}."


def _characteristic(told: Told, classification: str) -> str:
    found = [name for name, of in told.method["classifications"].items() if classification in of]
    return words.CHARACTERISTICS[found[0]].lower() if found else classification


def _instead(told: Told, thin: Row) -> str:
    if thin["look_at"] != "cluster":
        return ""
    family, grade_group = thin["instead"].split(" ", 1)
    return f": {words.staff(family, grade_group, _grade_label(told, family, grade_group))}"


def _grade_label(told: Told, grade_family: str, grade_group: str) -> str:
    row = told.gaps.get((grade_family, "all", grade_group, "total", "all", "workforce"))
    return row["grade_label"] if row else grade_group.replace("_", " ")
