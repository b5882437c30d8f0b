"""The command that removes rows, and keeps what was counted of them."""

from datetime import UTC, date, datetime
from pathlib import Path

from pipelines.cli.app import DONE, REFUSED, Data, WrongUseError, app, open_console


@app.command
def dispose(
    *,
    authorised_by: str,
    reason: str,
    extract: str = "",
    organisation: str = "",
    as_at: date | None = None,
    dry_run: bool = False,
    data: Data = Path("data"),
) -> int:
    """Remove rows past the retention that method.yaml sets, or those of one extract; the counts made of them stay.

    Exits with 1 if an extract's counts aren't whole, so that its rows stay.

    Args:
        authorised_by: who decided it; the ledger keeps the name.
        reason: why.
        extract: an extract's hash, or as much of it as no other begins with, whatever its age.
        organisation: an organisation's code: whatever extract spoke for it on the date of --as-at, whatever its age.
        as_at: that date (YYYY-MM-DD).
        dry_run: say what would go, and change nothing.
    """
    if not authorised_by.strip() or not reason.strip():
        raise WrongUseError("say who decided it and why: --authorised-by NAME --reason TEXT")
    if bool(organisation) != bool(as_at) or (extract and organisation):
        raise WrongUseError("name an extract, or an organisation and a date, or neither for what is past its retention")

    from pipelines.dispose import Order, Wanted
    from pipelines.dispose import dispose as carry_out
    from pipelines.places import DataFolder
    from pipelines.road import alone
    from pipelines.terminal import print_lines

    console, folder = open_console(), DataFolder(data)
    if not folder.ledger.is_file():
        raise ValueError(f"{data} has taken nothing in yet; there is nothing to dispose of")
    wanted = Wanted(extract.lower(), (organisation, as_at.isoformat()) if as_at else None)
    with alone(folder):
        order = Order(authorised_by.strip(), reason.strip())
        done = carry_out(folder, wanted, order, datetime.now(UTC).date(), dry_run=dry_run)
    print_lines(console, done.lines)
    return REFUSED if done.refused else DONE
