"""What is printed of a run, a check or a question: verdicts, what a release says, what is next, how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.terminal import print_lines, visible

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from pipelines.database import Connection
    from pipelines.diff import Released
    from pipelines.judge import Finding
    from pipelines.places import DataFolder
    from pipelines.progress import Stage
    from pipelines.quarantine import Quarantined
    from pipelines.road import Journey
    from pipelines.validate import Validated

# The gravest last: the end of what is printed is what is read.
WORDS = {"warn": "warning", "waived": "waived", "reject_row": "rejected", "reject_file": "rejected"}
IN_A_LOG = "a log, as of 'edi … > edi.log', has every line"

# So many steps of a stage are named among the slowest.
SLOWEST = 3


def verdicts(console: "Console", validated: "Validated") -> None:
    """Name every rule that failed in an accepted file and every refused one, never a value; and what was ignored."""
    print_lines(console, validated.ignored, rest=IN_A_LOG)
    said = {(refusal.file, refusal.rule) for refusal in validated.refusals}
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for finding in validated.findings:
        if (finding.file, finding.rule) not in said:
            key = (finding.severity, finding.rule, finding.column, finding.sentence, finding.advice, finding.waiver)
            alike.setdefault(key, []).append(finding)
    for severities in (("warn",), ("waived",), ("reject_row", "reject_file")):
        found = [_finding_line(one) for (severity, *_), one in alike.items() if severity in severities]
        print_lines(console, found, rest=IN_A_LOG)
    refused = [f"refused   {one.file} [{one.rule}]: {one.sentence}" for one in validated.refusals]
    print_lines(console, refused, rest=IN_A_LOG)


def _finding_line(findings: "Sequence[Finding]") -> str:
    """Return one line for a fault that several files may have in common."""
    from pipelines.answer import fault, where

    first = findings[0]
    more = f", and in {len(findings) - 1:,} files more" if len(findings) > 1 else ""
    by = f"waiver {first.waiver}, docs/waivers.md" if first.waiver else first.advice
    return f"{WORDS[first.severity]:<9} {first.file} [{first.rule}]: {fault(first)}: {where(first)}{more}; {by}"


def release(console: "Console", folder: "DataFolder", journey: "Journey") -> None:
    """Print what a release says: who is in it, from rows to people, whose totals differ, the widest gaps."""
    from pipelines import listing, reference
    from pipelines.report.words import SYNTHETIC
    from pipelines.road import kept_lines, open_database, waiver_lines

    with open_database(folder, reference.method(folder)) as con:
        listing.open_release(con, journey.release)
        print_lines(console, waiver_lines(journey.release.snapshot), rest="the mart waiver has a line for each")
        print_lines(console, kept_lines(folder, journey.release.snapshot))
        coverage = [f"coverage  {line}" for line in listing.coverage(con)]
        print_lines(console, coverage, rest="the column coverage of the mart representation_gap")
        if waterfall := listing.waterfall_lines(con):
            print_lines(console, ["", *waterfall, ""], indent=0)
        totals = [f"totals    {line}" for line in listing.reconciliation_lines(con)]
        print_lines(console, totals, rest="the mart reconciliation")
        gaps = listing.widest_gaps(con)
    if journey.release.snapshot.synthetic:
        print_lines(console, ["", SYNTHETIC], indent=0)
    if not gaps:
        print_lines(console, ["", "No gap is both clear and large enough to list here."], indent=0)
    elif console.is_terminal:
        console.print("", listing.table(gaps), sep="\n")
    else:
        print_lines(console, ["", listing.TITLE, *map(listing.gap_line, gaps)])


def what_next(console: "Console", folder: "DataFolder", journey: "Journey") -> None:
    """Print what is left for the analyst to do, and last where the release lies."""
    rules = {one.file: one.rule for one in journey.validated.refusals}
    # What another file took the place of need not be mended any more.
    frozen = {one.sha256 for one in journey.release.snapshot.extracts}
    counted = {one.extract.file for one in journey.validated.accepted if one.extract.sha256 in frozen}
    lines = [
        f"next      {_next(folder, one, rules.get(one.file, ''))}"
        for one in journey.answered
        if one.file in rules or one.file in counted
    ]
    print_lines(console, [""], indent=0)
    print_lines(console, lines, rest=f"{folder.quarantine} has a folder for each, with its report.md")
    made = journey.release
    draft = {
        "built": "DRAFT, and its gate is closed.",
        "gated": "DRAFT: nobody has approved it yet.",
        "withdrawn": "WITHDRAWN: make a new one.",
    }
    said = [f"release   {draft[made.state]}"] if made.state in draft else []
    print_lines(
        console,
        [
            *said,
            f"release   Exact counts, for internal use: {made.internal}",
            f"release   Protected counts, to be shown once approved: {made.path}",
            *_packs(made.path),
        ],
    )


def _packs(release: "Path") -> list[str]:
    """Return where the board packs lie, if there are any."""
    from pipelines.report import FOLDER, forms

    pages = len(list(release.glob(f"{FOLDER}/*/{forms.PAGE}")))
    return [f"release   Board packs, of {pages:,} units: {release / FOLDER}"] if pages else []


def _next(folder: "DataFolder", answered: "Quarantined", rule: str) -> str:
    """Say what to do about a file that was answered; without a rule it was taken in, and lost rows."""
    file, report = folder.landing / answered.file, f"report.md in {answered.folder}"
    if rule == "column.personal":
        return f"delete {file}, which holds personal data, and send whoever sent it {report}"
    if rule and not answered.moved:
        return f"see to {file}, which stays there unread: why, says {report}"
    return f"{answered.file} {'was refused' if rule else 'lost rows'}: send whoever sent it {report}"


def timings(console: "Console", stages: "Sequence[Stage]", whole: float) -> None:
    """Print how long each stage took, with its slowest steps, and the most memory that the process held."""
    from pipelines.progress import peak_memory

    rows = [_timing(one, whole) for one in stages]
    rest = whole - sum(one.seconds for one in stages)
    rows += [
        Timing(
            "the rest", f"{rest:.1f}", _percent(rest / whole), "", ["starting, verdicts, quarantine, what is shown"]
        ),
        Timing("whole", f"{whole:.1f}", _percent(1), "", []),
    ]
    peak = peak_memory()
    memory = "not told on Windows" if peak is None else f"{peak / 1_000_000:,.0f} MB"
    if console.is_terminal:
        console.print(_timings_table(rows))
        print_lines(console, [f"Most memory held by the process: {memory}."], indent=0)
    else:
        print_lines(console, ["", *(f"timing    {row.line}" for row in rows), f"timing    most memory held: {memory}"])


@dataclass(frozen=True)
class Timing:
    """A stage's line in the table of timings, in the digits that a reader sees."""

    stage: str
    seconds: str
    share: str
    speed: str
    slowest: list[str]

    @property
    def line(self) -> str:
        """The same for a log."""
        speed = f", {self.speed}" if self.speed else ""
        return f"{self.stage}: {self.seconds} s, {self.share}{speed}" + "".join(f"; {step}" for step in self.slowest)


