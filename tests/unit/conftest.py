"""A release that pages are held to, made once."""

import pytest
from rich.console import Console

from pipelines.places import DataFolder
from pipelines.road import walk
from pipelines.sample import write_sample


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """A data folder, `data`, with a release of 2,000 made-up people on one date; nobody changes it."""
    folder = DataFolder(tmp_path_factory.mktemp("sampled") / "data")
    write_sample(folder.landing, people=2000, months=1)
    walk(folder, Console(quiet=True))
    return folder
