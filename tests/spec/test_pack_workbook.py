"""The board pack as a workbook: real numbers that show as they are printed elsewhere, and nothing live from data."""

import csv
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.figures import Count, Figure, Points, Share
from pipelines.report.forms.reading import texts
from pipelines.report.forms.sheets import unique
from pipelines.report.forms.workbook import ADDS_UP, NO_MARK, columns, sheet_names, workbook
from pipelines.report.pack import Block, Chart, Pack, Paragraph, Section, Table
from tests.packread import (
    cells_of_workbook,
    digest,
    elsewhere,
    everything,
    large,
    missing,
    rendered,
    said,
    sheets_of_workbook,
    shown,
)
from tests.packs import HOSTILE, pack

SOFFICE = shutil.which("soffice")
MADE_UP = Table("t", "Table", ("Grade", "People"), (("All", Count(5)),))
BLANK = Pack("RXX", "Trust", "Question", "31 March 2026", "2026-03-31", "", "", ())


@pytest.fixture(scope="module")
def made() -> bytes:
    return workbook(large())


@pytest.fixture(scope="module")
def sheets(made: bytes) -> dict[str, Worksheet]:
    return {sheet.title: sheet for sheet in sheets_of_workbook(made)}


def of(*tables: Table) -> Pack:
    return replace(BLANK, sections=(Section("s", "Section", tables),))


def head_row(sheet: Worksheet) -> int:
    (table,) = sheet.tables.values()
    return int(openpyxl.utils.range_boundaries(table.ref)[1])


def body(sheet: Worksheet) -> list[list[object]]:
    """The values of a sheet's table, head first."""
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=head_row(sheet))]


def seen(sheet: Worksheet, table: Table) -> Iterator[str]:
    """What a reader sees in the columns of the pack, marker and all, row by row."""
    heads = [cell.value for cell in sheet[head_row(sheet)]]
    for row in sheet.iter_rows(min_row=head_row(sheet) + 1):
        cells = dict(zip(heads, row, strict=True))
        for head in unique(table.heads):
            cell = cells[head]
            marker = cells[f"{head}: marker"].value if f"{head}: marker" in cells else NO_MARK
            if isinstance(cell.value, int | float):
                number = rendered(cell.value, cell.number_format)
                yield number if marker == NO_MARK else f"{number} {marker}"
            else:
                yield str(cell.value)


def test_every_figure_shows_as_it_is_printed(sheets: dict[str, Worksheet]) -> None:
    names = sheet_names(large())
    for table in large().tables:
        if table.rows:
            wanted = said(replace(table, notes=()))[1 + len(table.heads) :]
            assert list(seen(sheets[names[table.identifier]], table)) == wanted


def test_every_number_is_a_number(sheets: dict[str, Worksheet]) -> None:
    names = sheet_names(large())
    for table in large().tables:
        _, rows = columns(table)
        of_sheet = body(sheets[names[table.identifier]])[1:]
        for row, values in zip(rows, of_sheet, strict=False):
            for cell, value in zip(row, values, strict=True):
                if isinstance(cell, Figure) and cell.number is not None:
                    assert isinstance(value, int | float)
                    assert Decimal(repr(value)) == cell.number
                else:
                    assert isinstance(value, str)


def test_every_text_stands_in_order(made: bytes) -> None:
    found = {name: [str(cell.value) for row in rows for cell in row] for name, rows in cells_of_workbook(made).items()}
    title, subtitle, status, warning = list(everything(large()))[:4]
    assert missing([title, subtitle, status, warning], found["Cover"]) == []
    words = list(everything(replace(large(), sections=tuple(map(without_cells, large().sections)))))[4:]
    assert len(words) > 30
    assert missing(words, found["Text"]) == []
    names = sheet_names(large())
    for table in large().tables:
        assert (
            missing(
                [shown(text) for text in (table.caption, *table.notes, *table.heads)], found[names[table.identifier]]
            )
            == []
        )


