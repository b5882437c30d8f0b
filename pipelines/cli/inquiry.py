"""Commands that ask and change nothing: how one release differs from another."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.cli.app import DONE, Data, WrongUseError, app, open_console

Internal = Annotated[bool, Parameter(negative=(), help="the exact marts, which are never published.")]


@app.command
def diff(old: str, new: str = "", *, data: Data = Path("data"), internal: Internal = False) -> int:
    """Tell how a release differs from another: rows added, removed and revised, and what changed in its definitions.

    Exits with 0 whether they differ or not.

    Args:
        old: a release or a snapshot by its id, or by the first six letters of it or more; a snapshot stands for its
            latest release.
        new: another one; otherwise the current release.
    """
    from pipelines import disk, show
    from pipelines.database import connect
    from pipelines.diff import UnknownIdError, current, find
    from pipelines.places import DataFolder

    folder = DataFolder(data)
    try:
        before, after = find(folder, old), find(folder, new) if new else current(folder)
    except UnknownIdError as error:
        raise WrongUseError(str(error)) from error
    with disk.passing_folder() as work, connect() as con:
        # For what memory can't hold.
        con.execute("set temp_directory = ?", [str(work)])
        show.differences(open_console(), con, before, after, internal=internal)
    return DONE
