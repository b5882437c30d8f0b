"""Objects: what snapshots are made of, each file written once, under the SHA-256 of its bytes."""

import hashlib
from pathlib import Path

from pipelines.disk import copy_whole, file_sha256, write_whole
from pipelines.places import DataFolder

# What to do about it.
RESTORE = "put it back from a backup, and see what 'edi ledger verify' says"


class DamagedError(RuntimeError):
    """A file of the store isn't what its name says."""


def keep(folder: DataFolder, source: Path, sha256: str = "", suffix: str = "") -> str:
    """Copy a file into the store, unless it is there; return its SHA-256.

    Args:
        folder: the data folder.
        source: the file.
        sha256: what it was when it was judged; without it, whatever it is now.
        suffix: the ending of its name in the store.

    Raises:
        DamagedError: one of that name is there and isn't what it is called.
        RuntimeError: it isn't any more what it was when it was judged.
    """
    name = sha256 or file_sha256(source)
    path = folder.objects / f"{name}{suffix}"
    if path.is_file():
        verified(path)
    else:
        folder.objects.mkdir(parents=True, exist_ok=True)
        copy_whole(source, path, name)
    return name


def keep_text(folder: DataFolder, text: str) -> str:
    """Write a text into the store, unless it is there; return its SHA-256.

    Raises:
        DamagedError: one of that name is there and isn't what it is called.
    """
    name = hashlib.sha256(text.encode()).hexdigest()
    path = folder.objects / name
    if path.is_file():
        verified(path)
    else:
        folder.objects.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return name


def verified(path: Path, sha256: str = "") -> Path:
    """Return a file of the store if its bytes are those that its name tells.

    Args:
        path: the file.
        sha256: what its bytes must be; without it, what stands in its name, behind a dash if there is one.

    Raises:
        DamagedError: they aren't, or it isn't there.
    """
    if not path.is_file():
        raise DamagedError(f"{path} is missing; {RESTORE}")
    if file_sha256(path) != (sha256 or path.stem.rpartition("-")[2]):
        raise DamagedError(f"{path} isn't what its name says: it was changed or damaged; {RESTORE}")
    return path
