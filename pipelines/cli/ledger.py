"""The command `edi ledger`: whether the record is whole, and a receipt of an audit entered in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from pipelines.cli.app import DONE, REFUSED, Data, WrongUseError, app, open_console

if TYPE_CHECKING:
    from pipelines.verify.chain import Chain
    from pipelines.verify.stored import Problem

ledger_app = App(name="ledger", help="Verify the ledger and all files that it names; enter an audit's receipt in it.")
app.command(ledger_app)


@ledger_app.command
def verify(*, data: Data = Path("data"), expect: str = "") -> int:
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

    wanted = expect.strip().lower()
    if wanted and not stored.HASH.fullmatch(wanted):
        raise WrongUseError("--expect takes the whole hash of a line: 64 digits and letters from a to f")
    console, folder = open_console(), DataFolder(data)
    with stage(console, "ledger") as reading:
        found = chain.read(folder.ledger)
        reading.summary = f"{len(found.hashes):,} lines, {'' if found.problems else 'un'}broken"
    files = stored.Stored(data)
    with stage(console, "files", len(files.files)) as hashing:
        files.progress = hashing
        problems = list(verifying.verify(files, found))
        hashing.summary = verifying.summary(files, found)
    wrong = [one for one in problems if not one.is_unchecked]
    print_lines(console, [f"unchecked {one}" for one in problems if one.is_unchecked])
    print_lines(console, [f"problem   {one}" for one in wrong], rest="send the output to a file, which has them all")
    is_expected, said = _expected(found, wanted)
    print_lines(console, [*said, *_ending(found, problems, folder.root / ".edi.holder")])
    return DONE if is_expected and not wrong else REFUSED


def _expected(found: "Chain", wanted: str) -> tuple[bool, list[str]]:
    """Return whether a hash is one of the ledger's lines', and the line to print, if one was asked for."""
    if not wanted:
        return True, []
    line = found.line_of(wanted)
    if line is None:
        return False, [
            "problem   no line has the hash that was expected: the line, or one before it, was changed or cut off, or "
            "the whole file was written anew; get a copy of the ledger from when the hash was written down, and compare"
        ]
    place, at = line
    return True, [f"expected  the hash is that of line {place:,}, written {at}: up to there nothing was changed since"]


def _ending(found: "Chain", problems: "Sequence[Problem]", holder: Path) -> list[str]:
    wrong = sum(not one.is_unchecked for one in problems)
    if wrong:
        lines = [f"verdict   {wrong:,} {'problem' if wrong == 1 else 'problems'}"]
        if holder.is_file():
            who = holder.read_text(encoding="utf-8", errors="replace").strip()
            why = "not all that it made stands in the ledger yet; verify again when it has ended"
            lines.insert(0, f"at work   {who}, unless it was killed: {why}")
        return lines
    but = ", but for what can't be checked" if problems else ""
    head = f"head      {found.head.sha256}, of line {found.head.lines:,}: have it minuted (docs/ledger.md)"
    return [head, f"verdict   the ledger is whole, and every file that it names is as it says{but}"]


@ledger_app.command
def register(receipt: Path, *, data: Data = Path("data")) -> int:
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
