"""Great Expectations on our own connection: what the overridden method must keep doing when the library moves."""

from collections.abc import Iterator
from typing import Any

import great_expectations
import pytest
from great_expectations import expectations as gxe
from great_expectations.core import ExpectationSuite
from great_expectations.data_context.types.base import ProgressBarsConfig

from pipelines import database, datasource
from pipelines.database import Connection

RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["line"],
    "partial_unexpected_count": 10_000,  # limits the index on SQL, whatever its name says
    "exclude_unexpected_values": True,
}


@pytest.fixture
def con() -> Iterator[Connection]:
    con = database.connect()
    con.execute("create table heads as select i + 2 as line, i as n, 'secret' || i as name from range(1000) as r (i)")
    con.execute("create view even_heads as from heads where n % 2 = 0")
    yield con
    con.close()


def run(con: Connection, table: str, *rules: gxe.Expectation) -> list[Any]:
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    with datasource.over(con, context) as source:
        batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all").get_batch()
        suite = ExpectationSuite(name=table)
        for rule in rules:
            suite.add_expectation(rule)
        return list(batch.validate(suite, result_format=RESULT_FORMAT).results)


def failing_lines(result: Any) -> list[int]:
    return [line for part in result.result.get("unexpected_index_list", []) for line in part["line"]]


def test_several_expectations_in_a_row_see_our_tables(con: Connection) -> None:
    between, unique, rows = run(
        con,
        "heads",
        gxe.ExpectColumnValuesToBeBetween(column="n", min_value=0, max_value=996),
        gxe.ExpectColumnValuesToNotBeNull(column="name"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="select line from {batch} where regexp_full_match(name, '.*7')"
        ),
    )
    assert (between.success, unique.success, rows.success) == (False, True, False)
    assert failing_lines(between) == [999, 1000, 1001]
    assert rows.result["observed_value"] == 100


def test_every_failing_row_is_listed_and_no_value(con: Connection) -> None:
    (result,) = run(con, "heads", gxe.ExpectColumnValuesToBeInSet(column="name", value_set=["secret1"]))
    assert failing_lines(result) == [line for line in range(2, 1002) if line != 3]
    assert "secret2" not in str(result.result["unexpected_index_list"])


def test_views_are_seen_too(con: Connection) -> None:
    (result,) = run(con, "even_heads", gxe.ExpectColumnValuesToBeInSet(column="n", value_set=list(range(0, 998, 2))))
    assert failing_lines(result) == [1000]


def test_our_connection_is_usable_between_and_after(con: Connection) -> None:
    for _ in range(2):
        (result,) = run(con, "heads", gxe.ExpectColumnValuesToNotBeNull(column="n"))
        assert result.success
        con.execute("insert into heads values (9999, null, 'new')")
        (result,) = run(con, "heads", gxe.ExpectColumnValuesToNotBeNull(column="n"))
        assert failing_lines(result) == [9999]
        con.execute("delete from heads where line = 9999")
    assert con.execute("select count(*) from heads").fetchall() == [(1000,)]


def test_a_datasource_without_a_connection_says_so(con: Connection) -> None:
    context = great_expectations.get_context(mode="ephemeral")
    with datasource.over(con, context) as source:
        pass
    with pytest.raises(TypeError, match=r"over\(\)"):
        source.get_engine()
