"""A CSV file as rows of text: every line stands for itself, and none is lost."""

from pathlib import Path

import pytest

from pipelines import reader
from pipelines.database import Connection
from pipelines.reader import UnreadableLine

HEADER = ("a", "b")
Row = tuple[int, str | None, str | None]


def read(con: Connection, folder: Path, content: str | bytes) -> tuple[int, list[UnreadableLine], list[Row]]:
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    read = reader.read_csv(con, path, HEADER)
    rows = con.execute("select source_line, a, b from source_row order by source_line").fetchall()
    return read.rows, list(read.unreadable), rows


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param("a,b\n1,2\n3,4\n", [(2, "1", "2"), (3, "3", "4")], id="plain"),
        pytest.param('a,b\n"1, one",2\n', [(2, "1, one", "2")], id="comma in quotes"),
        pytest.param('a,b\n"1 ""one""",2\n', [(2, '1 "one"', "2")], id="doubled quotation mark"),
        pytest.param("\ufeffa,b\n1,2\n", [(2, "1", "2")], id="byte order mark"),
        pytest.param("a,b\r\n1,2\r\n3,4\r\n", [(2, "1", "2"), (3, "3", "4")], id="CRLF"),
        pytest.param("a,b\r\n1,2\n3,4\r\n", [(2, "1", "2"), (3, "3", "4")], id="mixed line ends"),
        pytest.param("a,b\n1,2\n3,4", [(2, "1", "2"), (3, "3", "4")], id="last line without end"),
        pytest.param("a,b\n1,2\n\n\n3,4\n", [(2, "1", "2"), (5, "3", "4")], id="blank lines keep their numbers"),
        pytest.param("a,b\r\n1,2\r\n\r\n3,4\r\n", [(2, "1", "2"), (4, "3", "4")], id="blank line in CRLF"),
        pytest.param("\n".join(["a,b", "1,2", "", "3,4", "", ""]), [(2, "1", "2"), (4, "3", "4")], id="blank end"),
        pytest.param('a,b\n,""\n 1 ,2\n', [(2, None, None), (3, " 1 ", "2")], id="empty is null, spaces are kept"),
        pytest.param("a,b\n007,1.50\n2026-3-1,NULL\n", [(2, "007", "1.50"), (3, "2026-3-1", "NULL")], id="no guess"),
        pytest.param("a,b\nå,日本\n", [(2, "å", "日本")], id="UTF-8"),
        pytest.param("a,b\n", [], id="header only"),
        pytest.param('a,b\r\n"1","2"\r\r\n3,4\r', [(2, "1", "2"), (3, "3", "4")], id="carriage returns at the end"),
    ],
)
def test_readable(con: Connection, tmp_path: Path, content: str, rows: list[Row]) -> None:
    assert read(con, tmp_path, content) == (len(rows), [], rows)


