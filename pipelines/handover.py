"""Handover: an approved release's public part copied to where others read it, and taken back when it is withdrawn."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines import approval, disk, gate, ledger, report, seal
from pipelines.approval import CURRENT, NOTICE, ApprovalError, Standing, UnknownReleaseError
from pipelines.disk import HeldError
from pipelines.failure import sentence
from pipelines.places import DataFolder
from pipelines.seal import SUMS

# What everybody may: read a file, and look into a folder. The program's own umask lets nobody.
FILE_MODE, FOLDER_MODE = 0o644, 0o755

# What can't be undone wants so much of a release's id: its date, and four letters of what tells it apart.
CERTAIN = len("2026-03-31-4baa")


@dataclass(frozen=True)
class Published:
    """A release's public part, as it lies in ``path``; ``copied`` unless it lay there already."""

    standing: Standing
    path: Path
    copied: bool


@dataclass(frozen=True)
class Withdrawal:
    """What became of a withdrawal: folders that hold the notice now, and sentences about those that don't.

    ``first`` unless the release had been withdrawn before.
    """

    standing: Standing
    replaced: tuple[Path, ...]
    left: tuple[str, ...]
    first: bool


def publish(folder: DataFolder, destination: Path, asked: str | None = None) -> Published:
    """Copy the public part of an approved release to ``destination/<release id>``, whole or not at all.

    Args:
        folder: the data folder; the caller keeps others out of it.
        destination: a folder outside of what is private in the data folder; it is made if only it is missing.
        asked: the release's id or its beginning; None for the current release.

    Raises:
        UnknownReleaseError: there is no such release.
        ApprovalError: the release isn't approved, was withdrawn or isn't what was sealed; the ledger isn't whole; or
            the place can't be used.
        HeldError: another program holds something there.
    """
    standing = approval.find(folder, asked)
    approval.refuse_withdrawn(standing, "published")
    approval.refuse_broken_ledger(folder)
    if standing.state not in ("approved", "published"):
        raise ApprovalError(
            f"{standing.release_id} is {standing.state} and nobody has approved it; 'edi approve' comes first"
        )
    if gate.last_refused(ledger.read(folder.ledger), standing.release_id):
        raise ApprovalError(
            f"the last attack on {standing.release_id} found what mustn't go out; run 'edi attack' to see what"
        )
    if problem := place_problem(folder, destination):
        raise ApprovalError(problem)
    release = folder.marts / standing.release_id
    approval.refuse_broken(release, standing)
    destination = destination.resolve()
    target = destination / standing.release_id
    is_there = _is_there(release, target)
    if is_there:
        _note(folder, standing, destination)
    else:
        _copy(folder, standing, destination)
    approval.show_state(folder)
    return Published(approval.find(folder, standing.release_id), target, not is_there)


def place_problem(folder: DataFolder, destination: Path) -> str:
    """Say why a folder can't be one that releases are published to; nothing if it can."""
    place, root = destination.resolve(), folder.root.resolve()
    private = [folder.landing, folder.quarantine, folder.snapshots, folder.marts, folder.audits]
    settings = [folder.root / name for name in ("layouts", "mappings", "waivers", "reference")]
    if place == root or any(place.is_relative_to(one.resolve()) for one in (*private, *settings)):
        return f"{destination} is one of the data folder's own folders; publish to a folder of its own"
    if place.exists() and not place.is_dir():
        return f"{destination} is a file; name a folder to publish to"
    if not place.parent.is_dir():
        return f"there is no folder {destination.parent}; make it, or look whether the share is mounted"
    return ""


def _is_there(release: Path, target: Path) -> bool:
    """Tell whether the public part lies there already, byte by byte.

    Raises:
        ApprovalError: something else does.
    """
    if not target.is_symlink() and not target.exists():
        return False
    is_same = (
        not target.is_symlink()
        and not seal.list_problems(target)
        and _tables(seal.listing(target / SUMS)) == _tables(seal.listing(release / SUMS))
    )
    if not is_same:
        raise ApprovalError(
            f"{target} is there, and isn't this release; what was published is never overwritten: find out who changed "
            "it, move it away and publish again"
        )
    return True


