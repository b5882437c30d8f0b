"""What is told of a gap: the number in a sentence, its comparator, and its formula with the numbers in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.database import Connection
from pipelines.explain.recount import AGREES, DIFFERS, Check, pairs, rows
from pipelines.explain.words import MARKERS, NAMED, Row, count, distance, figure, interval, of
from pipelines.figures import ages, day, percent, vintage
from pipelines.listing import FAMILY_WORDS

STAFF = ("workforce", "previous")

NO_CAUSE = "These figures describe representation. They do not by themselves show discrimination or its cause."


@dataclass(frozen=True)
class Names:
    """What the codes of a row are called."""

    org_name: str
    grades: str
    category: str


def names(con: Connection, row: Row) -> Names:
    """Return what a row's codes are called; a code of which no table knows a name is its own."""

    def called(query: str, *cells: Any) -> str | None:
        found = con.execute(query, list(cells)).fetchall()
        return str(found[0][0]) if found else None

    code, group, category = row["org_code"], row.get("grade_group", row.get("grade")), row.get("category") or ""
    label = called("select label from reference_grade_groups where grade_group = ?", group)
    kinds = row["characteristic"], row.get("classification"), category
    same = "characteristic = ? and classification = ? and category = ?"
    name = called(f"select label from reference_categories where {same}", *kinds)
    return Names(
        called("select org_name from organisation where org_code = ?", code) or code,
        _grades(str(group), row["grade_family"], label),
        category if name is None or category in name else f"{category} ({name})",
    )


def _grades(group: str, family: str, label: str | None) -> str:
    if group == "all":
        return f"of all grades ({FAMILY_WORDS.get(family, family)})"
    if label and label.startswith("Band"):
        return f"in {label[0].lower()}{label[1:]}"
    return f"graded '{label or group}'"


def who(row: Row, named: Names) -> str:
    """Return whom a row is about: 'substantive staff in bands 8a and above at … (RNA)'."""
    split = {"clinical": "clinical ", "non_clinical": "non-clinical "}.get(row["clinical"], "")
    kind = {"other": "other employment: "}.get(row["employment_type"], f"{row['employment_type']} ")
    place = "at" if row.get("org_level", "organisation") == "organisation" else "in"
    return f"{kind}{split}staff {named.grades} {place} {named.org_name} ({row['org_code']})"


def marker(row: Row) -> str:
    """Return what a row's marker says, in words."""
    if row["marker"] is None:
        return "No marker: nothing is blank, weak or revised."
    return f"Marker {row['marker']}: {MARKERS.get(row['marker'], 'not one that this version knows')}."


def number(row: Row, named: Names, again: Row, statistics: Row) -> list[str]:
    """Return the number in a sentence, its verdict in words and its marker."""
    answer = row["characteristic"].replace("_", " ")
    whose = who(row, named)
    if row["characteristic"] == "total":
        if row["headcount"] is None:
            said = f"of {whose} nobody's count is there: the organisation was expected, or its publisher withheld it"
        else:
            said = f"{count(row['headcount'])} {whose} are counted. Everybody is no share of anybody: there is no gap"
        return [f"At {day(row['as_at_date'])}, {said}.", marker(row)]
    if row["gap_pp"] is None:
        return [
            f"At {day(row['as_at_date'])}, no gap is given for {named.category} among {whose}: {_why(row, again)}.",
            marker(row),
        ]
    return [
        f"At {day(row['as_at_date'])}, {percent(row['workforce_share'])} of {whose} with known {answer} were "
        f"{named.category} ({count(row['headcount'])} of {count(row['known_headcount'])}), "
        f"{distance(row['gap_pp'], _against(row, again))}.",
        f"Verdict {row['verdict']}: {_verdict(row, statistics)}",
        *_shortfall(row, named),
        marker(row),
        NO_CAUSE,
    ]


def _shortfall(row: Row, named: Names) -> list[str]:
    """Return how many people are missing, where some are and the mart says so."""
    if not row.get("shortfall_headcount"):
        return []
    more = f"{row['shortfall_headcount']:,} more of these {count(row['known_headcount'])}"
    share = percent(row["comparator_share"])
    return [f"{more} would have to be {named.category} for {share}: a measure of size, never a quota."]


