"""What is true of any two tables: one content, one hash, no difference; and of each of these the contrary."""

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.audit.differences import differences, first_difference
from pipelines.content import content_sha256

Row = tuple[Any, ...]

# Texts that look like the marks between cells.
texts = st.none() | st.text(alphabet="~:01é", max_size=4)
SCHEMA = pa.schema(
    {
        "org_code": pa.string(),
        "category": pa.string(),
        "headcount": pa.int64(),
        "share": pa.decimal128(3, 2),
        "day": pa.date32(),
        "marked": pa.bool_(),
        "rate": pa.float64(),
        "waivers": pa.list_(pa.string()),
    }
)
row = st.tuples(
    texts,
    texts,
    st.none() | st.integers(0, 12),
    st.none() | st.sampled_from([Decimal("0.00"), Decimal("-0.10"), Decimal("1.00")]),
    st.none() | st.sampled_from([date(1969, 12, 31), date(2026, 3, 31)]),
    st.none() | st.booleans(),
    st.none() | st.sampled_from([0.0, -0.0, 1.0, float("inf"), 5e-324]),
    st.none() | st.lists(texts, max_size=2),
)
rows = st.lists(row, max_size=4)

# Each example writes files, which takes what it takes on a busy machine; they overwrite those of the one before.
lawful = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def db() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def write(path: Path, table: list[Row], **options: Any) -> Path:
    pq.write_table(
        pa.table({name: [one[place] for one in table] for place, name in enumerate(SCHEMA.names)}, SCHEMA),
        path,
        **options,
    )
    return path


def bag(table: list[Row]) -> Counter[str]:
    """The rows, each as often as it is there; a zero's sign counts."""
    return Counter(map(repr, table))


@lawful
@given(data=st.data(), table=rows, group=st.integers(1, 3), compression=st.sampled_from(["none", "gzip"]))
def test_order_row_groups_and_compression_are_no_content(
    db: duckdb.DuckDBPyConnection, tmp_path: Path, data: st.DataObject, table: list[Row], group: int, compression: str
) -> None:
    shuffled = data.draw(st.permutations(table))
    one = write(tmp_path / "one.parquet", table)
    other = write(tmp_path / "other.parquet", shuffled, row_group_size=group, compression=compression)
    assert content_sha256(db, one) == content_sha256(db, other)
    assert first_difference(db, "mart", one, other) is None


@lawful
@given(table=rows, other=rows, kept=st.integers(0, 4))
def test_two_tables_have_one_hash_if_and_only_if_they_have_the_same_rows(
    db: duckdb.DuckDBPyConnection, tmp_path: Path, table: list[Row], other: list[Row], kept: int
) -> None:
    """The tables may have rows in common; then what differs is what a count of the rows says."""
    other = table[:kept] + other[kept:]
    old, new = write(tmp_path / "old.parquet", table), write(tmp_path / "new.parquet", other)
    same = bag(table) == bag(other)
    assert (content_sha256(db, old) == content_sha256(db, new)) == same
    assert (first_difference(db, "mart", old, new, ["org_code", "category"]) is None) == same
    found = differences(db, "mart", old, new)
    assert (found.added, found.removed) == ((bag(other) - bag(table)).total(), (bag(table) - bag(other)).total())
    by_key = differences(db, "mart", old, new, ["org_code", "category"])
    assert (by_key.added + by_key.revised, by_key.removed + by_key.revised) == (found.added, found.removed)


@lawful
@given(table=st.lists(row, min_size=1, max_size=3), place=st.integers(0, 7), changed=row)
def test_a_changed_cell_is_found_and_named(
    db: duckdb.DuckDBPyConnection, tmp_path: Path, table: list[Row], place: int, changed: Row
) -> None:
    """Each row has a key of its own, and the first cell of no key."""
    table = [(str(number), *one[1:]) for number, one in enumerate(table)]
    place = max(place, 1)
    first = (*table[0][:place], changed[place], *table[0][place + 1 :])
    old = write(tmp_path / "old.parquet", table)
    new = write(tmp_path / "new.parquet", [*table[1:], first])
    found = first_difference(db, "mart", old, new, ["org_code"])
    if repr(first) == repr(table[0]):
        assert found is None
    else:
        assert found is not None
        assert (found.kind, found.key, found.column) == ("value", (("org_code", "0"),), SCHEMA.names[place])
        assert content_sha256(db, old) != content_sha256(db, new)
