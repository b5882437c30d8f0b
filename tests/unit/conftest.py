"""A release that pages are held to, made once."""

from pathlib import Path

import pytest
from filelock import FileLock
from rich.console import Console

from pipelines.places import DataFolder
from pipelines.road import walk
from pipelines.sample import write_sample
from tests.few import packs_of


@pytest.fixture(scope="session")
def sampled(shared: Path) -> DataFolder:
    """A data folder, `data`, with a release of 600 made-up people on one date; nobody changes it."""
    folder = DataFolder(shared / "sampled" / "data")
    with FileLock(shared / "sampled.lock"):
        if not (folder.marts / "current.json").is_file():
            packs_of(folder.root, "E54000062")
            write_sample(folder.landing, people=600, months=1)
            walk(folder, Console(quiet=True))
    return folder
