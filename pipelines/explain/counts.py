"""Where the counts come from: the cube's grades, and the way from the sender's rows to people."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pipelines import listing
from pipelines.database import Connection
from pipelines.explain.recount import Check, rows, total
from pipelines.explain.words import Row, count, of
from pipelines.figures import percent

AGAIN = {"declared_headcount", "declined_headcount", "missing_headcount", "unknown_headcount", "total_headcount"}


def of_group(con: Connection, row: Row, check: Check) -> list[str]:
    """Return the counts of a group in its grades, added up from the cube and compared with the mart."""
    grades = rows(con, "explain/grade_of_group")
    if not grades and row["headcount"] is None:
        return ["The cube counts nobody here."]
    columns = [name for name in ("headcount", "known_headcount", "total_headcount") if name in row]
    same = [check.agrees(column, row[column], total(grades, column)) for column in columns]
    if row["characteristic"] == "total":
        return [*_grades(row, grades), _told(same)]
    said = [f"{of(row['headcount'], row['known_headcount'])} whose {row['characteristic'].replace('_', ' ')} is known."]
    if None in (row["headcount"], row["known_headcount"]):
        said = ["A number of the group or of its base is missing: why, say the markers below."]
    elif "total_headcount" in row:
        said += _undisclosed(row)
    return [*said, *_grades(row, grades), _told(same)]


def _undisclosed(row: Row) -> list[str]:
    """Return how many gave no answer, and what they could make of the share."""
    silent = row["total_headcount"] - row["known_headcount"]
    if not silent:
        return ["Of everybody counted an answer is known."]
    said = [
        f"{count(row['total_headcount'])} are counted in all; of {count(silent)} no answer is known, and they are in "
        "neither number."
    ]
    if row.get("share_if_none_undisclosed") is not None:
        none, all_ = percent(row["share_if_none_undisclosed"]), percent(row["share_if_all_undisclosed"])
        turns = {True: " Either way the gap has the same sign.", False: " So they could turn the gap round."}
        said.append(
            f"If none of them were {row['category']}, the share would be {none} of all; if all of them were, {all_}."
            + turns.get(row["sign_is_robust"], "")
        )
    return said


def _grades(row: Row, grades: Sequence[Row]) -> list[str]:
    category = str(row["category"])
    group = category if len(category) <= len("of the group") else "of the group"
    lines = [f"{'grade':<42}{group:>12}{'known':>12}{'all':>12}"]
    for one in [*grades, _together(grades)] if len(grades) > 1 else grades:
        cells = (_cell(one, name) for name in ("headcount", "known_headcount", "total_headcount"))
        lines.append(f"{one['label'][:41]:<42}" + "".join(f"{cell:>12}" for cell in cells))
    return lines


def _together(grades: Sequence[Row]) -> dict[str, Any]:
    added = {name: total(grades, name) for name in ("headcount", "known_headcount", "total_headcount")}
    markers = [one["source_marker"] for one in grades if one["source_marker"]]
    return {"label": "together", **added, "source_marker": min(markers, default=None)}


def _cell(one: Row, column: str) -> str:
    return one["source_marker"] or "[x]" if one[column] is None else f"{one[column]:,}"


def of_answers(con: Connection, row: Row, check: Check) -> list[str]:
    """Return who of each grade answered, added up from the cube and compared with the mart."""
    grades = rows(con, "explain/answer_of_grade")
    lines = [f"{'grade':<33}{'declared':>9}{'declined':>9}{'missing':>9}{'unknown':>9}{'all':>9}"]
    for one in grades:
        cells = (_cell(one, f"{name}_headcount") for name in ("declared", "declined", "missing", "unknown", "total"))
        lines.append(f"{one['label'][:32]:<33}" + "".join(f"{cell:>9}" for cell in cells))
    same = [check.agrees(column, row[column], total(grades, column)) for column in sorted(AGAIN)]
    return [*lines, _told(same)]


def _told(same: Sequence[bool]) -> str:
    if all(same):
        return "Added up again from the release's cube (the mart headcount): agrees with the mart."
    return "ADDED UP AGAIN FROM THE RELEASE'S CUBE (the mart headcount): DIFFERS FROM THE MART."


def members(con: Connection, row: Row) -> list[str]:
    """Return whose people a unit's are, and who is missing."""
    found = con.execute(
        "select org_code, org_name from member where as_at_date = ? order by org_code", [row["as_at_date"]]
    ).fetchall()
    said = [f"Coverage: {row['coverage']}."] if row.get("coverage") else []
    if all(code == row["org_code"] for code, _ in found):
        return said
    named = ", ".join(f"{code} {name}" for code, name in found)
    return [f"Added up over {len(found)} organisations: {named}. Somebody with two employers counts twice.", *said]


def waterfall(con: Connection) -> list[str]:
    """Return the way from the rows of the unit's files to people, of all grades, as a table."""
    lines = listing.waterfall_lines(con)
    if not lines:
        return ["The sender sent counts, no rows: there is no way from rows to people to show."]
    return [f"{'From rows to people, all grades':<47}{'rows':>10}{'people':>10}{'FTE':>13}", *lines[1:]]


def reconciliation(con: Connection) -> list[str]:
    """Return how the senders' own totals compare with ours, of all grades."""
    said = []
    for one in rows(con, "report/reconciliation"):
        if one["total"] is None:
            said.append(f"{one['org_code']} sent no totals of its own.")
            continue
        explained = one["total"] - one["ours"] - one["unexplained"]
        sent, ours, steps, rest = map(_amount, (one["total"], one["ours"], explained, one["unexplained"]))
        note = f" ({one['note']})" if one["unexplained"] else ""
        said.append(
            f"{one['org_code']}, {one['measure']}: the sender's {sent}, less {steps} by the steps above, ours {ours}, "
            f"unexplained {rest}{note}."
        )
    return said or ["No totals were sent."]


def _amount(value: Decimal) -> str:
    text = f"{value:,.4f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")
