"""What reaches a terminal or a log, and what doesn't: above all of the name that a stranger gave a file."""

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import progress, show
from pipelines.progress import Stage, stage
from pipelines.terminal import SHOWN, print_lines, visible
from tests.few import packs_of

# Escapes that colour and move the cursor, markup, a right-to-left override, a line break, a byte that isn't UTF-8.
HOSTILE = [
    "\x1b[31mred.csv",
    "\x1b[2J\x9b1A.csv",
    "[red]x[/nothing].csv",
    "a\u202evsc.csv",
    "a\nrefused   b",
    "a\udcff",
]


def on_terminal(width: int = 80) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, force_interactive=False, width=width, no_color=True)


def in_log() -> Console:
    return Console(file=io.StringIO(), force_terminal=False, width=80)


def printed(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return [
        line.rstrip() for line in console.file.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    ]


def test_a_text_wraps_under_itself_in_a_terminal_and_stays_one_line_in_a_log() -> None:
    line = "warning   " + " ".join(["twelve chars"] * 8)
    terminal, log = on_terminal(40), in_log()
    print_lines(terminal, [line])
    print_lines(log, [line])
    assert printed(terminal) == [
        "warning   twelve chars twelve chars",
        *["          twelve chars twelve chars"] * 3,
    ]
    assert printed(log) == [line]


def test_a_terminal_shows_the_first_lines_of_many_and_a_log_all() -> None:
    lines = [f"refused   {number}.csv" for number in range(SHOWN + 3)]
    terminal, log = on_terminal(), in_log()
    print_lines(terminal, lines, rest="DIR has them")
    print_lines(log, lines, rest="DIR has them")
    assert printed(terminal) == [*lines[:SHOWN], "          and 3 more: DIR has them"]
    assert printed(log) == lines


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_moves_the_cursor_colours_or_makes_a_line(name: str) -> None:
    terminal, log = on_terminal(), in_log()
    for console in (terminal, log):
        print_lines(console, [f"refused   {name} [layout.none]"])
        (line,) = printed(console)
        assert line.isprintable()
        assert line == f"refused   {visible(name)} [layout.none]"


def test_what_shows_stays_as_it_is() -> None:
    assert visible("March – Ärzte [final] 100 %.csv") == "March – Ärzte [final] 100 %.csv"


def test_a_log_hears_of_a_stage_that_lasts_and_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "FIRST_AFTER", 0.001)
    monkeypatch.setattr(progress, "THEN_EVERY", 0.001)
    told = threading.Event()
    at_work = Stage.at_work

    def heard(self: Stage) -> str:
        said = at_work(self)
        if self.steps:
            told.set()
        return said

    monkeypatch.setattr(Stage, "at_work", heard)
    console = in_log()
    with stage(console, "ingest", 3) as on:
        on("\x1b[31m[red]march.csv")
        assert told.wait(60)
        on.summary = "1 of 3 files read"
    lines = printed(console)
    assert "ingest    at work, 0 s: 1 of 3 done, the last \\x1b[31m[red]march.csv" in lines
    assert lines[-1].startswith("ingest    1 of 3 files read  ")


def test_a_bar_shows_a_name_as_it_is() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, force_interactive=True, width=80, no_color=True)
    with stage(console, "ingest", 1) as on:
        on("[red]\x1b[41mmarch.csv")
    assert "[red]\\x1b[41mmarch.csv" in file.getvalue()
    assert "\x1b[41m" not in file.getvalue()


def test_a_short_stage_is_one_line_and_knows_its_steps() -> None:
    console = in_log()
    with stage(console, "measure") as on:
        on("cube")
        on("cube")
        on.step("typing")
    assert len(printed(console)) == 1
    assert [name for name, _ in on.steps] == ["cube", "cube", "typing"]
    assert sum(seconds for _, seconds in on.steps) <= on.seconds


def test_timings_name_the_slowest_steps_and_add_up() -> None:
    with stage(Console(quiet=True), "measure") as on:
        pass
    on.seconds = 6.0
    on.handled = (1200, "rows")
    on.steps = [("cube", 1.0), ("trend", 0.5), ("cube", 1.5), ("gap", 2.0), ("quick", 0.1)]
    console = in_log()
    show.timings(console, [on], 8.0)
    _, measured, rest, whole, memory = printed(console)
    assert measured == "timing    measure: 6.0 s, 75 %, 200 rows/s; cube ×2 2.5 s; gap 2.0 s; trend 0.5 s"
    assert rest.startswith("timing    the rest: 2.0 s, 25 %")
    assert whole == "timing    whole: 8.0 s, 100 %"
    assert memory.startswith("timing    most memory held: ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal; run it elsewhere")
def test_hostile_names_in_a_real_terminal_with_its_bars(tmp_path: Path) -> None:
    """A run that ends soon, as nothing of these files can be measured; the bar names them while it reads."""
    import pty

    packs_of(tmp_path)
    (tmp_path / "landing").mkdir()
    header = "as_at_date,org_code,employment_type,grade,clinical,staff_group,characteristic,classification,category,"
    for number, name in enumerate(["\x1b[41mred.csv", "[b]x.csv", "a\u202evsc.csv", "a\nrefused   b.csv"]):
        row = f"202{number}-03-31,XX{number},substantive,band_5,clinical,unknown,ethnicity,wres,White,known,40"
        (tmp_path / "landing" / name).write_text(f"{header}answer_status,headcount\n{row}\n", encoding="utf-8")
    ours, theirs = pty.openpty()
    edi = [sys.executable, "-c", "from pipelines.cli import main; main()", "run", "--data", str(tmp_path)]
    with subprocess.Popen(
        edi, stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"COLUMNS": "80", "TERM": "xterm"}
    ) as run:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
    text = seen.decode()
    assert run.returncode == 1
    assert "Traceback" not in text
    assert "\\x1b[41mred.csv" in text
    assert "[b]x.csv" in text
    assert "\x1b[41m" not in text
    assert "\u202e" not in text
    assert "\nrefused   b.csv" not in text.replace("\r", "")
    answers = [path.read_text(encoding="utf-8") for path in (tmp_path / "quarantine").glob("*/report.md")]
    assert len(answers) == 4
    assert all(line.isprintable() for answer in answers for line in answer.split("\n"))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux says that the other side has gone
        return b""