@pytest.mark.parametrize(
    ("content", "unreadable", "rows"),
    [
        pytest.param("a,b\n1\n3,4\n", [(2, "line.fields")], [(3, "3", "4")], id="too few cells"),
        pytest.param("a,b\n1,2,3\n3,4\n", [(2, "line.fields")], [(3, "3", "4")], id="too many cells"),
        pytest.param("a,b\n1,2,\n3,4\n", [(2, "line.fields")], [(3, "3", "4")], id="a comma too many at the end"),
        pytest.param('a,b\n"1,2\n3,4\n', [(2, "line.quote")], [(3, "3", "4")], id="open quotation mark"),
        pytest.param(
            'a,b\n"1,2\n3,4\n"5,6\n7,8\n',
            [(2, "line.quote"), (4, "line.quote")],
            [(3, "3", "4"), (5, "7", "8")],
            id="two open quotation marks don't pair up",
        ),
        pytest.param('a,b\n1,"2\n', [(2, "line.quote")], [], id="open quotation mark at the end of the file"),
        pytest.param('a,b\n5" pipe,2\n3,4\n', [(2, "line.quote")], [(3, "3", "4")], id="mark inside a cell"),
        pytest.param('a,b\nthe "one",2\n3,4\n', [(2, "line.quote")], [(3, "3", "4")], id="marks inside a cell"),
        pytest.param('a,b\n"1"x,2\n3,4\n', [(2, "line.quote")], [(3, "3", "4")], id="text behind a quoted cell"),
        pytest.param(
            'a,b\n"1\none",2\n3,4\n',
            [(2, "line.quote"), (3, "line.quote")],
            [(4, "3", "4")],
            id="line break in quotes: both lines",
        ),
        pytest.param("a,b\n1,x\0y\n3,4\n", [(2, "line.nul")], [(3, "3", "4")], id="NUL byte"),
        pytest.param("a,b\n1,2\n" + "\0" * 9, [(3, "line.nul")], [(2, "1", "2")], id="an end of NUL bytes"),
        pytest.param('a,b\r\n\r\n3,4\r"1","2"\r', [(3, "line.return")], [], id="a carriage return between rows"),
        pytest.param('a,b\n"1\r",2\n3,4\n', [(2, "line.return")], [(3, "3", "4")], id="a carriage return in quotes"),
        pytest.param(b"a,b\n1,caf\xe9\n3,4\n", [(2, "line.encoding")], [(3, "3", "4")], id="not UTF-8"),
        pytest.param("a,b\n   \n1\n", [(3, "line.fields")], [], id="a line of spaces is blank"),
    ],
)
def test_unreadable(
    con: Connection, tmp_path: Path, content: str | bytes, unreadable: list[tuple[int, str]], rows: list[Row]
) -> None:
    expected = [UnreadableLine(line, rule) for line, rule in unreadable]
    assert read(con, tmp_path, content) == (len(rows) + len(unreadable), expected, rows)


@pytest.mark.parametrize("before", [0, 1, 700_000, (1 << 20) - 5, (1 << 20) - 4, 1 << 20])
def test_a_line_may_be_one_mebibyte_long_and_no_longer(con: Connection, tmp_path: Path, before: int) -> None:
    """Wherever the blocks that a file is read in end: ``before`` bytes stand in a cell above."""
    first, longest = "y" * before, "x" * ((1 << 20) - 2)
    if before > len(longest):
        first = first[: len(longest)]
    rows = [(2, "1", first or None), (3, "3", longest), (4, "5", "6")]
    text = f"a,b\n1,{first}\n3,{longest}\n5,6\n"
    assert read(con, tmp_path, text) == (3, [], rows)
    assert read(con, tmp_path, text.replace("3,x", "3,xx")) == (3, [UnreadableLine(3, "line.long")], [rows[0], rows[2]])
    last = text.removesuffix("\n5,6\n")
    assert read(con, tmp_path, last + "x") == (2, [UnreadableLine(3, "line.long")], rows[:1])


def test_a_line_end_that_a_block_s_edge_cuts_in_two_is_one(con: Connection, tmp_path: Path) -> None:
    text = "x" * ((1 << 20) - len("a,b\n1,\r"))
    assert read(con, tmp_path, f"a,b\n1,{text}\r\n3,4\r\n") == (2, [], [(2, "1", text), (3, "3", "4")])


def test_every_rule_says_what_to_do() -> None:
    assert set(reader.RULES) == {"line.encoding", "line.fields", "line.long", "line.nul", "line.quote", "line.return"}
    assert all(len(sentence.split("; ", 1)) == 2 for sentence in reader.RULES.values())


def test_batches_join_without_a_seam(con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LINES_PER_BATCH", 3)
    lines = ["a,b", *(f"{number},x" for number in range(2, 11)), "11"]
    rows_in, unreadable, rows = read(con, tmp_path, "\n".join(lines))
    assert (rows_in, unreadable) == (10, [UnreadableLine(11, "line.fields")])
    assert rows == [(number, str(number), "x") for number in range(2, 11)]
