"""Validate: Great Expectations decides which rows and files enter.

The suites in ``expectations`` hold the rules, each with its code, severity, sentence and advice; types, lists and keys
are generated from the contract. Great Expectations runs on the typed tables in DuckDB, all files of a feed at once;
each failing row is known by its file and line.
"""

import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from pipelines import contract, database, places
from pipelines.database import Connection, identifier, literal
from pipelines.ingest import Extract, Ingested, Refusal
from pipelines.reader import RULES as LINE_RULES

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation

# What a `<column>_fault` says of the cell.
FAULTS = {
    "empty": "the cell is empty and mustn't be",
    "not_a_date": "the cell isn't a date written YYYY-MM-DD",
    "not_a_number": "the cell isn't a number with a decimal point and the decimals that the contract allows",
    "not_a_whole_number": "the cell isn't a whole number, 0 or more, without separators",
    "not_in_list": "the cell isn't in the list of values; the layout or data/reference/source_values.csv holds it",
    "not_yes_or_no": "the cell is neither yes nor no",
}
SEVERITIES = ("reject_row", "reject_file", "warn")
EXAMPLE_LINES = 5


@dataclass(frozen=True)
class Finding:
    """One rule that failed in one file: how many of the rows tried, and the first lines; never a value.

    ``severity`` is reject_row, reject_file or warn.
    """

    file: str
    rule: str
    column: str
    severity: str
    sentence: str
    advice: str
    rows_tried: int
    rows_failing: int
    lines: tuple[int, ...]


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


@dataclass(frozen=True)
class Validated:
    """The verdicts: what entered, what was refused, and every finding behind them."""

    accepted: tuple[Accepted, ...]
    refusals: tuple[Refusal, ...]
    findings: tuple[Finding, ...]


def validate(
    con: Connection,
    ingested: Ingested,
    method: Mapping[str, Any],
    taken_in: Sequence[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Validated:
    """Judge every extract by its feed's suite.

    Args:
        con: database with the reference tables.
        ingested: what ``ingest`` returned.
        method: thresholds; ``max_rejected_share`` is used here.
        taken_in: SHA-256 of the files that earlier runs took in.
        progress: told each feed when it is done.

    Raises:
        RuntimeError: a rule of a suite can't be run; the message names it.
    """
    con.execute(
        "create or replace table rejected_row (extract varchar, source_line bigint, rule varchar, column_name varchar)"
    )
    findings: list[Finding] = []
    for feed in contract.FEEDS:
        extracts = [extract for extract in ingested.extracts if extract.feed == feed]
        if extracts:
            findings += _judge(con, feed, extracts)
            progress(feed)
    refusals = list(ingested.refusals)
    accepted: list[Accepted] = []
    for extract in ingested.extracts:
        verdict = _verdict(con, extract, [one for one in findings if one.file == extract.file], method)
        if isinstance(verdict, Refusal):
            refusals.append(verdict)
        else:
            accepted.append(verdict)
    clashes = _clashes(con, accepted, taken_in)
    refused = {refusal.file for refusal in clashes}
    return Validated(
        accepted=tuple(one for one in accepted if one.extract.file not in refused),
        refusals=tuple(sorted([*refusals, *clashes], key=lambda refusal: refusal.file)),
        findings=tuple(findings),
    )


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
                f"{finding.sentence} ({finding.rows_failing:,} times; first at {where}); {finding.advice}",
            )
    source = f"(from read_parquet({literal(str(extract.typed))}) where extract = {literal(extract.sha256)})"
    roles = dict(con.execute(f"select row_role, count(*) from {source} group by row_role").fetchall())
    rejected_rows = f"select source_line from rejected_row where extract = {literal(extract.sha256)}"
    typed = extract.typed.with_name(f"{extract.sha256}.accepted.parquet")
    columns = ", ".join(identifier(name) for name in contract.load(extract.feed).typed)
    database.export(
        con,
        f"select {columns} from {source} where row_role = 'detail' and source_line not in ({rejected_rows}) "
        "order by all",
        typed,
        {},
    )
    rows_accepted = con.execute(f"select count(*) from read_parquet({literal(str(typed))})").fetchall()[0][0]
    rows_rejected = con.execute(f"select count(distinct source_line) from ({rejected_rows})").fetchall()[0][0]
    rows_rejected += len(extract.unreadable)
    rows_checking = roles.get("total", 0) + roles.get("not_applicable", 0)
    if rows_accepted + rows_rejected + rows_checking != extract.rows_in:
        raise RuntimeError(
            f"{extract.file}: {extract.rows_in} rows in, but {rows_accepted} accepted, {rows_rejected} rejected and "
            f"{rows_checking} checking; please report this fault of the program"
        )
    if not rows_accepted and not rows_rejected:
        return Refusal(
            extract.file, "file.empty", "none of its rows says anything; send it again with the rows of its parts"
        )
    if not rows_accepted or rows_rejected > method["max_rejected_share"] * extract.rows_in:
        worst = max((one for one in findings if one.severity == "reject_row"), key=lambda one: one.rows_failing)
        return Refusal(
            extract.file,
            "file.too_many_rejected",
            f"{rows_rejected:,} of its {extract.rows_in:,} rows are rejected, more than "
            f"{method['max_rejected_share']:.0%}; most often: {worst.column + ': ' if worst.column else ''}"
            f"{worst.sentence} (first at line {worst.lines[0]}); {worst.advice}",
        )
    return Accepted(
        replace(extract, about=_about(con, extract.feed, typed)), typed, rows_accepted, rows_rejected, rows_checking
    )


def _about(con: Connection, feed: str, typed: Path) -> tuple[tuple[str, ...], ...]:
    """Return what accepted rows speak about."""
    keys = ", ".join(f"{identifier(name)}::varchar" for name in contract.load(feed).about)
    return tuple(con.execute(f"select distinct {keys} from read_parquet(?) order by all", [str(typed)]).fetchall())


def _clashes(con: Connection, accepted: Sequence[Accepted], taken_in: Sequence[str]) -> list[Refusal]:
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
                    "leave only the right one in landing",
                ),
            )
    return list(refusals.values())


