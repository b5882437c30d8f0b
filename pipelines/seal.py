"""The seal: the hash of every file of a release, in lists that plain ``sha256sum -c`` reads.

The public part has one list, ``internal`` another, so that each is whole without the other. The ledger holds the hashes
of both lists: nobody changes a file and its line in the list unseen.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines import disk
from pipelines.disk import file_sha256, write_whole

SUMS = "SHA256SUMS"
INTERNAL = "internal"
LISTED = re.compile(r"([0-9a-f]{64})  ([^\\]+)")


def seal(release: Path) -> dict[str, str]:
    """Write both lists, the last files of a release; return their hashes by their paths below it."""
    return {
        seal_folder(folder).relative_to(release).as_posix(): file_sha256(folder / SUMS) for folder in _parts(release)
    }


def _parts(release: Path) -> tuple[Path, Path]:
    return release, release / INTERNAL


def seal_folder(folder: Path) -> Path:
    """Write the list of one folder's files, but for those of ``internal``; return the list."""
    lines = [f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in held(folder)]
    write_whole(folder / SUMS, lines)
    return folder / SUMS


def held(folder: Path) -> list[Path]:
    """Return the files that a list is about, in order: all below its folder but itself and ``internal``."""
    found = [path for path in _below(folder, INTERNAL) if path != folder / SUMS]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def problems(release: Path, sums: Mapping[str, str] | None = None) -> list[str]:
    """Say of every file of a release that isn't as its lists say: changed, gone, added, or a link.

    Args:
        release: the release's folder.
        sums: the SHA-256 that each list of files has to have, by its path; the lists aren't held to any if None.
    """
    public = list_problems(release, leave_out=INTERNAL)
    internal = [f"{INTERNAL}/{problem}" for problem in list_problems(release / INTERNAL)]
    unsealed = [
        f"{name} isn't the list that the ledger names"
        for name in (SUMS, f"{INTERNAL}/{SUMS}")
        if sums is not None and (release / name).is_file() and disk.file_sha256(release / name) != sums.get(name)
    ]
    return [*unsealed, *public, *internal]


def list_problems(folder: Path, leave_out: str = "") -> list[str]:
    """Say of every file below a folder that isn't as its SHA256SUMS says; one folder in it may be left out."""
    sums = folder / SUMS
    if sums.is_symlink() or not sums.is_file():
        return [f"{SUMS} isn't there"]
    listed = parsed(sums.read_bytes())
    if listed is None:
        return [f"{SUMS} isn't a list of files"]
    there = {path.relative_to(folder).as_posix(): path for path in _below(folder, leave_out) if path != sums}
    wrong = dict.fromkeys(listed.keys() - there.keys(), "is gone")
    for name, path in there.items():
        if path.is_symlink() or not path.is_file():
            wrong[name] = "isn't a file but a link"
        elif name not in listed:
            wrong[name] = "was added"
        elif disk.file_sha256(path) != listed[name]:
            wrong[name] = "was changed"
    return [f"{name} {what}" for name, what in sorted(wrong.items())]


def listing(sums: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that a SHA256SUMS lists, by its path; nothing of what isn't such a list."""
    return parsed(sums.read_bytes()) or {}


def parsed(content: bytes) -> dict[str, str] | None:
    """Return what a SHA256SUMS lists; None where a line is something else, or leads out of the folder."""
    listed: dict[str, str] = {}
    try:
        lines = content.decode().removesuffix("\n").split("\n") if content else []
    except UnicodeDecodeError:
        return None
    for line in lines:
        found = LISTED.fullmatch(line)
        if found is None or found[2] in listed or set(found[2].split("/")) & {"", ".", ".."}:
            return None
        listed[found[2]] = found[1]
    return listed


def _below(folder: Path, leave_out: str) -> Iterable[Path]:
    """Yield everything below a folder but its folders, and links to folders too: nothing is followed."""
    for path, folders, files in os.walk(folder):
        here = Path(path)
        if here == folder and leave_out in folders and not (here / leave_out).is_symlink():
            folders.remove(leave_out)
        yield from (here / name for name in files)
        yield from (here / name for name in folders if (here / name).is_symlink())
