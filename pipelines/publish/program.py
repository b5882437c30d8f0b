"""The program that made a release: every file of it by its hash, the libraries it computes with, and its wheel.

The wheel goes into the release, so that an audit years later can run what was run then. It is put together here from
the files that are at work, in a checkout as in an installation, and is the same for the same files.
"""

import base64
import hashlib
import re
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from pipelines import places
from pipelines.disk import file_sha256
from pipelines.freeze import canonical

# Beside the modules, as a checkout calls them: what ``places`` finds, by folder with the endings of its files.
SHIPPED = {
    "sql": (".sql",),
    "expectations": (".json",),
    "reports": (".j2", ".yaml", ".css", ".js", ".typ", ".ttf", ".woff2", ".txt"),
    "data/contracts": (".yaml",),
    "data/layouts": (".yaml",),
    "data/reference": (".csv", ".yaml"),
}
# What lies about in a checkout, an editor's copy or somebody's extract, is called otherwise.
PLAIN = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
SINGLE = ("prefect.yaml", "pyproject.toml", "uv.lock")

# The first moment that a ZIP archive can tell: the wheel holds no clock.
EPOCH = (1980, 1, 1, 0, 0, 0)


def files() -> dict[str, Path]:
    """Return every file of the program by its path in a checkout, in order."""
    found = {f"pipelines/{name}": path for name, path in _below(places.PACKAGE, (".py",))}
    for folder, endings in SHIPPED.items():
        found |= {f"{folder}/{name}": path for name, path in _below(places.PROJECT / folder, endings)}
    found |= {name: places.PROJECT / name for name in SINGLE}
    return dict(sorted(found.items()))


def _below(folder: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder that belong to the program, and none that lies about or that a wheel brought."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        is_plain = all(PLAIN.fullmatch(one) for one in parts) and not {"__pycache__", "shipped"} & set(parts)
        if is_plain and path.suffix in endings and path.is_file():
            yield "/".join(parts), path


def hashes() -> dict[str, str]:
    """Return the SHA-256 of every file of the program, by its path in a checkout."""
    return {name: file_sha256(path) for name, path in files().items()}


def sha256(of_files: Mapping[str, str]) -> str:
    """Return one hash for the whole program: of its files' paths and hashes."""
    return hashlib.sha256(canonical(dict(of_files)).encode()).hexdigest()


def libraries() -> dict[str, str]:
    """Return the versions at work of the libraries that the program names itself."""
    names = [requirement.split("<")[0].split(">")[0].split("=")[0] for requirement in _project()["dependencies"]]
    return {name: metadata.version(name) for name in sorted(names)}


def version() -> str:
    """Return the program's version."""
    return str(_project()["version"])


def _project() -> dict[str, Any]:
    text = (places.PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["project"])


def wheel(folder: Path) -> Path:
    """Write the program's wheel into a folder; return its path.

    Nothing in it is compressed: another version of the library that compresses would give other bytes.
    """
    project = _project()
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    held = {_name(name): path.read_bytes() for name, path in files().items()}
    held |= {f"{stem}.dist-info/{name}": text.encode() for name, text in _told(project).items()}
    records = [f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in sorted(held.items())]
    record = f"{stem}.dist-info/RECORD"
    held[record] = ("".join(records) + f"{record},,\n").encode()
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(held.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, content)
    return path


def _name(name: str) -> str:
    """Return where a file of the program lies in a wheel: ``places.project`` finds it there."""
    return name if name.startswith("pipelines/") else f"pipelines/shipped/{name}"


def _told(project: Mapping[str, Any]) -> dict[str, str]:
    """Return what a wheel says of itself to an installer, by file."""
    said = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {requirement}" for requirement in project["dependencies"]),
    ]
    scripts = [f"{name} = {target}" for name, target in project["scripts"].items()]
    return {
        "METADATA": "\n".join(said) + "\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: workforce-edi\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": "[console_scripts]\n" + "\n".join(scripts) + "\n",
    }


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
