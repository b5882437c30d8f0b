"""Audit: the road again from a frozen snapshot, in a folder of its own, and held to what was released then.

Nothing in the data folder is written to. Bytes are compared first, then the content, which another version of a library
leaves as it is, then the first row and column that differ.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from pipelines import approval, describe, disk, inventory, ledger, measure, protect, publish, report, seal
from pipelines.approval import ApprovalError, Standing
from pipelines.audit import changes, replica
from pipelines.audit.differences import first_difference, keys
from pipelines.content import content_sha256
from pipelines.database import Connection
from pipelines.failure import EXPECTED, sentence
from pipelines.freeze import Snapshot, snapshot
from pipelines.freeze.objects import DamagedError
from pipelines.places import DataFolder
from pipelines.protect.key import DisclosureKeyError, Key, existing
from pipelines.publish import provenance
from pipelines.report.forms import reading
from pipelines.report.words import SYNTHETIC
from pipelines.road import open_database

SAME_BYTES, SAME_CONTENT, DIFFERS, DAMAGED = "same bytes", "same content", "differs", "damaged"
# Today's program can't make it, which says nothing of the release.
NOT_RUN = "not run"
# Of a table: only the release has it, or only this audit made it.
NOT_MADE, NOT_RELEASED = "not made again", "not in the release"


@dataclass(frozen=True)
class Receipt:
    """What an audit found of one release.

    ``verdict`` is ``same bytes``; ``same content``, where only bytes differ; ``differs``; ``damaged``, where the
    snapshot or the release isn't what it was; or ``not run``, where this program can't make it. ``started_from`` says
    what was there to start from, ``tables`` holds the verdict on each table by its path, ``first_difference`` the first
    cell that differs, with its exact numbers, ``changed`` what is another than then, a line each.
    """

    release_id: str
    snapshot_id: str
    as_at_date: str
    verdict: str
    program: str
    started_from: str = ""
    tables: Mapping[str, str] = field(default_factory=dict)
    first_difference: str = ""
    damage: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Whether the release was made again: its content, if not its bytes."""
        return self.verdict in (SAME_BYTES, SAME_CONTENT)

    @property
    def file_name(self) -> str:
        """What it is called: with its hash, so that no later one takes its place."""
        return f"{self.release_id}-{hashlib.sha256(self.text.encode()).hexdigest()[:12]}.receipt.json"

    @property
    def text(self) -> str:
        """The receipt as a file, which the ledger can be told of."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, text: str) -> "Receipt":
        """Return the receipt that a file holds; one of another version of the program may say more, or less."""
        said: dict[str, Any] = json.loads(text)
        known = {one.name for one in fields(cls)}
        kept: dict[str, Any] = {name: value for name, value in said.items() if name in known}
        for name in ("damage", "changed"):
            kept[name] = tuple(kept.get(name, ()))
        return cls(**kept)


def releases(folder: DataFolder, asked: str | None = None) -> list[Standing]:
    """Return the releases to audit, the earliest first: all that the ledger knows, or the one that is asked for.

    Args:
        folder: the data folder.
        asked: the id of a release, or of a snapshot, of which the latest release is meant; or how it begins.

    Raises:
        ApprovalError: there is none, or several begin so.
    """
    known = list(approval.standings(ledger.read(folder.ledger)).values())
    if not known:
        raise ApprovalError(f"{folder.root} has no release; make one with 'edi run', or name another data folder")
    if asked is None:
        return known
    return [inventory.find(folder, asked)]


def audit(folder: DataFolder, release: Standing, progress: Callable[[str], None] = lambda _: None) -> Receipt:
    """Make a release again from its snapshot and compare; nothing in the data folder is written to.

    Args:
        folder: the data folder.
        release: one of ``releases``.
        progress: told the name of each step when it is done.
    """
    path = folder.marts / release.release_id
    receipt = Receipt(release.release_id, release.snapshot_id, "", DAMAGED, changes.program())
    damage = [f"release {release.release_id}: {line}" for line in seal.problems(path, release.sums)]
    try:
        written = snapshot.manifest(folder, release.snapshot_id)
        frozen = snapshot.read(folder, release.snapshot_id)
    except DamagedError as error:
        return _damaged(receipt, [*damage, str(error)])
    receipt = replace(receipt, as_at_date=frozen.as_at_date.isoformat())
    # What is sealed is read only where the seal holds.
    damage = damage or replica.damaged(folder, path, written, frozen)
    if damage:
        return _damaged(receipt, damage)
    progress("verifying")
    changed = tuple(changes.since(path, frozen, str(release.made[0].get("python", "another"))))
    try:
        with disk.passing_folder() as place:
            return replace(_again(folder, path, frozen, written, place, progress, receipt), changed=changed)
    except (*EXPECTED, LookupError, TypeError) as error:
        # Yesterday's snapshot may lack what today's program needs.
        why = str(error) if isinstance(error, LookupError | TypeError) else sentence(error)
        return replace(receipt, verdict=NOT_RUN, damage=(f"this program can't make it: {why}",), changed=changed)


def _again(
    folder: DataFolder,
    path: Path,
    frozen: Snapshot,
    written: Mapping[str, Any],
    place: Path,
    progress: Callable[[str], None],
    receipt: Receipt,
) -> Receipt:
    """Make a release again in a folder of its own, and fill in what the comparison found."""
    copy, again = replica.make(folder, path, frozen, place)
    with open_database(copy, again.method) as con:
        key = existing(folder)
        if again_key := provenance.read(path).disclosure_key:
            _refuse_another(folder, key, again_key)
        staging = publish.staging(copy, again, key)
        measured = measure.measure(con, copy, again, staging / seal.INTERNAL, progress)
        protected = protect.protect(con, copy, measured, key, progress)
        identifier = path.name
        report.report(copy, protected, identifier, SYNTHETIC * again.synthetic, progress)
        publish.complete(staging, protected, written)
        tables = _compare(con, path, staging)
        progress("comparing")
        return replace(
            receipt,
            verdict=_verdict(tables),
            started_from=replica.started_from(frozen),
            tables=tables,
            first_difference=_first_difference(con, tables, path, staging) or replica.other_parts(path, staging),
        )


def _refuse_another(folder: DataFolder, key: Key, recorded: str) -> None:
    """Refuse a key that a release wasn't protected with: every public number would differ, and prove nothing.

    Raises:
        DisclosureKeyError: it is another one.
    """
    if key.identifier != recorded:
        raise DisclosureKeyError(
            f"the release was protected with disclosure key {recorded}, and that isn't what lies in {folder.root}; put "
            "it there as disclosure.key"
        )


def _damaged(receipt: Receipt, damage: list[str]) -> Receipt:
    return replace(receipt, started_from="nothing: what is damaged proves nothing", damage=tuple(damage))


def _tables(release: Path) -> dict[str, Path]:
    """Return the tables and packs of a release by their paths below it: exact marts first, in the order of their names.

    Images aren't among them: what they draw stands in the packs' tables.
    """
    internal = {f"{seal.INTERNAL}/{path.name}": path for path in sorted((release / seal.INTERNAL).glob("*.parquet"))}
    public = {path.name: path for kind in ("parquet", "csv") for path in sorted(release.glob(f"*.{kind}"))}
    packs = sorted(path for path in release.glob(f"{report.FOLDER}/*/*") if path.suffix in describe.DOCUMENTS)
    return internal | public | {path.relative_to(release).as_posix(): path for path in packs}


def _compare(con: Connection, old: Path, new: Path) -> dict[str, str]:
    """Return the verdict on each table of either release."""
    before, after = _tables(old), _tables(new)
    return {
        **{name: _table_verdict(con, path, after.get(name)) for name, path in before.items()},
        **{name: NOT_RELEASED for name in after if name not in before},
    }


def _table_verdict(con: Connection, old: Path, new: Path | None) -> str:
    if new is None:
        return NOT_MADE
    if disk.file_sha256(old) == disk.file_sha256(new):
        return SAME_BYTES
    return SAME_CONTENT if _is_same_content(con, old, new) else DIFFERS


def _is_same_content(con: Connection, old: Path, new: Path) -> bool:
    """Tell whether only the bytes of a file are others; a table of text and a page have no content but these."""
    if old.suffix == ".parquet":
        return content_sha256(con, old) == content_sha256(con, new)
    return old.suffix in reading.FORMS and list(reading.texts(old)) == list(reading.texts(new))


def _verdict(tables: Mapping[str, str]) -> str:
    """Return the verdict on a release: a table that is new today takes nothing from what was released."""
    verdicts = {verdict for verdict in tables.values() if verdict != NOT_RELEASED}
    if verdicts <= {SAME_BYTES}:
        return SAME_BYTES
    return SAME_CONTENT if verdicts <= {SAME_BYTES, SAME_CONTENT} else DIFFERS


def _first_difference(con: Connection, tables: Mapping[str, str], old: Path, new: Path) -> str:
    """Return the first difference in words: in the cube, if it differs, for what else differs stems from it."""
    cube = f"{seal.INTERNAL}/headcount.parquet"
    for name in sorted(tables, key=lambda name: name != cube):
        if tables[name] == NOT_MADE:
            return f"{name} isn't made any more"
        if tables[name] == DIFFERS and name.endswith(".parquet"):
            mart = Path(name).stem
            found = first_difference(con, mart, old / name, new / name, keys(mart))
            if found:
                return found.sentence
    return ""
