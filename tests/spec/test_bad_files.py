"""The table of bad input: what is sent, the rule that stops it, the exit code and the first words; no cell is shown."""

import io
import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from pipelines import cli, places
from tests.spec.test_hostile_files import rewritten
from tests.spec.test_ingest import staff_csv

NAME = "Sekhmet"
MAIN = "from pipelines.cli import main; main()"
GOOD = staff_csv(*({"person_key": f"p{number}"} for number in range(40)))
HEADER, FIRST, *_ = GOOD.splitlines(keepends=True)
MIB = 1 << 20
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s<sheetData>%s</sheetData></worksheet>'


def edi(*arguments: object, memory: int = 0, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process that may have so many bytes of memory."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory})); " if memory else ""
    return subprocess.run(
        [sys.executable, "-c", limit + MAIN, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd or places.PROJECT,
        timeout=300,
    )


def workbook(*rows: list[object]) -> bytes:
    made, book = io.BytesIO(), openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(made)
    return made.getvalue()


def staff_workbook(sheet: bytes | None = None) -> bytes:
    """GOOD as a workbook; or one whose sheet is this."""
    content = workbook(*([*line.split(",")] for line in GOOD.splitlines()))
    return content if sheet is None else rewritten(content, "xl/worksheets/sheet1.xml", sheet)


def cell(place: str) -> bytes:
    row = re.sub("[A-Z]", "", place)
    return f'<row r="{row}"><c r="{place}"><v>1</v></c></row>'.encode()


def bomb(told: int) -> bytes:
    """A workbook with a member of 2 GiB and more of noughts, of which its directory says another length."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(64 * MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    made = io.BytesIO(staff_workbook())
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("xl/media/image1.png", piece * 33)
        member = archive.infolist()[-1]
        member.compress_type, member.file_size = zipfile.ZIP_DEFLATED, told
    return made.getvalue()


def odd(*lines: str) -> bytes:
    return (GOOD + "".join(lines)).encode()


def damaged(cells: dict[str, str]) -> bytes:
    return staff_csv(*({"person_key": f"p{number}"} for number in range(40)), cells).encode()


# An é in UTF-8 on line 2 says what the file is in; the one on line 42 is in Windows-1252.
MIXED = odd(FIRST.replace("p0", "x\N{LATIN SMALL LETTER E WITH ACUTE}")).replace("xé".encode(), b"x\xe9")
MIXED = MIXED.replace(b",p0,", ",pé0,".encode())
# Microsoft's container, up to its directory.
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0")
TWICE = HEADER.replace("person_key", "grade") + FIRST
REFUSED = [
    ("empty.csv", b"", "file.empty", "it is empty"),
    ("header_only.csv", HEADER.encode(), "file.empty", "it has a header and no rows"),
    ("semicolons.csv", GOOD.replace(",", ";").encode(), "file.separator", "its cells are separated by semicolons"),
    ("tabs.csv", GOOD.replace(",", "\t").encode(), "file.separator", "its cells are separated by tabs"),
    ("twice.csv", TWICE.encode(), "header.twice", "columns"),
    ("password.xlsx", OLE + "EncryptedPackage\0".encode("utf-16-le"), "file.format", "it has a password; send it"),
    ("old.xls", OLE + "Workbook\0".encode("utf-16-le"), "file.format", "it is an old Excel workbook (.xls)"),
    ("pdf.csv", b"%PDF-1.7\n" + NAME.encode(), "file.format", "it is a PDF document"),
    ("page.csv", b"<html><td>Sekhmet", "file.format", "it is a web page"),
    ("gzip.csv", b"\x1f\x8b\x08" + bytes(60), "file.format", "it is a compressed file"),
    ("cut.xlsx", staff_workbook()[:-700], "file.format", "it is a damaged Excel workbook"),
    ("one_line.csv", b"x" * (3 * MIB), "line.long", "its line 1 is longer than 1 MiB"),
    ("long_header.csv", b'"' + b"x" * (3 * MIB) + b"\n" + FIRST.encode(), "line.long", "its line 1 is longer than"),
    ("nul_header.csv", HEADER.replace("grade", "gra\0de").encode() + FIRST.encode(), "line.nul", "its first line has"),
    ("far_cell.xlsx", staff_workbook(SHEET % (b"", cell("A1") + cell("XFD1048576"))), "file.format", "a sheet of it"),
    (
        "far_by_number.xlsx",
        staff_workbook(SHEET % (b"", b"<row>" + b"<c/>" * 16_000 + b"</row>" + b"<row/>" * 1_000_000)),
        "file.format",
        "a sheet of it reaches to row 1,000,001 and column 16,000",
    ),
    (
        "extent.xlsx",
        staff_workbook(SHEET % (b'<dimension ref="A1:XFD1048576"/>', cell("A1"))),
        "layout.none",
        "no layout recognises its columns",
    ),
]
# Of these one row is rejected, at line 42, and the forty others enter.
REJECTED = [
    ("cut_row.csv", odd(FIRST[:30]), "line.fields", "the line has more or fewer cells"),
    ("encodings.csv", MIXED, "line.encoding", "the line isn't UTF-8 text"),
    ("quote.csv", odd('"' + FIRST), "line.quote", "a quotation mark isn't closed"),
    ("nul.csv", odd(FIRST.replace("RXK", "R\0XK")), "line.nul", "the line has a NUL byte"),
    ("long.csv", odd("x" * (3 * MIB) + "\n"), "line.long", "the line is longer than 1 MiB"),
    (
        "comma.csv",
        damaged({"person_key": "x", "fte": '"0,5"'}),
        "staff.fte.decimal_comma",
        "fte: the cell has a decimal comma",
    ),
    (
        "date.csv",
        damaged({"person_key": "x", "as_at_date": "31/03/2026"}),
        "staff.as_at_date.not_a_date",
        "as_at_date: the cell isn't a date",
    ),
]
Edi = Callable[..., tuple[int, str]]


@pytest.fixture
def edi_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Edi:
    """Run the command in this process; its exit code, and all that it printed."""

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["edi", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, printed.out + printed.err

    return run


@pytest.mark.parametrize(("name", "content", "rule", "words"), REFUSED, ids=[one[0] for one in REFUSED])
def test_the_file_is_refused(edi_here: Edi, tmp_path: Path, name: str, content: bytes, rule: str, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    code, printed = edi_here("check", tmp_path / name, "--data", tmp_path)
    assert code == 1
    assert f"refused   {name} [{rule}]: {words}" in printed
    assert NAME not in printed
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(("name", "content", "rule", "words"), REJECTED, ids=[one[0] for one in REJECTED])
def test_one_line_is_rejected_at_its_place_and_its_neighbours_enter(
    edi_here: Edi, tmp_path: Path, name: str, content: bytes, rule: str, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    code, printed = edi_here("check", tmp_path / name, "--data", tmp_path)
    assert code == 1
    assert "1 files accepted, 0 refused, 41 rows in, 40 accepted, 1 rejected" in printed
    assert f"rejected  {name} [{rule}]: {words}" in printed
    assert "(line 42)" in printed


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("renamed.csv", staff_workbook()),
        ("utf16.csv", GOOD.encode("utf-16")),
        ("reordered.csv", "".join(",".join(line.split(",")[::-1]) + "\n" for line in GOOD.splitlines()).encode()),
    ],
)
def test_what_is_only_unusual_is_read(edi_here: Edi, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    code, printed = edi_here("check", tmp_path / name, "--data", tmp_path)
    assert code == 0
    assert "1 files accepted, 0 refused, 40 rows in, 40 accepted, 0 rejected" in printed


def test_a_file_that_is_not_there_is_wrong_use(edi_here: Edi, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("gone.csv", "pipe.csv"):
        code, printed = edi_here("check", tmp_path / name, "--data", tmp_path)
        assert (code, printed.strip()) == (2, f"edi: there is no file {tmp_path / name}")


def test_dates_in_three_spellings_are_not_guessed(edi_here: Edi, tmp_path: Path) -> None:
    """The contract's spelling enters; the 3rd of April and the 31st of March are as wrong as each other."""
    spelt = ["2026-03-31", "03/04/2026", "31-MAR-2026", "2026-03-31"]
    dates = [{"person_key": f"x{place}", "as_at_date": one} for place, one in enumerate(spelt)]
    good = [{"person_key": f"p{number}"} for number in range(80)]
    (tmp_path / "dates.csv").write_text(staff_csv(*good, *dates), encoding="utf-8")
    code, printed = edi_here("check", tmp_path / "dates.csv", "--data", tmp_path)
    assert code == 1
    assert "84 rows in, 82 accepted, 2 rejected" in printed
    assert (
        "[staff.as_at_date.not_a_date]: as_at_date: the cell isn't a date written YYYY-MM-DD: 2 of 84 rows" in printed
    )
    assert "(lines 83, 84)" in printed


@pytest.mark.parametrize("told", [10, (4 << 30) - 2])
def test_a_bomb_is_refused_whatever_it_says_of_its_size(tmp_path: Path, told: int) -> None:
    (tmp_path / "bomb.xlsx").write_bytes(bomb(told))
    ran = edi("check", tmp_path / "bomb.xlsx", "--data", tmp_path, memory=2 << 30)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "refused   bomb.xlsx [file.format]: it unpacks to more than 2 GiB" in ran.stdout


def test_a_line_of_100_mb_and_a_far_cell_take_no_memory(tmp_path: Path) -> None:
    (tmp_path / "line.csv").write_bytes(odd("x" * (100 * MIB) + "\n") + FIRST.replace("a0", "last").encode())
    (tmp_path / "cell.xlsx").write_bytes(staff_workbook(SHEET % (b"", cell("A1") + cell("XFD1048576"))))
    ran = edi("check", tmp_path / "line.csv", tmp_path / "cell.xlsx", "--data", tmp_path, memory=2 << 30)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "1 files accepted, 1 refused, 42 rows in, 41 accepted, 1 rejected" in ran.stdout
    assert "[line.long]: the line is longer than 1 MiB, which no row is: 1 of 42 rows (line 42)" in ran.stdout
