"""Real and staff-shaped files, damaged at random: a number makes a file, and the same number the same file again.

What a damaged file holds is told here by the standard library alone, so that the pipeline's reader can be held to it.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from tests.damage import CANARY, ON_CELLS, ON_TEXT, SELDOM, canaries, flip

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
        """Its cells."""
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
        """Say what makes the file again, and what was done to it."""
        return f"seed {self.seed}: {self.source.name} as {self.kind}, {', '.join(self.damage) or 'whole'}"

    def write(self, path: Path) -> Path:
        """Write the file, and what stands beside it."""
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
        table = [
            ["" if cell is None else str(cell) for cell in row]
            for row in sheet.iter_rows(values_only=True, max_row=ROWS)
        ]
        sources.append(Source(path.stem, csv_bytes(table)))
    return sources


def sources(folder: Path) -> list[Source]:
    """All files to damage, those more often that a layout recognises and whose rows are therefore read."""
    public = real(folder)
    return [*made() * 10, *[one for one in public if one.copied] * 3, *public]


def csv_bytes(table: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode()


def damaged(seed: int, sources: Sequence[Source]) -> Case:
    """Return the file that a number makes of the sources."""
    random = Random(seed)
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
                {
                    number: _cells(row)
                    for number, row in enumerate(lines, start=1)
                    if number > head and row.strip(blank)
                },
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