def _refuse_another_program(release: Path, standing: Standing) -> None:
    """Refuse to make packs by another program than the one whose packs were attacked.

    Raises:
        ApprovalError: a file of the program is another one.
    """
    from pipelines.publish import program, provenance  # which makes releases, and needs this module for it

    made_by, now = provenance.read(release).program, program.hashes()
    if changed := sorted(name for name in made_by.keys() | now.keys() if made_by.get(name) != now.get(name)):
        raise ApprovalError(
            f"{standing.release_id} was made by another version of the program ({changed[0]} differs), and packs that "
            "this one makes were never attacked: publish it with that version, or run again and have that approved"
        )


def _tables(listed: Mapping[str, str]) -> dict[str, str]:
    """Return what a list has beside the board packs: those say DRAFT where they were sealed, and no longer here."""
    return {name: sha256 for name, sha256 in listed.items() if not name.startswith(f"{report.FOLDER}/")}


def _copy(folder: DataFolder, standing: Standing, destination: Path) -> None:
    release, draft = folder.marts / standing.release_id, destination / f".{standing.release_id}.draft"
    if not destination.exists():
        destination.mkdir()
        _open_to_all(destination, FOLDER_MODE)
    disk.remove_tree(draft)
    try:
        draft.mkdir()
        listed = seal.listing(release / SUMS)
        for name, sha256 in _tables(listed).items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            disk.copy_whole(release / name, draft / name, sha256)
        if _tables(listed) != listed:
            _refuse_another_program(release, standing)
            report.again(folder, standing, draft / report.FOLDER)
        seal.seal_folder(draft)
        for one in (*draft.rglob("*"), draft):
            _open_to_all(one, FOLDER_MODE if one.is_dir() else FILE_MODE)
        # Before anybody can see the copy: one that the ledger doesn't know would be missed by a withdrawal.
        _note(folder, standing, destination)
        disk.replace(draft, destination / standing.release_id)
    except BaseException:
        disk.remove_tree(draft)
        raise


def _open_to_all(path: Path, mode: int) -> None:
    # A share that keeps no such permissions has its own, which whoever set it up gave it.
    with suppress(OSError):
        path.chmod(mode)


def _note(folder: DataFolder, standing: Standing, destination: Path) -> None:
    if str(destination) not in standing.published:
        said = {"event": "published", "release_id": standing.release_id, "to": str(destination)}
        ledger.append(folder.ledger, [{**said, "by": approval.account()}])


def withdraw(folder: DataFolder, asked: str, reason: str, name: str, also: Path | None = None) -> Withdrawal:
    """Withdraw a release: a line in the ledger, and a notice in place of the tables wherever it was published.

    One that is withdrawn already stays so, for the reason given then; places that weren't reached are tried again.

    Args:
        folder: the data folder; the caller keeps others out of it.
        asked: the release's id, or 15 letters of it or more.
        reason: why, in a sentence that everybody may read: the notice says it.
        name: who decided it.
        also: a folder with a copy that the ledger doesn't know of.

    Raises:
        UnknownReleaseError: there is no such release, or too little of its id was written.
        ApprovalError: there is no reason or name, or not in one line.
    """
    if len(asked) < CERTAIN:
        raise UnknownReleaseError(
            f"a withdrawal is for good: write the release's whole id, or at least {CERTAIN} letters of it; 'edi "
            "releases' lists them"
        )
    standing = approval.find(folder, asked)
    reason, name = reason.strip(), name.strip()
    if not reason or not name:
        raise ApprovalError("a withdrawal needs a reason, which the notice says, and the name of who decided it")
    # A line of theirs could pass for one of the notice.
    if problem := approval.unprintable("reason", reason) or approval.unprintable("name", name):
        raise ApprovalError(problem)
    first = standing.state != "withdrawn"
    if first:
        line = {"event": "withdrawn", "release_id": standing.release_id, "reason": reason, "name": name}
        ledger.append(folder.ledger, [{**line, "by": approval.account()}])
    known = approval.standings(ledger.read(folder.ledger))
    standing = known[standing.release_id]
    approval.show_state(folder)
    text = notice(standing, known)
    replaced, left = [], []
    for path, problem in _copies(folder, standing, known, also):
        if problem := problem or _replace(path, text, is_public=path.parent != folder.marts):
            left.append(problem)
        else:
            replaced.append(path)
    return Withdrawal(standing, tuple(replaced), tuple(left), first)


