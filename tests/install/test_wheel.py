"""The wheel, used where there is no checkout, is the same program as the checkout."""

import hashlib
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from pipelines import places
from tests.few import packs_of

DEMO = ("demo", "--people", "300", "--months", "1")

# Runs `edi` and ends at once, with a code of its own, where Python opens a file of the checkout.
WITHOUT_CHECKOUT = """
import os, sys
checkout, environment = (os.path.join(path, "") for path in sys.argv[1:3])
del sys.argv[1:3]
def watch(event, details):
    path = str(details[0]) if event == "open" else ""
    if path.startswith(checkout) and not path.startswith(environment):
        print("opened", path, file=sys.stderr)
        os._exit(9)
sys.addaudithook(watch)
from pipelines import places
from pipelines.cli import main
print("project", places.PROJECT)
main()
"""


def shipped() -> list[Path]:
    """What `places` names beside the package: folders, each with all that is in it."""
    return [
        one for one in vars(places).values() if isinstance(one, Path) and one not in (places.PROJECT, places.PACKAGE)
    ]


def run(code: str, folder: Path, *words: str, first: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in an empty folder, with what stands first on its path; the libraries are this environment's."""
    # One pack: each of them needs all the files that packs are made with.
    packs_of(folder / "data", "E54000062")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("EDI_", "PYTHON"))}
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env=variables | ({"PYTHONPATH": str(first)} if first else {}),
        capture_output=True,
        text=True,
        check=False,
    )


def released(folder: Path) -> dict[str, str]:
    """Every file of every release by its path, which starts with the release's id, with the hash of its bytes."""
    marts = folder / "data" / "marts"
    return {
        path.relative_to(marts).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(marts.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_the_wheel_makes_the_release_of_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    words = (str(places.PROJECT), sys.prefix, *DEMO)
    from_wheel = run(WITHOUT_CHECKOUT, tmp_path / "wheel", *words, first=unpacked)
    assert (from_wheel.returncode, from_wheel.stderr) == (0, "")
    assert from_wheel.stdout.startswith(f"project {unpacked.resolve() / 'pipelines' / 'shipped'}\n")
    from_checkout = run("from pipelines.cli import main; main()", tmp_path / "checkout", *DEMO)
    assert from_checkout.returncode == 0, from_checkout.stderr
    assert len(released(tmp_path / "wheel")) > 13
    assert released(tmp_path / "wheel") == released(tmp_path / "checkout")


def test_a_run_from_the_checkout_would_be_seen(tmp_path: Path) -> None:
    seen = run(WITHOUT_CHECKOUT, tmp_path / "checkout", str(places.PROJECT), sys.prefix, "--version")
    assert (seen.returncode, seen.stderr.startswith(f"opened {places.PROJECT}")) == (9, True)


def test_the_wheel_says_its_version(unpacked: Path, tmp_path: Path) -> None:
    words = (str(places.PROJECT), sys.prefix, "--version")
    said = run(WITHOUT_CHECKOUT, tmp_path / "empty", *words, first=unpacked)
    project = tomllib.loads((places.PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert said.stdout.splitlines()[-1] == project["version"]


def test_the_wheel_holds_what_the_program_reads_and_nothing_else(wheel: Path) -> None:
    files = [path for folder in shipped() for path in folder.rglob("*") if path.is_file()]
    files += [places.PROJECT / name for name in ("prefect.yaml", "pyproject.toml", "uv.lock")]
    expected = {f"pipelines/shipped/{path.relative_to(places.PROJECT).as_posix()}": path for path in files}
    modules = places.PACKAGE.rglob("*.py")
    expected |= {f"pipelines/{path.relative_to(places.PACKAGE).as_posix()}": path for path in modules}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert sorted(held) == sorted(expected)
        assert [name for name, path in expected.items() if archive.read(name) != path.read_bytes()] == []


def test_a_checkout_is_read_where_it_lies(tmp_path: Path) -> None:
    """An editable install too: its package has no folder `shipped`."""
    (tmp_path / "package").mkdir()
    assert places.project(tmp_path / "package") == tmp_path
    (tmp_path / "package" / "shipped").mkdir()
    assert places.project(tmp_path / "package") == tmp_path / "package" / "shipped"
