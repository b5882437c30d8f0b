"""The command `edi`. Exit codes: 0 done, 1 refused, 2 wrong use."""

import atexit
import codecs
import gc
import io
import signal
import sys

from cyclopts import CycloptsError

from pipelines import disk

# Importing them adds their commands.
from pipelines.cli import approval as approval
from pipelines.cli import attack as attack
from pipelines.cli import audit as audit
from pipelines.cli import compare as compare
from pipelines.cli import dispose as dispose
from pipelines.cli import inquiry as inquiry
from pipelines.cli import ledger as ledger
from pipelines.cli import road as road
from pipelines.cli.app import DONE, REFUSED, WRONG_USE, WrongUseError, app

# What terminals without Unicode show instead of letters that lines are made of: a minus must not become anything else.
IN_ASCII = {"−": "-", "–": "-", "…": "...", "→": "->", "×": "x", "≤": "<=", "≥": ">=", "‘": "'", "’": "'"}


def _show_error(sentence: str) -> None:
    from rich.console import Console

    from pipelines.terminal import print_lines

    print_lines(Console(stderr=True), [f"edi: {sentence}"], indent=len("edi: "))


def _collect_seldom() -> None:
    """Let the collector of cyclic garbage rest: the libraries make many lasting objects, and no garbage to speak of.

    Looking through them time and again, and once more at the end, took a second of the five that a check lasted. It is
    Great Expectations that makes most of them; frozen without it, what DuckDB leaves is told on the terminal as leaked.
    """
    gc.set_threshold(200_000, 50, 100)
    atexit.register(_freeze)


def _freeze() -> None:
    if "great_expectations" in sys.modules:
        gc.freeze()


def _show_anything() -> None:
    """Let no letter end a run that the terminal, or the file that it writes to, has no place for."""
    codecs.register_error("edi", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="edi")


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for a letter that can't be written; a name's letters are shown by their numbers."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    return IN_ASCII.get(letter) or letter.encode("ascii", "backslashreplace").decode(), error.start + 1


def _end_in_order() -> None:
    """Let a polite request to end, as systemd's or a shutdown's, end as Ctrl-C does: nothing half done is left."""

    def end(number: int, _: object) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)


def main() -> None:
    """Run the command line; every refusal ends in a sentence, none in a traceback."""
    disk.owner_only()
    _collect_seldom()
    _show_anything()
    _end_in_order()
    try:
        code = app(sys.argv[1:], exit_on_error=False, print_error=True)
    except CycloptsError:
        sys.exit(WRONG_USE)
    except SystemExit:
        raise
    except Exception as error:
        # Known only here, or `edi --help` would wait for the database; what is no expected error is raised again.
        from pipelines.failure import EXPECTED, sentences

        if not isinstance(error, EXPECTED):
            raise
        for words in sentences(error):
            _show_error(words)
        sys.exit(WRONG_USE if isinstance(error, WrongUseError) else REFUSED)
    sys.exit(code if isinstance(code, int) else DONE)
