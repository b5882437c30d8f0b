"""Fixtures shared by all tests.

Tests marked ``real`` read public files that nobody here wrote. They stand beside the project, not in it: set
EDI_REAL_DATA to their folder (default ../shared/real from the project's root).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.places import DataFolder

PROJECT_ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("EDI_REAL_DATA", PROJECT_ROOT.parent / "shared" / "real"))

# The ids of the collected tests that read the real files.
REAL_TESTS: set[str] = set()

# Lines that tests left for the end of the run.
TOLD = pytest.StashKey[list[str]]()


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    """A database with the reference tables, one per test module."""
    con = database.connect(threads=2)
    reference.load(con, reference.method(DataFolder(PROJECT_ROOT / "no such folder")))
    yield con
    con.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real public files; the test is skipped, saying why, where it is missing."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real public files at {REAL_DATA}: set EDI_REAL_DATA to the folder that holds them")
    return REAL_DATA


@pytest.fixture(scope="session")
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keep a line for the end of the run: what a test did that its name alone doesn't say."""
    return request.config.stash.setdefault(TOLD, []).append


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that asks for the real files carries the mark ``real``, so none can forget it."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)
            REAL_TESTS.add(item.nodeid)


def _real(reporter: pytest.TerminalReporter, category: str) -> list[str]:
    """Return the ids of a category's real-file tests, and of whole files of them that were skipped or failed."""
    return [
        report.nodeid
        for report in reporter.getreports(category)
        if report.nodeid in REAL_TESTS
        or (isinstance(report, pytest.CollectReport) and report.nodeid.startswith("tests/real/"))
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests left to be told, and how many ran on real files, so that a silent skip can't pass for truth."""
    for line in terminalreporter.config.stash.get(TOLD, []):
        terminalreporter.write_line(line)
    passed, failed, skipped = (
        sum(len(_real(terminalreporter, category)) for category in categories)
        for categories in (("passed",), ("failed", "error"), ("skipped", "xfailed"))
    )
    terminalreporter.write_line(
        f"tests on real public files: {passed + failed} ran, {failed} failed, {skipped} skipped"
        + ("; the files are there, so a skip is a failure" if skipped and REAL_DATA.is_dir() else "")
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where the real files stand, a real-file test that is skipped or expected to fail is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if REAL_DATA.is_dir() and reporter is not None and (_real(reporter, "skipped") or _real(reporter, "xfailed")):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
