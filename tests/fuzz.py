"""Real and staff-shaped files, damaged at random: a number makes a file, and the same number the same file again.

What a damaged file holds is told here by the standard library alone, so that the pipeline's reader can be held to it.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

# Stands in cells, and so mustn't stand in any sentence.
CANARY = "zqcanary"
HEADER_LINES = 40
ROWS = 20


@dataclass(frozen=True)
class Source:
    """A file that is whole: its bytes, and contract column → the file's column that it is copied from."""

    name: str
    content: bytes
    copied: Mapping[str, str] = field(default_factory=dict)
    beside: str = ""

    @property
    def table(self) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.content.decode("utf-8-sig"))))


@dataclass(frozen=True)
class Case:
    """A damaged file. ``table`` are its cells where it is a workbook or Parquet file; None where it was cut into."""

    seed: int
    source: Source
    kind: str
    content: bytes
    damage: tuple[str, ...]
    table: list[list[str]] | None = None

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.source.name} as {self.kind}, {', '.join(self.damage) or 'whole'}"

    def write(self, path: Path) -> Path:
        path.write_bytes(self.content)
        if self.source.beside:
            path.with_name(f"{path.name}.yaml").write_text(self.source.beside, encoding="utf-8")
        return path


STAFF_COPIED = {name: name for name in ("org_code", "person_key", "assignment_key", "fte")}
STAFF_HEADER = [
    *("as_at_date", "org_code", "person_key", "assignment_key", "employment_type", "primary_assignment", "grade"),
    *("staff_group", "fte", "sex", "age_band", "ethnicity", "disability", "religion", "sexual_orientation"),
    "marital_status",
]
ESR_HEADER = [
    *("Effective Date", "Organisation", "Person Key", "Assignment Key", "Assignment Category", "Assignment Status"),
    *("Primary Assignment", "Grade", "Staff Group", "FTE", "Gender", "Age Band", "Ethnic Origin", "Disability"),
    *("Religious Belief", "Sexual Orientation", "Marital Status"),
]
WORKER_HEADER = [
    *("LOCALESTID", "UNIQUEWORKERID", "STATUS", "DISPLAYID", "NINUMBER", "POSTCODE", "DOB", "GENDER", "ETHNICITY"),
    *("NATIONALITY", "BRITISHCITIZENSHIP", "COUNTRYOFBIRTH", "YEAROFENTRY", "DISABLED", "CARECERT", "L2CARECERT"),
    *("RECSOURCE", "HANDCVISA", "INOUTUK", "STARTDATE", "STARTINSECT", "DHA", "APPRENTICE", "EMPLSTATUS"),
    *("ZEROHRCONT", "DAYSSICK", "SALARYINT", "SALARY", "HOURLYRATE", "MAINJOBROLE", "MAINJRDESC", "CONTHOURS"),
    *("AVGHOURS", "NMCREG", "NURSESPEC", "AMHP", "SCQUAL", "NONSCQUAL", "CWPCATEGORY", "QUALACH01"),
    *("QUALACH01NOTES", "QUALACH02", "QUALACH02NOTES"),
]


def staff_rows(count: int = ROWS) -> list[list[str]]:
    return [
        [
            *("2026-03-31", "RXK", f"{CANARY}{n}", f"{CANARY}a{n}", "substantive", "yes", f"band_{n % 6 + 2}"),
            *("estates_and_ancillary", f"0.{n % 9 + 1}", "Female", "36-40", "A", "No", "", "", ""),
        ]
        for n in range(count)
    ]


def esr_rows(count: int = ROWS) -> list[list[str]]:
    return [
        [
            *("31-Mar-2026", "RNA", f"{CANARY}{n}", f"{CANARY}a{n}", "Permanent", "Active Assignment", "Y"),
            *(f"NHS|XR0{n % 6 + 2}|Review Body Band {n % 6 + 2}", "Nursing and Midwifery Registered", "1", "Female"),
            *("26-30", "H Asian or Asian British - Indian", "No", "Hinduism", "Heterosexual or Straight", "Married"),
        ]
        for n in range(count)
    ]


def worker_rows(count: int = ROWS) -> list[list[str]]:
    said = {"LOCALESTID": "1", "STATUS": "UNCHECKED", "NINUMBER": "Admin", "DOB": "Admin", "GENDER": "2"}
    said |= {"ETHNICITY": "41", "DISABLED": "0", "EMPLSTATUS": "1", "MAINJOBROLE": "8"}
    return [
        [({**said, "UNIQUEWORKERID": f"{CANARY}{n}"}).get(name, "") for name in WORKER_HEADER] for n in range(count)
    ]