def without_cells(section: Section) -> Section:
    """A section with the captions of its tables only: the rest of them stands on sheets of its own."""

    def bare(table: Table) -> Table:
        return replace(table, heads=(), rows=(), notes=(), is_detail=())

    def block_without(block: Block) -> Block:
        if isinstance(block, Chart):
            return replace(block, table=bare(block.table))
        return bare(block) if isinstance(block, Table) else block

    return replace(section, blocks=tuple(map(block_without, section.blocks)))


def test_a_weak_number_stays_a_number_with_its_marker_beside_it() -> None:
    table = Table(
        "weak",
        "Weak",
        ("Group", "Share", "Gap", "People"),
        (
            ("A", Share(Decimal("0.25"), "[u]"), Points(Decimal(3), places=1), Count(None, "[c]")),
            ("B", Share(None, "[z]"), Points(None), Count(8)),
            ("C", Share(Decimal("0.5")), Points(Decimal(-3), places=1), Count(5)),
        ),
    )
    assert body({sheet.title: sheet for sheet in sheets_of_workbook(workbook(of(table)))}["weak"]) == [
        ["Group", "Share", "Share: marker", "Gap", "People"],
        ["A", 0.25, "[u]", 3, "[c]"],
        ["B", "[z]", "[z]", "[x]", 8],
        ["C", 0.5, NO_MARK, -3, 5],
    ]


def test_what_adds_up_is_a_column() -> None:
    sheet = {sheet.title: sheet for sheet in sheets_of_workbook(workbook(pack()))}
    gaps = body(sheet["gaps"])
    assert [row[-1] for row in gaps] == [ADDS_UP, "no", "yes"]
    assert ADDS_UP not in body(sheet["bands"])[0]
    assert ["Column", ADDS_UP] in [row[:2] for row in body(sheet["Notes"])]
    assert any(str(cell.value).startswith("Add up only rows that say yes") for cell in sheet["gaps"]["A"])


def test_shorthand_is_explained_above_the_table_and_in_the_notes(sheets: dict[str, Worksheet]) -> None:
    lines = [str(cell.value) for cell in sheets["gaps"]["A"]]
    above = lines[lines.index("Some shorthand is used in this table.") + 1 :][:3]
    # The table's own note explains [u].
    assert [line.split(" = ")[0] for line in above] == ["[x]", "[z]", "[r]"]
    assert sum(line.startswith("[u] =") for line in lines) == 1
    assert not any("shorthand" in str(cell.value) for cell in sheets["bands"]["A"])
    marks = [row[1] for row in body(sheets["Notes"]) if row[0] == "Shorthand"]
    assert marks == ["[x]", "[z]", "[u]", "[r]"]


def test_facts_stand_in_the_notes(sheets: dict[str, Worksheet]) -> None:
    assert ["Made from", "Release", "2026-03-31-0123456789ab"] in body(sheets["Notes"])


def test_the_sheets_are_cover_contents_notes_text_and_tables(sheets: dict[str, Worksheet]) -> None:
    assert list(sheets) == ["Cover", "Contents", "Notes", "Text", *sheet_names(large()).values()]


def test_the_contents_link_to_every_sheet(sheets: dict[str, Worksheet]) -> None:
    links = [cell for row in sheets["Contents"].iter_rows(min_row=head_row(sheets["Contents"]) + 1) for cell in row[:1]]
    assert [cell.value for cell in links] == list(sheets)[2:]
    assert [cell.hyperlink.location for cell in links] == [f"'{name}'!A1" for name in list(sheets)[2:]]


def test_names_of_sheets_are_short_and_no_two_the_same() -> None:
    identifiers = ("a" * 40, "a" * 50, "cover", "Notes", "history", "GAPS", "gaps", "A1", "r1c1")
    names = list(sheet_names(of(*(replace(MADE_UP, identifier=name) for name in identifiers))).values())
    assert max(len(name) for name in names) <= 31
    assert len({name.casefold() for name in names} | {"cover", "notes", "history"}) == len(names) + 3
    made = workbook(of(*(replace(MADE_UP, identifier=name) for name in identifiers)))
    tables = [table for sheet in sheets_of_workbook(made) for table in sheet.tables]
    assert len({name.casefold() for name in tables}) == len(identifiers) + 3


