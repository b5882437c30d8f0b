"""As recorded: an old release held to the very program that made it, in an environment of its own.

The release holds that program's wheel, and the wheel the lock that names every library by its hash. What comes out is
the verdict on an old release; today's program is a second opinion. It runs code that lies in the folder under audit:
its verdict is worth as much as the wheel's hash, which the receipt has, is known from elsewhere.
"""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pipelines import disk, seal
from pipelines.approval import Standing
from pipelines.audit import Receipt
from pipelines.places import DataFolder

# What a wheel holds that says which libraries it ran with.
LOCKED = ("pyproject.toml", "uv.lock")


class NotRecordedError(RuntimeError):
    """The program that made a release can't be set up again; the message says why and what to do."""


def audit(
    folder: DataFolder,
    release: Standing,
    wheels: Path | None = None,
    wheel_sha256: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> Receipt:
    """Have the program that made a release make it again, and return what it found.

    Args:
        folder: the data folder.
        release: one of ``audit.releases``.
        wheels: a folder with the libraries' wheels; without it they come from the package index or uv's cache.
        wheel_sha256: what the wheel's SHA-256 must be, as whoever made the program published it; without it any.
        progress: told the name of each step when it is done.

    Raises:
        NotRecordedError: the release has no whole wheel, or the environment can't be made.
    """
    path = folder.marts / release.release_id
    found = seal.problems(path, release.sums)
    if found:
        raise NotRecordedError(f"{path} isn't what was sealed ({found[0]}): its program can't be trusted")
    (wheel,) = (path / seal.INTERNAL).resolve().glob("*.whl")
    digest = disk.file_sha256(wheel)
    if wheel_sha256 and digest != wheel_sha256.strip().lower():
        raise NotRecordedError(f"the wheel in {path} has the SHA-256 {digest}, which isn't the one expected: not run")
    with disk.passing_folder() as place:
        python = _environment(place, wheel, str(release.made[0].get("python", "")), wheels, progress)
        words = ["audit", release.release_id, "--data", str(folder.root.resolve()), "--out", str(place / "out")]
        ran = _run([str(python), "-I", "-m", "pipelines.cli", *words], place)
        progress("auditing")
        receipts = list((place / "out").glob("*.json"))
        if not receipts:
            raise NotRecordedError(f"the recorded program gave no receipt: {_last(ran)}")
        said = Receipt.read(receipts[0].read_text(encoding="utf-8"))
    if (said.release_id, said.snapshot_id) != (release.release_id, release.snapshot_id):
        raise NotRecordedError("the recorded program gave the receipt of another release")
    # Whatever a program says of itself is worth what the program is: who knows its wheel's hash knows that.
    return replace(said, program=f"{said.program}, as recorded; wheel {digest}")


def _environment(place: Path, wheel: Path, python: str, wheels: Path | None, progress: Callable[[str], None]) -> Path:
    """Make an environment of the recorded libraries and program; return its Python."""
    uv = _uv()
    with zipfile.ZipFile(wheel) as archive:
        for name in LOCKED:
            disk.write_whole(place / name, archive.read(f"pipelines/shipped/{name}").decode())
    environment = place / "environment"
    interpreter = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    minor = ".".join(python.split(".")[:2])
    source = ["--no-index", "--find-links", str(wheels.resolve())] if wheels else []
    into = ["--python", str(interpreter)]
    locked = ["--frozen", "--no-dev", "--no-emit-project", "--quiet", "--output-file", str(place / "requirements.txt")]
    for step, words in (
        (f"making an environment of Python {minor}", ["venv", "--quiet", "--python", minor, str(environment)]),
        ("reading the lock", ["export", *locked]),
        (
            "installing the libraries",
            ["pip", "install", "--quiet", *into, *source, "--require-hashes", "-r", str(place / "requirements.txt")],
        ),
        ("installing the program", ["pip", "install", "--quiet", *into, "--no-deps", "--no-index", str(wheel)]),
    ):
        ran = _run([*uv, *words], place)
        if ran.returncode:
            raise NotRecordedError(f"{step} failed: {_last(ran)}; see whether the package index can be reached")
        progress(step)
    return interpreter


def _uv() -> list[str]:
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if not found:
        raise NotRecordedError(
            "uv, which makes environments from a lock, isn't installed here; install it (pip install uv) and run again"
        )
    return [found]


def _run(words: Sequence[str], place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=place, capture_output=True, text=True, encoding="utf-8", check=False)


def _last(ran: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (ran.stderr or ran.stdout).strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"it ended with {ran.returncode}"