def _fingerprint(con: Connection, one: Accepted, about: Sequence[str]) -> str:
    """Return a digest of what a file says about one thing, whatever the order of its rows."""
    names = contract.load(one.extract.feed).about
    where = " and ".join(
        f"{identifier(name)}::varchar = {literal(value)}" for name, value in zip(names, about, strict=True)
    )
    said = "string_agg(said::varchar, chr(10) order by said::varchar)"
    query = f"select sha256({said}) from read_parquet(?) as said where {where}"
    return str(con.execute(query, [str(one.typed)]).fetchall()[0][0])


# ---------------------------------------------------------------------------------------------------------------------
# Great Expectations
# ---------------------------------------------------------------------------------------------------------------------


def _judge(con: Connection, feed: str, extracts: Sequence[Extract]) -> list[Finding]:
    """Run a feed's suite over its files and record rejected rows in the table ``rejected_row``."""
    database.view(con, f"{feed}_typed", sorted({extract.typed for extract in extracts}))
    for name, role in ((feed, "detail"), (f"{feed}_total", "total")):
        con.execute(f"create or replace view {name} as select * from {feed}_typed where row_role = '{role}'")
    tried = dict(con.execute(f"select extract, count(*) from {feed} group by extract").fetchall())
    files = {extract.sha256: extract.file for extract in extracts}
    findings = [
        _unreadable(extract, rule)
        for extract in extracts
        for rule in sorted({line.rule for line in extract.unreadable})
    ]
    for result in _run_suite(con, feed):
        meta = result.expectation_config.meta
        column = str(result.expectation_config.kwargs.get("column", ""))
        _collect_failing(con, result, feed, column)
        column = column.removesuffix("_fault")
        if meta["severity"] == "reject_row":
            con.execute(
                "insert into rejected_row select extract, source_line, ?, ? from failing", [meta["rule"], column]
            )
        for extract, fault, count, lines in con.execute(
            "select extract, fault, count(*), list(distinct source_line order by source_line)[1:?] from failing "
            "group by extract, fault order by extract, fault",
            [EXAMPLE_LINES],
        ).fetchall():
            findings.append(
                Finding(
                    file=files[extract],
                    rule=f"{meta['rule']}.{fault}" if fault else meta["rule"],
                    column=column,
                    severity=meta["severity"],
                    sentence=FAULTS[fault] if fault else meta["sentence"],
                    advice=meta["do"],
                    rows_tried=tried.get(extract, 0),
                    rows_failing=count,
                    lines=tuple(lines),
                )
            )
    return findings


def _unreadable(extract: Extract, rule: str) -> Finding:
    lines = tuple(line.line for line in extract.unreadable if line.rule == rule)
    sentence, advice = LINE_RULES[rule].split("; ", 1)
    return Finding(
        extract.file, rule, "", "reject_row", sentence, advice, extract.rows_in, len(lines), lines[:EXAMPLE_LINES]
    )


