"""A table as rows of text, each with its line: nothing is guessed and no bad line hurts its neighbours."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines import database
from pipelines.database import Connection, identifier, literal
from pipelines.opening import LINE_BYTES, Opening, bounded_lines
from pipelines.signature import BYTES_PER_BLOCK, UnreadableFileError
from pipelines.workbook import open_workbook, sheet_rows

LINES_PER_BATCH = 50_000

# A line whose every cell is quoted as a whole, marks in it doubled, or holds no mark; never more than one line.
WHOLE_CELLS = re.compile(r'(?:"(?:[^"\r\n]|"")*+"|[^",\r\n]*+)(?:,(?:"(?:[^"\r\n]|"")*+"|[^",\r\n]*+))*+')


@dataclass(frozen=True)
class UnreadableLine:
    """A line that doesn't make a row: ``rule`` is a key of ``RULES``."""

    line: int
    rule: str


@dataclass(frozen=True)
class Read:
    """What became of a table's lines: ``rows`` of them after the header aren't blank, and ``notes`` are no rows.

    Notes stand below a table: after a blank line, lines that don't have the table's cells.
    """

    rows: int
    unreadable: tuple[UnreadableLine, ...] = ()
    notes: int = 0


# A line, and its cells, or the rule that it breaks, or nothing where it is blank.
Line = tuple[int, "list[str | None] | str | None"]

# A line with so few cells that it may be a note below the table; where it isn't one, it breaks `line.fields`.
FEW_CELLS = "few cells"

# Rule → what is wrong with the line, and what to do.
RULES = {
    "line.encoding": "the line isn't UTF-8 text; save the file as 'CSV UTF-8' and send it again",
    "line.fields": "the line has more or fewer cells than the header; look for a comma inside a cell that isn't quoted",
    "line.long": f"the line is longer than {LINE_BYTES >> 20} MiB, which no row is; "
    "look whether the ends of lines are missing from it on",
    "line.nul": "the line has a NUL byte in it, which is no letter; the file may be damaged: export and send it again",
    "line.quote": "a quotation mark isn't closed on the line or stands inside a cell; "
    "quote the whole cell and double marks in it",
    "line.return": "a carriage return stands inside the line, where none belongs; "
    "look whether a cell holds a line break, or ends of lines are missing",
}


def read_table(con: Connection, path: Path, opening: Opening, header_line: int, header: Sequence[str]) -> Read:
    """Make the table ``source_row`` (``source_line``, then the header's columns, all text; an empty cell is null).

    Args:
        con: database to make the table in.
        path: the file; a text file has to be UTF-8 here (``in_utf8``).
        opening: how the file was opened.
        header_line: the line of the header; what stands above it is no row.
        header: the names in it.
    """
    if opening.kind == "parquet":
        return _read_parquet(con, path, header)
    if opening.kind == "xlsx":
        rows = enumerate(sheet_rows(open_workbook(path), opening.sheet), start=1)
        lines = ((number, _sheet_row(row, len(header))) for number, row in rows if number > header_line)
        return _fill(con, header, lines, notes_need_a_blank_line=False)
    width = len(opening.rows[header_line - 1])
    if header_line == 1 and width == len(header):
        return read_csv(con, path, header)
    return _read_line_by_line(con, path, header, header_line, width)


def in_utf8(path: Path, encoding: str, copy: Path) -> Path:
    """Return the file itself if it is UTF-8, or else a copy of it that is, line for line.

    Raises:
        UnicodeDecodeError: it isn't what it seemed to be; a file in UTF-16 may be cut off.
    """
    if encoding == "utf-8":
        return path
    with path.open(encoding=encoding, newline="") as sent, copy.open("w", encoding="utf-8", newline="") as file:
        while block := sent.read(BYTES_PER_BLOCK):
            file.write(block)
    return copy


