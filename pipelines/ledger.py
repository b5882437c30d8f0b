"""The ledger: what happened, in order, each line chained to the one before by its hash.

Clocks live here and nowhere else.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import disk

if TYPE_CHECKING:
    from pipelines.ingest.recognise import Refusal
    from pipelines.places import DataFolder

Entry = dict[str, Any]

# What the first line is chained to.
BEGINNING = "0" * 64

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(path: Path) -> list[Entry]:
    """Return the ledger's entries, oldest first; none where there is no ledger yet.

    Raises:
        ValueError: a line isn't an entry.
    """
    entries = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}: line {number} isn't a ledger entry; restore the file from a backup") from error
    return entries


def append(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add entries, each with its number, the time (UTC) and the SHA-256 of the line before.

    Raises:
        HeldError: another program holds the ledger.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = _lines(path)
    with disk.patiently(lambda: path.open("a", encoding="utf-8", newline="\n"), path, "written to") as file:
        for entry in entries:
            previous = hashlib.sha256(lines[-1].encode()).hexdigest() if lines else BEGINNING
            now = datetime.now(UTC).isoformat(timespec="seconds")
            lines.append(
                json.dumps({"number": len(lines) + 1, "at": now, **entry, "previous": previous}, ensure_ascii=False)
            )
            file.write(lines[-1] + "\n")


def _lines(path: Path) -> list[str]:
    """Return the lines of a ledger, none where there isn't one; a name in it may hold other letters that end lines."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return text.removesuffix("\n").split("\n") if text else []


def incidents(folder: "DataFolder", refusals: Iterable["Refusal"]) -> None:
    """Add a line for each column of personal data that came; each is said once for a file as it was then.

    Senders use a name again: a file is another one where it was written at another time.
    """
    keys = ("event", "file", "rule", "column", "kind", "written")
    said = {tuple(entry.get(key) for key in keys) for entry in read(folder.ledger) if entry["event"] == "incident"}
    came = [
        ("incident", one.file, one.rule, column, kind, _written(folder.landing / one.file))
        for one in refusals
        if one.rule == "column.personal"
        for column, kind in ((one.column, one.kind), *one.also)
    ]
    new = [dict(zip(keys, line, strict=True)) for line in dict.fromkeys(came) if line not in said]
    if new:
        append(folder.ledger, new)


def _written(path: Path) -> str:
    """Return when a file was last written to (UTC), or nothing where it is gone."""
    # Not `fromtimestamp`, which on Windows takes no time before 1970.
    return (EPOCH + timedelta(seconds=path.stat().st_mtime)).isoformat() if path.is_file() else ""


def refused_since_release(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Return the files refused since the latest release, each with its rule, in the order in which they were.

    A run that stopped after it moved a refused file has told nobody of it, and the next one doesn't see it.
    """
    refused: list[tuple[str, str]] = []
    for entry in entries:
        if entry["event"] == "released":
            refused = []
        elif entry["event"] == "refused":
            refused.append((entry["file"], entry["rule"]))
    return list(dict.fromkeys(refused))


@dataclass(frozen=True)
class Received:
    """A file that was taken in: ``rows`` is how many accepted rows it had about each thing that it speaks about."""

    sha256: str
    file: str
    feed: str
    rows: Mapping[tuple[str, ...], int]

    @property
    def entry(self) -> Entry:
        """The ledger's line."""
        about = [[*about, rows] for about, rows in self.rows.items()]
        return {"event": "received", "file": self.file, "sha256": self.sha256, "feed": self.feed, "about": about}


def received(entries: Iterable[Entry]) -> list[Received]:
    """Return the files that were taken in, in the order in which they were."""
    return [
        Received(
            sha256=entry["sha256"],
            file=entry["file"],
            feed=entry["feed"],
            rows={tuple(about): rows for *about, rows in entry["about"]},
        )
        for entry in entries
        if entry["event"] == "received"
    ]


def disposed(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return what says that an extract's rows were disposed of, by the extract; the counts kept are its ``parts``.

    A line without an extract is about folders of quarantine.
    """
    return {entry["extract"]: entry for entry in entries if entry["event"] == "disposed" and entry["extract"]}


def in_force(files: Iterable[Received]) -> dict[tuple[str, ...], Received]:
    """Return which file speaks for each (feed, about) so far: the latest."""
    return {(one.feed, *about): one for one in files for about in one.rows}
