"""The ledger as a file: how it grows, what a crash leaves of it, and what is refused."""

import hashlib
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines import disk, ledger
from pipelines.ledger import LedgerError
from pipelines.verify import chain

REFUSED = {"event": "refused", "file": "é.csv", "rule": "file.format"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of two lines."""
    path = tmp_path / "data" / "ledger.jsonl"
    ledger.append(path, [REFUSED, REFUSED])
    return path


def wrong(path: Path) -> list[str]:
    return [str(one) for one in chain.read(path).problems]


def test_the_head_says_how_many_lines_there_are_and_the_hash_of_the_last(path: Path) -> None:
    _, last = path.read_bytes().splitlines()
    said = {"lines": 2, "sha256": hashlib.sha256(last).hexdigest()}
    assert json.loads((path.parent / "ledger.head").read_text()) == said
    assert wrong(path) == []


def test_entries_of_one_call_are_one_write_that_is_on_the_disk_before_the_head_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def spy(name: str, place: Callable[..., str]) -> None:
        call = getattr(os, name)

        def told(*arguments: object) -> object:
            done.append(f"{name} {place(*arguments)}")
            return call(*arguments)

        monkeypatch.setattr(os, name, told)

    spy("write", lambda number, content: f"{opened(number)} {len(content.splitlines())}")
    spy("fsync", lambda number: opened(number))
    spy("replace", lambda _, target: Path(target).name)
    ledger.append(path, [REFUSED, REFUSED, REFUSED])
    assert done == [
        "write ledger.jsonl 3",
        "fsync ledger.jsonl",
        "fsync ledger.head.draft",
        "replace ledger.head",
        "fsync data",
    ]


def opened(number: int) -> str:
    return Path(f"/proc/self/fd/{number}").readlink().name


def test_of_a_call_cut_off_anywhere_whole_lines_stay_and_the_next_call_goes_on_behind_them(path: Path) -> None:
    """The power failed before the head was written: it is behind, and says what is right."""
    head = path.parent / "ledger.head"
    before, head_before = path.read_bytes(), head.read_bytes()
    ledger.append(path, [REFUSED, REFUSED])
    after = path.read_bytes()
    for length in {*range(len(before), len(after), 9), len(before) + 1, len(after) - 1, len(after)}:
        path.write_bytes(after[:length])
        head.write_bytes(head_before)
        whole = after[:length].count(b"\n")
        assert [one["number"] for one in ledger.read(path)] == [1, 2, 3, 4][:whole]
        is_torn = not after[:length].endswith(b"\n")
        assert [one.split(";")[0] for one in wrong(path)] == [
            "ledger.jsonl: half a line stands at the end: a run was stopped while it wrote, or somebody cut the last"
        ] * is_torn
        ledger.append(path, [REFUSED])
        assert [one["number"] for one in ledger.read(path)] == [1, 2, 3, 4, 5][: whole + 1]
        assert wrong(path) == []


def test_half_a_line_where_one_may_only_add_to_the_ledger_is_refused_in_a_sentence(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"number": 3, "at')
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+a", path], check=False).returncode:
        pytest.skip("no file here can be made one that may only be added to: run it as root, on ext4 or XFS")
    try:
        with pytest.raises(
            LedgerError, match=r"ends in half a line, .*may only be added to: have whoever protected it"
        ):
            ledger.append(path, [REFUSED])
        subprocess.run(["chattr", "-a", path], check=True)
        ledger.append(path, [REFUSED])
        subprocess.run(["chattr", "+a", path], check=True)
        ledger.append(path, [REFUSED])
    finally:
        subprocess.run(["chattr", "-a", path], check=True)
    assert (len(ledger.read(path)), wrong(path)) == (4, [])


@pytest.fixture
def little_room() -> Iterator[Callable[[int], None]]:
    """Let no file of this process grow beyond a size: a write is cut short, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_entries_that_the_disk_has_no_room_for_leave_the_ledger_as_it_was(
    path: Path, little_room: Callable[[int], None]
) -> None:
    before = path.read_bytes()
    little_room(len(before) + 50)
    with pytest.raises(OSError, match="No space left") as full:
        ledger.append(path, [REFUSED])
    assert disk.is_full(full.value)
    assert (path.read_bytes(), wrong(path)) == (before, [])


def test_no_entries_leave_no_ledger(tmp_path: Path) -> None:
    ledger.append(tmp_path / "ledger.jsonl", [])
    assert [*tmp_path.iterdir()] == []


def test_a_long_line_is_found_from_the_end(path: Path) -> None:
    long = {**REFUSED, "file": "x" * 3 * ledger.TAIL_BYTES}
    for _ in range(2):
        ledger.append(path, [long])
    ledger.append(path, [REFUSED])
    assert [one["number"] for one in ledger.read(path)] == [1, 2, 3, 4, 5]
    assert wrong(path) == []


def cut(path: Path, lines: int) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))


