"""The judge: Great Expectations on the typed tables in DuckDB, all files of a feed at once.

The suites in ``expectations`` hold the rules, each with its code, severity, sentence and advice; a query too long for
a suite stands in ``sql/checks``. Types, lists and keys are generated from the contract. Each failing row is known by
its file and line; a line that became several rows counts once.
"""

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from pipelines import compare, contract, database, places
from pipelines.database import Connection, identifier
from pipelines.earlier import NOTHING as NOTHING_EARLIER
from pipelines.earlier import Earlier
from pipelines.ingest import Extract
from pipelines.reader import RULES as LINE_RULES

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation

# What a `<column>_fault` says of the cell.
FAULTS = {
    "a_total": "the cell says total: the row sums up others",
    "band_8_without_letter": "band 8 stands without its letter, a to d",
    "empty": "the cell is empty and mustn't be",
    "not_a_date": "the cell isn't a date written YYYY-MM-DD",
    "not_a_number": "the cell isn't a number with a decimal point and the decimals that the contract allows",
    "not_a_whole_number": "the cell isn't a whole number, 0 or more, without separators",
    "of_another_column": "the cell holds a value of another column; the columns may be swapped",
    "not_in_list": "the cell holds a word that isn't in the list of its column",
    "not_yes_or_no": "the cell is neither yes nor no",
}
# What to do about a fault that isn't a matter of how the cell is written; for others the contract says how it is.
WORD_ADVICE = {
    "a_total": "leave the rows out that sum up others, and send the file again",
    "band_8_without_letter": "ask the sender for 8a, 8b, 8c or 8d; four bands can't be told apart",
    "of_another_column": "look whether the names of two columns have changed places, and send the file again",
}
# What to do about a word in no list: only codes of staff can be an organisation's own; other words belong in a list.
MAP_IT = "ask the sender what the word means; an organisation's own words go into a mapping, docs/senders.md"
LIST_IT = "ask the sender what the word means; the layout or its list has to name it, docs/layouts.md"

# Columns that check others and enter nowhere: a cell of theirs that can't be read costs no row.
CHECKED_ONLY = ("percentage",)

SEVERITIES = ("reject_row", "reject_file", "warn")
EXAMPLE_LINES = 5


@dataclass(frozen=True)
class Finding:
    """One rule that failed in one file: how many of the rows tried, and the first lines; never a value.

    ``extract`` is the file's SHA-256; ``severity`` is reject_row, reject_file or warn.
    """

    extract: str
    file: str
    rule: str
    column: str
    severity: str
    sentence: str
    advice: str
    rows_tried: int
    rows_failing: int
    lines: tuple[int, ...]


def judge(con: Connection, feed: str, extracts: Sequence[Extract], earlier: Earlier = NOTHING_EARLIER) -> list[Finding]:
    """Run a feed's suite over its files; return what failed, and add rejected rows to the table ``rejected_row``.

    What ``earlier`` runs took in of the dates before is compared with.

    Raises:
        RuntimeError: a rule of the suite can't be used or run; the message names it.
    """
    database.view(con, f"{feed}_typed", sorted({extract.typed for extract in extracts}))
    for name, role in ((feed, "detail"), (f"{feed}_total", "total"), (f"{feed}_percentage", "percentage")):
        con.execute(f"create or replace view {name} as select * from {feed}_typed where row_role = '{role}'")
    if feed in contract.POST_FEEDS:
        compare.register(con, feed, extracts, earlier)
    lines = f"select extract, count(distinct source_line) from {feed}_typed group by extract"
    tried = dict(con.execute(lines).fetchall())
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
        for extract, fault, field, count, lines in con.execute(
            "select extract, fault, field, coalesce(sum(rows_failing), count(distinct source_line))::bigint, "
            "list(distinct source_line order by source_line) filter (source_line is not null)[1:?] from failing "
            "group by extract, fault, field order by extract, fault, field",
            [EXAMPLE_LINES],
        ).fetchall():
            findings.append(
                Finding(
                    extract=extract,
                    file=files[extract],
                    rule=f"{meta['rule']}.{fault}" if fault else meta["rule"],
                    column=field or column,
                    severity=meta["severity"],
                    sentence=FAULTS[fault] if fault else meta["sentence"],
                    advice=_advice(feed, column, fault, meta["do"]),
                    rows_tried=tried.get(extract, 0),
                    rows_failing=count,
                    lines=tuple(lines or ()),
                )
            )
    return findings


