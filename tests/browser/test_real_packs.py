"""The pack of a system, and of one of which nothing is published, in Chromium: as a run of the sample makes them."""

from pathlib import Path

import pytest
from rich.console import Console

from pipelines.places import DataFolder
from pipelines.report import FOLDER, forms
from pipelines.road import walk
from tests.browser.sight import PHONE, Sight
from tests.few import packs_of, write_few


@pytest.fixture(scope="module")
def packs(shown: Sight, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the packs; nothing is run where there is no browser to look at them."""
    assert shown.page
    folder = DataFolder(tmp_path_factory.mktemp("real packs") / "data")
    packs_of(folder.root, "E54000062", "RL4")
    write_few(folder.landing, people=6000, months=2)
    return walk(folder, Console(quiet=True)).release.path / FOLDER


@pytest.mark.parametrize("unit", ["E54000062", "RL4"])
def test_axe_finds_nothing_on_a_screen_a_phone_and_paper(shown: Sight, packs: Path, unit: str) -> None:
    address = (packs / unit / forms.PAGE).as_uri()
    shown.open(address)
    assert (shown.violations(), shown.complaints, shown.requests) == ([], [], [address])
    for summary in shown.page.locator("summary").all():
        summary.click()
    assert shown.violations() == []
    shown.page.emulate_media(media="print")
    assert shown.violations() == []
    shown.open(address, PHONE)
    assert shown.violations() == []
    assert shown.run("document.documentElement.scrollWidth") <= PHONE[0]


def test_the_comparators_are_filtered_by_what_is_chosen(shown: Sight, packs: Path) -> None:
    shown.open((packs / "E54000062" / forms.PAGE).as_uri())
    everything = shown.column("comparators", 2)
    shown.page.select_option("#comparators-filter-2", "BME people")
    assert set(shown.column("comparators", 2)) == {"BME people"} < set(everything)
