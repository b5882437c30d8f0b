"""The seal: the hash of every file of a release, in lists that plain ``sha256sum -c`` reads.

The public part has one list, ``internal`` another, so that each is whole without the other. The ledger holds the hashes
of both lists: nobody changes a file and its line in the list unseen.
"""

from collections.abc import Iterator
from pathlib import Path

from pipelines.disk import file_sha256, write_whole

SUMS = "SHA256SUMS"
INTERNAL = "internal"


class BrokenSealError(RuntimeError):
    """A release isn't what it was when it was sealed."""


def seal(release: Path) -> dict[str, str]:
    """Write both lists, the last files of a release; return their hashes by their paths below it."""
    return {_write(folder).relative_to(release).as_posix(): file_sha256(folder / SUMS) for folder in _parts(release)}


def _parts(release: Path) -> tuple[Path, Path]:
    return release, release / INTERNAL


def _write(folder: Path) -> Path:
    lines = [f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in held(folder)]
    write_whole(folder / SUMS, lines)
    return folder / SUMS


def held(folder: Path) -> Iterator[Path]:
    """Yield the files that a list is about, in order: all below its folder but itself and ``internal``."""
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder)
        if not path.is_dir() and name.as_posix() != SUMS and name.parts[0] != INTERNAL:
            yield path


def listed(folder: Path) -> dict[str, str]:
    """Return the hashes of a list by path."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    return {name: sha256 for sha256, name in (line.split("  ", 1) for line in lines)}


def problems(release: Path, sums: dict[str, str] | None = None) -> list[str]:
    """Return what is wrong with a release: lines of files that were changed, are missing, or weren't there.

    Args:
        release: its folder.
        sums: the hashes of its lists, as the ledger has them; without them the lists are believed.
    """
    found = []
    for folder in _parts(release):
        name = (folder / SUMS).relative_to(release).as_posix()
        if not (folder / SUMS).is_file():
            found.append(f"{name} is missing")
            continue
        if sums and file_sha256(folder / SUMS) != sums.get(name):
            found.append(f"{name} isn't the list that the ledger knows")
        found += _differing(folder)
    return found


def _differing(folder: Path) -> list[str]:
    there = {path.relative_to(folder).as_posix(): path for path in held(folder)}
    expected = listed(folder)
    found = [f"{name} is missing" for name in sorted(set(expected) - set(there))]
    for name, path in there.items():
        if path.is_symlink() or not path.is_file():
            found.append(f"{name} is a link or no file")
        elif name not in expected:
            found.append(f"{name} wasn't there when the release was sealed")
        elif file_sha256(path) != expected[name]:
            found.append(f"{name} was changed")
    prefix = f"{INTERNAL}/" if folder.name == INTERNAL else ""
    return [prefix + line for line in found]
