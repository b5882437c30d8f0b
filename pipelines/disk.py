"""Files put in place, moved and removed so that it holds on Windows, on a share, beside a synchroniser and in a crash.

There a file that any program has open, a virus scanner for a moment, can't be renamed or removed; names and paths are
held to more; and a file may be in a folder without being on the machine (docs/folders.md). A system holds what is
written in memory for a while: where the power fails, a new name may be on the disk before its content is. So whatever
gets its name here has its content on the disk before, and its name after.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

# Seconds between one try and the next: a scanner or synchroniser lets go within a few.
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

# How it is told that something is held: by an SMB share, and where a file that was removed from a folder is still open
# somewhere. By their names: not every system has each of them. Windows says the same of what is held and of what may
# not be done; elsewhere a lack of permission is one, and no waiting mends it.
REFUSED = ("EACCES", "EPERM")
HELD = ("EBUSY", "ETXTBSY", "ENOTEMPTY", *(REFUSED if os.name == "nt" else ()))
FULL = ("ENOSPC", "EDQUOT")

# Windows makes other ends of lines unless it is told that a file is none of text.
BINARY: int = getattr(os, "O_BINARY", 0)

# How a file system says that its folders can't be written out by themselves.
NO_FOLDERS = ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")

# What Windows makes something else of, with or without an ending, and letters that its names can't have.
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)
NO_LETTERS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')

# A file whose content lies in the cloud only: Windows' OFFLINE, RECALL_ON_OPEN and RECALL_ON_DATA_ACCESS, as OneDrive
# sets them, and macOS's SF_DATALESS. Python's `stat` doesn't have all of them.
CLOUD_ATTRIBUTES = 0x1000 | 0x40000 | 0x400000
CLOUD_FLAGS = 0x40000000

# How a passing folder's name begins; the number of the process follows.
PASSING = "edi-"

# No path of ours below the data folder is longer, but for a sender's own long name in quarantine.
LONGEST = 135


class HeldError(RuntimeError):
    """A file or folder that can't be renamed or removed, whatever the patience; the message says which and why."""


def patiently(action: Callable[[], Result], path: Path, what: str) -> Result:
    """Do something to a path; where another program holds it, wait and try again.

    Args:
        action: what to do.
        path: the path, for the sentence; the error may name another one, in it, that is held.
        what: what can't be done to it, for the sentence.

    Raises:
        HeldError: it is still held at the end, or there is no permission.
    """
    for pause in (*PAUSES, None):
        try:
            return action()
        except OSError as error:
            is_held = _is_one_of(error, HELD)
            if not is_held and not _is_one_of(error, REFUSED):
                raise
            if not is_held or pause is None:
                named = Path(error.filename or path)
                raise HeldError((_held if is_held else _not_allowed)(path, what, named)) from error
            # No system tells when a file is let go; there is nothing to wait for but time.
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def _is_one_of(error: OSError, names: Sequence[str]) -> bool:
    return errno.errorcode.get(error.errno or 0) in names


def _held(path: Path, what: str, named: Path) -> str:
    held = "it" if named.name == path.name else named.name
    allowed = ", or its permissions don't allow it" if os.name == "nt" else ""
    return (
        f"{path} can't be {what}: another program holds {held} (a virus scanner, a synchroniser such as OneDrive, a "
        f"spreadsheet){allowed}; close it there or wait a minute, and run again"
    )


def _not_allowed(path: Path, what: str, named: Path) -> str:
    return (
        f"{path} can't be {what}: the permissions of {named.parent}, or of what is in it, don't allow it; change them "
        "and run again"
    )


def is_full(error: OSError) -> bool:
    """Tell whether an error means that the disk, or somebody's share of it, is full."""
    return _is_one_of(error, FULL)


def owner_only() -> None:
    """Let whatever this process and those that it starts make be for their owner alone: files 0600, folders 0700.

    Default ACLs of a folder (POSIX) go before it, and so do the permissions of a folder on Windows. Whoever has set
    something stricter keeps it.
    """
    os.umask(os.umask(0o077) | 0o077)


def settle(path: Path) -> None:
    """Have a file's content on the disk, whoever wrote it; it holds when the power fails afterwards.

    Raises:
        HeldError: another program holds it, or it may not be opened.
        OSError: the disk is full, or gave up.
    """
    _settle(patiently(lambda: _open(path), path, "written to the disk"))


