"""Packs the offline bundles: every wheel that a machine without network needs, and an installer. `make wheelhouse`.

It stands here and not in `pipelines` because no run needs it, and because each module there is part of a release's
identity: a line more in an installer must not give every release another id.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Environment
from packaging.pylock import PackageWheel, Pylock, PylockSelectError
from packaging.tags import Tag, compatible_tags, cpython_tags
from rich.console import Console

from pipelines.disk import file_sha256
from pipelines.progress import Stage, stage

ROOT = Path(__file__).resolve().parent.parent
INSTALLER = Path(__file__).resolve().with_name("installer")
PLATFORMS = ("linux", "windows")

# Of the wheels in the lock, those of pyarrow ask for the newest C library: Debian 10, Ubuntu 20.04, Red Hat 8 have it.
GLIBC_MINOR = 28
OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}

# A marker may tell one patch release from another. The first and one beyond the last of a minor release stand for all.
PATCHES = (0, 99)

EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip can hold no earlier date; the same everywhere, so that the bytes repeat
CAN_RUN = 0o100755 << 16
CAN_READ = 0o100644 << 16


class BundleError(RuntimeError):
    """A bundle can't be made, or isn't what the lock says."""


@dataclass(frozen=True)
class Target:
    """The kind of machine that a bundle is for: 64-bit Intel or AMD, with CPython of one minor version."""

    platform: str
    python: str

    def __str__(self) -> str:
        """Name it as its bundle does."""
        return f"{self.platform}-py{self.python}"

    @property
    def platforms(self) -> list[str]:
        """The platforms that a wheel for it may name, the newest first."""
        if self.platform == "windows":
            return ["win_amd64"]
        names: list[str] = []
        for minor in range(GLIBC_MINOR, 4, -1):
            names.append(f"manylinux_2_{minor}_x86_64")
            if minor in OLD_NAMES:
                names.append(f"{OLD_NAMES[minor]}_x86_64")
        return [*names, "linux_x86_64"]

    @property
    def tags(self) -> list[Tag]:
        """The tags of the wheels that it can use, the best first."""
        major, minor = map(int, self.python.split("."))
        interpreter = f"cp{major}{minor}"
        return [
            *cpython_tags((major, minor), platforms=self.platforms),
            *compatible_tags((major, minor), interpreter, self.platforms),
        ]

    def environment(self, patch: int) -> Environment:
        """Return what a requirement's marker sees there."""
        windows = self.platform == "windows"
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.{patch}",
            "os_name": "nt" if windows else "posix",
            "platform_machine": "AMD64" if windows else "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Windows" if windows else "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.{patch}",
            "python_version": self.python,
            "sys_platform": "win32" if windows else "linux",
        }


@dataclass(frozen=True)
class Locked:
    """A wheel as the lock names it."""

    name: str
    version: str
    file: str
    sha256: str
    marker: str = ""

    def requirement(self, with_marker: bool = True) -> str:
        """Return its line for pip."""
        marker = f" ; {self.marker}" if self.marker and with_marker else ""
        return f"{self.name}=={self.version}{marker} --hash=sha256:{self.sha256}"


def read_lock() -> Pylock:
    """Return what uv.lock asks for at run time, in the standard form (PEP 751), as uv itself writes it."""
    command = [uv(), "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--format", "pylock.toml"]
    return Pylock.from_dict(tomllib.loads(said_by(command)))


def chosen(lock: Pylock, target: Target) -> list[Locked]:
    """Return the wheel of each locked package that a kind of machine needs.

    Raises:
        BundleError: a package has no wheel for it, and would have to be built there.
    """
    held: dict[str, Locked] = {}
    found: dict[str, int] = {}
    lacking: set[str] = set()
    for patch in PATCHES:
        try:
            selected = list(lock.select(environment=target.environment(patch), tags=target.tags))
        except PylockSelectError as error:
            raise BundleError(f"no bundle for {target}: {error}") from error
        for package, source in selected:
            if not isinstance(source, PackageWheel):
                lacking.add(f"{package.name} {package.version}")
                continue
            found[source.filename] = found.get(source.filename, 0) + 1
            sha256 = source.hashes["sha256"]
            held[source.filename] = Locked(
                package.name, str(package.version), source.filename, sha256, str(package.marker or "")
            )
    if lacking:
        raise BundleError(f"no bundle for {target}: the lock has no wheel for it of {', '.join(sorted(lacking))}")
    for file, one in held.items():
        if found[file] == len(PATCHES):
            held[file] = Locked(one.name, one.version, one.file, one.sha256)
    return sorted(held.values(), key=lambda one: one.file)


