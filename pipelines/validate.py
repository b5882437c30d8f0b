"""Validate: which rows and files enter.

Great Expectations judges the rows (``judge.py``); here its findings become a verdict on each file, and no row gets
lost.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import contract, database
from pipelines.database import Connection, identifier, literal
from pipelines.earlier import NOTHING as NOTHING_EARLIER
from pipelines.earlier import Earlier
from pipelines.ingest import Extract, Ingested
from pipelines.ingest.recognise import Refusal
from pipelines.judge import Asked, Finding, judge, start
from pipelines.ledger import Received, in_force
from pipelines.waiver import FILE_RULES, Waiver, Waiving


@dataclass(frozen=True)
class Accepted:
    """A file that entered: ``typed`` holds its accepted detail rows and the contract's columns only.

    The extract's ``about`` is narrowed to these rows: a rejected row speaks for nothing.
    """

    extract: Extract
    typed: Path
    rows_accepted: int
    rows_rejected: int
    rows_checking: int  # subtotals and rows that say nothing: they check, and enter nowhere
    rows_about: Mapping[tuple[str, ...], int]  # accepted rows by what they speak about
    taken_on: Mapping[tuple[str, ...], str] = field(default_factory=dict)  # the latest day that these rows say
    rows_stopped: int = 0  # of people on the stop-list, left out when it was frozen


@dataclass(frozen=True)
class Validated:
    """The verdicts: what entered, what was refused, every finding behind them, and all that was asked.

    ``ignored`` says of files that were read and not judged why, a line each.
    """

    accepted: tuple[Accepted, ...]
    refusals: tuple[Refusal, ...]
    findings: tuple[Finding, ...]
    asked: tuple[Asked, ...] = ()
    extracts: tuple[Extract, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    waivings: tuple[Waiving, ...] = ()
    ignored: tuple[str, ...] = ()


def validate(
    con: Connection,
    ingested: Ingested,
    method: Mapping[str, Any],
    received: Sequence[Received] = (),
    progress: Callable[[str], None] = lambda _: None,
    earlier: Earlier = NOTHING_EARLIER,
) -> Validated:
    """Judge every extract by its feed's suite.

    Args:
        con: database with the reference tables.
        ingested: what ``ingest`` returned.
        method: thresholds; ``max_rejected_share`` and ``supersede_min_rows_share`` are used here.
        received: the files that earlier runs took in, in that order.
        progress: told each feed when it is done.
        earlier: what earlier runs took in, to compare with.

    Raises:
        RuntimeError: a rule of a suite can't be run; the message names it.
    """
    start(con)
    asked: list[Asked] = []
    findings: list[Finding] = []
    for extract in ingested.extracts:
        findings += _noticed(extract)
    for feed in contract.FEEDS:
        extracts = [extract for extract in ingested.extracts if extract.feed == feed]
        if extracts:
            judged = judge(con, feed, extracts, ingested.waivers, earlier)
            asked += judged.asked
            findings += judged.findings
            progress(feed)
    refusals = list(ingested.refusals)
    accepted: list[Accepted] = []
    for extract in ingested.extracts:
        verdict = _verdict(con, extract, [one for one in findings if one.extract == extract.sha256], method)
        if isinstance(verdict, Refusal):
            refusals.append(verdict)
        else:
            accepted.append(verdict)
    too_many = _rejecting(accepted, findings, method)
    accepted, stopped, let_through = _stop(con, accepted, too_many, ingested.waivers)
    refusals, findings = [*refusals, *stopped], [*findings, *let_through]
    clashing = _clashes(con, accepted, {one.sha256 for one in received})
    accepted = _without(accepted, clashing)
    shrinking = _shrinking(accepted, received, method["supersede_min_rows_share"])
    accepted, stopped, let_through = _stop(con, accepted, shrinking, ingested.waivers)
    refusals, findings = [*refusals, *clashing, *stopped], [*findings, *let_through]
    return Validated(
        accepted=tuple(accepted),
        refusals=tuple(sorted(refusals, key=lambda refusal: refusal.file)),
        findings=tuple(sorted(findings, key=lambda finding: (finding.file, finding.rule, finding.column))),
        asked=tuple(asked),
        extracts=ingested.extracts,
        waivers=ingested.waivers,
        waivings=_waivings(con, accepted, findings, ingested.waivers),
    )


def _rows_of(con: Connection, feed: str, typed: Path, extract: str, *, entered: bool) -> list[tuple[str, date, int]]:
    """Return whose rows a typed file holds, as at when (of residents the vintage), and how many."""
    keys = "area_code, vintage" if feed == "population" else "org_code, as_at_date"
    own = "" if entered else f"where extract = {literal(extract)} and row_role = 'detail'"
    query = f"select {keys}, count(*) from {database.PARQUET} {own} group by all order by all"
    rows = con.execute(query, [database.only(typed)]).fetchall()
    return [(code, as_at, count) for code, as_at, count in rows if code is not None and as_at is not None]


def _stop(
    con: Connection, accepted: Sequence[Accepted], refusals: Sequence[Refusal], waivers: Sequence[Waiver]
) -> tuple[list[Accepted], list[Refusal], list[Finding]]:
    """Refuse whole files, but for those that a waiver lets through; of these return a finding."""
    files = {one.extract.file: one for one in accepted}
    let_through = [
        _waived(files[refusal.file], refusal, waiver)
        for refusal in refusals
        for waiver in _waivers(con, files[refusal.file].extract, refusal, waivers)[:1]
    ]
    stopped = [one for one in refusals if (one.file, one.rule) not in {(two.file, two.rule) for two in let_through}]
    return _without(accepted, stopped), stopped, let_through


def _waivings(
    con: Connection, files: Sequence[Accepted], findings: Sequence[Finding], waivers: Sequence[Waiver]
) -> tuple[Waiving, ...]:
    """Return which waivers are at work in the files accepted, for whom and as at when."""
    named = {one.name: one for one in waivers}
    accepted = {one.extract.sha256: one for one in files}
    made = [
        Waiving(named[name], extract, rule, code, as_at, rows)
        for name, extract, rule, code, as_at, rows in con.execute(
            "select waiver, extract, rule, code, as_at, count(*) from waived_row "
            # A row that another rule rejects is let through by nobody.
            "anti join rejected_row using (extract, source_line) group by all order by all"
        ).fetchall()
        if extract in accepted
    ]
    for finding in findings:
        if finding.waiver and finding.rule in (*FILE_RULES, "column.approved") and finding.extract in accepted:
            one = accepted[finding.extract]
            waiver = named[finding.waiver]
            made += [
                Waiving(waiver, one.extract.sha256, waiver.rule, code, as_at, rows)
                for code, as_at, rows in _rows_of(con, one.extract.feed, one.typed, one.extract.sha256, entered=True)
            ]
    return tuple(made)


def _waivers(con: Connection, extract: Extract, refusal: Refusal, waivers: Sequence[Waiver]) -> list[Waiver]:
    """Return the waivers of a refusal that hold for everybody whom any row of the file is about, at its dates."""
    covering = [one for one in waivers if one.covers(refusal.rule, extract.layout, extract.file, refusal.column)]
    if not covering:
        return []
    about = [(code, day) for code, day, _ in _rows_of(con, extract.feed, extract.typed, extract.sha256, entered=False)]
    return [one for one in covering if one.covers_rows(about)]


def _waived(one: Accepted, refusal: Refusal, waiver: Waiver) -> Finding:
    extract = one.extract
    sentence, advice = refusal.sentence.split("; ", 1)
    return Finding(
        extract=extract.sha256,
        file=extract.file,
        rule=refusal.rule,
        column=refusal.column,
        severity="waived",
        sentence=sentence,
        advice=advice,
        rows_tried=extract.rows_in,
        rows_failing=one.rows_rejected or extract.rows_in,
        lines=(),
        waiver=waiver.name,
    )


def _noticed(extract: Extract) -> list[Finding]:
    """Return what reading noticed about a file's cells and lines, as warnings."""
    return [
        Finding(
            extract=extract.sha256,
            file=extract.file,
            rule=note.rule,
            column=note.column,
            severity="waived" if note.waiver else "warn",
            sentence=note.sentence,
            advice=note.advice,
            waiver=note.waiver,
            rows_tried=extract.rows_in,
            rows_failing=note.rows,
            lines=note.lines,
        )
        for note in extract.notes
    ]


