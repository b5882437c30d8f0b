"""What a number rests on: the SQL with its hashes, the reference data with their origin, and the senders' files."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pipelines import declared, disk, ledger, places
from pipelines.contract import POST_FEEDS
from pipelines.database import Connection
from pipelines.explain.recount import rows
from pipelines.explain.release import Made
from pipelines.explain.words import NAMED, Row, count, digest, some
from pipelines.measure.parts import PARTS
from pipelines.places import DataFolder
from pipelines.terminal import visible

# The folders of SQL whose statements are named one by one, as are the macros of the mart's own statement; the small
# ones that these use are counted.
NAMED_ONE_BY_ONE = ("marts", "intermediate", "cube", "people")
FOLDERS = (*NAMED_ONE_BY_ONE, "staging", "macros")

# What a statement reads, and which macros it uses.
READS = re.compile(r"\b(?:from|join)\s+(\w+)|\b(\w+)\(")

# What became of a rule that rows broke.
FAILED = {"warn": "a warning", "reject_row": "rows turned away", "reject_file": "the file turned away"}


@cache
def _statements() -> dict[str, list[Path]]:
    """Return the SQL files by the relation or macro that they make."""
    found = {path.stem: [path] for folder in reversed(FOLDERS) for path in (places.SQL / folder).glob("*.sql")}
    return found | {
        relation: [places.SQL / f"{name}.sql" for name in by_feed.values()] for relation, by_feed in PARTS.items()
    }


def statements(mart: str) -> list[Path]:
    """Return the SQL files that a mart is made by, from the accepted rows on; in the order of ``FOLDERS``, by name."""
    found: set[Path] = set()
    waiting = [places.SQL / "marts" / f"{mart}.sql"]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _read(path)
    return sorted(found, key=lambda path: (FOLDERS.index(path.parent.name), path.stem != mart, path.name))


def _read(path: Path) -> list[Path]:
    """Return the SQL files of the relations that a statement reads, and of the macros that it uses."""
    code = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
    names = {relation or macro for relation, macro in READS.findall(code)} - {path.stem}
    return [other for name in names for other in _statements().get(name, ())]


def sql(mart: str, then: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return lines about the SQL of a mart with its hashes, and the files that aren't today what they were then."""
    lines, changed, small = [], [], Counter[str]()
    of_the_mart = _read(places.SQL / "marts" / f"{mart}.sql")
    for path in statements(mart):
        name, today = f"sql/{path.parent.name}/{path.name}", disk.file_sha256(path)
        was = then.get(name, today)
        if was != today:
            changed.append(name)
        is_macro_of_it = path.parent.name == "macros" and path in of_the_mart
        if path.parent.name in NAMED_ONE_BY_ONE or is_macro_of_it or was != today:
            since = "as it was then" if was == today else f"CHANGED, today {digest(today)}"
            lines.append(f"{name:<48}{digest(was)}  {since}")
        else:
            small[path.parent.name] += 1
    others = " and ".join(f"{number} of sql/{folder}" for folder, number in small.items())
    lines.append(f"and the small ones that these use: {others}, each as it was then.")
    return lines, changed


def references(folder: DataFolder, made: Made, names: Sequence[str]) -> list[str]:
    """Return of each reference table its hash in the snapshot, and who published it under which licence."""
    lines = []
    for name in names:
        sha256 = made.manifest["files"].get(f"reference/{name}.csv", "")
        own = folder.references().get(name)
        if own is not None and sha256 == disk.file_sha256(own):
            lines.append(f"reference/{name}.csv {digest(sha256)}: the data folder's own; its origin isn't recorded.")
            continue
        said = declared.read(places.REFERENCE / f"{name}.yaml", called=name)
        lines.append(
            f"reference/{name}.csv {digest(sha256)}: {said['title']}; {said['publisher']}; {said['licence']}"
            + (f"; of {said['date']}." if said.get("date") else ".")
        )
    return lines


