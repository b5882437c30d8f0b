"""What goes into an offline bundle, held to uv.lock by another way than the one that chose it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from pipelines import places
from tests.install import tiny

TARGETS = [(platform, f"3.{minor}") for platform in ("linux", "windows") for minor in (11, 12, 13, 14)]


@pytest.fixture(scope="module")
def project_lock(wheelhouse: ModuleType) -> Pylock:
    return wheelhouse.read_lock()


@pytest.fixture(scope="module")
def requirements() -> list[Requirement]:
    """What uv says is needed at run time, anywhere, with the markers that say where."""
    command = [Path(sys.executable).with_name("uv"), "export", "-q", "--frozen", "--no-dev", "--no-emit-project"]
    words = [*command, "--no-hashes", "--no-annotate", "--no-header"]
    said = subprocess.run(words, cwd=places.PROJECT, capture_output=True, text=True, check=True).stdout
    return [Requirement(line) for line in said.splitlines()]


@pytest.mark.parametrize(("platform", "python"), TARGETS)
def test_a_bundle_holds_every_requirement_in_the_version_of_the_lock(
    wheelhouse: ModuleType, project_lock: Pylock, requirements: list[Requirement], platform: str, python: str
) -> None:
    target = wheelhouse.Target(platform, python)
    locked = wheelhouse.chosen(project_lock, target)
    for patch in (0, 2, 3, 20):
        needed = {
            (one.name, str(one.specifier))
            for one in requirements
            if one.marker is None or one.marker.evaluate(target.environment(patch))
        }
        chosen = {
            (one.name, f"=={one.version}")
            for one in locked
            if Requirement(one.requirement().split(" --")[0]).marker is None
            or Requirement(one.requirement().split(" --")[0]).marker.evaluate(target.environment(patch))
        }
        assert chosen == needed
    assert len({one.name for one in locked}) == len(locked) > 100


@pytest.mark.parametrize(("platform", "python"), TARGETS)
def test_each_wheel_suits_the_machine_and_is_the_locks(
    wheelhouse: ModuleType, project_lock: Pylock, platform: str, python: str
) -> None:
    written = tomllib.loads((places.PROJECT / "uv.lock").read_text(encoding="utf-8"))["package"]
    held = {
        (package["name"], package["version"], one["url"].rsplit("/", 1)[1], one["hash"].removeprefix("sha256:"))
        for package in written
        for one in package.get("wheels", ())
    }
    ours = f"cp{python.replace('.', '')}"
    for one in wheelhouse.chosen(project_lock, wheelhouse.Target(platform, python)):
        assert (one.name, one.version, one.file, one.sha256) in held
        name, version, _, tags = parse_wheel_filename(one.file)
        assert (name, str(version)) == (canonicalize_name(one.name), one.version)
        assert any(_suits(tag.interpreter, tag.abi, tag.platform, ours, platform) for tag in tags), one.file


def _suits(interpreter: str, abi: str, machine: str, ours: str, platform: str) -> bool:
    """Tell by hand whether a tag suits 64-bit Windows, or Linux with glibc 2.28."""
    minor = re.fullmatch(r"cp3(\d+)", interpreter)
    if not (
        (interpreter == ours and abi in (ours, "abi3", "none"))
        or (abi == "abi3" and minor is not None and int(minor[1]) < int(ours[3:]))
        or (abi == "none" and interpreter == "py3")
    ):
        return False
    if machine == "any":
        return True
    if platform == "windows":
        return machine == "win_amd64"
    glibc = re.fullmatch(r"manylinux_2_(\d+)_x86_64", machine)
    return machine in ("manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64") or (
        glibc is not None and int(glibc[1]) <= 28
    )


def test_a_requirement_of_some_patch_releases_keeps_its_marker(wheelhouse: ModuleType, project_lock: Pylock) -> None:
    locked = wheelhouse.chosen(project_lock, wheelhouse.Target("linux", "3.11"))
    assert [(one.name, one.marker) for one in locked if one.marker] == [
        ("async-timeout", 'python_full_version < "3.11.3"')
    ]


def test_a_package_without_a_wheel_for_the_machine_is_named(wheelhouse: ModuleType, tmp_path: Path) -> None:
    files = [tiny.wheel(tmp_path, "compiled", "1.0", {}, "cp311-cp311-manylinux_2_28_x86_64")]
    lock = tiny.lock({"name": "compiled", "version": "1.0", "files": files})
    assert [one.file for one in wheelhouse.chosen(lock, wheelhouse.Target("linux", "3.11"))] == [files[0].name]
    for platform, python in (("windows", "3.11"), ("linux", "3.12")):
        said = f"no bundle for {platform}-py{python}: the lock has no wheel for it of compiled 1.0"
        with pytest.raises(wheelhouse.BundleError, match=re.escape(said)):
            wheelhouse.chosen(lock, wheelhouse.Target(platform, python))


def test_a_wheel_for_a_newer_c_library_is_not_taken(wheelhouse: ModuleType, tmp_path: Path) -> None:
    files = [tiny.wheel(tmp_path, "compiled", "1.0", {}, "cp311-cp311-manylinux_2_34_x86_64")]
    with pytest.raises(wheelhouse.BundleError, match=r"of compiled 1\.0"):
        wheelhouse.chosen(
            tiny.lock({"name": "compiled", "version": "1.0", "files": files}), wheelhouse.Target("linux", "3.11")
        )


@pytest.mark.parametrize("fault", ["changed", "missing", "unknown"])
def test_what_was_downloaded_is_held_to_the_lock(wheelhouse: ModuleType, tmp_path: Path, fault: str) -> None:
    file = tiny.wheel(tmp_path, "library", "1.0", {})
    locked = wheelhouse.chosen(
        tiny.lock({"name": "library", "version": "1.0", "files": [file]}), wheelhouse.Target("linux", "3.11")
    )
    wheelhouse.check_wheels(tmp_path, locked)
    if fault == "changed":
        file.write_bytes(file.read_bytes() + b" ")
    elif fault == "missing":
        file.unlink()
    else:
        file = tiny.wheel(tmp_path, "another", "1.0", {})
    with pytest.raises(wheelhouse.BundleError, match=re.escape(f"not as the lock says: {file.name}")):
        wheelhouse.check_wheels(tmp_path, locked)
