"""Whatever is changed in what a ledger names, and in the ledger itself, is found; how much was tried is told at last.

Each change is made alone, in a small data folder in which nothing is wrong, and taken back.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.places import DataFolder
from pipelines.verify import chain
from tests.kept import kept, problems, put_object, sha256

# So many bits of each file are flipped; in the ledger and its head one of every byte.
BITS_PER_FILE = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """A data folder in which nothing is wrong, and nothing may be when a test has ended."""
    return kept(tmp_path_factory.mktemp("kept"))


@pytest.fixture(autouse=True)
def as_it_was(folder: DataFolder) -> Iterator[None]:
    assert problems(folder) == []
    yield
    assert problems(folder) == []


def named(folder: DataFolder) -> list[Path]:
    """Every file of the folder."""
    return sorted(path for path in folder.root.rglob("*") if path.is_file())


@contextmanager
def with_content(path: Path, content: bytes) -> Iterator[None]:
    """Let a file hold something else for a while."""
    before = path.read_bytes()
    path.write_bytes(content)
    yield
    path.write_bytes(before)


@contextmanager
def with_a_bit_flipped(path: Path, place: int, bit: int) -> Iterator[None]:
    """Let one bit of a file be another for a while; the file itself stays."""
    before = path.read_bytes()[place]
    for byte in (before ^ 1 << bit, before):
        with path.open("r+b") as file:
            file.seek(place)
            file.write(bytes([byte]))
        if byte != before:
            yield


def test_one_bit_flipped_in_any_file_is_found_and_the_file_is_named(
    folder: DataFolder, tell: Callable[[str], None]
) -> None:
    tried: Counter[str] = Counter()
    for path in named(folder):
        where, size = path.relative_to(folder.root).as_posix(), path.stat().st_size
        # Somewhere, and at each run the same.
        chances = [int(sha256(f"{where} {number}"), 16) for number in range(BITS_PER_FILE if size else 0)]
        for place, bit in {(chance // 8 % size, chance % 8) for chance in chances}:
            with with_a_bit_flipped(path, place, bit):
                found = {one.file.split(",")[0] for one in problems(folder)}
            # A bit in the head may be one of the ledger's last line, for all that can be told.
            assert found & {where, "ledger.jsonl"} if where == "ledger.head" else where in found, (where, place, bit)
            tried[where] += 1
    assert len(tried) == sum(path.stat().st_size > 0 for path in named(folder))
    tell(f"ledger verify: one bit flipped {tried.total():,} times in {len(tried)} files, found each time")


def test_one_bit_flipped_in_any_byte_of_the_ledger_and_its_head_is_found(
    folder: DataFolder, tell: Callable[[str], None]
) -> None:
    tried = 0
    for path in (folder.ledger, folder.root / "ledger.head"):
        for place in range(path.stat().st_size):
            with with_a_bit_flipped(path, place, place % 8):
                assert chain.read(folder.ledger).problems, (path.name, place)
            tried += 1
    tell(f"ledger verify: one bit flipped in each of the ledger's {tried:,} bytes, found each time")


def test_a_file_added_to_any_folder_is_found(folder: DataFolder, tell: Callable[[str], None]) -> None:
    folders = [path for top in (folder.snapshots, folder.marts) for path in (top, *top.rglob("*")) if path.is_dir()]
    for path in folders:
        for name in ("0" * 64, "notes.txt", ".hidden"):
            (path / name).touch()
            found = [one.file for one in problems(folder)]
            (path / name).unlink()
            assert found == [(path / name).relative_to(folder.root).as_posix()]
    name = put_object(folder, "rightly named, and nobody's")
    assert [one.file for one in problems(folder)] == [f"snapshots/objects/{name}"]
    (folder.snapshots / "objects" / name).unlink()
    tell(f"ledger verify: {3 * len(folders) + 1} files added in {len(folders)} folders, found each time")


def test_any_file_or_folder_removed_is_found(folder: DataFolder, tmp_path: Path, tell: Callable[[str], None]) -> None:
    """But the copy of the latest release as a whole, which the next run makes again."""
    tried = [
        path for top in (folder.snapshots, folder.marts) for path in sorted(top.rglob("*")) if path.name != "current"
    ]
    for path in tried:
        shutil.move(path, tmp_path / "away")
        found = [one.file for one in problems(folder)]
        shutil.move(tmp_path / "away", path)
        where = path.relative_to(folder.root).as_posix()
        assert any(one.startswith(where) for one in found), where
    tell(f"ledger verify: {len(tried)} files and folders removed, found each time")


def lines_changed(lines: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """The ledger's lines with one thing changed: what it is called, and the lines."""
    for number, line in enumerate(lines):
        before, after = lines[:number], lines[number + 1 :]
        yield "edited", [*before, line.replace(b'"event": "', b'"event": "x', 1), *after]
        yield "edited", [*before, line.replace(b'"at": "20', b'"at": "19', 1), *after]
        yield "said twice over", [*before, line.replace(b"{", b'{"event": "incident", ', 1), *after]
        yield "doubled", [*before, line, line, *after]
        yield "taken out", [*before, *after]
        yield "cut in the middle", [*before, line[: len(line) // 2], *after]
        yield "joined to the next", [*before, line.removesuffix(b"\n"), *after]
        yield "cut off with all behind it", before
        yield "cut off in its middle with all behind it", [*before, line[: len(line) // 2]]
        for other in range(number + 1, len(lines)):
            swapped = lines.copy()
            swapped[number], swapped[other] = lines[other], line
            yield "swapped with another", swapped


def test_any_change_of_the_ledgers_lines_is_found(folder: DataFolder, tell: Callable[[str], None]) -> None:
    lines = folder.ledger.read_bytes().splitlines(keepends=True)
    tried: Counter[str] = Counter()
    for change, changed in lines_changed(lines):
        with with_content(folder.ledger, b"".join(changed)):
            assert chain.read(folder.ledger).problems, change
        tried[change] += 1
    told = ", ".join(f"{number} {change}" for change, number in tried.items())
    tell(f"ledger verify: of {len(lines)} lines {told}; found each time")


def test_the_head_removed_or_of_an_earlier_day_is_found_or_right(folder: DataFolder) -> None:
    """One that says what is right of an earlier line is what a run leaves that stops before it writes the head."""
    head = folder.root / "ledger.head"
    lines = folder.ledger.read_bytes().splitlines()
    with with_content(head, head.read_bytes()):
        head.unlink()
        assert [one.file for one in problems(folder)] == ["ledger.head"]
    for number in range(1, len(lines) + 1):
        right = chain.Chain((), chain.read(folder.ledger).hashes[:number], ()).head
        with with_content(head, right.text.encode()):
            assert problems(folder) == []
