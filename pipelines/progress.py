"""Progress of long work: in a terminal a bar, in a log a line now and then, and a line per stage in both.

Times are for whoever watches: they go to the terminal or the log, and into nothing that is hashed or stored.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from pipelines.terminal import labelled, visible

# In a log a stage says that it is at work after so many seconds, and then each time so many have passed. Seconds, not
# tenths of the files: a stage with one thing to do may last longest, and silence looks like a run that hangs.
FIRST_AFTER = 10
THEN_EVERY = 30


class Stage:
    """One stage under way: called with the name of each thing that is done.

    ``summary`` ends up on its line; ``handled`` is how many of what went through it, if a speed means something.
    """

    def __init__(self, name: str, total: int | None, bar: Progress) -> None:
        """Start at nothing done."""
        self.name = name
        self.summary = ""
        self.handled: tuple[int, str] | None = None
        self.seconds = 0.0
        self.steps: list[tuple[str, float]] = []
        self._done = 0
        self._total = total
        self._bar = bar
        self._task = bar.add_task("", total=total)
        self._started = self._last = time.perf_counter()

    def __call__(self, done: str) -> None:
        """Note that one more thing is done."""
        self._done += 1
        self.step(done)
        self._bar.update(self._task, advance=1, description=visible(done))

    def step(self, name: str) -> None:
        """Note the time since the step before as this one's, without counting a thing."""
        now = time.perf_counter()
        self.steps.append((name, now - self._last))
        self._last = now

    def end(self) -> None:
        """Stop the clock."""
        self.seconds = time.perf_counter() - self._started

    def at_work(self) -> str:
        """Say how far it is."""
        of = "" if self._total is None else f" of {self._total:,}"
        last = f", the last {visible(self.steps[-1][0])}" if self.steps else ""
        return f"{self.name:<9} at work, {time.perf_counter() - self._started:.0f} s: {self._done:,}{of} done{last}"


@contextmanager
def stage(console: Console, name: str, total: int | None = None) -> Iterator[Stage]:
    """Show a stage: how far it is while it runs, then its name, summary and seconds on a line."""
    columns = (
        TextColumn(f"{name:<9}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
    )
    is_moving = console.is_interactive
    with Progress(*columns, console=console, transient=True, disable=not is_moving) as bar:
        running = Stage(name, total, bar)
        with _telling(console, running, is_silent=is_moving or console.quiet):
            yield running
        running.end()
    seconds = f"{running.seconds:.1f} s"
    if console.is_terminal:
        console.print(labelled(f"{name:<9} ", running.summary, f"  {seconds}"))
    else:
        console.print(Text(f"{name:<9} {running.summary}  {seconds}"), soft_wrap=True)


@contextmanager
def _telling(console: Console, running: Stage, *, is_silent: bool) -> Iterator[None]:
    """Write now and then how far a stage is: from a thread, because a stage may tell nothing for long."""
    ended = threading.Event()

    def tell() -> None:
        wait = FIRST_AFTER
        while not ended.wait(wait):
            console.print(Text(running.at_work()), soft_wrap=True)
            wait = THEN_EVERY

    thread = threading.Thread(target=tell, daemon=True)
    if not is_silent:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if thread.ident:
            thread.join()


def peak_memory() -> int | None:
    """Return the most bytes that the process has held in memory; None on Windows, whose Python can't tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