def read_csv(con: Connection, path: Path, header: Sequence[str]) -> Read:
    """Make the table ``source_row`` of a UTF-8 file whose header is its first line.

    DuckDB reads the file. Wherever one line isn't one row, or DuckDB refuses, the file is read again line by line with
    the standard library's reader, so that each line stands for itself: DuckDB alone would let a quotation mark that
    isn't closed swallow the lines behind it.
    """
    lines, commas, is_text = _survey(path)
    if not is_text:
        return _read_line_by_line(con, path, header)
    columns = ", ".join(f"{literal(name)}: 'varchar'" for name in header)
    is_whole = True
    try:
        con.execute(
            "create or replace temp table source_row as select row_number() over () + 1 as source_line, * "
            f"from read_csv({literal(database.only(path))}, columns = {{{columns}}}, header = true, "
            "hive_partitioning = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
            "strict_mode = true)"
        )
    except duckdb.Error:
        is_whole = False
    # Not in the handler above: DuckDB's message holds the line, and would hang on to whatever goes wrong next.
    if not is_whole:
        return _read_line_by_line(con, path, header)
    # DuckDB says nothing of an empty cell too many at the end of a line, and of a quotation mark inside a cell.
    cells = f"concat_ws('', {', '.join(identifier(name) for name in header)})"
    rows, commas_inside, suspect = con.execute(
        f"select count(*), coalesce(sum(length({cells}) - length(replace({cells}, ',', ''))), 0), "
        f"count_if(regexp_matches({cells}, '[\"\\r\\n]')) from source_row"
    ).fetchall()[0]
    separators = rows * (len(header) - 1) + ",".join(header).count(",")
    if suspect or (rows + 1, commas_inside + separators) != (lines, commas):
        return _read_line_by_line(con, path, header)
    return Read(rows)


def _survey(path: Path) -> tuple[int, int, bool]:
    """Count lines by their ends (a last line without one counts too) and commas; tell whether each line can be a row.

    It can't where it is too long, has a NUL byte in it, or a carriage return that isn't at its end: DuckDB ends lines
    there too.
    """
    lines, commas, last = 0, 0, b"\n"
    is_text, since_end, returns = True, 0, 0
    with path.open("rb") as file:
        # In blocks as long as a line may be, only a line that a block's edge cuts in two can be longer.
        while block := file.read(LINE_BYTES):
            lines += block.count(b"\n")
            returns += block.count(b"\r") - block.count(b"\r\n") - (last == b"\r" and block[:1] == b"\n")
            commas += block.count(b",")
            last = block[-1:]
            first_end = block.find(b"\n")
            since_end += len(block) if first_end < 0 else first_end
            is_text = is_text and since_end <= LINE_BYTES and b"\0" not in block
            since_end = since_end if first_end < 0 else len(block) - block.rfind(b"\n") - 1
    return lines + (last != b"\n"), commas, is_text and not returns


def _read_line_by_line(
    con: Connection, path: Path, header: Sequence[str], header_line: int = 1, width: int | None = None
) -> Read:
    with path.open("rb") as file:
        lines = (
            (number, "line.long" if is_long else _text_row(raw, len(header), width or len(header), header_line > 1))
            for number, (raw, is_long) in enumerate(bounded_lines(file), start=1)
            if number > header_line
        )
        return _fill(con, header, lines, notes_need_a_blank_line=True)


