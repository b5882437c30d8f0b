"""The ledger: what happened, in order, each line chained to the one before by its hash (docs/ledger.md).

Clocks live here and nowhere else. Beside it ``ledger.head`` says how many lines there are and the hash of the last one,
so that lines that were cut off its end are missed.
"""

import hashlib
import json
import re
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

# What ``ledger.head`` says, byte by byte.
HEAD = re.compile(rb'\{"lines": ([1-9][0-9]{0,17}), "sha256": "([0-9a-f]{64})"\}\n')

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# By what these lines name, what they are about is found.
NAMES = {"frozen": ("snapshot_id", "as_at_date"), "released": ("release_id", "snapshot_id")}

# So much of a ledger is read at first to find its last line; few lines are longer.
TAIL_BYTES = 1 << 16


class LedgerError(ValueError):
    """The ledger isn't what this program left, and nothing may be added to it; the message says what to do."""


@dataclass(frozen=True)
class Head:
    """The end of a ledger: how many lines it has, and the SHA-256 of the last one."""

    lines: int = 0
    sha256: str = BEGINNING

    @property
    def text(self) -> str:
        """What ``ledger.head`` says."""
        return json.dumps({"lines": self.lines, "sha256": self.sha256}) + "\n"


def read(path: Path) -> list[Entry]:
    """Return the ledger's entries, oldest first; none where there is no ledger yet.

    Half a line at its end, which a crash may leave, is no entry.

    Raises:
        LedgerError: a line isn't an entry.
    """
    return [entry(line, path, f"line {number}") for number, line in enumerate(lines(path)[0], start=1)]


def lines(path: Path) -> tuple[list[bytes], bytes]:
    """Return the lines of a ledger without their ends, none where there isn't one, and what of a line stands last.

    Lines end in line feeds only: a name in them may hold other letters that end lines.
    """
    *whole, torn = (path.read_bytes() if path.is_file() else b"").split(b"\n")
    return whole, torn


def entry(line: bytes, path: Path, which: str) -> Entry:
    """Return what a line says; ``which`` is what it is called.

    Raises:
        LedgerError: it isn't an entry.
    """
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError):
        found = None
    said: Entry = found if isinstance(found, dict) else {}
    if not all(isinstance(said.get(name), str) for name in ("event", *NAMES.get(str(said.get("event")), ()))):
        raise LedgerError(f"{path}: {which} isn't a ledger entry; restore the file from a backup ('edi ledger verify')")
    return said


def sha256(line: bytes) -> str:
    """Return the hash of a line that the next one names."""
    return hashlib.sha256(line).hexdigest()


def head_path(path: Path) -> Path:
    """Return where the head of a ledger stands."""
    return path.with_suffix(".head")


def read_head(path: Path) -> Head | None:
    """Return what ``ledger.head`` says of a ledger; None where it isn't there.

    Raises:
        LedgerError: it says nothing that can be understood.
    """
    place = head_path(path)
    if not place.is_file():
        return None
    found = HEAD.fullmatch(place.read_bytes())
    if found is None:
        raise LedgerError(f"{place} can't be understood, so it was changed; restore it from a backup")
    return Head(int(found[1]), found[2].decode())