def _collect_failing(con: Connection, result: Any, feed: str, column: str) -> None:
    """Make the table ``failing``: a row per row that fails a rule, with the kind of its cell's fault, if any."""
    config = result.expectation_config
    con.execute("create or replace temp table failing (extract varchar, source_line bigint, fault varchar)")
    if result.success:
        return
    query = config.kwargs.get("unexpected_rows_query")
    if query:  # the result holds a sample of the failing rows only, or none where a neighbour's query can't be run
        try:
            con.execute(
                f"insert into failing select extract, source_line, null from ({query.replace('{batch}', feed)})"
            )
        except duckdb.Error as error:
            raise RuntimeError(_cannot_run(feed, config.meta["rule"], error)) from error
        return
    if "unexpected_index_list" not in result.result:
        info = result.exception_info
        faults = [one["exception_message"] for one in info.values() if isinstance(one, dict)]
        raise RuntimeError(_cannot_run(feed, config.meta["rule"], faults[0] if faults else info["exception_message"]))
    index = result.result["unexpected_index_list"]
    rows = pa.table(
        {name: [value for part in index for value in part[name]] for name in ("extract", "source_line")},
    )
    con.register("failing_index", rows)
    fault = identifier(column) if column.endswith("_fault") else "null"
    con.execute(
        f"insert into failing select extract, source_line, {fault} from {feed} "
        "semi join failing_index using (extract, source_line)"
    )
    con.unregister("failing_index")


def _cannot_run(feed: str, rule: str, reason: object) -> str:
    return f"the rule {rule} of expectations/{feed}.json can't be run: {reason}"


def _run_suite(con: Connection, feed: str) -> list[Any]:
    """Run the generated and the written expectations of a feed on its table; return their results."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from pipelines import datasource

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    with datasource.over(con, context) as source, warnings.catch_warnings():
        # The typed table's lists are for our own SQL; no expectation is asked of them.
        warnings.filterwarnings("ignore", message="Did not recognize type 'list'")
        batch = source.add_table_asset(feed, table_name=feed).add_batch_definition_whole_table("extracts").get_batch()
        results = batch.validate(
            suite(feed),
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": ["extract", "source_line"],
                "exclude_unexpected_values": True,
            },
        )
    return list(results.results)


def suite(feed: str) -> "ExpectationSuite":
    """Return a feed's suite: what its contract implies, then ``expectations/<feed>.json``.

    Raises:
        RuntimeError: the file has a rule that can't be used.
    """
    from great_expectations import ExpectationSuite
    from great_expectations import expectations as gxe

    written = json.loads((places.EXPECTATIONS / f"{feed}.json").read_text(encoding="utf-8"))
    made = ExpectationSuite(name=written["name"])
    for rule in written["expectations"]:
        made.add_expectation(_expectation(feed, rule))
    terms = contract.load(feed)
    for name in terms.columns:
        made.add_expectation(
            gxe.ExpectColumnValuesToBeNull(
                column=f"{name}_fault",
                meta={
                    "rule": f"{feed}.{name}",
                    "severity": "reject_row",
                    "sentence": f"a cell of {name} can't be read",
                    "do": f"{name} is {terms.columns[name].meaning}; docs/templates.md says how it is written",
                },
            )
        )
    key = ", ".join(terms.key)
    made.add_expectation(
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="select extract, source_line from {batch} "
            f"qualify count(*) over (partition by extract, {key}) > 1",
            meta={
                "rule": f"{feed}.key",
                "severity": "reject_file",
                "sentence": f"several rows have the same {key}",
                "do": "keep the right one of them and send the file again",
            },
        )
    )
    return made


def _expectation(feed: str, rule: Mapping[str, Any]) -> "Expectation":
    """Return a written rule, which must say what it is and fail row by row: files are judged together, row by row."""
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations import UnexpectedRowsExpectation
    from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    meta = rule.get("meta", {})
    name = meta.get("rule", rule.get("type"))
    lacking = [key for key in ("rule", "severity", "sentence", "do") if not meta.get(key)]
    if lacking:
        raise RuntimeError(_cannot_run(feed, name, f"its meta lacks {' and '.join(lacking)}"))
    if meta["severity"] not in SEVERITIES:
        raise RuntimeError(_cannot_run(feed, name, f"its severity is none of {', '.join(SEVERITIES)}"))
    try:
        made = ExpectationConfiguration(**rule).to_domain_obj()
    except (GreatExpectationsError, ValueError, TypeError) as error:
        raise RuntimeError(_cannot_run(feed, name, error)) from error
    if not isinstance(made, ColumnMapExpectation | ColumnPairMapExpectation | UnexpectedRowsExpectation):
        raise RuntimeError(
            _cannot_run(feed, name, "it doesn't say which rows fail; write an unexpected_rows_expectation")
        )
    return made
