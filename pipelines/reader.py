"""A CSV file as rows of text, each with its line: nothing is guessed and no bad line hurts its neighbours."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.database import Connection, identifier, literal

LINES_PER_BATCH = 50_000
BYTES_PER_BLOCK = 1 << 20

# A line whose every cell is quoted as a whole, marks in it doubled, or holds no mark; never more than one line.
WHOLE_CELLS = re.compile(r'(?:"(?:[^"\r\n]|"")*+"|[^",\r\n]*+)(?:,(?:"(?:[^"\r\n]|"")*+"|[^",\r\n]*+))*+')


@dataclass(frozen=True)
class UnreadableLine:
    """A line that doesn't make a row: ``rule`` is a key of ``RULES``."""

    line: int
    rule: str


# Rule → what is wrong with the line, and what to do.
RULES = {
    "line.encoding": "the line isn't UTF-8 text; save the file as 'CSV UTF-8' and send it again",
    "line.fields": "the line has more or fewer cells than the header; look for a comma inside a cell that isn't quoted",
    "line.quote": "a quotation mark isn't closed on the line or stands inside a cell; "
    "quote the whole cell and double marks in it",
}


def read_csv(con: Connection, path: Path, header: Sequence[str]) -> tuple[int, list[UnreadableLine]]:
    """Make the table ``source_row`` (``source_line``, then the header's columns, all text; an empty cell is null).

    DuckDB reads the file. Wherever one line isn't one row, or DuckDB refuses, the file is read again line by line with
    the standard library's reader, so that each line stands for itself: DuckDB alone would let a quotation mark that
    isn't closed swallow the lines behind it.

    Args:
        con: database to make the table in.
        path: a UTF-8 file, with or without byte order mark.
        header: the file's own header, as ``layout.header_and_first_row`` gave it.

    Returns:
        Rows in the file (lines after the header that aren't blank), and those of them that can't be read.
    """
    columns = ", ".join(f"{literal(name)}: 'varchar'" for name in header)
    try:
        con.execute(
            "create or replace temp table source_row as select row_number() over () + 1 as source_line, * "
            f"from read_csv({literal(str(path))}, columns = {{{columns}}}, header = true, auto_detect = false, "
            "delim = ',', quote = '\"', escape = '\"', nullstr = '', strict_mode = true)"
        )
    except duckdb.Error:
        return _read_line_by_line(con, path, header)
    # DuckDB says nothing of an empty cell too many at the end of a line, and of a quotation mark inside a cell.
    cells = f"concat_ws('', {', '.join(identifier(name) for name in header)})"
    rows, commas, suspect = con.execute(
        f"select count(*), coalesce(sum(length({cells}) - length(replace({cells}, ',', ''))), 0), "
        f"count_if(regexp_matches({cells}, '[\"\\r\\n]')) from source_row"
    ).fetchall()[0]
    separators = rows * (len(header) - 1) + ",".join(header).count(",")
    if suspect or (rows + 1, commas + separators) != _count_lines_and_commas(path):
        return _read_line_by_line(con, path, header)
    return rows, []


def _count_lines_and_commas(path: Path) -> tuple[int, int]:
    """Count lines by their ends (a last line without one counts too), and commas."""
    lines, commas, last = 0, 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(BYTES_PER_BLOCK):
            lines += block.count(b"\n")
            commas += block.count(b",")
            last = block[-1:]
    return lines + (last != b"\n"), commas


def _read_line_by_line(con: Connection, path: Path, header: Sequence[str]) -> tuple[int, list[UnreadableLine]]:
    names = ["source_line", *header]
    schema = pa.schema([("source_line", pa.int64()), *((name, pa.string()) for name in header)])
    unreadable: list[UnreadableLine] = []
    rows = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        lines = _lines(path)
        while block := list(islice(lines, LINES_PER_BATCH)):
            good = []
            for number, raw in block:
                if number == 1 or not raw.strip():
                    continue
                rows += 1
                row = cells(raw, len(header))
                if isinstance(row, str):
                    unreadable.append(UnreadableLine(number, row))
                else:
                    good.append((number, *row))
            table = list(zip(*good, strict=True)) or [()] * len(names)
            yield pa.record_batch(
                [pa.array(column, kind.type) for column, kind in zip(table, schema, strict=True)], schema
            )

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    con.register("source_lines", reader)
    con.execute("create or replace temp table source_row as select * from source_lines")
    con.unregister("source_lines")
    return rows, unreadable


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        yield from enumerate(file, start=1)


def cells(raw: bytes, expected: int) -> list[str | None] | str:
    """Take one line apart; return its cells, or the rule that it breaks."""
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return "line.encoding"
    if not WHOLE_CELLS.fullmatch(text):
        return "line.quote"
    try:
        row = next(csv.reader([text], strict=True))
    except csv.Error:  # a cell longer than the reader takes
        return "line.quote"
    if len(row) != expected:
        return "line.fields"
    return [cell or None for cell in row]