def _advice(feed: str, column: str, fault: str | None, otherwise: str) -> str:
    """Return what to do about a cell's fault; a rule that isn't about a cell says it itself."""
    if fault == "not_in_list":
        terms = contract.load(feed).columns.get(column)
        return MAP_IT if feed == "staff" and terms is not None and terms.type == "choice" else LIST_IT
    return WORD_ADVICE.get(fault or "", otherwise)


def _unreadable(extract: Extract, rule: str) -> Finding:
    lines = tuple(line.line for line in extract.unreadable if line.rule == rule)
    sentence, advice = LINE_RULES[rule].split("; ", 1)
    return Finding(
        extract=extract.sha256,
        file=extract.file,
        rule=rule,
        column="",
        severity="reject_row",
        sentence=sentence,
        advice=advice,
        rows_tried=extract.rows_in,
        rows_failing=len(lines),
        lines=lines[:EXAMPLE_LINES],
    )


def _collect_failing(con: Connection, result: Any, feed: str, column: str) -> None:
    """Make the table ``failing``: a row per row that fails a rule.

    ``fault`` is the kind of a cell's fault, where the rule is about one; ``field`` the column that a query says it is
    about; ``rows_failing`` how many rows the line stands for, where a query counts them itself. A line that is null is
    none: the fault is the whole file's.
    """
    config = result.expectation_config
    con.execute(
        "create or replace temp table failing "
        "(extract varchar, source_line bigint, fault varchar, field varchar, rows_failing bigint)"
    )
    if result.success:
        return
    query = config.kwargs.get("unexpected_rows_query")
    if query:  # the result holds a sample of the failing rows only, or none where a neighbour's query can't be run
        try:
            con.execute(f"insert into failing by name from ({query.format(batch=feed)}\n)")
        except (KeyError, IndexError) as error:
            reason = "in its query a brace that stands for itself is written twice, as in [0-9]{{8}}"
            raise RuntimeError(_cannot_run(feed, config.meta["rule"], reason)) from error
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
    if rows.num_rows != result.result["unexpected_count"]:
        raise RuntimeError(_cannot_run(feed, config.meta["rule"], "Great Expectations named only some failing rows"))
    con.register("failing_index", rows)
    # Of a line that became several rows, only those with a fault are at fault.
    fault, at_fault = (identifier(column), "is not null") if column.endswith("_fault") else ("null", "is null")
    con.execute(
        f"insert into failing select extract, source_line, {fault}, null, null from {feed} "
        f"semi join failing_index using (extract, source_line) where {fault} {at_fault}"
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
        rows = con.execute(f"select count(*) from {feed}").fetchall()[0][0]
        results = batch.validate(
            suite(feed),
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": ["extract", "source_line"],
                "partial_unexpected_count": rows,  # on SQL it limits the index too, to 20 rows unless said
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
        if name in CHECKED_ONLY:
            continue
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
        kwargs = rule.get("kwargs", {}) | ({"unexpected_rows_query": _check(meta["sql"])} if "sql" in meta else {})
        made = ExpectationConfiguration(**{**rule, "kwargs": kwargs}).to_domain_obj()
    except (GreatExpectationsError, OSError, ValueError, TypeError) as error:
        raise RuntimeError(_cannot_run(feed, name, error)) from error
    if not isinstance(made, ColumnMapExpectation | ColumnPairMapExpectation | UnexpectedRowsExpectation):
        raise RuntimeError(
            _cannot_run(feed, name, "it doesn't say which rows fail; write an unexpected_rows_expectation")
        )
    return made


def _check(name: str) -> str:
    """Return the query of ``sql/checks/<name>.sql`` as Great Expectations takes it: a brace stands for itself.

    It names its tables itself; the comment is for Great Expectations, which would print that ``batch`` isn't used.
    """
    query = database.read_sql(f"checks/{name}")
    return "/* {batch} */ " + query.replace("{", "{{").replace("}", "}}")
