"""Progress of long work: a bar in a terminal, a line per stage everywhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Stage:
    """One stage under way: called with the name of each thing that is done; ``summary`` ends up on its line."""

    def __init__(self, bar: Progress, name: str, total: int | None) -> None:
        """Start the bar at nothing done."""
        self._bar = bar
        self._task = bar.add_task(name, total=total)
        self.summary = ""

    def __call__(self, done: str) -> None:
        """Note that one more thing is done."""
        self._bar.update(self._task, advance=1, description=done[:40])


@contextmanager
def stage(console: Console, name: str, total: int | None = None) -> Iterator[Stage]:
    """Show a stage: its bar while it runs (in a terminal), then its name, summary and seconds on a line."""
    started = time.monotonic()
    columns = (
        TextColumn(f"{name:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        running = Stage(bar, name, total)
        yield running
    console.print(f"{name:<9} {running.summary}  {time.monotonic() - started:.1f} s", highlight=False, soft_wrap=True)