def residents(folder: DataFolder, made: Made, again: Row) -> list[str]:
    """Return where the comparator's residents come from: profiles of the landing folder, or those of the reference."""
    if not again or not again["area_set"] or again["comparator_headcount"] is None:
        return []
    areas = set(again["area_set"].split(";")[0].split())
    lines, landed = [], set()
    for one in made.manifest["extracts"]:
        about = [tuple(about) for about in one["owns"] if one["feed"] not in POST_FEEDS]
        speaks = {area for area, characteristic, _ in about if characteristic == again["characteristic"]} & areas
        landed |= speaks
        if speaks:
            lines.append(
                f"extract {digest(one['sha256'])}, layout {one['layout']}, from the landing folder: the profile of "
                f"{some(sorted(speaks))}."
            )
    where = "catchments" if again["comparator"] == "catchment" else "footprints"
    return [*lines, *references(folder, made, [where] if landed == areas else ["population", where])]


def extracts(con: Connection, folder: DataFolder, made: Made) -> list[str]:
    """Return what is told of each file that the row rests on: rows, rules, waivers, and when it came."""
    submissions = rows(con, "explain/submission")
    entries = ledger.read(folder.ledger)
    lines = []
    for one in submissions[:NAMED]:
        lines += _extract(one, made.extracts.get(one["extract"], {}), entries)
    if len(submissions) > NAMED:
        lines.append(f"and {len(submissions) - NAMED} files more: the mart submission has a row for each.")
    return lines or ["Nothing was received."]


def _extract(one: Row, entry: Mapping[str, Any], entries: Sequence[ledger.Entry]) -> list[str]:
    stopped = f", {count(one['rows_stopped'])} left out by the stop-list" if one["rows_stopped"] else ""
    taken = f", taken on {one['extracted_on']}" if one["extracted_on"] else ""
    lines = [
        f"{one['org_code']}, {one['as_at_date']}: extract {digest(one['extract'])}, feed {one['feed']}, layout "
        f"{one['layout']}{taken}: {count(one['rows_in'])} rows in, {count(one['rows_accepted'])} accepted, "
        f"{count(one['rows_rejected'])} rejected, {count(one['rows_checking'])} subtotals{stopped}.",
        *_rules(entry),
        *(
            f"waiver {visible(str(waiver['waiver']))} at work: {waiver['rule']}, {waiver['rows']:,} rows; "
            f"{visible(str(waiver['reason']))} (approved by {visible(str(waiver['approved_by']))}, until "
            f"{waiver['expires']})."
            for waiver in entry.get("waivers", ())
        ),
    ]
    if one["supersedes"]:
        reason = visible(one["reason"]) if one["reason"] else "no reason given"
        lines.append(f"It took the place of {digest(one['supersedes'])}: {reason}.")
    return [*lines, *_ledger(one["extract"], entries)]


def _rules(entry: Mapping[str, Any]) -> list[str]:
    """Return which rules a file was held to, and which it broke."""
    evidence = entry.get("evidence", ())
    broken = [one for one in evidence if one["failing"]]
    said = [f"{len(evidence)} rules tried, {len(evidence) - len(broken)} held, {len(broken)} broken."]
    for one in broken[:NAMED]:
        column = f" ({visible(one['column'])})" if one.get("column") else ""
        waiver = one.get("waiver")
        became = f"waiver {visible(waiver)}" if waiver else FAILED.get(one["severity"], one["severity"])
        said.append(f"rule {one['rule']}{column}: {one['failing']:,} of {one['tried']:,} rows, {became}.")
    if len(broken) > NAMED:
        said.append(f"and {len(broken) - NAMED} rules more: the manifest has them.")
    return said


def _ledger(extract: str, entries: Sequence[ledger.Entry]) -> list[str]:
    """Return when a file was received, under which name, and what the ledger says of it last."""
    about = [one for one in entries if extract in (one.get("sha256"), one.get("extract"))]
    came = [one for one in about if one["event"] == "received"]
    lines = [f"Received {one['at']} as {visible(one['file'])} (ledger, line {one['number']})." for one in came[:1]]
    if about and about[-1]["event"] != "received":
        lines.append(f"Last in the ledger: {about[-1]['event']}, {about[-1]['at']} (line {about[-1]['number']}).")
    return lines or ["The ledger doesn't name it."]
