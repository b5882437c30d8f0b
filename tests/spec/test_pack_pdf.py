"""The board pack as a PDF: what it says, its tags, and that it is the same each time."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest

from pipelines.figures import Count
from pipelines.report.forms.fitting import SIDEWAYS, UPRIGHT, fit
from pipelines.report.forms.pdf import pdf, printable
from pipelines.report.forms.reading import texts
from pipelines.report.forms.tags import elements, with_row_heads
from pipelines.report.pack import Bullets, Finding, Pack, Paragraph, Section, Table, Terms
from tests.packread import digest, elsewhere, everything, large, missing, seen_of_pdf, texts_of_pdf
from tests.packs import HOSTILE, pack

BLANK = Pack("RXX", "Trust", "Question", "31 March 2026", "2026-03-31", "", "", ())


@pytest.fixture(scope="module")
def made() -> bytes:
    return pdf(large())


@pytest.fixture(scope="module")
def document(made: bytes) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(made))


@pytest.fixture(scope="module")
def tags(document: pikepdf.Pdf) -> list[Any]:
    return list(elements(document.Root.StructTreeRoot))


def test_every_text_and_figure_is_read_out_in_order(made: bytes) -> None:
    wanted = [printable(text) for text in everything(large())]
    assert len(wanted) > 1200
    assert missing(wanted, texts_of_pdf(made)) == []


def test_another_library_finds_every_text_and_figure_on_the_pages(made: bytes) -> None:
    seen = seen_of_pdf(made)
    # The running head and foot stand between the halves of a text that two pages share.
    wanted = {"".join(printable(text).split()) for text in everything(large()) if text not in large().title}
    assert sorted(text for text in wanted if text not in seen) == []


def test_a_facts_value_is_there(made: bytes) -> None:
    assert missing(["Release", "2026-03-31-0123456789ab"], texts_of_pdf(made)) == []


@pytest.mark.parametrize("name", HOSTILE[:-1])
def test_a_hostile_name_is_text(name: str) -> None:
    sections = (
        Section("a", name, (Paragraph(name), Bullets((name,)), Finding(name, name, (name,)), Terms(((name, name),)))),
        Section("b", "Table", (Table("t", name, (name, name), ((name, name), ("b", Count(5, name))), notes=(name,)),)),
    )
    found = texts_of_pdf(pdf(replace(BLANK, title=name, sections=sections)))
    assert found.count(name) == 15
    assert f"5 {name}" in found


def test_a_character_that_cannot_be_seen_is_named() -> None:
    assert printable(HOSTILE[-1]) == "Ynys Môn [U+202E]drow[U+202C] [U+1F642]"
    assert printable("a\x07b\ud800c\n 中") == "a�b�c [U+4E2D]"
    assert printable("Łódź ≥ −1 ▼ WŴ") == "Łódź ≥ −1 ▼ WŴ"


def test_nothing_of_a_name_is_a_link(document: pikepdf.Pdf) -> None:
    actions = [annotation for page in document.pages for annotation in page.get("/Annots", [])]
    assert actions
    assert all("/A" not in action or action.A.get("/S") == "/GoTo" for action in actions)


def test_the_document_says_what_it_is(document: pikepdf.Pdf) -> None:
    root = document.Root
    assert root.Lang == "en-GB"
    assert root.MarkInfo.Marked
    assert root.ViewerPreferences.DisplayDocTitle
    assert str(document.docinfo.Title).endswith("Does our workforce look like the people we serve?")
    assert str(document.docinfo.CreationDate) == str(document.docinfo.ModDate) == "D:20260331000000Z"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root.Metadata.read_bytes()


def test_sections_findings_and_tables_are_headings_and_bookmarks() -> None:
    with pikepdf.open(BytesIO(pdf(pack()))) as document:
        with document.open_outline() as outline:
            marks = {mark.title: [child.title for child in mark.children] for mark in outline.root}
        headings = [(str(tag.S), str(tag.T)) for tag in elements(document.Root.StructTreeRoot) if str(tag.S)[1] == "H"]
    assert marks == {
        "What the board is asked": ["BME staff in bands 8a and above", "Made-up NHS Trust"],
        "Representation": [
            "Gaps by grade, Made-up NHS Trust",
            "BME share by band, 31 March 2026",
            "BME share by band",
        ],
        "Words": [],
        "For the record": ["What this document was made from"],
    }
    flat = [("/H1", title) for title in marks] + [("/H2", title) for titles in marks.values() for title in titles]
    assert sorted(headings) == sorted([("/H1", "What follows"), *flat])


def test_a_table_has_heads_of_columns_and_of_rows(tags: list[Any]) -> None:
    tables = [tag for tag in tags if tag.S == "/Table"]
    assert len(tables) == len(list(large().tables)) + 1
    for table in (table for table in tables if table.K[0].S == "/THead"):
        head, *bodies = table.K
        assert [str(cell.S) for cell in head.K[0].K] == ["/TH"] * len(head.K[0].K)
        assert {scope(cell) for cell in head.K[0].K} == {"/Column"}
        heads = [str(cell.ID) for cell in head.K[0].K]
        for row in (row for body in bodies for row in body.K):
            first, *cells = row.K
            assert (first.S, scope(first)) == ("/TH", "/Row")
            assert [str(cell.S) for cell in cells] == ["/TD"] * len(cells)
            named = [[str(name) for name in attributes(cell).Headers] for cell in cells]
            assert named == [[str(first.ID), name] for name in heads[1:]]


def test_a_table_of_no_rows_says_so(made: bytes, tags: list[Any]) -> None:
    (table,) = [tag for tag in tags if tag.S == "/Table" and tag.K[0].S != "/THead"]
    assert [str(cell.S) for cell in table.K[0].K] == ["/TH", "/TH"]
    assert missing(["Nobody reported", "This table has no rows.", "Organisation", "People"], texts_of_pdf(made)) == []


def test_every_name_of_a_head_leads_to_it(document: pikepdf.Pdf, tags: list[Any]) -> None:
    entries = list(document.Root.StructTreeRoot.IDTree.Names)
    names = [bytes(name) for name in entries[::2]]
    assert names == sorted(set(names))
    assert {bytes(tag.ID) for tag in tags if "/ID" in tag} == set(names)
    assert all(bytes(element.ID) == name for name, element in zip(names, entries[1::2], strict=True))


def test_a_table_has_a_summary(tags: list[Any]) -> None:
    summaries = [str(attributes(tag).Summary) for tag in tags if tag.S == "/Table"]
    assert summaries[-1] == "What this document was made from"
    assert summaries[:-1] == [printable(table.caption) for table in large().tables]


def test_tables_that_were_lost_are_noticed(made: bytes) -> None:
    with pytest.raises(ValueError, match="tables instead of 1"):
        with_row_heads(made, ["one"])


def test_a_chart_has_its_description_and_its_table(tags: list[Any]) -> None:
    (figure,) = [tag for tag in tags if tag.S == "/Figure"]
    assert str(figure.Alt) == "The share falls from 31 % at band 5 to 18 % at band 7."


def test_every_page_says_that_it_is_a_draft_and_its_number(made: bytes) -> None:
    document = pypdfium2.PdfDocument(made)
    assert len(document) > 8
    for number in range(len(document)):
        seen = document[number].get_textpage().get_text_bounded()
        head = document[number].get_textpage().get_text_bounded(bottom=document[number].get_height() - 68)
        assert "DRAFT: nobody has approved it yet. · SYNTHETIC DATA: no real person is described." in head
        assert f"Page {number + 1} of {len(document)}" in seen


def test_a_pack_that_is_approved_and_real_has_no_running_head() -> None:
    seen = seen_of_pdf(pdf(BLANK))
    assert seen == "TrustQuestionAsat31March2026(organisationRXX)Trust,31March2026Page1of1"


def test_a_long_table_repeats_its_head_on_every_page(made: bytes) -> None:
    document = pypdfium2.PdfDocument(made)
    pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    of_table = [page for page in pages if re.search(r"Organisation \d+ ", page)]
    assert len(of_table) > 5
    assert all("Reported" in page for page in of_table)


def test_nothing_is_cut_at_the_edge_of_a_page(made: bytes) -> None:
    document = pypdfium2.PdfDocument(made)
    for page in (document[number] for number in range(len(document))):
        width, _ = page.get_size()
        seen = page.get_textpage()
        boxes = [seen.get_charbox(place) for place in range(seen.count_chars())]
        assert min(left for left, *_ in boxes) >= 50
        assert max(right for _, _, right, _ in boxes) <= width - 50


def test_columns_fill_no_more_than_a_line_and_no_figure_is_broken() -> None:
    fits = {table.identifier: fit(table) for table in large().tables}
    for fitted in fits.values():
        assert sum(fitted.widths) <= (SIDEWAYS if fitted.is_sideways else UPRIGHT) + 0.1
    assert (fits["long"].size, fits["long"].is_sideways) == (10, False)
    assert (fits["wide"].size, fits["wide"].is_sideways) == (8, True)
    lines = pypdfium2.PdfDocument(pdf(large()))
    assert "−15.0 pp [u]" in "".join(lines[at].get_textpage().get_text_bounded() for at in range(len(lines)))


def test_a_table_of_too_many_columns_is_refused_before_figures_lie_on_each_other() -> None:
    row = tuple(Count(1000) for _ in range(24))
    heads = tuple(f"M{at}" for at in range(25))
    assert fit(Table("many", "Many", heads, (("Organisation of many words", *row),))).size == 6
    with pytest.raises(ValueError, match="table many: 60 columns are too many for a page"):
        fit(Table("many", "Many", tuple(f"M{at}" for at in range(60)), (("x", *(row + row + row)[:59]),)))


def test_the_same_pack_is_the_same_bytes(made: bytes) -> None:
    assert pdf(large()) == made
    assert elsewhere("pdf") == digest(made)


def test_a_stranger_reads_alt_texts_bookmarks_and_properties_too(made: bytes, tmp_path: Any) -> None:
    path = tmp_path / "pack.pdf"
    path.write_bytes(made)
    found = list(texts(path))
    assert found.count("The share falls from 31 % at band 5 to 18 % at band 7.") == 2
    # The words of the chart, and a number of its axis, which is drawn digit by digit.
    assert {"Band 6", "% of people with a known answer", "34"} <= set(found)
    assert "D:20260331000000Z" in found
    assert any("pdfuaid" in text for text in found)
    assert found.count("What the board is asked") >= 2


def attributes(tag: Any) -> Any:
    (found,) = [one for one in tag.A if one.O == "/Table"]
    return found


def scope(cell: Any) -> str:
    return str(attributes(cell).Scope)
