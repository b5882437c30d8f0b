"""What every command shares: the application, the data folder, the console, exit codes."""

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from rich.console import Console

DONE, REFUSED, WRONG_USE = 0, 1, 2

app = App(
    name="edi",
    help="Does our workforce, at every pay band, look like the people we serve?",
    version=lambda: metadata.version("workforce-edi"),
    version_flags=["--version"],
)


class WrongUseError(ValueError):
    """The command can't mean what was asked for."""


def _no_file(_: object, data: Path) -> None:
    if data.exists() and not data.is_dir():
        raise ValueError(f"{data} is a file; name a folder.")


Data = Annotated[
    Path,
    Parameter(name="--data", env_var="EDI_DATA", help="data folder; EDI_DATA sets it too.", validator=_no_file),
]


def open_console() -> "Console":
    """Return where results are printed."""
    from rich.console import Console

    return Console()