def append(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add entries, each with its number, the time (UTC) and the SHA-256 of the line before; all of them or none.

    They are on the disk when this returns. Half a line that a crash left at the end is cut off.

    Raises:
        HeldError: another program holds the ledger.
        LedgerError: lines are missing at its end, or its last line isn't an entry.
    """
    disk.make_folder(path.parent)
    before, size = _end(path)
    head, added = before, []
    for one in entries:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        said = {"number": head.lines + 1, "at": now, **one, "previous": head.sha256}
        added.append(json.dumps(said, ensure_ascii=False).encode())
        head = Head(head.lines + 1, sha256(added[-1]))
    if not added:
        return
    _add(path, b"".join(line + b"\n" for line in added), size)
    disk.write_whole(head_path(path), head.text)


def _add(path: Path, content: bytes, size: int) -> None:
    """Add to the first ``size`` bytes of a ledger, and cut off what stands behind them."""
    try:
        disk.append_whole(path, content, size)
    except PermissionError as error:
        raise LedgerError(
            f"{path} ends in half a line, which a run that was stopped left, and it may only be added to: have whoever "
            "protected it (chattr +a) take that half line away, and run again"
        ) from error


def mend(path: Path) -> None:
    """Cut off half a line that a crash left at the end, or nothing that reads the whole ledger could go on.

    Raises:
        LedgerError: it ends before its head says, so that what is added would hide that lines are missing; or its end
            can't be understood; or it may only be added to.
    """
    _, size = _end(path)
    if path.is_file() and path.stat().st_size > size:
        _add(path, b"", size)


def refuse_missing(path: Path) -> None:
    """Refuse to go on without a ledger.

    Raises:
        LedgerError: there is none.
    """
    if not path.is_file():
        raise LedgerError(
            f"there is no {path}: either nothing was ever taken in there, or it was removed; name the data folder with "
            "--data, or restore the file from a backup"
        )


def _end(path: Path) -> tuple[Head, int]:
    """Return the end of a ledger, and up to which byte whole lines go; only its last lines are read."""
    last, size = _last_line(path)
    end = Head()
    if size:
        number = entry(last, path, "the last line").get("number")
        if not isinstance(number, int):
            raise LedgerError(f"{path}: the last line has no number; restore the file from a backup")
        end = Head(number, sha256(last))
    said = read_head(path)
    if said and (said.lines > end.lines or (said.lines == end.lines and said != end)):
        raise LedgerError(
            f"{path} ends with line {end.lines:,}, but {head_path(path).name} says that there was line {said.lines:,} "
            f"with hash {said.sha256[:12]}…: its last lines were cut off or changed. Restore both from a backup; "
            "'edi ledger verify' says what else is wrong (docs/ledger.md)"
        )
    return end, size


def _last_line(path: Path) -> tuple[bytes, int]:
    """Return the last whole line of a ledger, without its end, and the byte behind it."""
    if not path.is_file():
        return b"", 0
    with path.open("rb") as file:
        whole = file.seek(0, 2)
        length = TAIL_BYTES
        while True:
            start = max(whole - length, 0)
            file.seek(start)
            tail = file.read(whole - start)
            end = tail.rfind(b"\n")
            begin = tail.rfind(b"\n", 0, max(end, 0))
            if begin >= 0 or start == 0:
                return tail[begin + 1 : max(end, 0)], start + end + 1
            length *= 4


# What an audit may find (``audit.Receipt``).
VERDICTS = ("same bytes", "same content", "differs", "damaged", "not run")


def register(path: Path, receipt: Path) -> str:
    """Enter the receipt of an audit, once, and return the line to print.

    Raises:
        LedgerError: it isn't a receipt, or it is about a release that this ledger doesn't know.
    """
    content = receipt.read_bytes()
    try:
        said = json.loads(content)
        release, snapshot, verdict = (said[key] for key in ("release_id", "snapshot_id", "verdict"))
    except (ValueError, LookupError, TypeError, RecursionError):
        release = snapshot = verdict = None
    if not (isinstance(release, str) and isinstance(snapshot, str) and verdict in VERDICTS):
        raise LedgerError(f"{receipt} isn't a receipt of an audit; 'edi audit --out' writes one")
    audited = {"event": "audited", "release_id": release, "snapshot_id": snapshot, "verdict": verdict}
    audited["receipt"] = sha256(content)
    history = read(path)
    released = {"event": "released", "release_id": release, "snapshot_id": snapshot}
    if not any(released.items() <= one.items() for one in history):
        raise LedgerError(
            f"{receipt} is about release {release}, which this ledger never released from that snapshot; name the data "
            "folder that was audited with --data"
        )
    if not any(audited.items() <= one.items() for one in history):
        append(path, [audited])
    return f"audited   release {release}, {verdict}; receipt {audited['receipt']}"


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
