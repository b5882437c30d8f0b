"""A real Chromium for the tests of pages: one for all of them, which fetches nothing, and skips where there is none.

``EDI_CHROMIUM`` names the program; otherwise it is the ``chromium`` of the system (Playwright's own isn't needed).
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.report.forms.page import page
from tests.browser.sight import Sight
from tests.full_pack import full

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MISSING = "no Chromium: sudo apt-get install chromium, or set EDI_CHROMIUM to the program"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """The browser; whatever asks for it is skipped, saying why, where there is none."""
    program = os.environ.get("EDI_CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pages lie that the browser opens."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="session")
def full_page(folder: Path) -> str:
    """The address of a pack's page as long as a real one's."""
    file = folder / "full.html"
    file.write_text(page(full()), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="session")
def shown(browser: "Browser") -> Iterator[Sight]:
    """A page of the browser that the tests share; each sets it as it needs it."""
    with Sight.opened(browser) as sight:
        yield sight


@pytest.fixture
def sight(shown: Sight, full_page: str) -> Iterator[Sight]:
    """The full pack on a desktop screen, as when it was just opened; afterwards nothing was fetched or refused."""
    shown.open(full_page)
    yield shown
    assert shown.requests == [full_page]
    assert shown.complaints == []


@pytest.fixture(scope="session")
def unscripted(browser: "Browser", full_page: str) -> Iterator[Sight]:
    """The full pack in a browser that runs no scripts."""
    with Sight.opened(browser, java_script_enabled=False) as sight:
        sight.open(full_page)
        yield sight
        assert sight.requests == [full_page]
        assert sight.complaints == []