def staff_source(rows: Sequence[Sequence[str]]) -> Source:
    return Source("edi_staff", csv_bytes([STAFF_HEADER, *rows]), STAFF_COPIED)


def made() -> list[Source]:
    """Files shaped as staff systems write them; nobody in them exists."""
    esr = dict(zip(STAFF_COPIED, ("Organisation", "Person Key", "Assignment Key", "FTE"), strict=True))
    return [
        staff_source(staff_rows()),
        Source("esr_assignment", csv_bytes([ESR_HEADER, *esr_rows()]), esr),
        Source(
            "asc_wds_worker",
            csv_bytes([WORKER_HEADER, *worker_rows()]),
            {"person_key": "UNIQUEWORKERID"},
            "organisation: E08000027\nas_at: 2026-03-31\n",
        ),
    ]


# Of the real files that a layout has: what is copied from where.
COPIED = {
    "nhs-workforce": {"headcount": "Headcount"},
    "census2021-ts007-ltla": {"area_code": "geography code"},
    "derived_disability_ltla24": {"area_code": "ltla24_code", "population": "n"},
    "derived_religion_ltla24": {"area_code": "ltla24_code", "population": "n"},
    "derived_sex_ltla21": {"area_code": "ltla21_code", "population": "n"},
    "derived_sexualorientation_ltla22": {"area_code": "ltla22_code", "population": "n"},
    "ethnicity21_ltla21": {"area_code": "ltla21_code"},
    "ons-ethnic-population-la": {
        "area_code": "2023 Upper tier local authorities Code",
        "population": "Observation",
    },
    "ons-ethnic-population-reg": {"area_code": "Regions Code", "population": "Observation"},
}
WIDE_BYTES = 1500  # a longer header has few rows kept below it, as each is a hundred typed ones


def real(folder: Path) -> list[Source]:
    """The first lines of each real table, those of workbooks too, as CSV."""
    sources = []
    for path in sorted(folder.glob("*/*.csv")):
        with path.open("rb") as file:
            head = file.readline()
            rows = [file.readline() for _ in range(4 if len(head) > WIDE_BYTES else ROWS)]
        sources.append(Source(path.stem, b"".join([head, *rows]), COPIED.get(path.stem, {})))
    for path in sorted(folder.glob("*/*.xlsx")):
        sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
        table = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True, max_row=ROWS)]
        sources.append(Source(path.stem, csv_bytes(table)))
    return sources


def sources(folder: Path) -> list[Source]:
    """All files to damage, those more often that a layout recognises and whose rows are therefore read."""
    public = real(folder)
    return [*made() * 6, *(one for one in public if one.copied) , *public]


