"""The judge: Great Expectations on the typed tables in DuckDB, all files of a feed at once.

The suites (``suite.py``) hold the rules, each with its code, severity, sentence and advice. Each failing row is known
by its file and line; a line that became several rows counts once. A waiver takes rows out of a rule's reach.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import compare, contract, database
from pipelines.database import Connection, identifier
from pipelines.earlier import NOTHING as NOTHING_EARLIER
from pipelines.earlier import Earlier
from pipelines.ingest import Extract
from pipelines.reader import RULES as LINE_RULES
from pipelines.suite import cannot_run, suite
from pipelines.waiver import Waiver

# What a `<column>_fault` says of the cell.
FAULTS = {
    "a_total": "the cell says total: the row sums up others",
    "band_8_without_letter": "band 8 stands without its letter, a to d",
    "decimal_comma": "the cell has a decimal comma, which is read as no number",
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
    "decimal_comma": "have the numbers written with a decimal point, as in 0.5, and the file sent again",
    "of_another_column": "look whether the names of two columns have changed places, and send the file again",
}
# What a sender sends instead of a cell at fault.
SEND = {
    "a_total": "the rows of people or groups alone, without those that sum them up",
    "band_8_without_letter": "8a, 8b, 8c or 8d in {column}",
    "decimal_comma": "{column} ({meaning}) with a decimal point, as in 0.5",
    "empty": "a value in every row of {column} ({meaning}){words}",
    "not_a_date": "{column} ({meaning}) as a date written YYYY-MM-DD",
    "not_a_number": "{column} ({meaning}) as a number with a decimal point, no separator for thousands",
    "not_a_whole_number": "{column} ({meaning}) as a whole number in digits alone",
    "not_in_list": "a code of the agreed list in {column} ({meaning}){words}; or tell us what your own words mean",
    "not_yes_or_no": "yes or no in {column} ({meaning})",
    "of_another_column": "{column} ({meaning}) under its own name; two columns may have changed places",
}
# What to do about a word in no list: only codes of staff can be an organisation's own; other words belong in a list.
MAP_IT = "ask the sender what the word means; an organisation's own words go into a mapping, docs/senders.md"
LIST_IT = "ask the sender what the word means; the layout or its list has to name it, docs/layouts.md"

EXAMPLE_LINES = 5
# Whose row it is and as at when, by feed: what a waiver is about.
WHOSE = dict.fromkeys(contract.POST_FEEDS, ("org_code", "as_at_date")) | {"population": ("area_code", "vintage")}


@dataclass(frozen=True)
class Finding:
    """One rule that failed in one file: how many of the rows tried, and the first lines; never a value.

    ``extract`` is the file's SHA-256; ``severity`` is reject_row, reject_file, warn, or waived by ``waiver``.
    ``advice`` tells the analyst what to do, ``send`` whoever sent the file what to send instead.
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
    waiver: str = ""
    send: str = ""


@dataclass(frozen=True)
class Asked:
    """One expectation as it was asked of one file, whatever the answer; lines failing under a waiver count too."""

    extract: str
    rule: str
    column: str
    severity: str
    sentence: str
    rows_tried: int
    rows_failing: int


@dataclass(frozen=True)
class Judged:
    """What was asked of the files of a feed, and what failed."""

    asked: tuple[Asked, ...]
    findings: tuple[Finding, ...]


def start(con: Connection) -> None:
    """Make the tables ``failing_row`` and ``waived_row``, which ``judge`` adds to, and the view ``rejected_row``.

    Grain: a line of a file, and a rule that it breaks: in ``failing_row`` one of the severity reject_row or
    reject_file, in ``waived_row`` any, with the waiver that lets it through.
    """
    con.execute(
        "create or replace table failing_row "
        "(extract varchar, source_line bigint, column_name varchar, rule varchar, severity varchar)"
    )
    con.execute(
        "create or replace table waived_row "
        "(extract varchar, source_line bigint, waiver varchar, rule varchar, code varchar, as_at date)"
    )
    con.execute("create or replace view rejected_row as from failing_row where severity = 'reject_row'")


def judge(
    con: Connection,
    feed: str,
    extracts: Sequence[Extract],
    waivers: Sequence[Waiver] = (),
    earlier: Earlier = NOTHING_EARLIER,
) -> Judged:
    """Run a feed's suite over its files; add the rows that cost something to the table ``failing_row``.

    What ``earlier`` runs took in of the dates before is compared with.

    Raises:
        RuntimeError: a rule of the suite can't be used or run; the message names it.
    """
    database.view(con, f"{feed}_typed", sorted({extract.typed for extract in extracts}))
    for name, role in ((feed, "detail"), (f"{feed}_total", "total"), (f"{feed}_percentage", "percentage")):
        con.execute(f"create or replace view {name} as select * from {feed}_typed where row_role = '{role}'")
    if feed in contract.POST_FEEDS:
        compare.register(con, feed, extracts, earlier)
    asked: list[Asked] = []
    findings = _unreadable(con, extracts)
    tried: dict[str, dict[str, int]] = {}
    for result, rows in _run_suite(con, feed):
        if rows not in tried:
            tried[rows] = _count_lines(con, rows)
        _collect_failing(con, result, feed)
        _waive(con, feed, result, extracts, waivers)
        failing = _count_failing(con)
        config = result.expectation_config
        asked += [
            Asked(
                extract=extract.sha256,
                rule=config.meta["rule"],
                column=_column(result),
                severity=config.meta["severity"],
                sentence=config.meta["sentence"],
                rows_tried=tried[rows].get(extract.sha256, 0),
                rows_failing=failing.get(extract.sha256, 0),
            )
            for extract in extracts
        ]
        if failing:
            findings += _findings(con, feed, result, extracts, tried[rows])
    return Judged(tuple(asked), tuple(findings))


