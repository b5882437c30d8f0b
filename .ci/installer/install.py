"""Installs Workforce EDI from this folder, without network or administrator; install.sh and install.cmd run it.

An older Python has to be able to read this file, so as to be told that it won't do.
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from pathlib import Path

VERSION, PYTHON, PLATFORM, GLIBC = "@VERSION@", "@PYTHON@", "@PLATFORM@", "@GLIBC@"
BUNDLE = Path(__file__).absolute().parent
WHEELS = BUNDLE / "wheels"

# Lies in an installation, also one that isn't whole, and tells that the folder is one: an update replaces it.
MARK = "workforce-edi.txt"
# Where the installation before lies in it until the new one is whole.
BEFORE = ".before"
PARTS = {MARK, BEFORE, "pyvenv.cfg", ".gitignore", "bin", "include", "lib", "lib64", "scripts", "share", "etc", "man"}

# What Windows takes as a path, unless an administrator has allowed longer ones.
LONGEST_PATH = 259


class InstallError(Exception):
    """Why nothing is installed, and what to do."""


def check_python() -> None:
    """Refuse a Python that the bundle's wheels aren't for."""
    version = ".".join(map(str, sys.version_info[:2]))
    if version != PYTHON or platform.python_implementation() != "CPython":
        raise InstallError(
            f"this bundle needs CPython {PYTHON}; {sys.executable} is {platform.python_implementation()} {version}: "
            f"name another one (PYTHON=/path/to/python{PYTHON} sh install.sh), or ask for a bundle for {version}"
        )
    if sysconfig.get_platform() != PLATFORM:
        raise InstallError(f"this bundle is for {PLATFORM}; {sys.executable} is for {sysconfig.get_platform()}")
    library, number = ("", "") if os.name == "nt" else platform.libc_ver()
    if os.name != "nt" and (library != "glibc" or parted(number) < parted(GLIBC)):
        raise InstallError(
            f"this bundle needs glibc {GLIBC} or later; this machine has {library or 'another'} {number}"
        )
    if importlib.util.find_spec("ensurepip") is None:
        raise InstallError(
            f"{sys.executable} has no ensurepip; on Debian and Ubuntu the package python3-venv brings it"
        )


def parted(version: str) -> "tuple[int, ...]":
    """Return a version's numbers."""
    return tuple(map(int, re.findall(r"\d+", version)))


