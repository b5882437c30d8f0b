"""Workbooks that are locked, of another kind, broken, or made to fill a machine: each ends in a sentence of its own."""

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipelines import places
from pipelines.opening import openings
from pipelines.signature import BYTES_PER_BLOCK, ENTRY_BYTES, UnreadableFileError
from tests.spec.test_bad_files import SHEET, cell, edi, staff_workbook

MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = b"http://schemas.openxmlformats.org/package/2006"
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def sentence(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError) as refused:
        openings(path)
    return str(refused.value)


def container(*parts: str, empty_sectors: int = 0) -> bytes:
    """Microsoft's container with a directory of so many parts, behind its head of 512 bytes and other sectors."""
    entries = [(name.encode("utf-16-le") + b"\0\0").ljust(ENTRY_BYTES, b"\0") for name in ("Root Entry", *parts)]
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + bytes(512 * empty_sectors) + b"".join(entries)


def archive(*members: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in members:
            file.writestr(name, b"<x/>")
    return made.getvalue()


# What was sent as a table → what it is called.
KINDS = {
    "a password": (container("EncryptionInfo", "EncryptedPackage"), "it has a password"),
    "a password, far in": (container("EncryptedPackage", empty_sectors=5000), "it has a password"),
    "an old workbook": (container("Workbook"), "it is an old Excel workbook (.xls)"),
    "a very old workbook": (container("Book"), "it is an old Excel workbook (.xls)"),
    "an old document": (container("WordDocument"), "it is an old Office document, an e-mail or damaged"),
    "a binary workbook": (archive("xl/workbook.bin"), "it is a binary Excel workbook (.xlsb)"),
    "an OpenDocument table": (archive("mimetype", "content.xml"), "it is an OpenDocument file"),
    "a Word document": (archive("word/document.xml"), "it is a Word document"),
    "an archive in an archive": (archive("inner.zip"), "it is an archive, not a table"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(60), "it is a picture"),
    "another archive": (b"7z\xbc\xaf\x27\x1c" + bytes(60), "it is a compressed file"),
    "a text document": (b"{\\rtf1\\ansi Sekhmet", "it is a text document"),
}


@pytest.mark.parametrize("what", KINDS)
def test_what_is_no_workbook_is_called_what_it_is(tmp_path: Path, what: str) -> None:
    content, words = KINDS[what]
    said = sentence(tmp_path / "march.csv", content)
    assert said.startswith(words)
    assert "send" in said


def test_the_word_in_a_cell_of_an_old_workbook_is_no_password(tmp_path: Path) -> None:
    content = container("Workbook").ljust(2048, b"\0") + b"\1" + "EncryptedPackage\0".encode("utf-16-le")
    assert sentence(tmp_path / "march.xls", content).startswith("it is an old Excel workbook")
    assert BYTES_PER_BLOCK % ENTRY_BYTES == 0


def edited(content: bytes, change: str, value: int) -> bytes:
    """A workbook whose directory says something else of its first member: its flags, packing, place, or name."""
    place = content.rindex(b"PK\1\2", 0, content.index(b"PK\1\2") + 4)
    offset, form = {"flags": (8, "<H"), "packing": (10, "<H"), "place": (42, "<I"), "name": (46, "<B")}[change]
    made = bytearray(content)
    struct.pack_into(form, made, place + offset, value)
    if change == "place":  # of the directory itself, as its end says
        struct.pack_into("<I", made, content.index(b"PK\5\6") + 16, value)
    return bytes(made)


@pytest.mark.parametrize(
    ("change", "value", "words"),
    [
        ("flags", 1, "it has a password"),
        ("packing", 12, "it is a damaged Excel workbook or archive"),
        ("packing", 14, "it is a damaged Excel workbook or archive"),
        ("place", 0xFFFFFF00, "it is a damaged Excel workbook or archive"),
    ],
)
def test_a_directory_that_is_wrong_is_no_fault_of_the_program(
    tmp_path: Path, change: str, value: int, words: str
) -> None:
    assert sentence(tmp_path / "march.xlsx", edited(staff_workbook(), change, value)).startswith(words)


def test_a_name_in_the_directory_that_is_no_text_is_damage(tmp_path: Path) -> None:
    content = edited(edited(staff_workbook(), "flags", 0x800), "name", 0xBB)
    assert sentence(tmp_path / "march.xlsx", content).startswith("it is a damaged Excel workbook or archive")


@pytest.mark.parametrize("place", ["A34294967296", "A" + "9" * 5000, "ZZZZZZZZZ1", "A1048577", "XFE1048576"])
def test_a_place_beyond_every_sheet_is_refused_before_the_library_takes_memory_for_it(
    tmp_path: Path, place: str
) -> None:
    """The library counts round when a number is too large for it, and asked for two terabytes."""
    (tmp_path / "march.xlsx").write_bytes(staff_workbook(SHEET % (b"", cell("B2") + cell(place))))
    ran = edi("check", tmp_path / "march.xlsx", "--data", tmp_path, memory=4 << 30)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "refused   march.xlsx [" in ran.stdout


def sharing(rows: int, columns: int, letters: int) -> bytes:
    """A workbook whose cells all share one text."""
    cells = b"".join(b'<c t="s"><v>0</v></c>' for _ in range(columns))
    relations = b"".join(
        b'<Relationship Id="%s" Type="%s/%s" Target="%s"/>' % (kind, OFFICE, kind, target)
        for kind, target in ((b"worksheet", b"worksheets/sheet1.xml"), (b"sharedStrings", b"sharedStrings.xml"))
    )
    parts = {
        "[Content_Types].xml": b'<Types xmlns="%s/content-types">'
        b'<Default Extension="xml" ContentType="application/xml"/></Types>' % PACKAGE,
        "_rels/.rels": b'<Relationships xmlns="%s/relationships"><Relationship Id="r" Type="%s/officeDocument" '
        b'Target="xl/workbook.xml"/></Relationships>' % (PACKAGE, OFFICE),
        "xl/workbook.xml": b'<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="S" sheetId="1" r:id="worksheet"/>'
        b"</sheets></workbook>" % (MAIN, OFFICE),
        "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="%s/relationships">%s</Relationships>'
        % (PACKAGE, relations),
        "xl/worksheets/sheet1.xml": SHEET % (b"", (b"<row>" + cells + b"</row>") * rows),
        "xl/sharedStrings.xml": b'<sst xmlns="%s"><si><t>a</t></si><si><t>%s</t></si></sst>' % (MAIN, b"x" * letters),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return made.getvalue()


def test_a_text_that_every_cell_shares_can_not_fill_the_memory(tmp_path: Path) -> None:
    """300,000 cells of one text of 32,000 letters: 50 KiB as a file, ten gigabytes when it is read."""
    (tmp_path / "march.xlsx").write_bytes(sharing(30_000, 10, 32_000))
    ran = edi("check", tmp_path / "march.xlsx", "--data", tmp_path, memory=2 << 30)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "refused   march.xlsx [file.format]: it unpacks to more than 2 GiB" in ran.stdout


def test_texts_that_are_shared_in_reason_are_read(tmp_path: Path) -> None:
    (tmp_path / "march.xlsx").write_bytes(sharing(2, 3, 32_000))
    (table,) = openings(tmp_path / "march.xlsx")
    assert table.rows == (("a",) * 3,) * 2


def test_a_damaged_beginning_is_no_line(tmp_path: Path) -> None:
    """Bytes with carriage returns among them aren't taken for text of an old Macintosh."""
    (tmp_path / "march.xlsx").write_bytes(b"QK\3\4" + b"\0\r\x81" * 100)
    ran = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", "check", str(tmp_path / "march.xlsx")],
        capture_output=True,
        text=True,
        check=False,
        cwd=places.PROJECT,
    )
    assert ran.returncode == 1
    assert "[line.nul]: its first line has a NUL byte in it" in ran.stdout