def test_headings_of_a_table_are_no_two_the_same_and_none_empty() -> None:
    assert unique(("Gap", "gap", "", "Gap (2)")) == ["Gap", "gap (2)", "Column 3", "Gap (2) (2)"]
    with pytest.raises(ValueError, match="a heading of 300 characters"):
        unique(("x" * 300,))


def test_a_text_longer_than_a_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="a text of 40000 characters"):
        workbook(replace(BLANK, sections=(Section("s", "Section", (Paragraph("x" * 40000),)),)))


@pytest.mark.parametrize("name", [*HOSTILE, "[words](https://example.org)", "$$note$$", "{=1+1}", "_x0041_", "a\x07b"])
def test_a_hostile_name_is_text(name: str) -> None:
    table = Table("t", name, (name, "Number"), ((name, Count(1)),), notes=(name,))
    made = workbook(replace(of(table), title=name, facts=((name, name),)))
    with zipfile.ZipFile(BytesIO(made)) as archive:
        assert not any(b"<f>" in archive.read(part) for part in archive.namelist())
        assert not any(b'TargetMode="External"' in archive.read(part) for part in archive.namelist())
    book = {sheet.title: sheet for sheet in sheets_of_workbook(made)}
    assert {cell.data_type for sheet in book.values() for row in sheet.iter_rows() for cell in row} == {"s", "n"}
    if "_x00" not in name:  # openpyxl takes what stands for itself in such a text for a character
        assert [book["t"]["A1"].value, *body(book["t"])[1][:1], book["Cover"]["A1"].value] == [shown(name)] * 3


def test_a_sheet_is_built_as_the_checklist_asks(sheets: dict[str, Worksheet]) -> None:
    for sheet in list(sheets.values())[1:]:
        (table,) = sheet.tables.values()
        left, top, right, bottom = openpyxl.utils.range_boundaries(table.ref)
        assert (left, right, bottom) == (1, sheet.max_column, sheet.max_row)
        assert table.autoFilter is None
        # Title, lines and table follow each other in column A, without a gap.
        assert all(sheet.cell(row, 1).value for row in range(1, bottom + 1))
        assert all(cell.value is not None for row in sheet.iter_rows(min_row=top) for cell in row)
        assert all(cell.alignment.wrap_text for row in sheet.iter_rows(min_row=top) for cell in row)
    for sheet in sheets.values():
        assert sheet.freeze_panes is None
        assert sheet.auto_filter.ref is None
        assert not sheet.merged_cells.ranges
        assert not sheet._images
        assert sheet.sheet_state == "visible"
        assert not any(row.hidden for row in sheet.row_dimensions.values())
        assert not any(column.hidden for column in sheet.column_dimensions.values())
        assert not any(part.text for part in (sheet.oddHeader.center, sheet.oddFooter.center))
        assert sheet["A1"].font.sz == 16
        fonts = {(cell.font.name, cell.font.sz) for row in sheet.iter_rows() for cell in row}
        assert {name for name, _ in fonts} == {"Arial"}
        assert min(size for _, size in fonts) == 12
        fills = {cell.fill.fill_type for row in sheet.iter_rows() for cell in row}
        assert fills == {None}


def test_columns_are_as_wide_and_rows_as_high_as_what_stands_in_them() -> None:
    rows = (("Organisation 299", Count(1495), "short"), ("Organisation 300", Count(5), "word " * 100))
    table = Table("t", "Table", ("Organisation", "People", "Words"), rows, notes=("Said in full. " * 20,))
    sheet = sheets_of_workbook(workbook(of(table)))[-1]
    widths = {letter: column.width for letter, column in sheet.column_dimensions.items()}
    assert widths["A"] > 50  # the note is wrapped in it
    assert 8 < widths["B"] < 15
    assert 55 < widths["C"] < 65
    top = head_row(sheet)
    heights = {row: dimension.height for row, dimension in sheet.row_dimensions.items()}
    assert sheet["A3"].alignment.wrap_text
    assert heights[3] > 5 * 15
    assert heights[top + 1] < 22 < 8 * 15 < heights[top + 2]
    plain = sheets_of_workbook(workbook(of(replace(table, notes=()))))[-1]
    assert 15 < plain.column_dimensions["A"].width < 30


