"""What holds for the reader whatever the file: two ways of reading agree, and every line is accounted for."""

import csv
import io
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import reader
from pipelines.database import Connection

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=6)
TABLE = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8))


def rows(con: Connection) -> list[tuple[object, ...]]:
    return con.execute("from source_row order by source_line").fetchall()


@SETTINGS
@given(TABLE, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_both_ways_read_the_same_table(
    con: Connection,
    tmp_path: Path,
    table: list[list[str]],
    end: str,
    quoted: bool,
    mark: bool,
) -> None:
    width = len(table[0]) if table else 1
    header = [f"c{number}" for number in range(width)]
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([header, *table])
    path = tmp_path / "file.csv"
    path.write_bytes(text.getvalue().encode("utf-8-sig" if mark else "utf-8"))

    read = reader.read_csv(con, path, header)
    fast = rows(con)
    line_by_line = reader._read_line_by_line(con, path, header)

    assert read == line_by_line == reader.Read(len(table))
    assert fast == rows(con)
    assert fast == [(line, *(cell or None for cell in row)) for line, row in enumerate(table, start=2)]


@SETTINGS
@given(st.lists(st.binary(max_size=12) | st.sampled_from([b'"', b"1,2", b'"1,2', b'1,"2"', b"", b"1", b"\r", b"a\n"])))
def test_every_line_is_read_or_named(con: Connection, tmp_path: Path, lines: list[bytes]) -> None:
    content = b"a,b\n" + b"\n".join(lines)
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    read = reader.read_csv(con, path, ["a", "b"])
    with_text = [number for number, line in enumerate(content.split(b"\n"), start=1) if line.strip() and number > 1]
    found = [row[0] for row in rows(con)]
    assert read.rows == len(with_text)
    assert sorted([*found, *(line.line for line in read.unreadable)]) == with_text