def _column(result: Any) -> str:
    return str(result.expectation_config.kwargs.get("column", "")).removesuffix("_fault")


def _count_lines(con: Connection, rows: str) -> dict[str, int]:
    """Return how many lines of each extract a relation has."""
    return dict(con.execute(f"select extract, count(distinct source_line) from {rows} group by extract").fetchall())


def _count_failing(con: Connection) -> dict[str, int]:
    """Return how many lines of each extract fail, or how many a query counted itself."""
    count = "coalesce(sum(rows_failing), count(distinct source_line))::bigint"
    return dict(con.execute(f"select extract, {count} from failing group by extract").fetchall())


def _findings(
    con: Connection, feed: str, result: Any, extracts: Sequence[Extract], tried: Mapping[str, int]
) -> list[Finding]:
    """Return what the table ``failing`` holds as findings, and keep the rows that cost something."""
    meta, column = result.expectation_config.meta, _column(result)
    files = {extract.sha256: extract.file for extract in extracts}
    con.execute(
        "insert into failing_row select distinct extract, source_line, coalesce(field, ?), concat_ws('.', ?, fault), ? "
        "from failing where waiver is null and source_line is not null and ? <> 'warn'",
        [column, meta["rule"], meta["severity"], meta["severity"]],
    )
    return [
        Finding(
            extract=extract,
            file=files[extract],
            rule=f"{meta['rule']}.{fault}" if fault else meta["rule"],
            column=field or column,
            severity="waived" if waiver else meta["severity"],
            sentence=FAULTS[fault] if fault else meta["sentence"],
            advice=_advice(feed, column, fault, meta["do"]),
            send=_send(feed, column, fault, meta),
            rows_tried=tried.get(extract, 0),
            rows_failing=count,
            lines=tuple(lines or ()),
            waiver=waiver or "",
        )
        for extract, fault, field, waiver, count, lines in con.execute(
            "select extract, fault, field, waiver, coalesce(sum(rows_failing), count(distinct source_line))::bigint, "
            "list(distinct source_line order by source_line) filter (source_line is not null)[1:?] "
            "from failing group by extract, fault, field, waiver order by extract, fault, field, waiver",
            [EXAMPLE_LINES],
        ).fetchall()
    ]


def _advice(feed: str, column: str, fault: str | None, otherwise: str) -> str:
    """Return what to do about a cell's fault; a rule that isn't about a cell says it itself."""
    if fault == "not_in_list":
        terms = contract.load(feed).columns.get(column)
        return MAP_IT if feed == "staff" and terms is not None and terms.type == "choice" else LIST_IT
    return WORD_ADVICE.get(fault or "", otherwise)


def _send(feed: str, column: str, fault: str | None, meta: Mapping[str, str]) -> str:
    """Return what a sender, who knows nothing of us, sends instead of what was found."""
    if not fault:
        return meta.get("send", meta["do"])
    terms = contract.load(feed).columns[column]
    words = f", one of {', '.join(terms.choices)}" if terms.choices else ""
    return SEND.get(fault, "{column} ({meaning}){words}").format(column=column, meaning=terms.meaning, words=words)


def _unreadable(con: Connection, extracts: Sequence[Extract]) -> list[Finding]:
    """Return what is wrong with lines that don't make a row, and keep these."""
    findings = []
    for extract in extracts:
        for rule in sorted({line.rule for line in extract.unreadable}):
            lines = [line.line for line in extract.unreadable if line.rule == rule]
            con.execute(
                "insert into failing_row select ?, unnest(?::bigint[]), '', ?, 'reject_row'",
                [extract.sha256, lines, rule],
            )
            sentence, advice = LINE_RULES[rule].split("; ", 1)
            findings.append(
                Finding(
                    extract=extract.sha256,
                    file=extract.file,
                    rule=rule,
                    column="",
                    severity="reject_row",
                    sentence=sentence,
                    advice=advice,
                    send=advice,
                    rows_tried=extract.rows_in,
                    rows_failing=len(lines),
                    lines=tuple(lines[:EXAMPLE_LINES]),
                )
            )
    return findings