def test_the_workbook_opens_at_its_beginning(made: bytes, sheets: dict[str, Worksheet]) -> None:
    assert openpyxl.load_workbook(BytesIO(made)).active.title == "Cover"
    assert {sheet.sheet_view.selection[0].activeCell for sheet in sheets.values()} == {"A1"}
    assert [sheet.title for sheet in sheets.values() if sheet.sheet_view.tabSelected] == ["Cover"]


def test_the_workbook_says_what_it_is(made: bytes) -> None:
    properties = openpyxl.load_workbook(BytesIO(made)).properties
    assert properties.title == shown(f"{large().title}: {large().subtitle}")
    assert properties.language == "en-GB"
    assert properties.description == f"{large().status} {large().warning}"
    assert str(properties.created) == str(properties.modified) == "2026-03-31 00:00:00"


def test_a_sheet_of_no_rows_says_so(sheets: dict[str, Worksheet]) -> None:
    assert "This table has no rows." in [cell.value for cell in sheets["none"]["A"]]
    assert body(sheets["none"]) == [["Organisation", "People"], [NO_MARK, NO_MARK]]


def test_a_pack_of_nothing_is_a_workbook() -> None:
    assert [sheet.title for sheet in sheets_of_workbook(workbook(BLANK))] == ["Cover", "Contents", "Notes", "Text"]


def test_the_same_pack_is_the_same_bytes(made: bytes) -> None:
    assert workbook(large()) == made
    assert elsewhere("workbook") == digest(made)


def test_a_stranger_reads_sheets_formats_properties_and_what_is_hidden(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(BytesIO(workbook(pack())))
    book["bands"].sheet_state = "hidden"
    book["bands"]["A1"].comment = openpyxl.comments.Comment("A secret word", "Somebody")
    book["gaps"]["Z99"] = "Far away"
    book["gaps"].oddHeader.center.text = "Above the page"
    book.save(tmp_path / "pack.xlsx")
    found = list(texts(tmp_path / "pack.xlsx"))
    wanted = [
        "bands",
        "A secret word",
        "Somebody",
        "Far away",
        "&CAbove the page",
        "0.165",
        "-14.9",
        '#,##0;"−"#,##0;"0 to 4"',
    ]
    assert [text for text in [*wanted, *everything(replace(pack(), sections=()))] if text not in found] == []
    assert f"{pack().title}: {pack().subtitle}" in found


@pytest.mark.skipif(
    SOFFICE is None, reason="no soffice: apt-get install --no-install-recommends libreoffice-calc-nogui"
)
def test_libreoffice_shows_every_figure_as_it_is_printed(made: bytes, tmp_path: Path) -> None:
    (tmp_path / "pack.xlsx").write_bytes(made)
    # Every sheet, as it is shown.
    kind = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"
    command = [str(SOFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", kind]
    subprocess.run(
        [*command, "--outdir", tmp_path, tmp_path / "pack.xlsx"], check=True, capture_output=True, timeout=120
    )
    names = sheet_names(large())
    for table in large().tables:
        with (tmp_path / f"pack-{names[table.identifier]}.csv").open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
        heads, rows = columns(table)
        assert [line[: len(heads)] for line in lines][len(lines) - len(rows) :] == [
            [_text(cell) for cell in row] for row in rows
        ]


def _text(cell: object) -> str:
    """What a cell of a workbook shows: the marker of a number stands beside it."""
    if isinstance(cell, Figure):
        return cell.text if cell.number is None else replace(cell, marker="").text
    return shown(str(cell))