def _without(accepted: Sequence[Accepted], refusals: Sequence[Refusal]) -> list[Accepted]:
    refused = {refusal.file for refusal in refusals}
    return [one for one in accepted if one.extract.file not in refused]


def _verdict(
    con: Connection, extract: Extract, findings: Sequence[Finding], method: Mapping[str, Any]
) -> Accepted | Refusal:
    """Accept a file without its rejected rows, or refuse it; check that no row got lost between the two."""
    for finding in findings:
        if finding.severity == "reject_file":
            where = f"line {finding.lines[0]}" if finding.lines else "the whole file"
            return Refusal(
                extract.file,
                finding.rule,
                f"{finding.sentence} ({finding.rows_failing:,} times, first at {where}); {finding.advice}",
            )
    source = f"(from {database.parquet(extract.typed)} where extract = {literal(extract.sha256)})"
    rejected_rows = f"select source_line from rejected_row where extract = {literal(extract.sha256)}"
    typed = extract.typed.with_name(f"{extract.sha256}.accepted.parquet")
    terms = contract.load(extract.feed)
    columns = ", ".join(identifier(name) for name in terms.typed)
    database.export(
        con,
        f"select {columns} from {source} where row_role = 'detail' and source_line not in ({rejected_rows}) "
        f"order by {', '.join(map(identifier, terms.key))}",  # no two rows share it: their order hangs on nothing else
        typed,
        {},
    )
    # A line of a wide file is several typed rows, and stands or falls as one.
    rows_accepted, rows_rejected, rows_checking = con.execute(
        f"with line as (select source_line, bool_or(row_role = 'detail') as is_detail, "
        f"source_line in ({rejected_rows}) as is_rejected from {source} group by source_line) "
        "select count(*) filter (is_detail and not is_rejected), count(*) filter (is_rejected), "
        "count(*) filter (not is_detail and not is_rejected) from line"
    ).fetchall()[0]
    rows_rejected += len(extract.unreadable)
    if rows_accepted + rows_rejected + rows_checking != extract.rows_in:
        raise RuntimeError(
            f"{extract.file}: {extract.rows_in} rows in, but {rows_accepted} accepted, {rows_rejected} rejected and "
            f"{rows_checking} checking; please report this fault of the program"
        )
    if not rows_accepted and not rows_rejected:
        return Refusal(
            extract.file, "file.empty", "none of its rows says anything; send it again with the rows of its parts"
        )
    if not rows_accepted:
        return _too_many(extract, rows_rejected, findings, method)
    about = rows_about(con, extract.feed, typed)
    return Accepted(
        replace(extract, about=tuple(about)),
        typed,
        rows_accepted,
        rows_rejected,
        rows_checking,
        about,
        taken_on(con, extract.feed, typed),
    )