def _why(row: Row, again: Row) -> str:
    """Return which side of a gap has no number."""
    if row["headcount"] is None or row["known_headcount"] is None:
        if row["marker"] == "[c]":
            return "a count of staff that it needs was withheld by its publisher"
        return "the lists in which people's answers were recorded can't all tell this group"
    if again and again["comparator_headcount"] is not None:
        return "nobody's answer is known on one of the two sides"
    if row["comparator"] == "previous":
        return "there is no count of the same organisations twelve months before"
    if row["comparator"] == "workforce":
        return "the whole workforce has no number for it"
    reason = again.get("area_set") if again else None
    if again and again.get("age_range") and row["comparator"] != "catchment":
        return f"the residents' profile ({ages(again['age_range'])}) mustn't be held against people at work"
    return reason or "no profile of these residents is held that can tell this group"


def _against(row: Row, again: Row) -> str:
    share = percent(row["comparator_share"])
    if row["comparator"] == "workforce":
        return f"the {share} of its whole workforce, all grades ({FAMILY_WORDS[row['grade_family']]})"
    if row["comparator"] == "previous":
        return f"its own {share} of twelve months before"
    place = {
        "population": "residents of the area served",
        "catchment": "the residents where its patients live",
        "england": "England's residents",
    }[row["comparator"]]
    profile = {**again, **row}
    return f"the {share} of {place} ({vintage(profile['population_vintage'])}, {ages(profile['age_range'])})"


def _verdict(row: Row, statistics: Row) -> str:
    limits = interval(row["gap_lower_95_pp"], row["gap_upper_95_pp"])
    held = f"the 95 % interval of the gap goes from {limits}"
    size = statistics.get("material_gap_pp")
    matters = "that matters" if size is None else f"of the size that matters here ({size:.1f} percentage points)"
    hardly = "That is a difference that chance alone hardly explains; whether it is large is another question."
    return {
        "lower": f"{held}, all of it below zero. {hardly}",
        "higher": f"{held}, all of it above zero. {hardly}",
        "similar": f"{held}. It holds zero and rules out every gap {matters}: the two are about alike.",
        "cannot_tell": f"{held}. It holds zero and doesn't rule out a gap {matters}: there are too few people to know. "
        "It doesn't mean 'no gap'.",
    }[row["verdict"]]


def comparator(con: Connection, row: Row, again: Row, sources: Sequence[str]) -> list[str]:
    """Return what the share is held against: how many of how many, where, when, how old, and from which source."""
    if not again or again["comparator_headcount"] is None or row["comparator_share"] is None:
        return ["There is none to hold it against."]
    part, whole = again["comparator_headcount"], again["comparator_known_headcount"]
    answer = row["characteristic"].replace("_", " ")
    if row["comparator"] in STAFF:
        whom = (
            "The same organisation's whole workforce of the same kind, all grades"
            if row["comparator"] == "workforce"
            else "The same, counted twelve months before"
        )
        return [f"{whom}: {of(part, whole)}, over those whose {answer} is known, from the cube of the same release."]
    _, semicolon, note = again["area_set"].partition("; ")
    said = [f"Of the areas: {note}."] if semicolon else []
    if row["comparator"] == "catchment":
        said.append(
            "The mean of the areas' shares, each weighing as many of the trust's patients as live there, written as "
            f"{of(part, whole)}: docs/decisions/0008."
        )
    else:
        said.append(f"{of(part, whole)} residents whose {answer} is known.")
    said.append(
        f"Profile of {vintage(again['population_vintage'])}, {ages(again['age_range'])}; "
        f"{percent(row.get('comparator_unanswered_share') or Decimal(0))} of its residents gave no answer."
    )
    areas = rows(con, "explain/comparator_area")
    said += map(_area, areas[:NAMED])
    said += [f"and {len(areas) - NAMED} areas more"] if len(areas) > NAMED else []
    return [*said, *sources]


