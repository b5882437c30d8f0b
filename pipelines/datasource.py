"""A Great Expectations datasource on our own DuckDB connection.

Great Expectations opens a connection per query and closes it before it fetches, which DuckDB's results don't survive.
As it does for SQLite, the engine here keeps one connection open: ours, so that the suites see the tables that ingest
made. It overrides a method that isn't public, so the version is pinned and tests/unit/test_datasource.py holds it to
its behaviour.
"""

import atexit
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import sqlalchemy
from duckdb_engine import ConnectionWrapper
from great_expectations.data_context import AbstractDataContext
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine

from pipelines import failure
from pipelines.database import Connection


class OneConnectionEngine(SqlAlchemyExecutionEngine):
    """An execution engine whose every query runs on one connection that stays open."""

    @contextmanager
    def get_connection(self) -> Iterator[sqlalchemy.Connection]:
        """Yield the one connection."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection


class DuckDBDatasource(SQLDatasource):
    """Tables of a DuckDB connection that already exists; ``over`` makes one."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    def test_connection(self, test_assets: bool = True) -> None:
        """Do nothing: the connection is given, not opened."""

    def get_engine(self) -> sqlalchemy.Engine:
        """Return the engine over our connection."""
        return self.get_execution_engine().engine

    def get_execution_engine(self) -> SqlAlchemyExecutionEngine:
        """Return the engine that ``over`` gave."""
        if not isinstance(self._execution_engine, OneConnectionEngine):
            raise TypeError("make this datasource with over()")
        return self._execution_engine


@contextmanager
def over(con: Connection, context: AbstractDataContext) -> Iterator[DuckDBDatasource]:
    """Add a datasource over ``con`` to a context for as long as the block lasts.

    The engine gets a cursor of its own, closed at the end: a context may outlive the block and mustn't hold our
    connection.

    Raises:
        RuntimeError: a query was interrupted.
    """
    cursors = [con.cursor()]
    engine = sqlalchemy.create_engine(
        "duckdb:///:memory:", creator=lambda: ConnectionWrapper(cursors.pop()), poolclass=sqlalchemy.pool.StaticPool
    )
    interrupted = _interrupted(engine)
    sources: Any = context.data_sources
    added: DuckDBDatasource = sources.add_duckdb(name="extracts", connection_string="duckdb:///:memory:")
    added._execution_engine = OneConnectionEngine(engine=engine, create_temp_table=False)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "Did not recognize type 'list'"
            )  # of `dimensions`, which no rule compares
            yield added
    finally:
        added._execution_engine.close()
        added._execution_engine = None
        engine.dispose()
        if interrupted:
            raise RuntimeError(failure.INTERRUPTED)


def _interrupted(engine: sqlalchemy.Engine) -> list[BaseException]:
    """Return a list that has something in it once a query was interrupted; from then on none is begun.

    Great Expectations takes whatever a query raises for a fault of the rule, tries again, and goes on with the others:
    a signal that came meanwhile would be lost.
    """
    seen: list[BaseException] = []

    def note(context: sqlalchemy.ExceptionContext) -> None:
        if failure.is_interruption(context.original_exception):
            seen.append(context.original_exception)

    def refuse(*_: object) -> None:
        if seen:
            raise RuntimeError(failure.INTERRUPTED)

    sqlalchemy.event.listen(engine, "handle_error", note)
    sqlalchemy.event.listen(engine, "before_cursor_execute", refuse)
    return seen


@atexit.register
def _end_quietly() -> None:
    """Close the terminal's error stream once Python itself has said all that it has to say.

    Great Expectations keeps results alive beyond the interpreter; DuckDB's binding answers with a page of leak warnings
    that mean nothing for a process that is ending, and would be the last thing that an analyst reads.
    """
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
