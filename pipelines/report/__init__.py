"""Report: the board packs of a release, one for each organisation and system, from its public tables alone.

Each pack is put together once (``board``), and then written as a page, a PDF, a workbook, a short paper and images of
its charts, which all say the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines import commentary, database, figures, reference
from pipelines.approval import Standing
from pipelines.commentary import Commentary
from pipelines.disk import write_whole
from pipelines.figures import day
from pipelines.freeze import snapshot
from pipelines.measure import Measured
from pipelines.places import DataFolder
from pipelines.report import board, forms, source
from pipelines.report.pack import Bullets, Finding, Pack, Paragraph, Terms, text
from pipelines.report.source import Row, Told
from pipelines.report.words import SYNTHETIC

FOLDER = "report"

# So many words name a paragraph that was left out.
BEGINNING = 6

# True for ever of what a run seals: approval comes later, and a sealed file doesn't change.
DRAFT = "DRAFT, made before anybody approved it."


class ReportError(ValueError):
    """A release's packs can't be made; the message says why, and what to do."""


@dataclass(frozen=True)
class About:
    """What the packs of a release are about, and what stands on each: facts for an auditor, draft, made up, or not."""

    as_at_date: date
    method: Mapping[str, Any]
    facts: tuple[tuple[str, str], ...]
    status: str
    warning: str


@dataclass(frozen=True)
class Reported:
    """The marts with the packs beside them: ``packs`` are the units that have one, ``left_out`` a line for each fault.

    A fault is a paragraph of a commentary whose figures aren't those of its pack. ``findings`` are what the packs begin
    with: unit, finding, verdict and its first sentence.
    """

    measured: Measured
    packs: tuple[str, ...]
    left_out: tuple[str, ...]
    findings: tuple[Mapping[str, str], ...] = ()


def report(
    folder: DataFolder,
    measured: Measured,
    release_id: str,
    warning: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Reported:
    """Write the packs of a release to be into ``report/<org_code>`` beside its tables, each marked as a draft.

    Args:
        folder: the data folder with what was frozen: the commentary among it.
        measured: what ``protect`` returned.
        release_id: what the release will be called.
        warning: that the data are made up, or nothing.
        progress: told each unit when its pack is done.

    Raises:
        CommentaryError: the commentary can't be used.
        ValueError: ``board_pack`` of the method can't be meant.
    """
    frozen = measured.snapshot
    public = measured.folder.parent
    about = About(
        frozen.as_at_date,
        frozen.method,
        facts(release_id, frozen.snapshot_id, frozen.method, measured.key),
        DRAFT,
        warning,
    )
    written = list(write(folder, public, public / FOLDER, about, progress))
    return Reported(
        measured,
        tuple(pack.org_code for pack, _ in written),
        tuple(line for _, lines in written for line in lines),
        tuple(told for pack, _ in written for told in _findings(pack)),
    )


def _findings(pack: Pack) -> Iterator[Mapping[str, str]]:
    for section in pack.sections:
        for one in section.blocks:
            if isinstance(one, Finding):
                yield {"of": pack.title, "finding": one.title, "verdict": one.verdict, "in short": one.sentences[0]}


def again(
    folder: DataFolder, standing: Standing, out: Path, progress: Callable[[str], None] = lambda _: None
) -> tuple[int, list[str]]:
    """Write the packs of a release that was made before, with what has become of it since.

    Args:
        folder: the data folder.
        standing: what the ledger says of the release, whose files are as they were sealed.
        out: where the packs go, a folder for each unit.
        progress: told each unit when its pack is done.

    Returns:
        how many packs there are, and a line for each paragraph of the commentary that was left out.

    Raises:
        ReportError: an earlier version of this program made the release, without what a pack is made from.
        DamagedError: its snapshot isn't what it was.
    """
    public = folder.marts / standing.release_id
    frozen = snapshot.read(folder, standing.snapshot_id)
    if lacking := [name for name in source.TABLES if not (public / f"{name}.parquet").is_file()]:
        raise ReportError(
            f"release {standing.release_id} was made by an earlier version, without the table {lacking[0]} that packs "
            "are made from; run again for a new release"
        )
    definitions = DataFolder(folder.root, frozen=snapshot.definitions(folder, frozen))
    # A setting that there wasn't yet.
    method = {**reference.deciding(reference.method(definitions)), **frozen.method}
    key = str(standing.made[0].get("disclosure_key") or "")
    about = About(
        frozen.as_at_date,
        method,
        facts(standing.release_id, standing.snapshot_id, method, key),
        status(standing),
        SYNTHETIC if frozen.synthetic else "",
    )
    written = list(write(definitions, public, out, about, progress))
    return len(written), [line for _, lines in written for line in lines]


def status(standing: Standing) -> str:
    """Return what a pack says of its release: a draft, withdrawn, or nothing but when it was approved."""
    if standing.state == "withdrawn":
        return "WITHDRAWN: not to be used, quoted or passed on."
    said = standing.approved
    return f"Approved on {day(date.fromisoformat(said['on']))}, minute {said['minute']}." if said else DRAFT


def facts(release_id: str, snapshot_id: str, method: Mapping[str, Any], key: str) -> tuple[tuple[str, str], ...]:
    """Return what an auditor needs to find a pack's figures again."""
    return (
        ("Release", release_id),
        ("Snapshot", snapshot_id),
        ("Method", str(method["method_version"])),
        ("Disclosure key", key or "none: nothing needed protection"),
    )