def _rejecting(accepted: Sequence[Accepted], findings: Sequence[Finding], method: Mapping[str, Any]) -> list[Refusal]:
    """Refuse files of which so many rows are rejected that what is left would undercount."""
    return [
        _too_many(
            one.extract, one.rows_rejected, [two for two in findings if two.extract == one.extract.sha256], method
        )
        for one in accepted
        if one.rows_rejected > method["max_rejected_share"] * one.extract.rows_in
    ]


def _too_many(extract: Extract, rejected: int, findings: Sequence[Finding], method: Mapping[str, Any]) -> Refusal:
    worst = max((one for one in findings if one.severity == "reject_row"), key=lambda one: one.rows_failing)
    return Refusal(
        extract.file,
        "file.too_many_rejected",
        f"{rejected:,} of its {extract.rows_in:,} rows are rejected, more than {method['max_rejected_share']:.0%}; "
        f"most often: {worst.column + ': ' if worst.column else ''}{worst.sentence} (first at line {worst.lines[0]}); "
        f"{worst.advice}",
    )


def rows_about(con: Connection, feed: str, typed: Path) -> dict[tuple[str, ...], int]:
    """Return what accepted rows speak about, in order, with how many of them do."""
    keys = ", ".join(f"{identifier(name)}::varchar" for name in contract.load(feed).about)
    query = f"select {keys}, count(*) from {database.PARQUET} group by all order by all"
    return {tuple(about): rows for *about, rows in con.execute(query, [database.only(typed)]).fetchall()}


