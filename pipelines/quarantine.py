"""Quarantine: a refused file leaves the landing folder, and whoever sent it gets an answer that can be forwarded."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import ledger, sidecar
from pipelines.answer import Answer, answers, rejects_csv, report_jsonl, report_md
from pipelines.database import Connection
from pipelines.ingest.recognise import Refusal
from pipelines.places import DataFolder
from pipelines.validate import Validated

# A file refused by one of these stays where it lies: it mustn't be copied, can't be moved, or is still being written.
STAYS = ("column.personal", "file.growing", "file.link", "file.name", "file.open", "file.unreadable")

# Of a file's name, as much goes into that of its folder: with a hash behind it, it has to stay a name.
NAME_LENGTH = 100


@dataclass(frozen=True)
class Quarantined:
    """Where the answer to a file lies; ``moved`` says whether the file lies there too."""

    file: str
    folder: Path
    moved: bool


def quarantine(con: Connection, folder: DataFolder, validated: Validated) -> list[Quarantined]:
    """Write an answer for every file that was refused or lost a row, and move refused ones out of landing.

    The answer stands before its file moves, and the ledger is told last: a run that stops in between does it again.

    Args:
        con: the database that ``validate`` used.
        folder: the data folder.
        validated: what ``validate`` returned.

    Raises:
        OSError: an answer can't be written.
    """
    placed = []
    for answer in answers(con, validated):
        if answer.needs_mending:
            source = folder.landing / answer.file
            place = folder.quarantine / _name(answer, source)
            _write(con, place, answer)
            placed.append(Quarantined(answer.file, place, _move(answer, source, place)))
    _note(folder, validated.refusals)
    return placed


def lines(placed: Sequence[Quarantined]) -> list[str]:
    """Return a line for each answer: where it lies, and whether the file does too."""
    return [
        f"answer    {one.file}: {one.folder / 'report.md'} goes to its sender"
        + ("; the file lies beside it" if one.moved else "")
        for one in placed
    ]


def _name(answer: Answer, source: Path) -> str:
    """Return the name of an answer's folder: the file's, and of its content where that is the file's lasting name."""
    if answer.refusal and answer.refusal.rule in STAYS:
        return answer.file[:NAME_LENGTH]
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{answer.file[:NAME_LENGTH]}-{digest[:12]}"


def _write(con: Connection, place: Path, answer: Answer) -> None:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    (place / "report.md").write_text(report_md(answer), encoding="utf-8", newline="\n")
    (place / "report.jsonl").write_text(report_jsonl(answer), encoding="utf-8", newline="\n")
    # With the mark that tells a spreadsheet that it is UTF-8.
    with (place / "rejects.csv").open("w", encoding="utf-8-sig", newline="") as file:
        file.writelines(rejects_csv(con, answer))


def _move(answer: Answer, source: Path, place: Path) -> bool:
    """Move a refused file and its sidecar beside the answer, unless it has to stay."""
    # A link that is moved would lead elsewhere.
    if not answer.refusal or answer.refusal.rule in STAYS or source.is_symlink():
        return False
    if sidecar.beside(source).is_file():
        sidecar.beside(source).replace(sidecar.beside(place / source.name))
    source.replace(place / source.name)
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