def _area(area: Row) -> str:
    weight = area["weight_e12"]
    weighs = "" if weight is None else f", weight {Decimal(weight).scaleb(-12):.4f}"
    residents = f"{area['residents']:>10,} of {area['known_residents']:>10,}"
    return f"{area['area_code']} {area['area_name'][:26]:<27}{residents}{weighs}"


def formula(con: Connection, row: Row, again: Row, statistics: Row, check: Check) -> list[str]:
    """Return each value of the row with what it is worked out of, compared with the same worked out by the macros."""
    if not again or row["characteristic"] == "total":
        return ["There is no share, and nothing is worked out."]
    how = _how(row, again)
    lines = [_method(row["comparator"])]
    for column, in_mart, value in pairs(row, statistics):
        same = check.agrees(column, in_mart, value)
        of_what = "" if in_mart is None else how.get(column, "")
        lines.append(f"{column:<28}{of_what:<28}{figure(in_mart):>13} {AGREES if same else DIFFERS}")
        if not same:
            lines.append(f"{'':<28}{'worked out again':<28}{figure(value):>13}")
    if "p_adjusted" in row and row["p_adjusted"] is not None:
        lines += _adjusted(con, row, check)
    return lines


def _adjusted(con: Connection, row: Row, check: Check) -> list[str]:
    """Return the p-value adjusted for how many were looked at together, worked out again from all of them."""
    (again,) = rows(con, "explain/adjusted")
    same = check.agrees("p_adjusted", row["p_adjusted"], again["p_adjusted"], again["tolerance"])
    same = check.agrees("test_family_size", row["test_family_size"], again["test_family_size"]) and same
    how = f"rank among {again['test_family_size']:,} tests"
    return [f"{'p_adjusted':<28}{how:<28}{figure(row['p_adjusted']):>13} {AGREES if same else DIFFERS}"]


def _method(comparator: str) -> str:
    fixed = (
        "The residents are taken as fixed. The interval of the share is Wilson's score interval, that of the gap the "
        "same less the comparator's share; the p-value is that of the score test, which agrees with it."
    )
    staff = {
        "workforce": "Both sides are staff, and the grades are a part of the whole: Newcombe's interval against the "
        "rest, times the rest's part of the whole; the p-value is that of the test of two shares.",
        "previous": "Both sides are staff: Newcombe's interval of the difference of two shares, and the test of both.",
    }
    return f"Both shares are taken over people whose answer is known. {staff.get(comparator, fixed)}"


def _how(row: Row, again: Row) -> dict[str, str]:
    """Return what each value is worked out of, in the row's own numbers."""
    x, n, everybody = (count(row[name]) for name in ("headcount", "known_headcount", "total_headcount"))
    theirs, known = count(again["comparator_headcount"]), count(again["comparator_known_headcount"])
    undisclosed = None in (row["total_headcount"], row["known_headcount"]) or (
        row["total_headcount"] - row["known_headcount"]
    )
    return {
        "workforce_share": f"{x} / {n}",
        "comparator_share": f"{theirs} / {known}",
        "gap_pp": "100 × difference of shares",
        "representation_ratio": "share / comparator's",
        "share_lower_95": "wilson, 95 %",
        "share_upper_95": "wilson, 95 %",
        "share_lower_998": "wilson, 99.8 %",
        "share_upper_998": "wilson, 99.8 %",
        "gap_lower_95_pp": "gap_interval, 95 %",
        "gap_upper_95_pp": "gap_interval, 95 %",
        "verdict": "the interval against zero",
        "p_value": "gap_p_value",
        "shortfall_headcount": f"so many more of the {n}",
        "shortfall_growth": "so many more beside them",
        "undisclosed_share": f"1 − {n} / {everybody}",
        "comparator_unanswered_share": "1 − those known / all",
        "share_if_none_undisclosed": f"{x} / {everybody}",
        "share_if_all_undisclosed": f"({x} + {undisclosed}) / {everybody}",
        "sign_is_robust": "both on one side",
    }
