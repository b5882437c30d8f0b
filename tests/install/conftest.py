"""The wheel, built once for all tests of the installation."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pipelines import places

UV = Path(sys.executable).with_name("uv")

# What lies about in a checkout that somebody works in, and is nobody else's.
LITTER = (
    "data/landing/march.csv",
    "data/landing/march.csv.yaml",
    "data/quarantine/0001/march.csv",
    "data/snapshots/objects/0000",
    "data/marts/current.json",
    "data/mappings/RNA.yaml",
    "data/waivers/march.yaml",
    "data/method.yaml",
    "data/ledger.jsonl",
    "data/ledger.head",
    "pipelines/__pycache__/road.cpython-311.pyc",
    "sql/__pycache__/x.pyc",
)


def _left_out(folder: str, names: list[str]) -> set[str]:
    """What needn't be copied: environments and caches, and whatever runs left in the data folder, however much."""
    if Path(folder) == places.PROJECT / "data":
        return set(names) - {"contracts", "layouts", "reference"}
    return shutil.ignore_patterns(".venv", ".git", ".*_cache", ".hypothesis", "dist", "__pycache__")(folder, names)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of this checkout, in which a run has left its files."""
    checkout = tmp_path_factory.mktemp("checkout") / "workforce-edi"
    shutil.copytree(places.PROJECT, checkout, ignore=_left_out)
    for name in LITTER:
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not for others")
    out = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [UV, "build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", out, checkout],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def wheelhouse() -> ModuleType:
    """The program that packs the bundles; it lies outside every package."""
    return loaded("wheelhouse", places.PROJECT / ".ci" / "wheelhouse.py")


def loaded(name: str, path: Path) -> ModuleType:
    """Load a file as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
