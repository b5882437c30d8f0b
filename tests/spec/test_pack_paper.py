"""The short paper: the summary of a pack in Word's own styles, the same each time."""

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn

from pipelines.report.forms.paper import paper
from pipelines.report.forms.reading import texts
from pipelines.report.pack import Bullets, Chart, Finding, Pack, Paragraph, Section, Table, Terms, text
from tests.packread import digest, elsewhere, everything, large, missing, shown, texts_of_paper
from tests.packs import HOSTILE, pack

SOFFICE = shutil.which("soffice")
BLANK = Pack("RXX", "Trust", "Question", "31 March 2026", "2026-03-31", "", "", ())


def whole(made: Pack) -> Pack:
    """A pack of which every section belongs into the paper."""
    return replace(made, sections=tuple(replace(section, is_summary=True) for section in made.sections))


@pytest.fixture(scope="module")
def made() -> bytes:
    return paper(whole(large()))


@pytest.fixture(scope="module")
def document(made: bytes) -> object:
    return Document(BytesIO(made))


def test_every_text_and_figure_of_the_summary_stands_in_order() -> None:
    wanted = list(everything(large(), is_summary=True))
    found = texts_of_paper(paper(large()))
    assert missing(wanted, [part for text in found for part in parts(text)]) == []
    assert "Representation" not in found


def parts(words: str) -> list[str]:
    """The sign of a verdict, and a term, stand before its words."""
    return re.split(r"\n|(?<=^[▼▲=?–]) ", words)


def test_a_long_table_and_a_chart_of_the_summary_are_there_too(made: bytes) -> None:
    wanted = list(everything(large()))
    assert len(wanted) > 1200
    assert missing(wanted, [part for text in texts_of_paper(made) for part in parts(text)]) == []


@pytest.mark.parametrize("name", [*HOSTILE, "{ PAGE }", "MERGEFIELD x", "a\x07b"])
def test_a_hostile_name_is_text(name: str) -> None:
    blocks = (
        Paragraph(name),
        Bullets((name,)),
        Finding(name, name, (name,)),
        Terms(((name, name),)),
        Table("t", name, (name,), ((name,),), notes=(name,)),
    )
    made = paper(replace(BLANK, title=name, sections=(Section("a", name, blocks, is_summary=True),)))
    found = [part for text in texts_of_paper(made) for part in parts(text)]
    assert found.count(shown(name)) == 13
    with zipfile.ZipFile(BytesIO(made)) as archive:
        assert b"External" not in b"".join(archive.read(part) for part in archive.namelist() if part.endswith(".rels"))
        assert b"hyperlink" not in archive.read("word/document.xml")
        assert b"instr" not in archive.read("word/document.xml")


def test_sections_and_findings_are_words_own_headings() -> None:
    lines = Document(BytesIO(paper(pack()))).paragraphs
    styles = [(line.style.name, line.text) for line in lines if line.style.name.split()[0] in {"Title", "Heading"}]
    assert styles == [
        ("Title", "Made-up NHS Trust"),
        ("Heading 1", "What the board is asked"),
        ("Heading 2", "BME staff in bands 8a and above"),
        ("Heading 2", "Made-up NHS Trust"),
    ]
    assert [line.text for line in lines if line.style.name == "List Number"] == [
        "Agree the actions.",
        "Ask Made-up NHS Trust for its figures.",
    ]


def test_each_numbered_list_begins_at_one() -> None:
    lists = (Bullets(("a", "b"), is_numbered=True), Bullets(("c",), is_numbered=True), Bullets(("d",)))
    made = Document(BytesIO(paper(replace(BLANK, sections=(Section("s", "Section", lists, is_summary=True),)))))
    numbers = [line._p.pPr.numPr.numId.val for line in made.paragraphs if line.style.name == "List Number"]
    assert numbers[0] == numbers[1] != numbers[2]
    starts = {num.numId: num.findall(f".//{qn('w:startOverride')}") for num in made.part.numbering_part.element.num_lst}
    assert [starts[number][0].get(qn("w:val")) for number in numbers] == ["1", "1", "1"]