def _collect_failing(con: Connection, result: Any, feed: str) -> None:
    """Make the table ``failing``: a row per row that fails a rule.

    ``fault`` is the kind of a cell's fault, where the rule is about one; ``field`` the column that a query says it is
    about; ``rows_failing`` how many rows the line stands for, where a query counts them itself; ``waiver`` is filled in
    by ``_waive``. A line that is null is none: the fault is the whole file's.
    """
    config = result.expectation_config
    rule = config.meta["rule"]
    con.execute(
        "create or replace temp table failing "
        "(extract varchar, source_line bigint, fault varchar, field varchar, rows_failing bigint, waiver varchar)"
    )
    if result.success:
        return
    query = config.kwargs.get("unexpected_rows_query")
    if query:  # the result holds a sample of the failing rows only, or none where a neighbour's query can't be run
        try:
            con.execute(f"insert into failing by name from ({query.format(batch=feed)}\n)")
        except (KeyError, IndexError) as error:
            reason = "in its query a brace that stands for itself is written twice, as in [0-9]{{8}}"
            raise RuntimeError(cannot_run(feed, rule, reason)) from error
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise RuntimeError(cannot_run(feed, rule, _without_cells(str(error)))) from None
        return
    if "unexpected_index_list" not in result.result:
        info = result.exception_info
        faults = [one["exception_message"] for one in info.values() if isinstance(one, dict)]
        raise RuntimeError(cannot_run(feed, rule, _without_cells(faults[0] if faults else info["exception_message"])))
    index = result.result["unexpected_index_list"]
    rows = pa.table(
        {name: [value for part in index for value in part[name]] for name in ("extract", "source_line")},
    )
    if rows.num_rows != result.result["unexpected_count"]:
        raise RuntimeError(cannot_run(feed, rule, "Great Expectations named only some failing rows"))
    con.register("failing_index", rows)
    # Of a line that became several rows, only those with a fault are at fault.
    column = str(config.kwargs.get("column", ""))
    fault, at_fault = (identifier(column), "is not null") if column.endswith("_fault") else ("null", "is null")
    con.execute(
        f"insert into failing select extract, source_line, {fault}, null, null, null from {feed} "
        f"semi join failing_index using (extract, source_line) where {fault} {at_fault}"
    )
    con.unregister("failing_index")


def _without_cells(message: str) -> str:
    """Return a library's message, unless it is of a kind that quotes what a cell holds."""
    quoting = next(
        (kind for kind in ("Conversion Error", "Invalid Input Error", "Out of Range Error") if kind in message), ""
    )
    return f"a cell can't be taken as what the query takes it for ({quoting})" if quoting else message


def _waive(con: Connection, feed: str, result: Any, extracts: Sequence[Extract], waivers: Sequence[Waiver]) -> None:
    """Write into ``failing`` which waiver lets a row through, and keep these rows in ``waived_row``.

    A waiver has to be about the rule, the file, the row's organisation and its date; of several the first name counts.
    """
    rule, column = result.expectation_config.meta["rule"], _column(result)
    covering = [
        {
            "extract": one.sha256,
            "name": waiver.name,
            "organisation": waiver.organisation,
            "expires": waiver.expires,
            "field": waiver.column,
        }
        for waiver in waivers
        for one in extracts
        if waiver.covers(rule, one.layout, one.file, waiver.column)
    ]
    if not covering or result.success:
        return
    code, as_at = WHOSE[feed]
    con.register("covering", pa.Table.from_pylist(covering))
    con.execute(
        "create or replace temp table let_through as "
        "select failing.extract, failing.source_line, failing.field, "
        f"min(covering.name) as waiver, min(owned.{code}) as code, min(owned.{as_at}) as as_at "
        f"from failing inner join {feed}_typed as owned "
        "on failing.extract = owned.extract and failing.source_line = owned.source_line "
        "inner join covering on failing.extract = covering.extract "
        f"and covering.organisation in ('', owned.{code}) and owned.{as_at} <= covering.expires "
        "and covering.field in ('', coalesce(failing.field, ?)) group by all",
        [column],
    )
    con.unregister("covering")
    con.execute(
        "update failing set waiver = let_through.waiver from let_through where failing.extract = let_through.extract "
        "and failing.source_line = let_through.source_line and failing.field is not distinct from let_through.field"
    )
    con.execute(
        "insert into waived_row select distinct extract, source_line, waiver, ?, code, as_at from let_through", [rule]
    )


def _run_suite(con: Connection, feed: str) -> list[tuple[Any, str]]:
    """Run the generated and the written expectations of a feed on its table.

    Returns:
        each expectation's result, with the SQL of the rows that it is about.
    """
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
        engine = source.get_execution_engine()
        return [(result, _rows_asked(feed, result, engine)) for result in results.results]


def _rows_asked(feed: str, result: Any, engine: Any) -> str:
    """Return the SQL of the rows that an expectation is about; a query may be about any row of its file."""
    kwargs = result.expectation_config.kwargs
    if "unexpected_rows_query" in kwargs:
        return f"{feed}_typed"
    if not kwargs.get("row_condition"):
        return feed
    condition = engine.condition_to_filter_clause(result.expectation_config.to_domain_obj().row_condition)
    return f"{feed} where {condition.compile(compile_kwargs={'literal_binds': True})}"