def fetch(locked: list[Locked], target: Target, wheels: Path, on: Stage) -> None:
    """Let pip download the wheels: each by its hash, so that no other file can take its place."""
    with tempfile.TemporaryDirectory() as folder:
        # pip weighs markers for the Python that runs it; what is needed has been settled.
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text("".join(f"{one.requirement(with_marker=False)}\n" for one in locked), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off"]
        command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", str(wheels), "-r", str(wanted)]
        command += ["--implementation", "cp", "--python-version", target.python]
        for platform in target.platforms:
            command += ["--platform", platform]
        for line in lines_of(command):
            if line.startswith("Collecting "):
                on(line.removeprefix("Collecting ").split(" (")[0])


def lines_of(command: list[str]) -> Iterator[str]:
    """Yield a command's lines as it prints them.

    Raises:
        BundleError: it failed; its last lines say why.
    """
    last: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        for line in running.stdout or ():
            last = [*last[-9:], line.rstrip()]
            yield line.strip()
    if running.returncode:
        raise BundleError("\n".join([f"{' '.join(command[:4])} failed:", *last]))


def check_wheels(wheels: Path, locked: list[Locked]) -> None:
    """Hold what was downloaded to the lock: the same files, byte for byte, and no others.

    Raises:
        BundleError: a file is missing, is another, or isn't in the lock.
    """
    held = {path.name: file_sha256(path) for path in wheels.iterdir()}
    wanted = {one.file: one.sha256 for one in locked}
    differing = sorted(name for name in held.keys() | wanted if held.get(name) != wanted.get(name))
    if differing:
        raise BundleError(f"not as the lock says: {', '.join(differing)}")


def build_project(out: Path) -> Locked:
    """Build the project's own wheel, with the builder of the lock: another version would give other bytes."""
    said_by(
        [uv(), "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(out)]
    )
    path = next(out.glob("*.whl"))
    name, version = path.name.split("-")[:2]
    return Locked(name.replace("_", "-"), version, path.name, file_sha256(path))


def write_bundle(folder: Path, project: Locked, locked: list[Locked], target: Target) -> None:
    """Put beside the wheels what installs and explains them, and last the hash of every file."""
    required = sorted([project, *locked], key=lambda one: one.name)
    (folder / "requirements.txt").write_text("".join(f"{one.requirement()}\n" for one in required), encoding="utf-8")
    shutil.copy(ROOT / "uv.lock", folder)
    shutil.copytree(ROOT / "docs", folder / "docs")
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    starter = "install.cmd" if target.platform == "windows" else "install.sh"
    for name in ("README.txt", "install.py", starter):
        text = filled((INSTALLER / name).read_text(encoding="utf-8"), project, target)
        end = "\r\n" if target.platform == "windows" else "\n"
        (folder / name).write_text(text, encoding="utf-8", newline=end)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = "".join(f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8", newline="\n")


def filled(text: str, project: Locked, target: Target) -> str:
    """Return an installer's text with its places filled in."""
    windows = target.platform == "windows"
    places = {
        "VERSION": project.version,
        "PYTHON": target.python,
        "PLATFORM": "win-amd64" if windows else "linux-x86_64",
        "GLIBC": f"2.{GLIBC_MINOR}",
        "SYSTEM": "Windows" if windows else f"Linux with glibc 2.{GLIBC_MINOR} or later",
        "START": "double-click install.cmd" if windows else "sh install.sh",
        "ANOTHER": r"another one:  install.cmd C:\FOLDER" if windows else "another one:  sh install.sh /FOLDER",
        "COMMAND": r'"%USERPROFILE%\workforce-edi\Scripts\edi"' if windows else "~/workforce-edi/bin/edi",
    }
    return re.sub(r"@([A-Z]+)@", lambda place: places[place[1]], text)


def zip_bundle(folder: Path) -> Path:
    """Write a bundle as a zip beside it, the same bytes from the same files; wheels are packed tight already."""
    path = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(folder.parent).as_posix(), EARLIEST)
                entry.create_system = 3  # Unix, which keeps who may run a file
                entry.external_attr = CAN_RUN if file.suffix == ".sh" else CAN_READ
                with file.open("rb") as source, archive.open(entry, "w", force_zip64=True) as packed:
                    shutil.copyfileobj(source, packed, 1 << 20)
    return path


def uv() -> str:
    """Return the uv of this environment."""
    return str(Path(sys.executable).with_name("uv"))


def said_by(command: list[str]) -> str:
    """Run a command and return what it printed.

    Raises:
        BundleError: it failed.
    """
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BundleError(f"{' '.join(command[:3])} failed:\n{done.stderr.strip()}")
    return done.stdout


def pack(target: Target, lock: Pylock, wheel: Path, project: Locked, out: Path, console: Console) -> None:
    """Make the bundle of one kind of machine, anew, and say how large it is."""
    folder = out / f"{project.name}-{project.version}-{target}"
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    locked = chosen(lock, target)
    with stage(console, "download", len(locked)) as on:
        fetch(locked, target, wheels, on)
        check_wheels(wheels, locked)
        on.summary = f"{target}: {len(locked)} wheels, each of the hash that uv.lock has for it"
    with stage(console, "pack") as on:
        shutil.copy(wheel, wheels)
        write_bundle(folder, project, locked, target)
        packed = zip_bundle(folder)
        on.summary = f"{packed}, {packed.stat().st_size / 1e6:,.0f} MB, sha256 {file_sha256(packed)}"


def main() -> None:
    """Pack a bundle for each kind of machine that was asked for."""
    words = argparse.ArgumentParser(prog="make wheelhouse", description=__doc__)
    words.add_argument("--platforms", nargs="+", choices=PLATFORMS, default=PLATFORMS)
    words.add_argument("--pythons", nargs="+", default=[f"{sys.version_info.major}.{sys.version_info.minor}"])
    words.add_argument("--out", type=Path, default=ROOT / "dist")
    asked = words.parse_args()
    console = Console()
    try:
        with tempfile.TemporaryDirectory() as folder:
            with stage(console, "build") as on:
                project = build_project(Path(folder))
                lock = read_lock()
                on.summary = project.file
            for python in asked.pythons:
                for platform in asked.platforms:
                    pack(Target(platform, python), lock, Path(folder) / project.file, project, asked.out, console)
    except BundleError as error:
        sys.exit(f"wheelhouse: {error}")


if __name__ == "__main__":
    main()