def test_a_table_has_a_head_that_is_repeated_and_rows_that_are_kept_whole(made: bytes) -> None:
    tables = Document(BytesIO(made)).tables
    wanted = list(large().tables)
    assert len(tables) == len(wanted)
    for table, of_pack in zip(tables, wanted, strict=True):
        assert [len(row._tr.findall(f".//{qn('w:tblHeader')}")) for row in table.rows] == [1] + [0] * len(of_pack.rows)
        assert all(row._tr.findall(f".//{qn('w:cantSplit')}") for row in table.rows)
        look = table._tbl.tblPr.find(qn("w:tblLook"))
        assert (look.get(qn("w:firstRow")), look.get(qn("w:firstColumn"))) == ("1", "1")
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")) == shown(of_pack.caption)
        assert [[cell.text for cell in row.cells] for row in table.rows[1:3]] == [
            [shown(text(cell)) for cell in row] for row in of_pack.rows[:2]
        ]


def test_a_wide_table_stands_on_a_page_on_its_side(made: bytes) -> None:
    sections = Document(BytesIO(made)).sections
    assert [section.page_width > section.page_height for section in sections] == [False, True, False]
    (wide,) = [table for table in Document(BytesIO(made)).tables if len(table.columns) == 14]
    assert sum(column.width for column in wide.columns) <= sections[1].page_width


def test_a_chart_has_its_description(made: bytes) -> None:
    (shape,) = Document(BytesIO(made)).inline_shapes
    (chart,) = large().charts
    assert shape._inline.docPr.get("descr") == chart.description


def test_every_page_says_that_it_is_a_draft(made: bytes) -> None:
    section = Document(BytesIO(made)).sections[0]
    assert section.header.paragraphs[0].text == f"{large().status} · {large().warning}"
    assert section.footer.paragraphs[0]._p.findall(f".//{qn('w:fldSimple')}")[0].get(qn("w:instr")) == "PAGE"


def test_the_document_says_what_it_is() -> None:
    made = Document(BytesIO(paper(pack())))
    said = made.core_properties
    assert (said.title, said.language) == (f"{pack().title}: {pack().subtitle}", "en-GB")
    assert {str(said.created), str(said.modified), str(said.last_printed)} == {"2026-03-31 00:00:00+00:00"}
    assert {lang.get(qn("w:val")) for lang in made.styles.element.iter(qn("w:lang"))} == {"en-GB"}


def test_nothing_of_the_template_that_it_is_made_from_is_left(made: bytes) -> None:
    with zipfile.ZipFile(BytesIO(made)) as archive:
        assert [name for name in archive.namelist() if name.endswith((".jpeg", ".png"))] == ["word/media/image1.png"]
        assert b"python-docx" not in b"".join(archive.read(name) for name in archive.namelist())


def test_a_pack_without_a_summary_is_its_title() -> None:
    assert texts_of_paper(paper(BLANK)) == ["Trust", "Question", "As at 31 March 2026 (organisation RXX)"]


def test_the_same_pack_is_the_same_bytes() -> None:
    made = paper(large())
    assert paper(large()) == made
    assert elsewhere("paper") == digest(made)


@pytest.mark.skipif(
    SOFFICE is None, reason="no soffice: apt-get install --no-install-recommends libreoffice-writer-nogui"
)
def test_libreoffice_shows_every_text(made: bytes, tmp_path: Path) -> None:
    (tmp_path / "pack.docx").write_bytes(made)
    command = [str(SOFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "txt:Text (encoded):UTF8", "--outdir", str(tmp_path), str(tmp_path / "pack.docx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found = (tmp_path / "pack.txt").read_text("utf-8-sig").splitlines()
    # It numbers what the paper numbers.
    seen = [re.sub(r"^ +(\d+\.|\S) ", "", part).strip() for line in found for part in parts(line)]
    assert missing(everything(large()), seen) == []


def test_a_stranger_reads_alt_texts_running_heads_and_properties_too(made: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pack.docx"
    path.write_bytes(made)
    found = list(texts(path))
    (chart,) = [block for section in large().sections for block in section.blocks if isinstance(block, Chart)]
    assert found.count(chart.description) == 2
    assert f"{large().status} · {large().warning}" in found
    assert "2026-03-31T00:00:00Z" in found
    assert missing(list(everything(large()))[:8], [part for text in found for part in parts(text)]) == []


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"only \.pdf, \.xlsx, \.docx are read"):
        list(texts(tmp_path / "pack.html"))
    path = tmp_path / "pack.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(ValueError, match="declares a type of document"):
        list(texts(path))