def check_files() -> int:
    """Refuse a bundle of which a file is missing or damaged; return how many files were looked at."""
    lines = (BUNDLE / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    for line in lines:
        expected, name = line.split("  ", 1)
        path = BUNDLE / name
        if not path.is_file():
            raise InstallError(f"{name} is missing: unpack the bundle again, or fetch it again")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                raise InstallError(f"{name} isn't the file that was packed: unpack the bundle again, or fetch it again")
    return len(lines)


def check_target(target: Path) -> None:
    """Refuse a folder that holds anything but an installation, which an update would clear away."""
    if target.exists() and not target.is_dir():
        raise InstallError(f"{target} is a file; name a folder")
    held = {path.name for path in target.iterdir()} if target.is_dir() else set()
    if held and MARK not in held and not (target / BEFORE / MARK).is_file():
        raise InstallError(f"{target} is no installation of Workforce EDI and isn't empty; name another folder")
    strange = sorted(name for name in held if name.lower() not in PARTS)
    if strange:
        raise InstallError(
            f"{target} holds {strange[0]}, which an update would delete; move it elsewhere and install again"
        )
    if os.name == "nt" and len(str(target)) > room_for_target():
        raise InstallError(
            f"{target} is too long a path for Windows; name a folder of {room_for_target()} letters or fewer"
        )


def room_for_target() -> int:
    """Return how long the path of an installation may be on Windows; bytecode that finds no room is left out."""
    longest = max(len(name) for wheel in WHEELS.glob("*.whl") for name in zipfile.ZipFile(wheel).namelist())
    return LONGEST_PATH - len("\\Lib\\site-packages\\") - longest


def set_aside(target: Path) -> None:
    """Move the installation before out of the way: the whole of it, or nothing where any of it is in use."""
    before = target / BEFORE
    try:
        if (before / MARK).is_file():
            # An update was interrupted: all had moved, as the mark goes last, and what lies beside isn't whole.
            clear(target)
            return
        put_back(target)
        before.mkdir(parents=True)
        for part in sorted(parts(target), key=lambda path: path.name == MARK):
            part.rename(before / part.name)
    except OSError as error:
        put_back(target)
        raise InstallError(
            f"{target} can't be replaced ({error.strerror}): stop what runs there, such as edi serve, close terminals "
            "and editors that are open in it, and install again; nothing was installed"
        ) from error


def put_back(target: Path) -> None:
    """Move the installation before back to where it was, but for what has been replaced already."""
    before = target / BEFORE
    if before.is_dir():
        for part in before.iterdir():
            if not (target / part.name).exists():
                part.rename(target / part.name)
        remove(before)


def parts(target: Path) -> "list[Path]":
    """Return what lies in an installation, but for the one before."""
    return [path for path in target.iterdir() if path.name != BEFORE]


def clear(target: Path) -> None:
    """Remove what lies in an installation, but for the one before."""
    for part in parts(target):
        remove(part)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder."""
    if path.is_dir() and not path.is_symlink():
        # On Windows a path longer than it takes otherwise: what was set aside lies deeper than it did.
        is_deep = os.name == "nt" and path.drive.endswith(":")
        shutil.rmtree(f"\\\\?\\{path.resolve()}" if is_deep else path)
    else:
        path.unlink()


def replace(target: Path) -> Path:
    """Install in place of what lies there, which comes back if that fails; return the new Python."""
    set_aside(target)
    before = target / BEFORE
    try:
        python = install(target)
    except BaseException:
        if (before / MARK).is_file():
            clear(target)
            put_back(target)
        raise
    try:
        # The mark goes first: from now on the new one counts.
        for part in sorted(before.iterdir(), key=lambda path: path.name != MARK):
            remove(part)
        before.rmdir()
    except OSError as error:
        print(f"left       {before}, of the version before ({error.strerror}): stop what runs there, and delete it")
    return python


def install(target: Path) -> Path:
    """Make an environment and install into it what the bundle holds, and nothing from elsewhere; return its Python."""
    # The mark comes first: what is interrupted can be told for ours, and replaced.
    (target / MARK).write_text(f"Workforce EDI {VERSION}\n", encoding="utf-8")
    venv.create(target, symlinks=os.name != "nt")
    python = target / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(python, "-m", "ensurepip")
    # --isolated and the empty configuration: no setting of this machine's pip leads elsewhere.
    pip = ("-m", "pip", "--isolated", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "install")
    # pip compiles bytecode too: without it every start would be several times as slow where nobody may write it later.
    run(python, *pip, "--no-index", "--find-links", WHEELS, "--require-hashes", "-r", BUNDLE / "requirements.txt")
    said = run(python, "-m", "pipelines.cli", "--version")
    if said != VERSION:
        raise InstallError(f"the installation calls itself {said}, and not {VERSION}")
    return python


def run(python: Path, *words: object) -> str:
    """Run a Python and return what it printed."""
    variables = {**os.environ, "PIP_CONFIG_FILE": os.devnull}
    # UTF-8 both ways: a folder may carry a name that the machine's own code page hasn't.
    command = [str(python), "-I", "-X", "utf8", *map(str, words)]
    done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    if done.returncode:
        raise InstallError(f"{' '.join(map(str, words[:2]))} failed; nothing was installed:\n{done.stdout.strip()}")
    return done.stdout.strip()


def main() -> None:
    """Check, install, try, and say what to run."""
    words = argparse.ArgumentParser(description="Install Workforce EDI from this folder.")
    words.add_argument("folder", nargs="?", type=Path, default=Path.home() / "workforce-edi")
    target = words.parse_args().folder.expanduser().absolute()
    started = time.monotonic()
    check_python()
    print(f"checked   {check_files()} files of the bundle, Python {platform.python_version()}", flush=True)
    check_target(target)
    print(f"install   Workforce EDI {VERSION} into {target}: a minute or two", flush=True)
    python = replace(target)
    lies = run(python, "-c", "from pipelines.places import PROJECT; print(PROJECT / 'prefect.yaml')")
    print(f"installed in {time.monotonic() - started:.0f} s. Run it with: {python.with_name('edi')} demo")
    print(f"Prefect's deployments: {lies}")


if __name__ == "__main__":
    try:
        main()
    except (InstallError, OSError) as error:
        sys.exit(f"install: {error}")