@pytest.mark.parametrize("lines", [0, 1])
def test_nothing_is_added_where_the_last_lines_are_missing(path: Path, lines: int) -> None:
    """It would hide that they are."""
    cut(path, lines)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=rf"ends with line {lines}, but ledger.head says that there was line 2 with"):
        ledger.append(path, [REFUSED])
    path.unlink()
    with pytest.raises(LedgerError, match="its last lines were cut off or changed"):
        ledger.append(path, [REFUSED])
    assert before.count(b"\n") == lines


def test_nothing_is_added_behind_a_last_line_that_was_changed(path: Path) -> None:
    path.write_bytes(b"refuted".join(path.read_bytes().rsplit(b"refused", 1)))
    with pytest.raises(LedgerError, match="its last lines were cut off or changed"):
        ledger.append(path, [REFUSED])
    path.write_bytes(b"not an entry\n")
    with pytest.raises(LedgerError, match="the last line isn't a ledger entry; restore the file from a backup"):
        ledger.append(path, [REFUSED])


@pytest.mark.parametrize("text", ["", "{}", '{"lines": "2", "sha256": "0"}', "[1]", "null", "\udcff"])
def test_a_head_that_says_nothing_is_refused(path: Path, text: str) -> None:
    (path.parent / "ledger.head").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(LedgerError, match=r"ledger\.head can't be understood, so it was changed"):
        ledger.append(path, [REFUSED])


def test_a_ledger_of_an_earlier_version_gets_a_head_with_its_next_line(path: Path) -> None:
    (path.parent / "ledger.head").unlink()
    assert wrong(path)[0].startswith("ledger.head: is missing, and so it can't be told whether lines were cut off")
    ledger.append(path, [REFUSED])
    assert wrong(path) == []


@pytest.mark.parametrize("line", [b"[]", b"{}", b"\xff", b"", b'{"event": 1}', b"[" * 100_000])
def test_a_line_that_is_no_entry_is_named(path: Path, line: bytes) -> None:
    path.write_bytes(line + b"\n" + path.read_bytes())
    with pytest.raises(
        LedgerError, match=r"ledger\.jsonl: line 1 isn't a ledger entry; restore the file from a backup"
    ):
        ledger.read(path)
    assert wrong(path)[0] == (
        "ledger.jsonl, line 1: isn't an entry; restore it from a backup, and find out who changed it"
    )


def test_a_line_that_says_a_thing_twice_is_no_entry_even_if_it_is_chained(path: Path) -> None:
    """One reader would take the first, and another the last."""
    first, last = path.read_bytes().splitlines()
    twice = last.replace(b'"rule"', b'"rule": "none", "rule"')
    path.write_bytes(first + b"\n" + twice + b"\n")
    (path.parent / "ledger.head").write_text(ledger.Head(2, ledger.sha256(twice)).text)
    assert [one.split(";")[0] for one in wrong(path)] == ["ledger.jsonl, line 2: isn't an entry"]


def test_a_ledger_of_20_000_lines_is_held_to_itself_and_added_to(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger.append(path, [REFUSED] * 20_000)
    ledger.append(path, [REFUSED])
    found = chain.read(path)
    assert (len(found.entries), found.problems, found.head.lines) == (20_001, (), 20_001)
