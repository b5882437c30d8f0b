"""The hash of a table's content: what it is made of, what it depends on, and what not."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.content import UnknownTypeError, content_sha256

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write what a query selects as Parquet, each time to a file of its own."""

    def write(query: str, options: str = "", name: str = "") -> Path:
        path = tmp_path / (name or f"{len(list(tmp_path.iterdir()))}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        duckdb.connect().execute(f"copy ({query}) to '{path}' (format parquet{options})")
        return path

    return write


def sha256(path: Path) -> str:
    return content_sha256(duckdb.connect(), path)


def by_hand(head: str, *rows: str) -> str:
    digests = sorted(hashlib.sha256(row.encode()).digest() for row in rows)
    return hashlib.sha256(head.encode() + b"".join(digests)).hexdigest()


def test_it_is_the_hash_of_the_columns_and_of_the_sorted_hashes_of_the_rows(write: Write) -> None:
    path = write("select * from (values ('RNA', 3), (null, 12), ('RNA', 3), ('', null)) as t (code, people)")
    head = "edi content 1:2:4:code7:VARCHAR6:people7:INTEGER"
    assert sha256(path) == by_hand(head, "~2:12", "3:RNA1:3", "0:~", "3:RNA1:3")


def test_a_table_without_rows_has_a_content_its_columns(write: Write) -> None:
    empty = write("select 1::bigint as people where false")
    assert sha256(empty) == by_hand("edi content 1:1:6:people6:BIGINT")
    assert sha256(empty) != sha256(write("select 1::integer as people where false"))


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("VARCHAR", "'Zoë ~ 3:x'", "10:Zoë ~ 3:x"),  # bytes are counted, not letters
        ("BIGINT", "'-9223372036854775808'", "20:-9223372036854775808"),
        ("UTINYINT", "255", "3:255"),
        ("DECIMAL(18,9)", "-0.05", "12:-0.050000000"),
        ("DECIMAL(2,2)", "-0.05", "5:-0.05"),
        ("DECIMAL(38,0)", "10", "2:10"),
        ("BOOLEAN", "true", "1:t"),
        ("BOOLEAN", "false", "1:f"),
        ("DATE", "'1970-01-02'", "1:1"),
        ("DATE", "'1969-12-31'", "2:-1"),
        ("DATE", "'infinity'", "8:infinity"),
        ("DOUBLE", "'0.5'", "64:0011111111100000" + 48 * "0"),
        ("DOUBLE", "'-0.0'", "64:1" + 63 * "0"),
        ("VARCHAR[]", "['a', null, '']", "6:1:a~0:"),
        ("VARCHAR[]", "[]", "0:"),
        ("VARCHAR[]", "null", "~"),
        ("BIGINT[][]", "[[1, 22], [], null]", "12:7:1:12:220:~"),
    ],
)
def test_a_value_is_written_in_one_way(write: Write, kind: str, value: str, text: str) -> None:
    path = write(f"select {value}::{kind} as element_0")
    assert sha256(path) == by_hand(f"edi content 1:1:9:element_0{len(kind)}:{kind}", text)


def test_nothing_that_a_table_says_may_change(write: Write) -> None:
    tables = [
        "select 1::bigint as a, '' as b",
        "select 1::integer as a, '' as b",
        "select 1::decimal(2,1) as a, '' as b",
        "select '1' as a, '' as b",
        "select 1::bigint as a, null::varchar as b",
        "select 1::bigint as a, '~' as b",
        "select 1::bigint as \"A\", '' as b",
        "select '' as b, 1::bigint as a",
        "select 1::bigint as a",
        "select 1::bigint as a, '' as b, '' as c",
        "select 1::bigint as a, '' as b from range(2)",
        "select 1::bigint as a, '' as b where false",
        "select null::bigint as a, '' as b",
        "select '1:1' as a, '' as b",
        "select '1' as a, '1:' as b",
        "select ['1', ''] as a",
        "select ['1'] as a, [''] as b",
    ]
    hashes = {table: sha256(write(table)) for table in tables}
    assert len(set(hashes.values())) == len(tables)


def test_how_the_file_was_written_and_where_it_lies_say_nothing(write: Write) -> None:
    rows = "select i, 'x' || (i % 7) as x from range(5000) r (i)"
    paths = [
        write(f"{rows} order by i"),
        write(f"{rows} order by hash(i)", ", compression gzip, row_group_size 2048"),
        write(rows, ", kv_metadata {snapshot_id: 'other'}"),
        write(rows, name="org=RNA/[1]*?.parquet"),
    ]
    assert len({path.read_bytes() for path in paths}) >= 3
    assert len(set(map(sha256, paths))) == 1


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "BLOB", "DECIMAL(38,38)", "FLOAT"])
def test_a_type_of_which_nothing_is_said_is_refused(write: Write, kind: str) -> None:
    path = write(f"select 'RNA' as org_code, null::{kind} as seen")
    with pytest.raises(UnknownTypeError, match=re.escape(f"{path.name}: column 'seen' is of the type {kind}, ")):
        sha256(path)


def test_it_leaves_the_database_as_it_was(write: Write) -> None:
    con = duckdb.connect()
    content_sha256(con, write("select 1 as a"))
    assert con.execute("show all tables").fetchall() == []


def test_memory_for_sorting_may_be_scarce(write: Write, tmp_path: Path) -> None:
    """100,000 rows in 32 MB, with a folder for what memory can't hold."""
    path = write("select i, repeat('x', 100) as x from range(100000) r (i)")
    con = duckdb.connect(config={"memory_limit": "32MB", "threads": 1, "temp_directory": str(tmp_path / "work")})
    assert content_sha256(con, path) == sha256(path)


def test_rows_are_fetched_in_batches_and_none_is_lost(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("select i::varchar as i from range(7) r (i)")
    monkeypatch.setattr("pipelines.content.ROWS_AT_ONCE", 3)
    assert sha256(path) == by_hand("edi content 1:1:1:i7:VARCHAR", *(f"1:{i}" for i in range(7)))
