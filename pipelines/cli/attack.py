"""The command `edi attack`: what a stranger could find out from what a release publishes."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.app import DONE, REFUSED, Data, WrongUseError, app, open_console

if TYPE_CHECKING:
    from pipelines.attack import Result


@app.command
def attack(release: str | None = None, /, *, data: Data = Path("data")) -> int:
    """Try to find people in what a release publishes, as a stranger would; exit with 1 if anything is found.

    Files in public_knowledge of the data folder say what else the stranger knows. The result goes into the ledger.

    Args:
        release: the release's id, or as much of it as no other begins with; otherwise the current release.
    """
    from pipelines import approval, gate
    from pipelines.approval import UnknownReleaseError
    from pipelines.attack import on_release
    from pipelines.places import DataFolder
    from pipelines.progress import stage
    from pipelines.road import alone
    from pipelines.terminal import print_lines

    console, folder = open_console(), DataFolder(data)
    try:
        standing = approval.find(folder, release)
    except UnknownReleaseError as error:
        raise WrongUseError(str(error)) from error
    with alone(folder):
        approval.refuse_broken(folder.marts / standing.release_id, standing)
        with stage(console, "attack") as attacking:
            result = on_release(folder, standing, attacking)
            attacking.summary = f"{result.tables:,} tables, {result.outcome.tried:,} counts tried"
        gate.note(folder, standing, result)
    print_lines(console, _table(result))
    print_lines(console, [f"problem   {one}" for one in result.problems], rest="send the output to a file")
    verdict = "nobody was found" if result.is_safe else "refused: the release may not go out"
    print_lines(console, [f"verdict   release {standing.release_id}: {verdict}"])
    return DONE if result.is_safe else REFUSED


def _table(result: "Result") -> list[str]:
    one = result.outcome
    rows = (
        ("counts tried", one.tried),
        ("told exactly", one.determined),
        ("told to be small", one.proven_small),
        ("too few values", one.too_few),
        ("fewest values", "none tried" if one.narrowest is None else one.narrowest),
        ("not finished", one.unfinished),
        ("unprotectable", one.unprotectable),
        ("unexplained", len(result.unexplained)),
        ("linear programs", one.linear_programs),
        ("integer programs", one.integer_programs),
        ("earlier releases", result.releases),
    )
    lines = [f"{name:<17} {value:>9,}" if isinstance(value, int) else f"{name:<17} {value}" for name, value in rows]
    return [
        *lines,
        *(f"not used  {what}: our counts contradict what is said to be public" for what in result.contradicted),
    ]
