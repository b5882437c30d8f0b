"""No row is ever lost between a file and its verdict, and the order of a file's rows means nothing."""

import csv
import hashlib
import io
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines import reference
from pipelines.database import Connection
from pipelines.ingest import Ingested, ingest
from pipelines.ledger import Received
from pipelines.places import DataFolder
from pipelines.validate import Validated, validate

HEADER = [
    *("as_at_date", "org_code", "person_key", "assignment_key", "employment_type", "primary_assignment", "grade"),
    *("staff_group", "fte", "sex", "age_band", "ethnicity", "disability", "religion", "sexual_orientation"),
    "marital_status",
]
ROWS = [
    [
        *("2026-03-31", "RXK", f"p{n}", f"a{n}", "substantive", "yes", f"band_{n % 6 + 2}", "estates_and_ancillary"),
        *(f"0.{n % 9 + 1}", "Female", "36-40", "A", "No", "", "", ""),
    ]
    for n in range(12)
]
FILES = 15  # Great Expectations costs most of a second: each example is a landing of several files
SETTINGS = settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)

MANGLED_CELL = st.sampled_from(
    ["", "?", '"', "a,b", "1.55555", "9", "RL4", "no", "Z", "2026-02-30", "\ufffd", "p1", "a1"]
)
CHANGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 15), MANGLED_CELL), max_size=5)
CUTS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 90)), max_size=2)


def judge(con: Connection, folder: Path, files: list[str]) -> tuple[Ingested, Validated]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.csv" for number in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text, encoding="utf-8")
    data = DataFolder(folder)
    ingested = ingest(con, data, paths, folder / "work")
    method = reference.method(data) | {"max_rejected_share": 1.0}  # accept what is left, so that it can be counted
    return ingested, validate(
        con, ingested, method, [Received(one.sha256, one.file, one.feed, {}) for one in ingested.extracts]
    )


def mangled(changes: list[tuple[int, int, str]], cuts: list[tuple[int, int]]) -> str:
    rows = [list(row) for row in ROWS]
    for row, column, cell in changes:
        rows[row][column] = cell
    lines = [",".join(row) for row in rows]
    for row, length in cuts:
        lines[row] = lines[row][:length]
    return "\n".join([",".join(HEADER), *lines])


@SETTINGS
@given(st.lists(st.tuples(CHANGES, CUTS), min_size=FILES, max_size=FILES))
def test_rows_in_are_accepted_rejected_or_checking(
    con: Connection, tmp_path: Path, cases: list[tuple[list[tuple[int, int, str]], list[tuple[int, int]]]]
) -> None:
    texts = [mangled(*case) for case in cases]
    ingested, validated = judge(con, tmp_path / "landing", texts)
    for extract in ingested.extracts:
        lines = texts[int(extract.file.removesuffix(".csv"))].split("\n")[1:]
        assert extract.rows_in == sum(bool(line.strip()) for line in lines)
    for one in validated.accepted:
        assert one.rows_accepted + one.rows_rejected + one.rows_checking == one.extract.rows_in
        (stored,) = con.execute("select count(*) from read_parquet(?)", [str(one.typed)]).fetchall()[0]
        assert stored == one.rows_accepted
    files = {one.extract.file for one in validated.accepted} | {one.file for one in validated.refusals}
    assert files == {f"{number}.csv" for number in range(len(texts))}


