"""The first difference of two tables, and how many there are: a table in, a difference out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from pipelines.audit.differences import Difference, Differences, differences, first_difference
from pipelines.content import UnknownTypeError

First = Callable[..., Difference | None]
Compare = Callable[..., Differences]

KEY = ("org_code", "category")
TREND = [
    ("RNA", "BME", 30, "0.300"),
    ("RNA", "White", 70, "0.700"),
    ("RL4", "BME", 10, None),
]


def select(rows: Sequence[tuple[object, ...]], names: str = "org_code, category, headcount, share") -> str:
    """The SQL of some rows; headcounts are whole numbers, a share has three places."""
    cells = {"headcount": "bigint", "share": "decimal(4,3)"}
    kinds = [cells.get(name, "varchar") for name in names.split(", ")]
    values = ", ".join(
        "(" + ", ".join(f"{_sql(value)}::{kind}" for value, kind in zip(row, kinds, strict=True)) + ")" for row in rows
    )
    return f"select * from (values {values}) as t ({names})"


def _sql(value: object) -> str:
    return "null" if value is None else f"'{value}'"


@pytest.fixture
def pair(tmp_path: Path) -> Callable[[str, str], tuple[Path, Path]]:
    """Two queries as Parquet files."""

    def pair(old: str, new: str) -> tuple[Path, Path]:
        for name, query in (("old", old), ("new", new)):
            duckdb.connect().execute(f"copy ({query}) to '{tmp_path / name}.parquet' (format parquet)")
        return tmp_path / "old.parquet", tmp_path / "new.parquet"

    return pair


@pytest.fixture
def first(pair: Callable[[str, str], tuple[Path, Path]]) -> First:
    return lambda old, new, key=KEY: first_difference(duckdb.connect(), "trend", *pair(old, new), key)


@pytest.fixture
def compare(pair: Callable[[str, str], tuple[Path, Path]]) -> Compare:
    return lambda old, new, key=KEY, examples=0: differences(duckdb.connect(), "trend", *pair(old, new), key, examples)


def test_the_same_rows_in_another_order_differ_in_nothing(first: First, compare: Compare) -> None:
    assert first(select(TREND), select(TREND[::-1])) is None
    assert not compare(select(TREND), select(TREND[::-1]))


def test_the_first_difference_is_the_first_in_the_order_of_the_keys(first: First) -> None:
    """RL4 comes before RNA, whatever the order in the file; and headcount before share."""
    changed = [("RNA", "BME", 31, "0.307"), TREND[1], ("RL4", "BME", 11, "0.500")]
    found = first(select(TREND), select(changed))
    key = (("org_code", "RL4"), ("category", "BME"))
    assert found == Difference("trend", "value", key, "headcount", "10", "11")
    assert found.sentence == "trend: org_code=RL4, category=BME: headcount: 10 → 11"


def test_a_value_that_was_not_there_is_told_in_words(first: First) -> None:
    found = first(select(TREND), select([*TREND[:2], ("RL4", "BME", 10, "0.5")]))
    assert found is not None
    assert found.sentence == "trend: org_code=RL4, category=BME: share: nothing → 0.500"


@pytest.mark.parametrize(("is_new", "only_in"), [(True, "new"), (False, "old")])
def test_a_row_that_only_one_has(first: First, is_new: bool, only_in: str) -> None:
    one, other = select(TREND[:2]), select(TREND)
    found = first(one, other) if is_new else first(other, one)
    assert found is not None
    assert (found.kind, found.only_in, found.key) == ("row", only_in, (("org_code", "RL4"), ("category", "BME")))
    assert found.sentence == f"trend: a row that only the {only_in} table has: org_code=RL4, category=BME"


def test_a_missing_key_comes_first(first: First) -> None:
    found = first(select(TREND), select([*TREND[:2], (None, "BME", 1, None)]))
    assert found is not None
    assert found.sentence == "trend: a row that only the new table has: org_code=nothing, category=BME"


def test_columns_come_before_rows(first: First) -> None:
    names = "org_code, category, headcount"
    short = [row[:3] for row in TREND]
    found = first(select(TREND), select([*short, ("A", "A", 1)], names))
    assert found == Difference("trend", "column", (), "share", "DECIMAL(4,3)", None, "old")
    assert found.sentence == "trend: a column that only the old table has: share"
    assert first(select(short, names), select(TREND)) == Difference(
        "trend", "column", (), "share", None, "DECIMAL(4,3)", "new"
    )


def test_a_type_or_place_of_a_column_is_a_difference(first: First, compare: Compare) -> None:
    retyped = f"select * replace (headcount::integer as headcount) from ({select(TREND)})"
    found = first(select(TREND), retyped)
    assert found is not None
    assert found.sentence == "trend: the column headcount: BIGINT → INTEGER"
    assert (compare(select(TREND), retyped).revised, len(compare(select(TREND), retyped).shape)) == (0, 1)
    moved = f"select category, org_code, headcount, share from ({select(TREND)})"
    found = first(select(TREND), moved)
    assert found is not None
    assert found.sentence == "trend: the column org_code: column 1 → column 2"


def test_without_a_key_whole_rows_are_compared(first: First, compare: Compare) -> None:
    changed = select([("RNA", "BME", 31, "0.300"), *TREND[1:]])
    found = first(select(TREND), changed, ())
    assert found is not None
    whole = "org_code=RNA, category=BME, headcount=30, share=0.300"
    assert found.sentence == f"trend: a row that only the old table has: {whole}"
    counted = compare(select(TREND), changed, ())
    assert (counted.added, counted.removed, counted.revised) == (1, 1, 0)


def test_rows_are_counted_as_added_removed_and_revised(compare: Compare) -> None:
    """White of RNA goes, BME of RYR comes; BME of RNA is revised twice over, and BME of RL4 in its share only."""
    changed = [("RNA", "BME", 31, "0.310"), ("RL4", "BME", 10, "0.100"), ("RYR", "BME", 1, None)]
    found = compare(select(TREND), select(changed), examples=1)
    assert (found.added, found.removed, found.revised) == (1, 1, 2)
    assert found.columns == {"headcount": 1, "share": 2}
    ((example,),) = found.examples
    assert example.sentence == "trend: org_code=RL4, category=BME: share: nothing → 0.100"


def test_examples_give_every_value_that_differs_in_the_order_of_the_keys(compare: Compare) -> None:
    changed = [("RNA", "BME", 31, "0.310"), TREND[1], ("RL4", "BME", 10, "0.100")]
    found = compare(select(TREND), select(changed), examples=5)
    assert [[one.column for one in example] for example in found.examples] == [["share"], ["headcount", "share"]]


def test_a_row_doubled_is_a_row_more(first: First, compare: Compare) -> None:
    found = first(select(TREND), select([*TREND, TREND[0]]))
    assert found is not None
    assert (found.kind, found.only_in) == ("row", "new")
    assert compare(select([*TREND, TREND[0]]), select(TREND)).removed == 1


def test_of_rows_of_one_key_those_that_both_have_are_set_aside(compare: Compare) -> None:
    """BME of RNA stands three times in the old table; one of the three is gone, none is revised."""
    thrice = [*TREND, ("RNA", "BME", 1, None), ("RNA", "BME", 2, None)]
    found = compare(select(thrice), select([thrice[0], *thrice[1:3], thrice[4]]))
    assert (found.added, found.removed, found.revised) == (0, 1, 0)


def test_where_only_one_has_a_column_of_the_key_whole_rows_are_compared(compare: Compare) -> None:
    short = select([("RNA", 30, "0.300"), ("RL4", 10, None)], "org_code, headcount, share")
    found = compare(select(TREND), short)
    assert (found.added, found.removed, found.revised) == (0, 1, 0)
    assert [one.column for one in found.shape] == ["category"]


def test_tables_without_a_column_in_common_have_as_many_rows_or_not(compare: Compare) -> None:
    found = compare("select 1 as a from range(3)", "select 1 as b from range(2)", ())
    assert (found.added, found.removed, len(found.shape)) == (0, 1, 2)


def test_a_key_that_no_table_has_is_refused(first: First) -> None:
    with pytest.raises(ValueError, match=r"^trend: the key names a column that the table hasn't: month$"):
        first(select(TREND), select(TREND), ("month",))


def test_a_type_that_is_not_known_is_refused_and_nothing_is_left(pair: Callable[[str, str], tuple[Path, Path]]) -> None:
    con = duckdb.connect()
    with pytest.raises(UnknownTypeError, match="'seen' is of the type TIMESTAMP"):
        first_difference(con, "trend", *pair("select now()::timestamp as seen", "select now()::timestamp as seen"))
    first_difference(con, "trend", *pair(select(TREND), select(TREND[:1])), KEY)
    assert con.execute("show all tables").fetchall() == []
