"""No row is ever lost between a file and its verdict, and the order of a file's rows means nothing."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
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
FILES = 6  # Great Expectations costs most of a second: each example is a landing of several files
SETTINGS = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
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
