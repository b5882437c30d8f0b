"""The answer to the sender: what became of a file, in words and figures that hold none of its cells."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pipelines import places
from pipelines.database import Connection
from pipelines.ingest import Extract
from pipelines.ingest.recognise import Refusal
from pipelines.judge import Asked, Finding
from pipelines.terminal import visible
from pipelines.validate import Validated
from pipelines.waiver import Waiver

if TYPE_CHECKING:
    from jinja2 import Environment

# So many kinds of fault stand on the page; the first ones are the gravest.
FAULTS_SHOWN = 10
NAMED = 5
AREA_CODE = re.compile("[EKNSW][0-9]{8}")

# What an expectation that isn't met costs.
COSTS = {
    "reject_row": "the row is left out",
    "reject_file": "the file is refused",
    "warn": "a warning",
    "waived": "nothing: a waiver lets it through",
}
GRAVEST_FIRST = ("reject_file", "reject_row", "warn", "waived")


@dataclass(frozen=True)
class Answer:
    """What became of one file; ``extract`` and what was asked of it are missing where its layout isn't known.

    ``about`` names the organisations and dates, or the areas, that it speaks about.
    """

    file: str
    refusal: Refusal | None
    extract: Extract | None
    rows_accepted: int
    rows_rejected: int
    rows_checking: int
    findings: tuple[Finding, ...]
    asked: tuple[Asked, ...]
    waivers: tuple[Waiver, ...]
    about: str

    @property
    def needs_mending(self) -> bool:
        """Whether it was refused or lost a row."""
        return self.refusal is not None or self.rows_rejected > 0


def answers(con: Connection, validated: Validated) -> list[Answer]:
    """Return the answer to each file, in the order of their names.

    Args:
        con: the database that ``validate`` used.
        validated: what ``validate`` returned.
    """
    known = {code for (code,) in con.execute("select org_code from organisation").fetchall()}
    accepted = {one.extract.file: one for one in validated.accepted}
    extracts = {one.file: one for one in validated.extracts}
    refusals = {one.file: one for one in validated.refusals}
    findings: dict[str, list[Finding]] = {}
    for finding in validated.findings:
        findings.setdefault(finding.extract, []).append(finding)
    asked: dict[str, list[Asked]] = {}
    for one in validated.asked:
        asked.setdefault(one.extract, []).append(one)
    waivers = {one.name: one for one in validated.waivers}
    made = []
    for file in sorted({*accepted, *refusals}):
        extract = extracts.get(file)
        entered = accepted.get(file)
        found = sorted(
            findings.get(extract.sha256, []) if extract else [],
            key=lambda one: (GRAVEST_FIRST.index(one.severity), -one.rows_failing, one.rule, one.column),
        )
        used = sorted({one.waiver for one in found if one.waiver})
        made.append(
            Answer(
                file=file,
                refusal=refusals.get(file),
                extract=extract,
                rows_accepted=entered.rows_accepted if entered else 0,
                rows_rejected=entered.rows_rejected if entered else 0,
                rows_checking=entered.rows_checking if entered else 0,
                findings=tuple(found),
                asked=tuple(asked.get(extract.sha256, []) if extract else []),
                waivers=tuple(waivers[name] for name in used),
                about=_about(extract, known),
            )
        )
    return made


def _about(extract: Extract | None, known: Set[str]) -> str:
    """Return what a file is about, as far as codes of the register or of areas say it: other cells may be anything."""
    about = extract.about if extract else ()
    of_register = {" ".join(one[:2]) for one in about if one[0] in known}
    told = sorted(of_register | {one[0] for one in about if one[0] not in known and AREA_CODE.fullmatch(one[0])})
    more = f" and {len(told) - NAMED:,} more" if len(told) > NAMED else ""
    return (", ".join(told[:NAMED]) + more) or "nobody in the register"


def report_md(answer: Answer) -> str:
    """Return the page for the sender, in Markdown."""
    mend = [one for one in answer.findings if one.severity in ("reject_file", "reject_row")]
    refusal = answer.refusal
    # What to do stands with each fault, in the sender's words; where there is none, the refusal says it.
    why = "" if refusal is None else refusal.sentence.split("; ")[0] if mend else refusal.sentence
    return (
        _environment()
        .get_template("sender.md.j2")
        .render(
            answer=answer,
            why=why,
            mend=mend,
            warnings=[one for one in answer.findings if one.severity == "warn"],
            waived=[one for one in answer.findings if one.severity == "waived"],
            shown=FAULTS_SHOWN,
            again=refusal is None or refusal.rule not in ("column.personal", "file.copy"),
        )
    )


def page(answer: Answer) -> str:
    """Return one self-contained HTML page: every expectation, the rows tried, those failing, and the verdict."""
    return (
        _environment()
        .get_template("validation.html.j2")
        .render(
            answer=answer,
            asked=[(one, _verdict(answer, one)) for one in answer.asked],
            costs=COSTS,
            met=sum(_verdict(answer, one).startswith("not") for one in answer.asked),
        )
    )


def report_jsonl(answer: Answer) -> str:
    """Return the same for a machine: the file first, then a line per finding, the gravest first."""
    extract, refusal = answer.extract, answer.refusal
    head: dict[str, Any] = {
        "record": "file",
        "file": answer.file,
        "verdict": "refused" if refusal else "accepted",
        "rule": refusal.rule if refusal else None,
        "sentence": refusal.sentence if refusal else None,
        "feed": extract.feed if extract else None,
        "layout": extract.layout if extract else None,
        "rows_in": extract.rows_in if extract else None,
        "rows_accepted": answer.rows_accepted,
        "rows_rejected": answer.rows_rejected,
        "rows_checking": answer.rows_checking,
    }
    records = [head, *({"record": "finding", **_finding(one)} for one in answer.findings)]
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _finding(finding: Finding) -> Mapping[str, Any]:
    return {name: value for name, value in asdict(finding).items() if name not in ("extract", "file")}


def rejects_csv(con: Connection, answer: Answer) -> Iterator[str]:
    """Yield the lines of a table of all that is at fault: line, column, rule, kind; a whole file has no line.

    ``kind`` says what is wrong in words. A cell that a spreadsheet would take for a formula is made text.
    """
    yield from _csv([("line", "column", "rule", "kind")])
    if answer.refusal:
        one = answer.refusal
        columns = ((one.column, one.kind or one.sentence.split("; ")[0]), *one.also)
        yield from _csv([("", column, one.rule, kind) for column, kind in columns])
    if answer.extract:
        kinds = {one.rule: one.sentence for one in answer.findings}
        rows = con.execute(
            "select distinct source_line, column_name, rule from failing_row where extract = ? order by all",
            [answer.extract.sha256],
        )
        while block := rows.fetchmany(10_000):
            yield from _csv([(str(line), column, rule, kinds[rule]) for line, column, rule in block])


def _csv(rows: Sequence[Sequence[str]]) -> list[str]:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[_no_formula(cell) for cell in row] for row in rows])
    return [text.getvalue()]


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _verdict(answer: Answer, asked: Asked) -> str:
    """Return in words what came of looking for a fault."""
    if not asked.rows_tried:
        return "not asked: no such row"
    found = [one for one in answer.findings if one.rule == asked.rule or one.rule.startswith(f"{asked.rule}.")]
    if not found:
        return "not found"
    return "found: a waiver lets it through" if all(one.waiver for one in found) else "found"


def fault(finding: Finding) -> str:
    """Return what a finding is about, the column first."""
    return f"{finding.column}: {finding.sentence}" if finding.column else finding.sentence


def where(finding: Finding) -> str:
    """Return how many rows and which lines a finding is about; without any it is about the whole file."""
    if not finding.rows_failing:
        return "the whole file"
    rows = f"{finding.rows_failing:,} of {finding.rows_tried:,} row{'s' * (finding.rows_tried != 1)}"
    lines = ", ".join(map(str, finding.lines))
    more = ", …" if finding.rows_failing > len(finding.lines) else ""
    return f"{rows} (line{'s' * (finding.rows_failing != 1)} {lines}{more})" if lines else rows


def _markdown(text: str) -> str:
    """Return a text in which nothing is taken for Markdown or HTML, nor steers a terminal that shows it."""
    plain = visible(" ".join(str(text).split()))
    return "".join(f"\\{letter}" if letter in "\\`*<>[]|#" else letter for letter in plain)


def _code(text: str) -> str:
    return f"`{visible(' '.join(str(text).replace('`', chr(39)).split()))}`"


def _capitalise(text: str) -> str:
    """Return a sentence with its first letter large, and the others as they are."""
    return text[:1].upper() + text[1:]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=FileSystemLoader(places.REPORTS),
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters |= {"md": _markdown, "code": _code, "where": where, "fault": fault, "capitalise": _capitalise}
    return made
