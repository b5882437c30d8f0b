"""The command that holds our way of protecting counts beside others: `edi compare`."""

from pathlib import Path

from pipelines.cli.app import DONE, Data, WrongUseError, app, open_console


@app.command
def compare(release: str | None = None, /, *, data: Data = Path("data")) -> int:
    """Tell what other ways of protecting a release's counts would leak and lose, beside the way that it was protected.

    What is printed is about exact counts: not to be passed on without thought.

    Args:
        release: a release or its snapshot by its id, or as much of it as no other begins with; otherwise the current
            release.
    """
    from pipelines import disk, inventory
    from pipelines.approval import UnknownReleaseError
    from pipelines.database import connect
    from pipelines.explain.release import load, open_release
    from pipelines.places import DataFolder
    from pipelines.progress import stage
    from pipelines.rivals import of_release, words
    from pipelines.terminal import print_lines

    console, folder = open_console(), DataFolder(data)
    try:
        made = open_release(folder, inventory.find(folder, release))
    except UnknownReleaseError as error:
        raise WrongUseError(str(error)) from error
    with disk.passing_folder() as work, connect() as con:
        con.execute("set temp_directory = ?", [str(work)])
        load(con, folder, made)
        with stage(console, "compare") as comparing:
            compared = of_release(con, made.path, made.snapshot.as_at_date, comparing)
            comparing.summary = words.summary(compared)
    print_lines(console, words.lines(compared), indent=0)
    return DONE
