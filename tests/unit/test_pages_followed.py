"""The pages for the three users are followed command by command, in an empty folder: what they print is what is quoted.

A block ``sh`` holds commands, a block ``python`` a script under the name in its first line, a block without a language
what the commands before it print, with … for what is left out.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import cli, ledger
from tests.few import packs_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# As a terminal of 80 columns, without colours and bars.
TERMINAL = {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "80"}


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, with the commands of this Python first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDI_DATA", raising=False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    for name, value in TERMINAL.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "look.py").write_text(scripts("analyst.md")["look.py"], encoding="utf-8")
    return tmp_path


def scripts(name: str) -> dict[str, str]:
    """The scripts that a page says to keep, by name."""
    texts = [text for language, text in FENCED.findall(page(name)) if language == "python"]
    return {text.removeprefix("# ").split(":")[0]: text for text in texts}


def commands(block: str) -> Iterator[tuple[str, int]]:
    """Each command of a block and its exit code; lines that `edi` doesn't begin are handed to the shell together."""
    shell: list[str] = []
    for line in block.splitlines():
        told = re.search(r"  # exits with (\d)$", line)
        if told or line.startswith("edi "):
            if shell:
                yield "\n".join(shell), 0
            shell = []
            yield line, int(told[1]) if told else 0
        else:
            shell.append(line)
    if shell:
        yield "\n".join(shell), 0


def run(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    if not command.startswith("edi "):
        done = subprocess.run(["sh", "-euc", command], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr
    # In this process, which has the libraries loaded already.
    monkeypatch.setattr("sys.argv", shlex.split(command, comments=True))
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        cli.main()
    printed = capsys.readouterr()
    return int(end.value.code or 0), printed.out + printed.err


def follow(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for file, text in scripts(name).items():
        Path(file).write_text(text, encoding="utf-8")
    printed = ""
    followed = 0
    for language, block in FENCED.findall(page(name)):
        if language == "sh":
            printed = ""
            for command, expected in commands(block):
                code, said = run(command, capsys, monkeypatch)
                assert code == expected, f"{command}\nexits with {code}:\n{said}"
                printed += said
                followed += 1
        elif not language:
            assert_quoted(block, printed)
    assert followed


def assert_quoted(block: str, printed: str) -> None:
    """Everything quoted was printed, in that order; blanks and what … stands for don't count."""
    rest = " ".join(printed.split())
    for part in block.split("…"):
        quoted = " ".join(part.split())
        assert quoted in rest, f"not printed, or in another order:\n{quoted}\nbut:\n{printed}"
        rest = rest.split(quoted, 1)[1] if quoted else rest


def test_the_analysts_month(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    packs_of(here / "data", "E54000062")
    follow("analyst.md", capsys, monkeypatch)
    assert len(list((here / "data" / "marts").glob("2026-03-31-*"))) == 2


def test_the_auditors_afternoon(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    packs_of(here / "data", "E54000062")
    follow("auditor.md", capsys, monkeypatch)
    assert ledger.read(here / "data" / "ledger.jsonl")[-1]["verdict"] == "same bytes"


def test_the_auditors_chain_holds_with_letters_in_a_name_that_end_lines(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a\N{LINE SEPARATOR}b.csv", "c\x85d.csv", "e\x0cf.csv"):
        ledger.append(here / "copy" / "ledger.jsonl", [{"event": "refused", "file": name, "rule": "file.format"}])
    (here / "chain.py").write_text(scripts("auditor.md")["chain.py"], encoding="utf-8")
    code, said = run("python chain.py", capsys, monkeypatch)
    assert (code, said.split(",")[0]) == (0, "3 lines")


@pytest.mark.usefixtures("here")
def test_the_boards_examples(
    real_data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDI_REAL_DATA", str(real_data.resolve()))
    follow("board.md", capsys, monkeypatch)


def test_a_quotation_that_was_not_printed_is_found() -> None:
    assert_quoted("one …\nthree", "one\ntwo\n  three")
    for block in ("three … one", "four"):
        with pytest.raises(AssertionError):
            assert_quoted(block, "one\ntwo\nthree")
