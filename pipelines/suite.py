"""The suites: what is asked of a feed's rows, from its contract and from ``expectations/<feed>.json``."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines import contract, database, places

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation

# Columns that check others and enter nowhere: a cell of theirs that can't be read costs no row.
CHECKED_ONLY = ("percentage",)

SEVERITIES = ("reject_row", "reject_file", "warn")


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
        raise RuntimeError(cannot_run(feed, name, f"its meta lacks {' and '.join(lacking)}"))
    if meta["severity"] not in SEVERITIES:
        raise RuntimeError(cannot_run(feed, name, f"its severity is none of {', '.join(SEVERITIES)}"))
    try:
        kwargs = rule.get("kwargs", {}) | ({"unexpected_rows_query": _check(meta["sql"])} if "sql" in meta else {})
        made = ExpectationConfiguration(**{**rule, "kwargs": kwargs}).to_domain_obj()
    except (GreatExpectationsError, OSError, ValueError, TypeError) as error:
        raise RuntimeError(cannot_run(feed, name, error)) from error
    if not isinstance(made, ColumnMapExpectation | ColumnPairMapExpectation | UnexpectedRowsExpectation):
        raise RuntimeError(
            cannot_run(feed, name, "it doesn't say which rows fail; write an unexpected_rows_expectation")
        )
    return made


def _check(name: str) -> str:
    """Return the query of ``sql/checks/<name>.sql`` as Great Expectations takes it: a brace stands for itself.

    It names its tables itself; the comment is for Great Expectations, which would print that ``batch`` isn't used.
    """
    query = database.read_sql(f"checks/{name}")
    return "/* {batch} */ " + query.replace("{", "{{").replace("}", "}}")


def cannot_run(feed: str, rule: str, reason: object) -> str:
    """Say that a rule can't be used, to whoever edited the suite."""
    return f"the rule {rule} of expectations/{feed}.json can't be run: {reason}"