@SETTINGS
@given(st.lists(st.tuples(CHANGES, st.permutations(range(12))), min_size=FILES // 2, max_size=FILES // 2))
def test_the_order_of_rows_means_nothing(
    con: Connection, tmp_path: Path, cases: list[tuple[list[tuple[int, int, str]], list[int]]]
) -> None:
    texts = []
    for changes, order in cases:
        head, *lines = mangled(changes, []).split("\n")
        texts += ["\n".join([head, *lines]), "\n".join([head, *(lines[place] for place in order), ""])]
    _, validated = judge(con, tmp_path / "landing", texts)
    accepted = {one.extract.file: hashlib.sha256(one.typed.read_bytes()).hexdigest() for one in validated.accepted}
    refused = {one.file: one.rule for one in validated.refusals if one.rule != "file.copy"}
    copies = {one.file for one in validated.refusals if one.rule == "file.copy"}
    for number in range(0, len(texts), 2):
        pair = {f"{number}.csv", f"{number + 1}.csv"} - copies
        assert len({(accepted.get(file), refused.get(file)) for file in pair}) <= 1


def test_the_unmangled_file_is_accepted_whole(con: Connection, tmp_path: Path) -> None:
    _, validated = judge(con, tmp_path, [mangled([], [])])
    assert [(one.rows_accepted, one.rows_rejected) for one in validated.accepted] == [(12, 0)]


@pytest.mark.parametrize(("changes", "accepted"), [([(0, 8, "9")], 11), ([(0, 8, "9"), (0, 0, "x"), (5, 1, "?")], 10)])
def test_a_row_with_several_faults_is_rejected_once(
    con: Connection, tmp_path: Path, changes: list[tuple[int, int, str]], accepted: int
) -> None:
    _, validated = judge(con, tmp_path, [mangled(changes, [])])
    assert [(one.rows_accepted, one.rows_rejected) for one in validated.accepted] == [(accepted, 12 - accepted)]


HEAD = "title: made in a test\npublisher: a test\nfeed: population\narrives: yearly\n"
REST = """
  age_range: {constant: all}
  population: {from: People}
  vintage: {constant: 2021-03-21}
missing: ["-"]
numbers: {thousands: ","}
symbols: {c: "[c]", x: "[x]"}
"""
LAYOUTS = {
    "wide": f"""layout: wide
{HEAD}wide:
  into: Group
  value: People
  percentage: Share
  columns: {{asian: Asian, white: White}}
  percentages: {{asian_perc: Asian}}
columns:
  area_code: {{from: code}}
  answer: {{from: Group, value_list: gov_uk_ethnicity}}
  percentage: {{from: Share}}{REST}not_applicable: {{where: {{asian: z, white: z}}}}
""",
    "long": f"""layout: long
{HEAD}long_percentages: {{column: Group, number: (number), percentage: (percent), value: People}}
columns:
  area_code: {{from: code}}
  answer: {{from: Group, value_list: gov_uk_ethnicity}}{REST}""",
}
HEADERS = {"wide": ["code", "asian", "white", "asian_perc"], "long": ["code", "Group", "People"]}
GOOD, BAD = ["3", "1,234", "c", " 12 ", "7.0"], ["", "-", "1.5", "-3", "many", "12,34", "[c]"]
GROUPS = {"Asian (number)": True, "White  (number)": True, "Nobody (number)": False, "": False}
NOTE, BLANK = ["Source: nobody in particular"], [""]

# A line: its cells without the area's code, and what must become of it.
WIDE_LINE = st.one_of(
    st.tuples(st.sampled_from(GOOD), st.sampled_from(GOOD), st.sampled_from(["", "c", "x"])).map(
        lambda cells: (list(cells), "accepted")
    ),
    st.tuples(st.sampled_from(GOOD), st.sampled_from(BAD), st.just("")).map(lambda cells: (list(cells), "rejected")),
    st.tuples(st.sampled_from(BAD), st.sampled_from(BAD + GOOD), st.just("c")).map(
        lambda cells: (list(cells), "rejected")
    ),
    st.just((["z", "z", "z"], "checking")),
)
LONG_LINE = st.one_of(
    st.tuples(st.sampled_from(list(GROUPS)), st.sampled_from(GOOD)).map(
        lambda cells: (list(cells), "accepted" if GROUPS[cells[0]] else "rejected")
    ),
    st.tuples(st.sampled_from(list(GROUPS)), st.sampled_from(BAD)).map(lambda cells: (list(cells), "rejected")),
    st.tuples(st.sampled_from(["Asian (percent)", "Nobody(percent)"]), st.sampled_from(["c", "x"])).map(
        lambda cells: (list(cells), "checking")
    ),
)
RAW = st.sampled_from([(None, "blank"), ('E0,"3', "rejected"), ("E0,3,3,3,3,3,3", "rejected"), ("E0,3", "rejected")])
# The first line enters, so that a file does, and the last, so that none before it is a note.
TABLES = st.tuples(
    st.sampled_from(["wide", "long"]),
    st.sampled_from(["csv", "xlsx", "parquet"]),
    st.lists(st.one_of(WIDE_LINE, LONG_LINE, RAW), min_size=3, max_size=15),
    st.integers(0, 2),
    st.integers(0, 2),
)


def fitting(way: str, kind: str, lines: list[tuple[list[str] | str | None, str]]) -> list[tuple[list[str], str]]:
    """The lines that a file of this layout and kind can hold, between good ones, each area with a code of its own."""
    width = len(HEADERS[way]) - 1
    first = ["3", "4", ""] if way == "wide" else ["Asian (number)", "3"]
    made: list[tuple[list[str], str]] = [(["E00000000", *first], "accepted")]
    for number, (cells, fate) in enumerate(lines, start=1):
        if isinstance(cells, list) and len(cells) == width:
            made.append(([f"E{number:08}", *cells], fate))
        elif cells is None and kind != "parquet":
            made.append(([""] * (width + 1), "blank"))
        elif isinstance(cells, str) and kind == "csv":
            made.append(([cells], fate))
    return [*made, ([f"E{len(lines) + 1:08}", *first], "accepted")]


def written(
    folder: Path, number: int, way: str, kind: str, lines: list[tuple[list[str], str]], above: list[list[str]]
) -> Path:
    path = folder / f"{number}.{kind}"
    head = HEADERS[way]
    if kind == "parquet":
        rows = [cells for cells, _ in lines]
        pq.write_table(pa.table({name: [row[place] for row in rows] for place, name in enumerate(head)}), path)
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        for row in [*above, head, *(cells for cells, _ in lines)]:
            sheet.append([cell or None for cell in row])
        if above:
            sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=6)
        book.save(path)
    else:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in [*above, head]:
            writer.writerow(row)
        for cells, _ in lines:
            if len(cells) == 1 or not any(cells):  # a line of commas alone would be a row, and a bad one
                text.write(cells[0] + "\n")
            else:
                writer.writerow(cells)
        path.write_text(text.getvalue(), encoding="utf-8")
    return path


@settings(SETTINGS, phases=[Phase.explicit, Phase.generate])  # an example costs a second, and shrinking takes hundreds
@given(st.lists(TABLES, min_size=FILES, max_size=FILES))
def test_every_line_of_a_wide_or_long_table_has_one_fate_and_its_own_number(
    con: Connection, tmp_path_factory: pytest.TempPathFactory, tables: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("landing")
    (folder / "layouts").mkdir()
    for name, text in LAYOUTS.items():
        (folder / "layouts" / f"{name}.yaml").write_text(text, encoding="utf-8")
    paths, expected = [], {}
    for number, (way, kind, drawn, titles, notes) in enumerate(tables):
        lines = fitting(way, kind, drawn)
        above = [["A title"], *[[""] * 3] * (titles - 1)] if titles and kind != "parquet" else []
        below = [([""] * len(HEADERS[way]), "blank"), *[(NOTE, "note")] * notes] if notes and kind != "parquet" else []
        paths.append(written(folder, number, way, kind, [*lines, *below], above))
        first = 1 if kind == "parquet" else len(above) + 2
        expected[paths[-1].name] = (
            {line: (*one, way) for line, one in enumerate(lines, start=first)},
            notes if below else 0,
        )
    ingested = ingest(con, DataFolder(folder), paths, folder / "work")
    method = reference.method(DataFolder(folder)) | {"max_rejected_share": 1.0}
    received = [Received(one.sha256, one.file, one.feed, {}) for one in ingested.extracts]
    validated = validate(con, ingested, method, received)
    assert [one for one in validated.refusals if one.rule != "file.copy"] == []
    for one in validated.accepted:
        lines, notes = expected[one.extract.file]
        rejected = con.execute(
            "select distinct source_line from rejected_row where extract = ?", [one.extract.sha256]
        ).fetchall()
        assert sorted(line for (line,) in rejected) == [
            line for line, (_, fate, _) in lines.items() if fate == "rejected"
        ]
        entered = con.execute(
            "select area_code, count(*) from read_parquet(?) group by all order by all", [str(one.typed)]
        ).fetchall()
        assert entered == [
            (cells[0], 2 if way == "wide" else 1) for cells, fate, way in lines.values() if fate == "accepted"
        ]
        counts = Counter(fate for _, fate, _ in lines.values())
        assert (one.rows_accepted, one.rows_rejected, one.rows_checking) == (
            counts["accepted"],
            counts["rejected"],
            counts["checking"],
        )
        assert one.extract.rows_in == one.rows_accepted + one.rows_rejected + one.rows_checking
        assert sum(note.rows for note in one.extract.notes if note.rule == "file.notes") == notes