def write(
    folder: DataFolder,
    public: Path,
    out: Path,
    about: About,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[Pack, list[str]]]:
    """Write the packs of a release into ``out/<org_code>``; yield each when it is there, and what was left out of it.

    The database is one of its own: exact marts are out of its reach.

    Args:
        folder: the data folder with what was frozen.
        public: the folder of the release's public tables.
        out: where the packs go.
        about: what stands on each.
        progress: told each unit when its pack is done.
    """
    written = commentary.read(folder.commentary, about.as_at_date) if folder.commentary else {}
    with database.connect() as con, source.opened(con, public, about.as_at_date, about.method) as units:
        for unit in wanted(units, about.method):
            told = source.read(con, unit, about.as_at_date, about.method)
            made, left_out = made_of(told, about, written.get(unit["org_code"]))
            for name, content in forms.of(made):
                path = out / unit["org_code"] / name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, content)
            progress(unit["org_code"])
            yield made, left_out


def wanted(units: Sequence[Row], method: Mapping[str, Any]) -> list[Row]:
    """Return the units that get a pack.

    Raises:
        ValueError: one that is asked for isn't in the release.
    """
    asked = method["board_pack"]["units"]
    if asked in (["all"], ["none"]):
        return list(units) if asked == ["all"] else []
    if unknown := sorted(set(asked) - {unit["org_code"] for unit in units}):
        raise ValueError(
            f"method.yaml: board_pack.units: {unknown[0]} is no unit of this release; write [all], or codes"
        )
    return [unit for unit in units if unit["org_code"] in asked]


def made_of(told: Told, about: About, said: Commentary | None) -> tuple[Pack, list[str]]:
    """Return a unit's pack, and why paragraphs of its commentary were left out: their figures aren't the pack's."""
    bare = board.pack(told, about.facts, about.status, about.warning)
    if said is None:
        return bare, []
    printed = set(numbers(bare))
    kept = replace(
        said,
        actions=tuple(line for line in said.actions if _is_printed(line, printed)),
        paragraphs=tuple(line for line in said.paragraphs if _is_printed(line, printed)),
    )
    left_out = [
        f"{commentary.NAME}, {told.unit['org_code']}: '{' '.join(line.split()[:BEGINNING])} …' is left out: the pack "
        f"has no {', '.join(f'{one:,}' for one in dict.fromkeys(figures.numbers(line)) if one not in printed)}"
        for line in (*said.actions, *said.paragraphs)
        if not _is_printed(line, printed)
    ]
    return board.pack(told, about.facts, about.status, about.warning, kept), left_out


def _is_printed(line: str, printed: set[Decimal]) -> bool:
    return set(figures.numbers(line)) <= printed


def numbers(pack: Pack) -> Iterator[Decimal]:
    """Yield every number of a pack, without its sign."""
    for words in texts(pack):
        yield from figures.numbers(words)


def texts(pack: Pack) -> Iterator[str]:
    """Yield every text of a pack's sections in their order, as its readers see it."""
    for section in pack.sections:
        yield section.title
        for block in section.blocks:
            match block:
                case Paragraph():
                    yield block.text
                case Bullets():
                    yield from block.items
                case Terms():
                    yield from (words for entry in block.entries for words in entry)
                case Finding():
                    yield from (block.title, block.verdict, *block.sentences)
                case _:
                    table = block if not hasattr(block, "table") else block.table
                    yield from (table.caption, *table.notes, *table.heads)
                    yield from (text(cell) for row in table.rows for cell in row)
