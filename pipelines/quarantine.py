"""Quarantine: a refused file leaves the landing folder, and whoever sent it gets an answer that can be forwarded."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipelines import disk, ledger, sidecar
from pipelines.answer import Answer, answers, rejects_csv, report_jsonl, report_md
from pipelines.database import Connection
from pipelines.disk import file_sha256
from pipelines.ingest.recognise import Refusal
from pipelines.places import DataFolder
from pipelines.validate import Validated

# A file refused by one of these stays where it lies: it mustn't be copied, can't be moved, or is still being written.
STAYS = ("column.personal", "file.cloud_only", "file.growing", "file.link", "file.name", "file.open", "file.unreadable")

# Of a file's name, as much goes into that of its folder: with hashes behind it, and below a data folder with a path of
# its own, it has to stay one that Windows takes.
NAME_BYTES = 60

# What stands behind it, but for files that stay where they lie.
DIGEST = re.compile("-[0-9a-f]{12}$")


@dataclass(frozen=True)
class Quarantined:
    """Where the answer to a file lies; ``moved`` says whether the file lies there too, ``held`` why it can't.

    ``outdated`` says which part of the answer is an earlier run's, and why.
    """

    file: str
    folder: Path
    moved: bool
    held: str = ""
    outdated: str = ""


def quarantine(con: Connection, folder: DataFolder, validated: Validated) -> list[Quarantined]:
    """Write an answer for every file that was refused or lost a row, and move refused ones out of landing.

    The ledger is told first, and the answer stands before its file moves: a run that stops in between does it again,
    and so does the next one where a part of the answer is open in another program.

    Args:
        con: the database that ``validate`` used.
        folder: the data folder.
        validated: what ``validate`` returned.

    Raises:
        OSError: an answer can't be written.
    """
    _note(folder, validated.refusals)
    files = {*(one.file for one in validated.refusals), *(one.extract.file for one in validated.accepted)}
    alike = Counter(_alike(file) for file in files)
    placed = []
    for answer in answers(con, validated):
        if answer.needs_mending:
            source = folder.landing / answer.file
            place = folder.quarantine / _name(answer, source, alike[_alike(answer.file)] == 1)
            outdated = _write(con, place, answer)
            placed.append(
                Quarantined(answer.file, place, moved=False, outdated=outdated)
                if outdated
                else _moved(answer, source, place)
            )
    return placed


def lines(placed: Sequence[Quarantined]) -> list[str]:
    """Return a line for each answer: where it lies, and whether the file does too."""
    return [
        f"answer    {one.file}: {one.folder / 'report.md'} goes to its sender"
        + ("; the file lies there too" if one.moved else "")
        + (f"; not moved: {one.held}" if one.held else "")
        + (f"; not renewed: {one.outdated}" if one.outdated else "")
        for one in placed
    ]


def _name(answer: Answer, source: Path, is_alone: bool) -> str:
    """Return the name of an answer's folder: the file's, and of its content where that is the file's lasting name.

    Where the file's own name can't be that of a folder, or is another's but for its case, the hash is of it too.
    """
    digest = ""
    if not (answer.refusal and answer.refusal.rule in STAYS):
        digest = answer.extract.content_sha256 if answer.extract else file_sha256(source)
    name = _short(answer.file)
    if name != answer.file or not is_alone:
        digest = hashlib.sha256(f"{answer.file}\n{digest}".encode()).hexdigest()
    return f"{name}-{digest[:12]}" if digest else name


def _short(name: str) -> str:
    """Return as much of a name as any file system takes with more behind it: they count bytes."""
    return disk.plain_name(disk.plain_name(name).encode()[:NAME_BYTES].decode(errors="ignore"))


def _alike(name: str) -> str:
    """Return what two names have in common that a file system may take for one."""
    return _short(name).casefold()


def places(folder: DataFolder, files: Iterable[str], content_sha256: str) -> list[Path]:
    """Return the folders with an answer to a file of these bytes, called by one of these names; what is in them too."""
    names = set()
    for file in files:
        names.add(f"{_short(file)}-{content_sha256[:12]}")
        both = hashlib.sha256(f"{file}\n{content_sha256}".encode()).hexdigest()
        names.add(f"{_short(file)}-{both[:12]}")
    return sorted(folder.quarantine / name for name in names if (folder.quarantine / name).is_dir())


def last_named(folder: DataFolder, history: Sequence[ledger.Entry]) -> dict[Path, date]:
    """Return of each folder with an answer the day (UTC) on which the ledger last refused or received its file.

    A folder's name begins as its file's; several files of one name have the latest of their days. Folders of files that
    the ledger doesn't name aren't there.
    """
    days: dict[str, date] = {}
    for entry in history:
        if entry["event"] in ("refused", "received"):
            days[_short(entry["file"])] = datetime.fromisoformat(entry["at"]).date()
    found = {}
    for place in sorted(folder.quarantine.iterdir()) if folder.quarantine.is_dir() else ():
        named = [day for day in (days.get(place.name), days.get(DIGEST.sub("", place.name))) if day]
        if place.is_dir() and named:
            found[place] = max(named)
    return found


def _write(con: Connection, place: Path, answer: Answer) -> str:
    """Write an answer; return what of it another program has open, which stays as it was and costs nobody the run."""
    place.mkdir(parents=True, exist_ok=True)
    held = []
    for name, text, encoding in (
        ("report.md", report_md(answer), "utf-8"),
        ("report.jsonl", report_jsonl(answer), "utf-8"),
        # With the mark that tells a spreadsheet that it is UTF-8.
        ("rejects.csv", rejects_csv(con, answer), "utf-8-sig"),
    ):
        try:
            disk.write_whole(place / name, text, encoding)
        except disk.HeldError as error:
            held.append(str(error))
    return "; ".join(held)


def _moved(answer: Answer, source: Path, place: Path) -> Quarantined:
    """Move a refused file beside its answer; one that can't be moved costs nobody the run."""
    try:
        return Quarantined(answer.file, place, _move(answer, source, place))
    except disk.HeldError as error:
        held = str(error)
    except OSError as error:
        if disk.is_full(error):
            raise
        # Gone meanwhile, or the path would be too long.
        held = (error.strerror or type(error).__name__).lower()
    return Quarantined(answer.file, place, (place / "file" / disk.plain_name(source.name)).is_file(), held)


