"""How lines are printed: in a terminal they wrap under their text; in a log one event is one line.

A file's name and a column's heading are strangers' text: nothing in them is taken for markup, and no character of them
reaches the terminal that would move its cursor, colour it or turn a line about.
"""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

# The label at the beginning of a line, with the blanks behind it; the two of files that gave way are longer.
INDENT = 10
LONG_INDENT = 12

# Of one kind of lines a terminal shows so many: nobody reads on. A log has all of them.
SHOWN = 10

# Colours add to the words, and say nothing that these don't.
STYLES = {"refused": "bold red", "rejected": "bold red", "warning": "bold yellow", "waived": "bold yellow"}


def visible(text: str) -> str:
    """Return a text of which every character shows: those that don't, as escape and line break, are written out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def print_lines(console: Console, lines: Iterable[str], indent: int = INDENT, rest: str = "") -> None:
    """Print lines that begin with a label, or with none if ``indent`` is 0.

    Args:
        console: where to.
        lines: the lines, of one kind if there may be many.
        indent: how much of a line is its label; in a terminal the text wraps under itself.
        rest: where those are that a terminal doesn't show, if there are too many.
    """
    said = [visible(line) for line in lines]
    if not console.is_terminal:
        for line in said:
            console.print(Text(line), soft_wrap=True)
        return
    shown = len(said) if len(said) <= SHOWN or not rest else SHOWN
    for line in said[:shown]:
        console.print(_hanging(line, indent))
    if shown < len(said):
        console.print(_hanging(f"{'':<{indent}}and {len(said) - shown:,} more: {rest}", indent))


def labelled(label: str, *cells: str) -> Table:
    """Return a line for a terminal: a label, a text that wraps under itself, and what stands behind its first line."""
    grid = Table.grid()
    grid.add_column(width=len(label), no_wrap=True)
    grid.add_column(overflow="fold")
    for _ in cells[1:]:
        grid.add_column(no_wrap=True)
    grid.add_row(Text(label, style=STYLES.get(label.strip(), "bold")), *(Text(cell) for cell in cells))
    return grid


def _hanging(line: str, indent: int) -> Table | Text:
    return labelled(line[:indent], line[indent:]) if indent else Text(line)
