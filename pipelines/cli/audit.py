"""The command that audits: `edi audit`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.cli.app import DONE, REFUSED, Data, WrongUseError, app, open_console


@app.command
def audit(
    snapshot: str | None = None,
    /,
    *,
    data: Data = Path("data"),
    every: Annotated[bool, Parameter(name="--all", negative=())] = False,
    as_recorded: Annotated[bool, Parameter(negative=())] = False,
    wheels: Path | None = None,
    wheel_sha256: str = "",
    out: Path | None = None,
) -> int:
    """Make a release again from its snapshot, in a folder of its own, and compare; nothing in the data folder changes.

    Exits with 0 if the content is the same, which it says where the bytes aren't, and with 1 if not.

    Args:
        snapshot: a snapshot, of which the latest release is meant, or a release; otherwise the current one.
        every: audit every release that the ledger knows.
        as_recorded: by the program and libraries that made it, in an environment of their own: the verdict on an old
            release. It installs them from the package index, or from WHEELS.
        wheels: a folder with the libraries' wheels, where there is no network.
        wheel_sha256: with --as-recorded, what the recorded wheel's SHA-256 must be, as its maker published it.
        out: a folder for the receipts; 'edi ledger register' tells the ledger of one.
    """
    from pipelines import disk, handover
    from pipelines.approval import UnknownReleaseError
    from pipelines.audit import audit, recorded, releases, words
    from pipelines.places import DataFolder
    from pipelines.progress import stage
    from pipelines.terminal import print_lines

    if every and snapshot:
        raise WrongUseError("name a snapshot, or say --all, not both")
    console, folder = open_console(), DataFolder(data)
    if problem := out and handover.place_problem(folder, out):
        raise WrongUseError(f"--out: {problem}")
    try:
        asked = releases(folder, None if every else snapshot or words.current(folder))
    except UnknownReleaseError as error:
        raise WrongUseError(str(error)) from error
    receipts = []
    for release in asked:
        with stage(console, "audit") as auditing:
            if as_recorded:
                receipt = recorded.audit(folder, release, wheels, wheel_sha256, auditing)
            else:
                receipt = audit(folder, release, auditing)
            auditing.summary = words.summary(receipt)
        print_lines(console, words.lines(receipt))
        receipts.append(receipt)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            path = out / receipt.file_name
            disk.write_whole(path, receipt.text)
            print_lines(console, [f"receipt   {path}"])
    return DONE if all(one.is_equal for one in receipts) else REFUSED
