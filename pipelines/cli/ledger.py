"""The command `edi ledger`: whether the record is whole, and a receipt of an audit entered in it."""

from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from pipelines.cli.app import DONE, REFUSED, Data, WrongUseError, app, open_console

if TYPE_CHECKING:
    from pipelines.verify.chain import Chain

ledger_app = App(name="ledger", help="Verify the ledger and all files that it names; enter an audit's receipt in it.")
app.command(ledger_app)


@ledger_app.command
def verify(*, data: Data = Path("data"), expect: str | None = None) -> int:
    """Hold the ledger to itself, and every file that it names to the ledger; exit with 1 if anything is wrong.

    Nothing is written.

    Args:
        expect: a line's hash that was written down elsewhere, as in minutes: it has to be that of one of the lines.
    """
    from pipelines import verify as verifying
    from pipelines.places import DataFolder
    from pipelines.progress import stage
    from pipelines.terminal import print_lines
    from pipelines.verify import chain, stored

    wanted = None if expect is None else expect.strip().lower()
    if wanted is not None and not stored.HASH.fullmatch(wanted):
        raise WrongUseError("--expect takes the whole hash of a line: 64 digits and letters from a to f")
    console, folder = open_console(), DataFolder(data)
    at_work = _at_work(folder.root / ".edi.holder")
    with stage(console, "ledger") as reading:
        found = chain.read(folder.ledger)
        unexpected = found.unexpected(wanted)
        reading.summary = f"{len(found.hashes):,} lines, {'broken' if found.problems else 'unbroken'}"
    files = stored.Stored(data)
    with stage(console, "files", len(files.files)) as hashing:
        files.progress = hashing
        problems = [*unexpected, *verifying.verify(files, found)]
        hashing.summary = verifying.summary(files, found)
    wrong = [one for one in problems if not one.is_unchecked]
    print_lines(console, [f"unchecked {one}" for one in problems if one.is_unchecked])
    print_lines(console, [f"problem   {one}" for one in wrong], rest="send the output to a file, which has them all")
    if wrong:
        print_lines(console, [*at_work, f"verdict   {len(wrong):,} {'problem' if len(wrong) == 1 else 'problems'}"])
        return REFUSED
    print_lines(console, [*_expected(found, wanted), *_whole(found, with_gaps=bool(problems))])
    return DONE


def _at_work(holder: Path) -> list[str]:
    """Return the line to print where a run is at work: not all that it made stands in the ledger yet."""
    try:
        who = holder.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return []
    return [
        f"at work   {who}, unless it was killed: the ledger doesn't name all that it made; verify again when it ended"
    ]


def _expected(found: "Chain", wanted: str | None) -> list[str]:
    if wanted is None:
        return []
    place, at = found.line_of(wanted)
    return [f"expected  line {place:,}, written {at}, has that hash: nothing up to it was changed since it was noted"]


def _whole(found: "Chain", *, with_gaps: bool) -> list[str]:
    but = ", but for what can't be checked" if with_gaps else ""
    return [
        f"head      {found.head.sha256}, of line {found.head.lines:,}: have it minuted (docs/ledger.md)",
        f"verdict   the ledger is whole, and every file that it names is as it says{but}",
    ]


@ledger_app.command
def register(receipt: Path, /, *, data: Data = Path("data")) -> int:
    """Enter the receipt of an audit in the ledger: which release, which verdict, and the hash of the receipt.

    Args:
        receipt: the file that `edi audit --out` wrote.
    """
    from pipelines import ledger
    from pipelines.places import DataFolder
    from pipelines.road import alone
    from pipelines.terminal import print_lines

    if not receipt.is_file():
        raise WrongUseError(f"there is no file {receipt}")
    folder = DataFolder(data)
    ledger.refuse_missing(folder.ledger)
    with alone(folder):
        print_lines(open_console(), [ledger.register(folder.ledger, receipt)])
    return DONE
