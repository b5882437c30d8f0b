"""An old release is held to the program that made it: its wheel and lock, in an environment of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import audit
from pipelines.audit import recorded
from pipelines.disk import file_sha256
from pipelines.places import DataFolder
from pipelines.publish import program
from tests.spec.test_freeze import extract

EARLIER = "whole_sum(headcount) + 1 as total_headcount"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """A data folder with a release of an earlier program, which counted one more in a mart."""
    checkout = tmp_path_factory.mktemp("earlier")
    for name, path in program.files().items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, checkout / name)
    sql = checkout / "sql" / "marts" / "declaration_rate.sql"
    sql.write_text(sql.read_text("utf-8").replace("whole_sum(headcount) as total_headcount", EARLIER), "utf-8")
    folder = DataFolder(tmp_path_factory.mktemp("old"))
    folder.landing.mkdir()
    (folder.landing / "march.csv").write_text(extract("RNA", "2026-03-31", 40), encoding="utf-8")
    words = [sys.executable, "-m", "pipelines.cli", "run", "--data", str(folder.root)]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    subprocess.run(words, cwd=checkout, env=environment, check=True, capture_output=True)
    return folder


def test_today_s_program_is_a_second_opinion_and_the_recorded_one_the_verdict(
    old: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it is most often named: from where the auditor stands.
    monkeypatch.chdir(old.root.parent)
    old = DataFolder(Path(old.root.name))
    (release,) = audit.releases(old)
    today = audit.audit(old, release)
    assert (today.verdict, today.changed) == (audit.DIFFERS, ("SQL: sql/marts/declaration_rate.sql was changed",))
    assert today.first_difference.endswith("total_headcount: 41 → 40")
    steps: list[str] = []
    try:
        then = recorded.audit(old, release, progress=steps.append)
    except recorded.NotRecordedError as error:
        if "installing the libraries failed" not in str(error):
            raise
        pytest.skip("the package index can't be reached; with a network, or uv's cache from 'make setup', it runs")
    assert (then.verdict, then.damage, then.changed) == (audit.SAME_BYTES, (), ())
    (wheel,) = old.marts.glob("2*/internal/*.whl")
    assert then.program.endswith(f", as recorded; wheel {file_sha256(wheel)}")
    assert then.program.split(", as recorded")[0] != today.program
    assert steps[-2:] == ["installing the program", "auditing"]


def test_a_program_that_was_changed_since_is_not_run(old: DataFolder, tmp_path: Path) -> None:
    folder = DataFolder(shutil.copytree(old.root, tmp_path / "data"))
    (wheel,) = folder.marts.glob("2*/internal/*.whl")
    wheel.write_bytes(wheel.read_bytes() + b" ")
    (release,) = audit.releases(folder)
    with pytest.raises(recorded.NotRecordedError, match="its program can't be trusted"):
        recorded.audit(folder, release)


def test_wheels_from_a_folder_need_no_network_and_what_is_lacking_is_said(old: DataFolder, tmp_path: Path) -> None:
    (release,) = audit.releases(old)
    with pytest.raises(recorded.NotRecordedError, match=r"installing the libraries failed: .*; see whether"):
        recorded.audit(old, release, wheels=tmp_path)


def test_a_wheel_that_is_not_the_one_that_its_maker_published_is_not_run(old: DataFolder) -> None:
    (release,) = audit.releases(old)
    with pytest.raises(recorded.NotRecordedError, match="isn't the one expected: not run"):
        recorded.audit(old, release, wheel_sha256="0" * 64)