def _move(answer: Answer, source: Path, place: Path) -> bool:
    """Move a refused file and its sidecar beside the answer, unless it has to stay or isn't what was judged."""
    # A link that is moved would lead elsewhere.
    if not answer.refusal or answer.refusal.rule in STAYS or source.is_symlink():
        return False
    if answer.extract and answer.extract.content_sha256 != file_sha256(source):
        return False
    # In a folder of its own: whatever it is called, it mustn't take the place of the answer. The file goes first: a
    # file whose sidecar went before it would be read without it, if this run stopped in between.
    (place / "file").mkdir(exist_ok=True)
    target = place / "file" / disk.plain_name(source.name)
    beside = sidecar.beside(source)
    has_sidecar = beside.is_file()
    disk.move(source, target)
    if has_sidecar:
        disk.move(beside, target.with_name(f"{target.name}.yaml"))
    return True


def _note(folder: DataFolder, refusals: Sequence[Refusal]) -> None:
    """Add what was refused to the ledger, once until the next release, and each column of personal data that came."""
    ledger.incidents(folder, refusals)
    known = ledger.refused_since_release(ledger.read(folder.ledger))
    entries = [
        {"event": "refused", "file": one.file, "rule": one.rule}
        for one in refusals
        if (one.file, one.rule) not in known
    ]
    if entries:
        ledger.append(folder.ledger, entries)
