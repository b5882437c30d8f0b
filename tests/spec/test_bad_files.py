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

from pipelines import cli, places, road
from pipelines.database import Connection
from pipelines.ingest import Ingested, ingest
from pipelines.places import DataFolder
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
TWICE = HEADER.replace("person_key", "grade") + FIRST
REFUSED = [
    ("empty.csv", b"", "file.empty", "it is empty"),
    ("header_only.csv", HEADER.encode(), "file.empty", "it has a header and no rows"),
    ("semicolons.csv", GOOD.replace(",", ";").encode(), "file.separator", "its cells are separated by semicolons"),
    ("tabs.csv", GOOD.replace(",", "\t").encode(), "file.separator", "its cells are separated by tabs"),
    ("twice.csv", TWICE.encode(), "header.twice", "columns"),
    (
        "old_or_password.xlsx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "file.format",
        "it is an old Excel work",
    ),
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


def take(con: Connection, root: Path, told: Callable[[str], None] = lambda _: None) -> Ingested:
    folder = DataFolder(root)
    return ingest(con, folder, road.landed(folder), root / "work", told)


def rules(ingested: Ingested) -> dict[str, str]:
    return {one.file: one.rule for one in ingested.refusals}


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """The landing folder of ``tmp_path``, with a sound file."""
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "a.csv").write_text(GOOD, encoding="utf-8")
    return tmp_path / "landing"


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_file_that_grows_between_hash_and_reading_is_left_for_the_next_run(
    con: Connection, landing: Path, tmp_path: Path, coding: str
) -> None:
    """When the first file has been read, the second, whose hash is taken already, gets a line more."""
    second = landing / "b.csv"
    second.write_text(GOOD.replace("RXK", "RNA"), encoding=coding)

    def grow(name: str) -> None:
        if name == "a.csv":
            with second.open("a", encoding="utf-8") as file:
                file.write(FIRST.replace("a0", "z"))

    ingested = take(con, tmp_path, grow)
    assert ([one.file for one in ingested.extracts], rules(ingested)) == (["a.csv"], {"b.csv": "file.growing"})
    assert con.execute(f"select count(*) from '{ingested.extracts[0].typed}'").fetchall() == [(40,)]
    second.write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    again = take(con, tmp_path)
    assert ([one.file for one in again.extracts], rules(again)) == (["a.csv", "b.csv"], {})


def test_a_file_that_goes_away_while_others_are_read_costs_itself_alone(
    con: Connection, landing: Path, tmp_path: Path
) -> None:
    (landing / "b.csv").write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    ingested = take(con, tmp_path, lambda _: (landing / "b.csv").unlink(missing_ok=True))
    assert ([one.file for one in ingested.extracts], rules(ingested)) == (["a.csv"], {"b.csv": "file.growing"})


@pytest.mark.parametrize("content", [GOOD, "Dear colleague,\n"])
def test_a_file_that_is_open_elsewhere_stays(edi_here: Edi, landing: Path, tmp_path: Path, content: str) -> None:
    for name, lock in (("b.csv", "~$b.csv"), ("c.csv", ".~lock.c.csv#")):
        (landing / name).write_text(content.replace("RXK", name[0]), encoding="utf-8")
        (landing / lock).write_bytes(b"Jane Doe")
    printed = edi_here("run", "--data", tmp_path)[1]
    assert "refused   b.csv [file.open]: it is open in a spreadsheet, as ~$b.csv beside it says" in printed
    assert "refused   c.csv [file.open]: it is open in a spreadsheet, as .~lock.c.csv# beside it says" in printed
    assert "ignored   ~$b.csv: Excel puts it beside b.csv while it has that open" in printed
    assert (landing / "b.csv").is_file()
    assert (landing / "c.csv").is_file()


def test_an_unfinished_download_is_ignored(edi_here: Edi, landing: Path, tmp_path: Path) -> None:
    for name in ("b.csv.part", "c.crdownload", "d.filepart", "e.TMP"):
        (landing / name).write_text(GOOD[:300], encoding="utf-8")
    code, printed = edi_here("run", "--data", tmp_path)
    assert code == 0
    assert len(re.findall("^ignored .*: it is called as an unfinished download is;", printed, re.MULTILINE)) == 4
    assert len([*landing.iterdir()]) == 5


def test_a_link_out_of_landing_is_refused_and_one_inside_is_no_second_file(
    con: Connection, edi_here: Edi, landing: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside.csv").write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    (tmp_path / "outside.yaml").write_text("secret_name: 1\n", encoding="utf-8")
    (landing / "b.csv").symlink_to(tmp_path / "outside.csv")
    (landing / "c.csv").symlink_to("a.csv")
    (landing / "d.csv").write_text(GOOD.replace("RXK", "RL4"), encoding="utf-8")
    (landing / "d.csv.yaml").symlink_to("../outside.yaml")
    (landing / "e.csv").symlink_to("/dev/zero")
    (landing / "sub").mkdir()
    (landing / "sub" / "f.csv").write_text("Dear colleague,\n", encoding="utf-8")
    (landing / "f.csv").symlink_to("sub/f.csv")
    os.mkfifo(landing / "g.csv")
    code, printed = edi_here("run", "--data", tmp_path)
    assert code == 0
    said = dict(re.findall(r"^(?:refused|ignored) +(\S+?)(?: \[.*\])?: (.*)$", printed, re.MULTILINE))
    assert said["b.csv"].startswith("it is a symbolic link to a file outside its folder")
    assert said["c.csv"] == "it is a link to a.csv beside it, which is read under that name"
    assert said["d.csv"].startswith("its sidecar d.csv.yaml is a symbolic link to a file outside")
    assert said["e.csv"] == said["g.csv"] == "it isn't a file that can be read"
    assert said["f.csv"].startswith("no layout recognises its columns")
    assert "secret_name" not in printed
    assert rules(take(con, tmp_path)) == {"b.csv": "file.link", "d.csv": "file.link", "f.csv": "layout.none"}
    assert (tmp_path / "outside.csv").is_file()
    assert (landing / "f.csv").is_symlink()
