"""Fixtures shared by all tests.

Tests marked ``real`` read public files that nobody here wrote. They stand beside the project, not in it: set
EDI_REAL_DATA to their folder (default ../shared/real from the project's root).
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.places import DataFolder

PROJECT_ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("EDI_REAL_DATA", PROJECT_ROOT.parent / "shared" / "real"))

# What a test's report carries: that it reads the real files, and lines and counts for the end of the run.
READS_REAL, TOLD, COUNTED = "reads real files", "told", "counted"


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """What is made is for its owner alone once a command ran in this process; each test begins as a shell does."""
    before = os.umask(0o022)
    yield
    os.umask(before)


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


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keep a line for the end of the run: what a test did that its name alone doesn't say."""
    return lambda line: request.node.user_properties.append((TOLD, line))


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Add to a number that the end of the run says of all tests together."""
    return lambda what, number: request.node.user_properties.append((COUNTED, (what, number)))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: the tests of flows wait most of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that asks for the real files carries the mark ``real``, so none can forget it."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)
            item.user_properties.append((READS_REAL, True))


def _real(reporter: pytest.TerminalReporter, category: str) -> int:
    """Count a category's real-file tests, and the whole files of them that were skipped or failed."""
    return sum(
        report.nodeid.startswith("tests/real/")
        if isinstance(report, pytest.CollectReport)
        else (READS_REAL, True) in map(tuple, report.user_properties)
        for report in reporter.getreports(category)
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests left to be told, and how many ran on real files, so that a silent skip can't pass for truth."""
    counted: Counter[str] = Counter()
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, told in getattr(report, "user_properties", ()):
            if name == TOLD:
                terminalreporter.write_line(told)
            elif name == COUNTED and report.when == "call":
                counted[told[0]] += told[1]
    for what, number in sorted(counted.items()):
        terminalreporter.write_line(f"{what}: {number:,}")
    passed, failed, skipped = (
        sum(_real(terminalreporter, category) for category in categories)
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
