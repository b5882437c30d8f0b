"""Quarantine: a refused file leaves the landing folder, and whoever sent it gets an answer that can be forwarded."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import ledger, sidecar
from pipelines.answer import Answer, answers, rejects_csv, report_jsonl, report_md
from pipelines.database import Connection
from pipelines.freeze import file_sha256
from pipelines.ingest.recognise import Refusal
from pipelines.places import DataFolder
from pipelines.validate import Validated

# A file refused by one of these stays where it lies: it mustn't be copied, can't be moved, or is still being written.
STAYS = ("column.personal", "file.growing", "file.link", "file.name", "file.open", "file.unreadable")

# Of a file's name, as much goes into that of its folder: with a hash behind it, it has to stay a name.
NAME_BYTES = 100


@dataclass(frozen=True)
class Quarantined:
    """Where the answer to a file lies; ``moved`` says whether the file lies there too."""

    file: str
    folder: Path
    moved: bool


def quarantine(con: Connection, folder: DataFolder, validated: Validated) -> list[Quarantined]:
    """Write an answer for every file that was refused or lost a row, and move refused ones out of landing.

    The ledger is told first, and the answer stands before its file moves: a run that stops in between does it again.

    Args:
        con: the database that ``validate`` used.
        folder: the data folder.
        validated: what ``validate`` returned.

    Raises:
        OSError: an answer can't be written.
    """
    _note(folder, validated.refusals)
    placed = []
    for answer in answers(con, validated):
        if answer.needs_mending:
            source = folder.landing / answer.file
            place = folder.quarantine / _name(answer, source)
            _write(con, place, answer)
            placed.append(Quarantined(answer.file, place, _move(answer, source, place)))
    return placed


def lines(placed: Sequence[Quarantined]) -> list[str]:
    """Return a line for each answer: where it lies, and whether the file does too."""
    return [
        f"answer    {one.file}: {one.folder / 'report.md'} goes to its sender"
        + ("; the file lies there too" if one.moved else "")
        for one in placed
    ]


def _name(answer: Answer, source: Path) -> str:
    """Return the name of an answer's folder: the file's, and of its content where that is the file's lasting name."""
    if answer.refusal and answer.refusal.rule in STAYS:
        return _short(answer.file)
    digest = answer.extract.content_sha256 if answer.extract else file_sha256(source)
    return f"{_short(answer.file)}-{digest[:12]}"


def _short(name: str) -> str:
    """Return as much of a name as leaves room for more: file systems count bytes."""
    return name.encode()[:NAME_BYTES].decode(errors="ignore")


def _write(con: Connection, place: Path, answer: Answer) -> None:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    (place / "report.md").write_text(report_md(answer), encoding="utf-8", newline="\n")
    (place / "report.jsonl").write_text(report_jsonl(answer), encoding="utf-8", newline="\n")
    # With the mark that tells a spreadsheet that it is UTF-8.
    with (place / "rejects.csv").open("w", encoding="utf-8-sig", newline="") as file:
        file.writelines(rejects_csv(con, answer))


def _move(answer: Answer, source: Path, place: Path) -> bool:
    """Move a refused file and its sidecar beside the answer, unless it has to stay or isn't what was judged."""
    # A link that is moved would lead elsewhere.
    if not answer.refusal or answer.refusal.rule in STAYS or source.is_symlink():
        return False
    if answer.extract and answer.extract.content_sha256 != file_sha256(source):
        return False
    # In a folder of its own: whatever it is called, it mustn't take the place of the answer. The file goes first: a
    # file whose sidecar went before it would be read without it, if this run stopped in between.
    (place / "file").mkdir(mode=0o700, exist_ok=True)
    target = place / "file" / source.name
    beside = sidecar.beside(source)
    has_sidecar = beside.is_file()
    shutil.move(source, target)
    if has_sidecar:
        shutil.move(beside, sidecar.beside(target))
    return True


def _note(folder: DataFolder, refusals: Sequence[Refusal]) -> None:
    """Add what was refused to the ledger, once per file and rule, and each column of personal data that came."""
    ledger.incidents(folder, refusals)
    known = {(one["file"], one["rule"]) for one in ledger.read(folder.ledger) if one["event"] == "refused"}
    entries = [
        {"event": "refused", "file": one.file, "rule": one.rule}
        for one in refusals
        if (one.file, one.rule) not in known
    ]
    if entries:
        ledger.append(folder.ledger, entries)