def csv_bytes(table: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode()


# What stands in a cell by accident or malice.
NASTY = [
    *("", " ", '"', '""', '"a', 'a"b', '"a"b', "a,b", '"a,b"', '"a\nb"', "\0", "\t", "\r", "\x1a", "\x0b", "\x85"),
    *("\ufeff", "\ufffd", "\u2028", "\xa0", "é", "9", "-1", "1e308", "9" * 40, "0." + "1" * 30, "NaN", "inf", "1,234"),
    *("=1+1", "2026-02-30", "0001-01-01", "99999-01-01", "null", "NULL", "x" * 5000, "'; drop table staff; --", "$(x)"),
    *("All", "z", "c", "-8", "RZZ9", "{batch}", "%s", "\\", "\\N", "\U0001f469", "e\u0301", "\u202e"),
]
BYTES = [b"\0", b'"', b",", b"\n", b"\r", b"\r\n", b"\xff", b"\x81", b"\xc3", b"\xef\xbb\xbf", b";", b"\t", b"\x1a", b"'"]


def flip(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]


def delete(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + content[place + random.choice([1, 1, 2, 5, 40]) :]


def insert(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.choice(BYTES) + content[place:]


def cut_off(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def on_lines(change: Callable[[Random, list[bytes]], None]) -> Callable[[Random, bytes], bytes]:
    def changed(random: Random, content: bytes) -> bytes:
        lines = content.split(b"\n")
        change(random, lines)
        return b"\n".join(lines)

    changed.__name__ = change.__name__
    return changed


def place_of(random: Random, lines: Sequence[bytes]) -> int:
    """Any line, and the first more often than others."""
    return max(0, random.randrange(-1, len(lines)))


@on_lines
def duplicate_line(random: Random, lines: list[bytes]) -> None:
    lines.insert(random.randrange(len(lines) + 1), lines[place_of(random, lines)])


@on_lines
def swap_lines(random: Random, lines: list[bytes]) -> None:
    one, other = place_of(random, lines), place_of(random, lines)
    lines[one], lines[other] = lines[other], lines[one]


@on_lines
def drop_line(random: Random, lines: list[bytes]) -> None:
    del lines[place_of(random, lines)]


@on_lines
def cut_line(random: Random, lines: list[bytes]) -> None:
    place = place_of(random, lines)
    lines[place] = lines[place][: random.randrange(len(lines[place]) + 1)]


@on_lines
def break_line(random: Random, lines: list[bytes]) -> None:
    place = place_of(random, lines)
    at = random.randrange(len(lines[place]) + 1)
    lines[place : place + 1] = [lines[place][:at], lines[place][at:]]


@on_lines
def join_lines(random: Random, lines: list[bytes]) -> None:
    place = place_of(random, lines)
    lines[place : place + 2] = [b"".join(lines[place : place + 2])]


@on_lines
def blank_line(random: Random, lines: list[bytes]) -> None:
    lines.insert(random.randrange(len(lines) + 1), random.choice([b"", b" ", b"\t", b"\r", b",,,", b"\x0c", b" , , "]))


@on_lines
def titles(random: Random, lines: list[bytes]) -> None:
    lines[:0] = random.choice([[b"A title"], [b"A title", b""], [b"A title,,,", b"", b"Table 1"], [b""] * 45])


@on_lines
def notes_below(random: Random, lines: list[bytes]) -> None:
    lines += random.choice([[b"", b"Source: nobody"], [b"", b"Note 1", b"Note 2"], [b"Source: nobody,,,,,,,,"]])


@on_lines
def nasty_cell(random: Random, lines: list[bytes]) -> None:
    place = random.randrange(1, len(lines)) if len(lines) > 1 else 0
    cells = lines[place].split(b",")
    cells[random.randrange(len(cells))] = random.choice(NASTY).encode()
    lines[place] = b",".join(cells)


@on_lines
def canaries(random: Random, lines: list[bytes]) -> None:
    """Put the word into a column's cells; done before the header can have moved."""
    column = random.randrange(lines[0].count(b",") + 1)
    for place, line in enumerate(lines[1:], start=1):
        cells = line.split(b",")
        if len(cells) > column and random.random() < 0.5:
            cells[column] = CANARY.encode()
            lines[place] = b",".join(cells)


@on_lines
def swap_cells(random: Random, lines: list[bytes]) -> None:
    place = place_of(random, lines)
    cells = lines[place].split(b",")
    random.shuffle(cells)
    lines[place] = b",".join(cells)


@on_lines
def rename_column(random: Random, lines: list[bytes]) -> None:
    cells = lines[0].split(b",")
    name = random.choice([b"", b" ", b"x", b"NI number", b"source_line", cells[0].upper(), cells[-1], b"Name", b'"'])
    cells[random.randrange(len(cells))] = name
    lines[0] = b",".join(cells)


@on_lines
def swap_columns(random: Random, lines: list[bytes]) -> None:
    count = lines[0].count(b",") + 1
    one, other = random.randrange(count), random.randrange(count)
    for place, line in enumerate(lines):
        cells = line.split(b",")
        if len(cells) == count:
            cells[one], cells[other] = cells[other], cells[one]
            lines[place] = b",".join(cells)


@on_lines
def mixed_ends(random: Random, lines: list[bytes]) -> None:
    lines[:] = [line + b"\r" if random.random() < 0.5 else line for line in lines]


def windows_ends(_: Random, content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def old_ends(_: Random, content: bytes) -> bytes:
    return content.replace(b"\n", b"\r")


def other_encoding(random: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", errors="replace")
    return text.encode(random.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]), errors="replace")


def other_separator(random: Random, content: bytes) -> bytes:
    return content.replace(b",", random.choice([b";", b"\t", b"|", b", ", b",,"]))


def no_last_end(_: Random, content: bytes) -> bytes:
    return content.rstrip(b"\n")


ON_CELLS = [nasty_cell, blank_line, duplicate_line, swap_lines, drop_line, notes_below, titles]
ON_TEXT = [
    *(nasty_cell, nasty_cell, nasty_cell, flip, flip, delete, insert, insert, duplicate_line),
    *(swap_lines, drop_line, cut_line, break_line, join_lines, blank_line, titles, notes_below, swap_cells),
    *(mixed_ends, windows_ends, no_last_end),
]
# These change the header or the whole file: fewer, as most are refused at once, or cost a query of their own.
SELDOM = [cut_off, rename_column, swap_columns, old_ends, other_encoding, other_separator]


def damaged(seed: int, sources: Sequence[Source]) -> Case:
    """Return the file that a number makes of the sources."""
    random = Random(seed)  # noqa: S311 -- the same file for the same number is the point
    source = random.choice(sources)
    kind = random.choices(["csv", "xlsx", "parquet"], [12, 1, 1])[0]
    content, damage = source.content, list[str]()
    if random.random() < 0.3:
        content = canaries(random, content)
        damage.append("canaries")
    for _ in range(random.choice([1, 1, 2, 2, 3, 4])):
        change = random.choice(ON_CELLS if kind != "csv" else SELDOM if random.random() < 0.08 else ON_TEXT)
        if content:
            content = change(random, content)
            damage.append(change.__name__)
    if kind == "csv":
        return Case(seed, source, kind, content, tuple(damage))
    text = content.decode(errors="replace").replace("\0", "").replace("\r", "")
    table = [next(csv.reader([line]), []) for line in text.split("\n")]
    content = (workbook if kind == "xlsx" else parquet)(table)
    if random.random() < 0.5:
        return Case(seed, source, kind, content, (*damage, "untouched"), table)
    for _ in range(random.choice([1, 3, 10])):
        content = flip(random, content)
    return Case(seed, source, kind, content, (*damage, "flips"))


def workbook(table: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = datetime(2026, 1, 1)
    for row in table:
        row[:] = [ILLEGAL_CHARACTERS_RE.sub("", cell).lstrip("=") for cell in row]
        book.worksheets[0].append([cell or None for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(table: list[list[str]]) -> bytes:
    """Write a table as Parquet: the first row names the columns, and ragged rows are made as long."""
    width = len(table[0])
    table[1:] = [(row + [""] * width)[:width] for row in table[1:]]
    columns = [pa.array([row[place] for row in table[1:]], pa.string()) for place in range(width)]
    content = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=table[0]), content)
    return content.getvalue()


# A header, and the rows below it that aren't blank: line → cells, of which some may not be readable.
Held = tuple[list[str], dict[int, list[str]]]


def held(case: Case) -> list[Held] | None:
    """Return what a file may hold: one answer for each line that may be its header; None where nobody can know."""
    if case.kind == "csv":
        return list(_held_by_text(case))
    if case.table is None:
        return None
    if case.kind == "parquet":
        return [(case.table[0], dict(enumerate(case.table[1:], start=1)))]
    return [
        (row, {line: cells for line, cells in enumerate(case.table, start=1) if line > head and _says(cells)})
        for head, row in enumerate(case.table[:HEADER_LINES], start=1)
        if _is_header(case.source, row)
    ]


def _says(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _held_by_text(case: Case) -> Iterator[Held]:
    lines = _in_utf8(case.content).split(b"\n")
    for head, line in enumerate(lines[:HEADER_LINES], start=1):
        header = _cells(line)
        if _is_header(case.source, header):
            blank = b" \t\r\n\x0b\x0c" + (b"," if head > 1 else b"")
            yield (
                header,
                {number: _cells(row) for number, row in enumerate(lines, start=1) if number > head and row.strip(blank)},
            )


def _in_utf8(content: bytes) -> bytes:
    """Return what is in UTF-16 in UTF-8; other text as it is, line for line the same in Windows-1252."""
    for mark, coding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(coding, errors="replace").encode()
    first, second = content[:1] == b"\0", content[1:2] == b"\0"
    if len(content) > 1 and first != second:
        return content.decode("utf-16-le" if second else "utf-16-be", errors="replace").encode()
    return content


def _cells(line: bytes) -> list[str]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("cp1252", errors="replace")
    try:
        return next(csv.reader([text.rstrip("\r").lstrip("\ufeff")]), [])
    except csv.Error:
        return [text]


def _is_header(source: Source, cells: Sequence[str]) -> bool:
    names = set(source.table[0])
    return len(names & set(cells)) * 2 >= len(names)