def taken_on(con: Connection, feed: str, typed: Path) -> dict[tuple[str, ...], str]:
    """Return the latest day on which rows of people in post were taken, as they say, by what they speak about."""
    if feed not in contract.POST_FEEDS:
        return {}
    query = (
        f"select org_code, as_at_date::varchar, max(extracted_on)::varchar from {database.PARQUET} "
        "where extracted_on is not null group by all order by all"
    )
    return {tuple(about): day for *about, day in con.execute(query, [database.only(typed)]).fetchall()}


def _clashes(con: Connection, accepted: Sequence[Accepted], taken_in: Set[str]) -> list[Refusal]:
    """Refuse new files that say different things about the same: nobody here can know which of them is right."""
    claims: dict[tuple[str, ...], list[Accepted]] = {}
    for one in accepted:
        if one.extract.sha256 not in taken_in:
            for about in one.extract.about:
                claims.setdefault((one.extract.feed, *about), []).append(one)
    refusals: dict[str, Refusal] = {}
    for (feed, *key), claimants in claims.items():
        if len(claimants) == 1 or len({_fingerprint(con, one, key) for one in claimants}) == 1:
            continue
        for one in claimants:
            others = ", ".join(other.extract.file for other in claimants if other is not one)
            refusals.setdefault(
                one.extract.file,
                Refusal(
                    one.extract.file,
                    "file.clash",
                    f"it and {others} are both new and hold different {feed} data of {' '.join(key)}; "
                    "put only the right one into landing",
                ),
            )
    return list(refusals.values())


def _shrinking(accepted: Sequence[Accepted], received: Sequence[Received], min_share: float) -> list[Refusal]:
    """Refuse a new file that would replace an earlier one's rows by far fewer: most likely they strayed into it.

    The earlier one's rows are counted by the ledger: its file may have been overwritten by the new one.
    """
    taken_in = {one.sha256 for one in received}
    before = in_force(received)
    refusals = []
    for one in accepted:
        for about, rows in one.rows_about.items() if one.extract.sha256 not in taken_in else ():
            earlier = before.get((one.extract.feed, *about))
            if earlier and rows < min_share * earlier.rows[about]:
                refusals.append(
                    Refusal(
                        one.extract.file,
                        "file.shrinks",
                        f"its {rows:,} row{'s' * (rows != 1)} of {earlier.feed} data of {' '.join(about)} would take "
                        f"the place of the {earlier.rows[about]:,} rows received as {earlier.file}; mend the stray "
                        f"rows and send it again, or, if {about[0]} really shrank so much, write "
                        "a waiver of this rule, docs/waivers.md",
                    )
                )
                break
    return refusals


def _fingerprint(con: Connection, one: Accepted, about: Sequence[str]) -> str:
    """Return a digest of what a file says about one thing, whatever the order of its rows."""
    names = contract.load(one.extract.feed).about
    where = " and ".join(
        f"{identifier(name)}::varchar = {literal(value)}" for name, value in zip(names, about, strict=True)
    )
    said = "string_agg(said::varchar, chr(10) order by said::varchar)"
    query = f"select sha256({said}) from {database.PARQUET} as said where {where}"
    return str(con.execute(query, [database.only(one.typed)]).fetchall()[0][0])
