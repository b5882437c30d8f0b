"""A bundle of made-up wheels, packed by the real program and installed by the real installer, without network."""

import ast
import errno
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from tests.install import tiny
from tests.install.conftest import loaded

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
VERSION = "9.8.7"
Pack = Callable[..., Path]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="install.sh is for Linux; run it there")


@pytest.fixture(scope="module")
def pack(wheelhouse: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Pack a bundle for a kind of machine: pip finds the wheels in a folder, and nowhere else."""
    index = tmp_path_factory.mktemp("index")
    library = tiny.wheel(index, "tiny-library", "1.0", {"tiny_library.py": f"VERSION = '{VERSION}'\n"})
    lock = tiny.lock({"name": "tiny-library", "version": "1.0", "files": [library]})
    project = tiny.wheel(
        tmp_path_factory.mktemp("project"), "workforce-edi", VERSION, tiny.PROGRAM, more="Requires-Dist: tiny-library\n"
    )

    def packed(platform: str = "linux", python: str = HERE) -> Path:
        out = tmp_path_factory.mktemp("dist")
        named = wheelhouse.Locked("workforce-edi", VERSION, project.name, tiny.sha256(project))
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PIP_NO_INDEX", "1")
            environment.setenv("PIP_FIND_LINKS", str(index))
            wheelhouse.pack(wheelhouse.Target(platform, python), lock, project, named, out, Console(file=io.StringIO()))
        return out / f"workforce-edi-{VERSION}-{platform}-py{python}"

    return packed


@pytest.fixture(scope="module")
def linux(pack: Pack) -> Path:
    return pack()


@pytest.fixture
def bundle(linux: Path, tmp_path: Path) -> Path:
    """A bundle that a test may damage."""
    return Path(shutil.copytree(linux, tmp_path / "a bundle"))


def install(bundle: Path, *words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the installer as a person does, in a shell that knows little, with this Python."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(bundle.parent / "home"),
        "PYTHON": sys.executable,
        **variables,
    }
    command = ["sh", bundle / "install.sh", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def refusal(bundle: Path, *words: object) -> str:
    """What the installer says when it refuses, having made nothing."""
    done = install(bundle, *words)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (bundle.parent / "home").exists()
    return done.stderr


def test_it_installs_without_network_and_says_what_to_run(linux: Path, tmp_path: Path) -> None:
    """However this machine's pip is set up: a setting that led elsewhere would install into `elsewhere`."""
    target = tmp_path / "a home" / "workforce-edi"
    (target / "bin").mkdir(parents=True)
    for name in ("workforce-edi.txt", "pyvenv.cfg", "bin/of-an-interrupted-try"):
        (target / name).write_text("")
    elsewhere = {"PIP_TARGET": str(tmp_path / "elsewhere"), "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_PREFIX": "/"}
    done = install(linux, HOME=str(tmp_path / "a home"), **elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "elsewhere").exists()
    edi = re.findall(r"Run it with: (.+) demo$", done.stdout, re.MULTILINE)
    assert edi == [str(target / "bin" / "edi")]
    assert subprocess.run(edi, capture_output=True, text=True, check=True).stdout == f"{VERSION}\n"
    assert list(target.glob("lib/*/site-packages/__pycache__/tiny_library.*.pyc"))
    assert not (target / "bin" / "of-an-interrupted-try").exists()

    # The same command updates it, and takes nothing away that isn't its own.
    (target / "data").mkdir()
    assert f"{target} holds data, which an update would delete" in install(linux, target).stderr
    (target / "data").rmdir()
    (target / "bin" / "of-the-old-version").write_text("")
    assert install(linux, target).returncode == 0
    assert not (target / "bin" / "of-the-old-version").exists()
    assert {path.name for path in target.iterdir()} <= loaded("installer", linux / "install.py").PARTS - {".before"}


@pytest.fixture
def failing(linux: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The installer, which is interrupted once the environment is made."""
    installer = loaded("installer", linux / "install.py")

    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(installer, "run", stop)
    return installer


WHOLE = {"workforce-edi.txt": "old", "pyvenv.cfg": "old", "bin/edi": "old", "lib/module.py": "old", "man/edi.1": "old"}


def put(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def held(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_an_interrupted_installation_is_known_for_ours(failing: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        failing.replace(tmp_path / "mine")
    assert (tmp_path / "mine" / "pyvenv.cfg").is_file()
    failing.check_target(tmp_path / "mine")


@pytest.mark.parametrize(
    "left",
    [
        WHOLE,
        # An earlier update was killed: while it installed, while it moved the old parts, while it removed them.
        {f".before/{name}": text for name, text in WHOLE.items()} | {"pyvenv.cfg": "half", "lib/half.py": "half"},
        {f".before/{name}" if name[:3] in ("bin", "man") else name: text for name, text in WHOLE.items()},
        {**WHOLE, ".before/lib/module.py": "older", ".before/pyvenv.cfg": "older"},
    ],
    ids=["whole", "installing", "moving", "removing"],
)
def test_an_update_that_fails_leaves_the_old_version(
    failing: ModuleType, tmp_path: Path, left: Mapping[str, str]
) -> None:
    target = put(tmp_path / "mine", left)
    failing.check_target(target)
    with pytest.raises(KeyboardInterrupt):
        failing.replace(target)
    assert held(target) == WHOLE
    assert not (target / ".before").exists()


def test_an_update_of_what_is_in_use_begins_nothing(
    failing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a folder from which something runs can't be renamed; here that is put in by hand."""
    target = put(tmp_path / "mine", WHOLE)
    rename = os.rename

    def hold(source: Path, to: Path) -> None:
        if Path(source) == target / "lib":
            raise PermissionError(errno.EACCES, "Access is denied", str(source))
        rename(source, to)

    monkeypatch.setattr(os, "rename", hold)
    with pytest.raises(failing.InstallError, match=r"can't be replaced \(Access is denied\): stop what runs there"):
        failing.replace(target)
    assert held(target) == WHOLE


def test_a_python_that_is_not_there_is_told(bundle: Path) -> None:
    done = install(bundle, PYTHON="/no/such/python3")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("install: there is no Python /no/such/python3, as PYTHON names it")


def test_a_damaged_wheel_is_refused(bundle: Path) -> None:
    wheel = bundle / "wheels" / "tiny_library-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes() + b" ")
    assert "install: wheels/tiny_library-1.0-py3-none-any.whl isn't the file that was packed" in refusal(bundle)


def test_a_missing_wheel_is_refused(bundle: Path) -> None:
    (bundle / "wheels" / "tiny_library-1.0-py3-none-any.whl").unlink()
    assert "install: wheels/tiny_library-1.0-py3-none-any.whl is missing" in refusal(bundle)


def test_another_python_is_refused(pack: Pack) -> None:
    said = refusal(pack(python="3.12" if HERE != "3.12" else "3.13"))
    assert re.search(rf"install: this bundle needs CPython 3\.1\d; .* is CPython {HERE}", said)


def test_an_old_python_can_read_the_installer(linux: Path) -> None:
    """Red Hat 8 calls Python 3.6 python3."""
    ast.parse((linux / "install.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    assert "from __future__ import annotations" not in (linux / "install.py").read_text(encoding="utf-8")


def test_a_bundle_for_windows_is_refused(pack: Pack) -> None:
    bundle = pack("windows")
    command = [sys.executable, "-I", bundle / "install.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "install: this bundle is for win-amd64" in done.stderr) == (1, True)


def test_no_python_at_all_is_told(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("sh", "dirname"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    done = install(bundle, PATH=str(tmp_path / "bin"), PYTHON="")
    assert (done.returncode, f"this bundle needs Python {HERE}" in done.stderr) == (1, True)


@pytest.mark.parametrize("name", ["landing", "bin"])
def test_a_folder_of_something_else_is_left_alone(bundle: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "mine" / name).mkdir(parents=True)
    assert "is no installation of Workforce EDI and isn't empty" in refusal(bundle, tmp_path / "mine")
    assert (tmp_path / "mine" / name).is_dir()
    (tmp_path / "file").write_text("")
    assert "is a file; name a folder" in refusal(bundle, tmp_path / "file")


def test_sha256sum_accepts_the_sums_of_every_file(linux: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=linux, check=False)
    assert done.returncode == 0
    named = {line.split("  ")[1] for line in (linux / "SHA256SUMS").read_text().splitlines()}
    files = {path.relative_to(linux).as_posix() for path in linux.rglob("*") if path.is_file()}
    assert named == files - {"SHA256SUMS"}
    assert {"uv.lock", "requirements.txt", "install.sh", "install.py", "README.txt", "docs/senders.md"} <= named


def test_the_zip_holds_the_bundle_and_repeats(pack: Pack, linux: Path, tmp_path: Path) -> None:
    again = pack()
    zips = [path.with_name(f"{path.name}.zip") for path in (linux, again)]
    assert len({hashlib.sha256(path.read_bytes()).hexdigest() for path in zips}) == 1
    subprocess.run([sys.executable, "-m", "zipfile", "-e", zips[0], tmp_path], check=True)
    for path in linux.rglob("*"):
        if path.is_file():
            assert (tmp_path / linux.name / path.relative_to(linux)).read_bytes() == path.read_bytes()
    with zipfile.ZipFile(zips[0]) as archive:
        runnable = [entry.filename for entry in archive.infolist() if entry.external_attr >> 16 & 0o111]
    assert runnable == [f"{linux.name}/install.sh"]


@pytest.mark.parametrize(("platform", "end"), [("linux", b"\n"), ("windows", b"\r\n")])
def test_its_texts_are_filled_in_and_end_their_lines_as_the_machine_does(pack: Pack, platform: str, end: bytes) -> None:
    bundle = pack(platform)
    starter = "install.cmd" if platform == "windows" else "install.sh"
    for name in ("README.txt", starter):
        text = (bundle / name).read_bytes()
        assert HERE.encode() in text
        assert not re.search(rb"@[A-Z]+@", text)
        assert {line.endswith(b"\r\n") for line in text.splitlines(keepends=True)} == {end == b"\r\n"}
    assert not (bundle / ("install.sh" if platform == "windows" else "install.cmd")).exists()


def test_a_path_too_long_for_windows_is_told_beforehand(linux: Path) -> None:
    r"""259 letters, less `\Lib\site-packages\` and the longest name in a wheel."""
    installer = loaded("installer", linux / "install.py")
    longest = f"workforce_edi-{VERSION}.dist-info/entry_points.txt"
    assert installer.room_for_target() == 259 - len("\\Lib\\site-packages\\") - len(longest)