def _read_parquet(con: Connection, path: Path, header: Sequence[str]) -> Read:
    try:
        described = con.execute(f"describe from {database.PARQUET}", [database.only(path)]).fetchall()
        columns = ", ".join(
            f"nullif({_parquet_cell(identifier(name), str(kind))}, '') as {identifier(name)}"
            for name, kind, *_ in described
            if name in header
        )
        con.execute(
            f"create or replace temp table source_row as select file_row_number + 1 as source_line, {columns} "
            f"from read_parquet({literal(database.only(path))}, file_row_number = true, hive_partitioning = false)"
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise UnreadableFileError("it is a damaged Parquet file; send it again") from error
    return Read(con.execute("select count(*) from source_row").fetchall()[0][0])


def _parquet_cell(cell: str, kind: str) -> str:
    """Return the SQL of a typed cell as text, spelt as a workbook's would be: ``opening.sheet_rows``."""
    if kind.startswith("TIMESTAMP"):
        # With a time zone it is spelt in that of this machine, unless told.
        moment = f"({cell} at time zone 'UTC')" if kind.endswith("TIME ZONE") else cell
        return f"if(date_trunc('day', {moment}) = {moment}, {moment}::date::varchar, {moment}::varchar)"
    if kind == "BOOLEAN":
        return f"case {cell} when true then 'yes' when false then 'no' end"
    if kind == "DOUBLE":
        # No number is NaN to some writers. Asked `isnan`, DuckDB goes by the file's statistics, which leave it out.
        return f"nullif(nullif(printf('%.15g', {cell}), 'nan'), '-nan')"
    return f"{cell}::varchar"


def _fill(con: Connection, header: Sequence[str], lines: Iterable[Line], notes_need_a_blank_line: bool) -> Read:
    """Make ``source_row`` of lines; a notebook of what can't be read is kept beside it."""
    names = ["source_line", *header]
    schema = pa.schema([("source_line", pa.int64()), *((name, pa.string()) for name in header)])
    unreadable: list[UnreadableLine] = []
    rows, notes = 0, 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal rows, notes
        table = _without_notes(lines, len(header), notes_need_a_blank_line)
        while block := list(islice(table, LINES_PER_BATCH)):
            good = []
            for number, row in block:
                if row is None:
                    notes += 1
                    continue
                rows += 1
                if isinstance(row, str):
                    unreadable.append(UnreadableLine(number, row))
                else:
                    good.append((number, *row))
            columns = list(zip(*good, strict=True)) or [()] * len(names)
            yield pa.record_batch(
                [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)], schema
            )

    con.register("source_lines", pa.RecordBatchReader.from_batches(schema, batches()))
    con.execute("create or replace temp table source_row as select * from source_lines")
    con.unregister("source_lines")
    return Read(rows, tuple(unreadable), notes)


def _without_notes(lines: Iterable[Line], width: int, notes_need_a_blank_line: bool) -> Iterator[Line]:
    """Yield rows, and for each note below the table a line without cells; blank lines are left out.

    A line that looks like a note counts as one only if no row follows: in between it is a row that can't be read.
    """
    waiting: list[Line] = []
    is_below = False
    for number, row in lines:
        if row is None:
            is_below = True
        elif (is_below or not notes_need_a_blank_line) and _looks_like_a_note(row, width):
            waiting.append((number, row))
        else:
            yield from _as_rows(waiting)
            yield from _as_rows([(number, row)])
            waiting, is_below = [], False
    yield from ((number, None) for number, _ in waiting)


def _as_rows(lines: Iterable[Line]) -> Iterator[Line]:
    return ((number, "line.fields" if row == FEW_CELLS else row) for number, row in lines)


def _looks_like_a_note(row: list[str | None] | str, width: int) -> bool:
    """Tell whether a line has less than half of the table's cells, or only the first one filled."""
    if isinstance(row, str):
        return row == FEW_CELLS
    return width > 2 and row[0] is not None and not any(row[1:])


def _text_row(raw: bytes, names: int, width: int, blank_cells_are_blank: bool) -> list[str | None] | str | None:
    """Take one line apart: ``width`` cells, of which those beyond the header's names have to be empty."""
    if not raw.strip() or (blank_cells_are_blank and not raw.strip(b", \t\r\n")):
        return None
    row = cells(raw, width)
    if row == "line.fields" and width > 2 and len(next(csv.reader([raw.decode().rstrip("\r\n")]))) <= width // 2:
        return FEW_CELLS
    if isinstance(row, str):
        return row
    return "line.fields" if _says_something(row[names:]) else row[:names]


def _sheet_row(row: Sequence[str], names: int) -> list[str | None] | str | None:
    if not any(cell.strip() for cell in row):
        return None
    filled: list[str | None] = [cell or None for cell in row]
    return "line.fields" if _says_something(filled[names:]) else (filled + [None] * names)[:names]


def _says_something(row: Sequence[str | None]) -> bool:
    return any(cell and cell.strip() for cell in row)


def cells(raw: bytes, expected: int) -> list[str | None] | str:
    """Take one line apart; return its cells, or the rule that it breaks."""
    if b"\0" in raw:
        return "line.nul"
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return "line.encoding"
    if "\r" in text:
        return "line.return"
    if not WHOLE_CELLS.fullmatch(text):
        return "line.quote"
    row = next(csv.reader([text], strict=True))
    if len(row) != expected:
        return "line.fields"
    return [cell or None for cell in row]