def leave_notice(folder: DataFolder, release_id: str) -> None:
    """Have ``marts/current`` hold the notice of a withdrawn release, if what lies there is that release's.

    A withdrawal that was stopped after its line in the ledger left the tables there.

    Raises:
        ApprovalError: it can't be done; the message says what holds it up.
    """
    known = approval.standings(ledger.read(folder.ledger))
    standing = known.get(release_id)
    if not (standing and standing.withdrawn and _is_current(folder, standing, known)):
        return
    if problem := _replace(folder.marts / CURRENT, notice(standing, known), is_public=False):
        raise ApprovalError(problem)


def _copies(
    folder: DataFolder, standing: Standing, known: Mapping[str, Standing], also: Path | None
) -> Iterator[tuple[Path, str]]:
    """Yield the folders with a copy of a release, each with why it can't be one, or nothing."""
    if _is_current(folder, standing, known):
        yield folder.marts / CURRENT, ""
    named = [Path(place) for place in standing.published]
    for place in dict.fromkeys([*named, *([also.resolve()] if also else [])]):
        yield place / standing.release_id, place_problem(folder, place)


def _is_current(folder: DataFolder, standing: Standing, known: Mapping[str, Standing]) -> bool:
    """Tell whether what lies in ``marts/current`` is a release's: its tables, or what is left of them.

    Its list of files says so, and not the pointer, which a run that was stopped leaves behind. Only where the list is
    no release's, or a withdrawal that was stopped has removed it, do the pointer and the notice say it.
    """
    path = folder.marts / CURRENT
    if not path.is_dir():
        return False
    lists = disk.file_sha256(path / SUMS) if (path / SUMS).is_file() else None
    if lists and lists in (one.sums.get(SUMS) for one in known.values()):
        return lists == standing.sums.get(SUMS)
    return approval.current(folder) == standing.release_id or _is_noticed(path, standing)


def _is_noticed(path: Path, standing: Standing) -> bool:
    there = path / NOTICE
    return there.is_file() and there.read_text(encoding="utf-8", errors="replace").startswith(_title(standing) + "\n")


def _title(standing: Standing) -> str:
    return f"WITHDRAWN: release {standing.release_id}"


def notice(standing: Standing, known: Mapping[str, Standing]) -> str:
    """Return what stands in the tables' place: which release, when, why, and what to read instead."""
    line = standing.withdrawn or {}
    later = list(known)[list(known).index(standing.release_id) + 1 :]
    instead = [one for one in later if known[one].state == "published"]
    return (
        f"{_title(standing)}\n\n"
        f"When: {line['at'][:10]}\n"
        f"Why: {line['reason']}\n"
        f"What takes its place: {f'release {instead[-1]}' if instead else 'none yet'}\n\n"
        "Its tables are no longer to be used, quoted or passed on; delete copies of them.\n"
    )


def _replace(path: Path, text: str, *, is_public: bool) -> str:
    """Put the notice into a folder, then remove all else: at no moment do tables lie there without it.

    Returns:
        Why it couldn't be done, or nothing.
    """
    if path.is_symlink() or not path.is_dir():
        return (
            f"{path} isn't there: look whether the share is mounted, and run again; if somebody removed or moved it, "
            "find its copies"
        )
    try:
        disk.write_whole(path / NOTICE, text)
        if is_public:
            _open_to_all(path / NOTICE, FILE_MODE)
        # The list of files first: what is half removed must not look like a release with files missing.
        for one in sorted(path.iterdir(), key=lambda one: (one.name != SUMS, one.name)):
            if one.name == NOTICE:
                continue
            if one.is_dir() and not one.is_symlink():
                disk.remove_tree(one)
            else:
                disk.remove(one)
    except (OSError, HeldError) as error:
        return f"{path} may still hold tables: {sentence(error)}"
    return ""