def _timing(stage: "Stage", whole: float) -> Timing:
    by_name: dict[str, list[float]] = {}
    for name, seconds in stage.steps:
        by_name.setdefault(name, []).append(seconds)
    slowest = sorted(by_name.items(), key=lambda item: -sum(item[1]))[:SLOWEST]
    count, unit = stage.handled or (0, "")
    return Timing(
        stage.name,
        f"{stage.seconds:.1f}",
        _percent(stage.seconds / whole),
        f"{count / stage.seconds:,.0f} {unit}/s" if count and stage.seconds else "",
        [f"{name}{f' ×{len(times)}' if len(times) > 1 else ''} {sum(times):.1f} s" for name, times in slowest],
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _timings_table(rows: "Sequence[Timing]") -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title="Timings", title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    drawn.add_column("Stage")
    for name in ("Seconds", "Share", "Speed"):
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("Slowest steps", overflow="fold")
    for row in rows:
        slowest = Text("\n".join(map(visible, row.slowest)))
        drawn.add_row(row.stage, row.seconds, row.share, row.speed, slowest)
    return drawn


def differences(
    console: "Console", con: "Connection", old: "Released", new: "Released", *, internal: bool = False
) -> None:
    """Print how two releases differ: their tables, internal or public, and what they were made from."""
    from pipelines.diff import definition_lines, table_lines

    part = "the exact marts" if internal else "the public tables"
    print_lines(console, [f"diff      {old.release_id} → {new.release_id}, {part}"])
    for line in table_lines(con, old, new, internal=internal):
        print_lines(console, [line])
    groups = list(definition_lines(old, new))
    for lines in groups:
        print_lines(console, lines, rest=IN_A_LOG)
    if not any(groups):
        print_lines(console, ["diff      no extract, file, setting, module, SQL file, library or key changed"])
