"""What lies in a data folder below `snapshots` and `marts`, looked at without following a link or writing a byte."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.disk import file_sha256

# The folders whose files the ledger names.
SNAPSHOTS, MARTS, AUDITS = "snapshots", "marts", "audits"

HASH = re.compile(r"[0-9a-f]{64}")

RESTORE = "restore it from a backup, and find out who changed it"
STRAY = (
    "a run that was stopped leaves such, and the next one clears up or takes it in: run again; if it stays, find out "
    "who put it there, and move it out of the data folder"
)
MEND_FIRST = "mend the ledger first: the line that named it may be one that is missing or changed"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: with which file or line, what, and what to do.

    ``is_unchecked`` marks what is no fault, and can't be checked: an earlier version of the program wrote it.
    """

    file: str
    what: str
    do: str
    is_unchecked: bool = False

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.file}: {self.what}; {self.do}"


class Stored:
    """The files and folders, by their paths from the data folder on, with `/` between.

    ``accounted`` grows while they are checked: whatever isn't in it at the end was named by nobody.
    """

    def __init__(self, root: Path, progress: Callable[[str], None] = lambda _: None) -> None:
        """Look at what is there; ``progress`` is told each file whose content is read."""
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.accounted: set[str] = set()
        self.problems: list[Problem] = []
        self.progress = progress
        self._root = root
        self._hashes: dict[str, str] = {}
        for name in (SNAPSHOTS, MARTS, AUDITS):
            if (root / name).is_dir():
                self._look(name)

    def _look(self, folder: str) -> None:
        self.folders.add(folder)
        try:
            with os.scandir(self._root / folder) as found:
                inside = sorted(found, key=lambda one: one.name)
        except OSError as error:
            self._unreadable(folder, error)
            return
        for one in inside:
            path = f"{folder}/{one.name}"
            # Windows' links between folders; Python tells them from 3.12 on.
            is_junction = getattr(one, "is_junction", bool)()
            if one.is_symlink() or is_junction:
                self._refuse(path, "is a link, and what it leads to is no part of the data folder")
            elif one.is_dir(follow_symlinks=False):
                self._look(path)
            elif one.is_file(follow_symlinks=False):
                self.files.add(path)
            else:
                self._refuse(path, "is neither a file nor a folder")

    def _refuse(self, path: str, what: str) -> None:
        self.accounted.add(path)
        self.problems.append(Problem(path, what, "find out who put it there, and put back what it stands for"))

    def _unreadable(self, path: str, error: OSError) -> None:
        why = (error.strerror or type(error).__name__).lower()
        self.accounted.add(path)
        self.problems.append(Problem(path, f"can't be read: {why}", "look at its permissions and at the disk"))

    def below(self, folder: str) -> Iterator[str]:
        """Yield the files in a folder and in those below it, in order."""
        yield from sorted(path for path in self.files if path.startswith(f"{folder}/"))

    def sha256(self, path: str) -> str:
        """Return the SHA-256 of a file's content, which is read once; of one that can't be read nothing."""
        if path not in self._hashes:
            try:
                self._hashes[path] = file_sha256(self._root / path)
            except OSError as error:
                self._unreadable(path, error)
                self._hashes[path] = ""
            self.progress(path)
        return self._hashes[path]

    def content(self, path: str) -> bytes:
        """Return a file's content; of one that can't be read nothing."""
        try:
            return (self._root / path).read_bytes()
        except OSError as error:
            self._unreadable(path, error)
            return b""

    def held_to(self, path: str, sha256: str, who_says: str) -> Iterator[Problem]:
        """Hold a file to the hash that it should have, and account for it."""
        self.accounted.add(path)
        if path not in self.files:
            if not any(one.file == path for one in self.problems):
                yield Problem(path, f"is missing, though {who_says}", RESTORE)
        elif self.sha256(path) not in (sha256, ""):
            found = self.sha256(path)[:12]
            yield Problem(path, f"was changed: its SHA-256 is {found}…, and {who_says} with {sha256[:12]}…", RESTORE)

    def pass_over(self, folder: str) -> None:
        """Account for the files of a folder whose list of files is itself not to be relied on: that is said already."""
        self.accounted.update(self.below(folder))

    def strays(self, do: str = STRAY) -> Iterator[Problem]:
        """Yield what nobody accounted for; of a folder in which nothing is accounted for, the folder alone."""
        known = {SNAPSHOTS, MARTS, AUDITS}
        for path in self.accounted:
            parts = path.split("/")
            known.update("/".join(parts[:length]) for length in range(1, len(parts) + 1))
        for path in sorted((self.folders | self.files) - known):
            if path.rsplit("/", 1)[0] in known:
                yield Problem(path, "no line of the ledger, and nothing that one names, names it", do)