def settle_folder(path: Path) -> None:
    """Have on the disk which names a folder holds, where the system can tell it to (Windows does so by itself)."""
    if os.name != "posix":
        return
    try:
        _settle(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:
        # One that may be written to and not read.
        return
    except OSError as error:
        if not _is_one_of(error, NO_FOLDERS):
            raise


def settle_tree(path: Path) -> None:
    """Have a folder, and all files and folders in it, on the disk; links in it stay what they are.

    Raises:
        HeldError: another program holds a file of it, or it may not be opened.
        OSError: the disk is full, or gave up.
    """
    for folder, _, names in os.walk(path, topdown=False):
        for one in (Path(folder, name) for name in names):
            if one.is_file() and not one.is_symlink():
                settle(one)
        settle_folder(Path(folder))


def _open(path: Path) -> int:
    # Windows writes out only what may be written to.
    return os.open(path, (os.O_RDWR if os.name == "nt" else os.O_RDONLY) | BINARY)


def _settle(number: int) -> None:
    try:
        os.fsync(number)
    finally:
        os.close(number)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, if they aren't there; a name of a file in it can't outlive the folder's."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for one in reversed(missing):
        settle_folder(one.parent)


def replace(source: Path, target: Path) -> None:
    """Rename a file of ours, or a folder with all in it, in place of a file that is there.

    Its content is on the disk before it has the name.

    Raises:
        HeldError: another program holds one of the two.
    """
    (settle_tree if source.is_dir() else settle)(source)
    _rename(source, target)


def _rename(source: Path, target: Path) -> None:
    patiently(lambda: source.replace(target), source, f"renamed to {target.name}")
    settle_folder(target.parent)


def remove(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        HeldError: another program holds it.
    """

    def unlink() -> None:
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            # Windows keeps a file that is marked read-only, which a sender's may be.
            path.chmod(stat.S_IRUSR | stat.S_IWUSR)
            path.unlink(missing_ok=True)

    patiently(unlink, path, "removed")


def remove_tree(path: Path) -> None:
    """Remove a folder and all that is in it, if it is there.

    Raises:
        HeldError: another program holds something in it.
    """

    def rmtree() -> None:
        try:
            if path.exists():
                shutil.rmtree(path)
        except PermissionError:
            for folder, _, names in os.walk(path):
                Path(folder).chmod(stat.S_IRWXU)
                for one in (Path(folder, name) for name in names):
                    if not one.is_symlink():
                        one.chmod(stat.S_IRUSR | stat.S_IWUSR)
            shutil.rmtree(path)

    patiently(rmtree, path, "removed")


def _is_abandoned(path: Path) -> bool:
    """Tell whether a passing folder is ours and whoever made it isn't there any more; Windows can't be asked."""
    number = path.name.removeprefix(PASSING).split("-")[0]
    if os.name != "posix" or not number.isdigit() or path.is_symlink() or path.stat().st_uid != os.getuid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@contextmanager
def passing_folder() -> Iterator[Path]:
    """Yield a folder of the system's for passing files; it is gone at the end.

    So are those of processes that were killed: such files are exact, and may be about people.

    Raises:
        HeldError: another program holds something in it.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{PASSING}*-*"):
        if _is_abandoned(left):
            remove_tree(left)
    path = Path(tempfile.mkdtemp(prefix=f"{PASSING}{os.getpid()}-"))
    try:
        yield path
    finally:
        remove_tree(path)


def move(source: Path, target: Path) -> None:
    """Move a file, to another file system too; it is there whole before it is gone here.

    Raises:
        HeldError: another program holds it, and it stays where it lies.
    """
    if source.is_file() and not source.is_symlink():
        # It is somebody else's, and may be one that can't be opened; whether it is held, the renaming finds out.
        with suppress(PermissionError):
            _settle(_open(source))
    try:
        _rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_whole(source, target)
        try:
            remove(source)
        except HeldError:
            remove(target)
            raise


def write_whole(
    path: Path, text: str | bytes | Iterable[str], encoding: str = "utf-8", *, is_secret: bool = False
) -> None:
    """Write a file so that it is there whole or not at all; one that says the same already is left alone.

    It may be open in a spreadsheet, and needn't be closed there for nothing.

    Args:
        path: the file.
        text: what it is to say.
        encoding: how.
        is_secret: whether it is for its owner alone, whatever this process makes other files for.

    Raises:
        HeldError: another program holds the file, and it says what it did.
    """
    draft = path.with_name(path.name + ".draft")
    try:
        if is_secret:
            remove(draft)
            draft.touch(mode=0o600)
        if isinstance(text, bytes):
            draft.write_bytes(text)
        else:
            with draft.open("w", encoding=encoding, newline="\n") as file:
                file.writelines([text] if isinstance(text, str) else text)
        if _is_same(draft, path):
            remove(draft)
        else:
            replace(draft, path)
    except BaseException:
        remove(draft)
        raise


def _is_same(draft: Path, path: Path) -> bool:
    """Tell whether a file says what its draft does; one that can't be read is to be replaced."""
    try:
        return path.is_file() and file_sha256(path) == file_sha256(draft)
    except PermissionError:
        return False


def copy_whole(source: Path, path: Path, sha256: str = "") -> None:
    """Copy a file so that the copy is there whole or not at all.

    Raises:
        RuntimeError: it hasn't the SHA-256 that it is said to have: somebody wrote to it after it was judged.
    """
    draft = path.with_name(path.name + ".draft")
    try:
        shutil.copyfile(source, draft)
        if sha256 and file_sha256(draft) != sha256:
            raise RuntimeError(f"{source.name} was changed while the run was at work; nothing was taken in: run again")
        replace(draft, path)
    except BaseException:
        remove(draft)
        raise


def append_whole(path: Path, content: bytes, size: int) -> None:
    """Add to the end of a file, made if it isn't there, so that all of it is there and on the disk, or nothing.

    Args:
        path: the file.
        content: what to add, in one go.
        size: how many bytes of the file stay; what stands behind them is cut off first.

    Raises:
        HeldError: another program holds the file, or its permissions don't allow it.
        PermissionError: something stands behind ``size``, and the file may only be added to.
        OSError: the disk is full.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | BINARY
    number = patiently(lambda: os.open(path, flags, 0o666), path, "written to")
    try:
        if os.fstat(number).st_size > size:
            os.ftruncate(number, size)
        if os.write(number, content) < len(content):
            # Where it may only be added to, half a line stays, and the next one to add something says so.
            with suppress(PermissionError):
                os.ftruncate(number, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    except BaseException:
        os.close(number)
        raise
    _settle(number)


def links(folder: Path) -> Iterator[Path]:
    """Yield the symbolic links below a folder, following none."""
    for path, folders, files in os.walk(folder):
        yield from (one for one in (Path(path, name) for name in (*folders, *files)) if one.is_symlink())


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain_name(name: str) -> str:
    """Return a name that any file system takes, as like the given one as can be: it may be another name's too."""
    plain = NO_LETTERS.sub("_", unicodedata.normalize("NFC", name)).rstrip(". ")
    return f"_{plain}" if not plain or DEVICES.match(plain) else plain


def cloud_only(found: object) -> bool:
    """Tell by what ``stat`` found whether a file's content isn't on this machine: reading would fetch it, or fail."""
    attributes, flags = getattr(found, "st_file_attributes", 0), getattr(found, "st_flags", 0)
    return bool(attributes & CLOUD_ATTRIBUTES or flags & CLOUD_FLAGS)


def conflict_copies(path: Path) -> list[Path]:
    """Return files beside a file, or beside where it would lie, that are called as a synchroniser calls its copies.

    As in ``ledger-DESKTOP-1.jsonl``, ``ledger (1).jsonl`` or ``ledger (conflicted copy 2026-05-01).jsonl``.
    """
    if not path.parent.is_dir():
        return []
    stem, ending = path.stem.casefold(), path.suffix.casefold()
    return sorted(
        one
        for one in path.parent.iterdir()
        if one.name != path.name and one.name.casefold().startswith(stem) and one.name.casefold().endswith(ending)
    )


def refuse_long_paths(root: Path, folder: Path) -> None:
    """Try whether the longest path below a data folder can be one: Windows takes 259 letters, unless told otherwise.

    Args:
        root: the data folder.
        folder: a folder in it that is there, and may be written to.

    Raises:
        ValueError: it can't.
    """
    probe = folder / ("x" * (LONGEST - len(f"/{folder.relative_to(root)}/")))
    try:
        probe.touch()
    except OSError as error:
        # Windows calls a path that is too long one that isn't there.
        if error.errno not in (errno.ENAMETOOLONG, errno.ENOENT):
            raise
        raise ValueError(
            f"the path of the data folder is too long: {len(str(root.resolve()))} letters, and up to {LONGEST} come "
            "behind it; put it higher up, as in C:\\edi, or have long paths switched on (docs/folders.md)"
        ) from error
    remove(probe)
