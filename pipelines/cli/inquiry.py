"""Commands that ask and change nothing: how a number came about, and how one release differs from another."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.cli.app import DONE, REFUSED, Data, WrongUseError, app, open_console

Internal = Annotated[bool, Parameter(negative=(), help="the exact marts, which are never published.")]


@app.command
def explain(
    mart: str,
    /,
    *key: str,
    release: str | None = None,
    internal: Annotated[bool, Parameter(negative=())] = False,
    data: Data = Path("data"),
) -> int:
    """Tell how one number of a release came about: counts, comparator, formula, SQL, files, rules.

    Exits with 1 if the number, worked out again, isn't what the mart says.

    Args:
        mart: representation_gap, trend, grade_profile, declaration_rate or headcount.
        key: cells of its key, as in org_code=RNA category=BME; what isn't named is what is meant most often.
        release: a release or its snapshot by its id, or as much of it as no other begins with; otherwise the current
            release.
        internal: explain the exact mart, which isn't to be passed on; otherwise the public one.
    """
    from pipelines.approval import UnknownReleaseError
    from pipelines.explain import AskedWronglyError
    from pipelines.explain import explain as explained
    from pipelines.places import DataFolder
    from pipelines.terminal import print_lines

    try:
        told = explained(DataFolder(data), mart, key, asked=release, internal=internal)
    except (AskedWronglyError, UnknownReleaseError) as error:
        raise WrongUseError(str(error)) from error
    console = open_console()
    for section in told.sections:
        print_lines(console, ["", *([section.heading] if section.heading else [])], indent=0)
        indent = 0 if section.is_wide else 2
        print_lines(console, [f"{'':<{indent}}{line}" for line in section.lines], indent=indent)
    return REFUSED if told.differing else DONE


@app.command
def diff(old: str, new: str | None = None, /, *, data: Data = Path("data"), internal: Internal = False) -> int:
    """Tell how a release differs from another: rows added, removed and revised, and what changed in its definitions.

    Exits with 0 whether they differ or not.

    Args:
        old: a release or a snapshot by its id, or as much of it as no other begins with; a snapshot stands for its
            latest release.
        new: another one; otherwise the current release.
    """
    from pipelines import disk, show
    from pipelines.approval import UnknownReleaseError
    from pipelines.database import connect
    from pipelines.diff import find
    from pipelines.places import DataFolder

    folder = DataFolder(data)
    try:
        before, after = find(folder, old), find(folder, new)
    except UnknownReleaseError as error:
        raise WrongUseError(str(error)) from error
    with disk.passing_folder() as work, connect() as con:
        # For what memory can't hold.
        con.execute("set temp_directory = ?", [str(work)])
        show.differences(open_console(), con, before, after, internal=internal)
    return DONE


@app.command
def report(release: str | None = None, /, *, out: Path, data: Data = Path("data")) -> int:
    """Write the board packs of a release again, marked by what has become of it: a draft, approved, or withdrawn.

    Args:
        release: a release or its snapshot by its id, or as much of it as no other begins with; otherwise the current
            release.
        out: the folder for the packs, one in it for each unit.
    """
    from pipelines import approval, inventory, seal
    from pipelines import report as packs
    from pipelines.approval import UnknownReleaseError
    from pipelines.places import DataFolder
    from pipelines.progress import stage
    from pipelines.terminal import print_lines

    folder, console = DataFolder(data), open_console()
    try:
        standing = inventory.find(folder, release) if release else approval.find(folder, None)
    except UnknownReleaseError as error:
        raise WrongUseError(str(error)) from error
    if problems := seal.problems(folder.marts / standing.release_id, standing.sums):
        print_lines(console, [f"damaged   {line}" for line in problems])
        return REFUSED
    with stage(console, "report") as on:
        made, left_out = packs.again(folder, standing, out, on)
        on.summary = f"{made:,} board packs in {out}"
    print_lines(console, [f"left out  {line}" for line in left_out])
    return DONE
