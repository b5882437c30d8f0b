"""The database: what may be said about the machine that it runs on."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines import database
from pipelines.measure import LARGE


def setting(con: database.Connection, name: str) -> str:
    return str(con.execute("select current_setting(?)", [name]).fetchall()[0][0])


def test_memory_and_threads_are_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDI_MEMORY_LIMIT", "512MB")
    monkeypatch.setenv("EDI_THREADS", "3")
    with database.connect() as con:
        assert (setting(con, "memory_limit"), setting(con, "threads")) == ("488.2 MiB", "3")
    with database.connect(threads=1) as con:
        assert setting(con, "threads") == "1"
    monkeypatch.setenv("EDI_MEMORY_LIMIT", "")
    with database.connect() as con:
        assert setting(con, "memory_limit") == "3.7 GiB"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("EDI_MEMORY_LIMIT", "512"),
        ("EDI_MEMORY_LIMIT", "-1"),
        ("EDI_MEMORY_LIMIT", "0GB"),
        ("EDI_MEMORY_LIMIT", "80%"),
        ("EDI_THREADS", "0"),
        ("EDI_THREADS", "two"),
        ("EDI_THREADS", "1000"),
    ],
)
def test_what_cannot_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setenv(name, said)
    with pytest.raises(ValueError, match=f"^{name} is '{said}', but must be "):
        database.connect()


def test_a_large_table_is_written_in_its_order_and_leaves_no_draft(tmp_path: Path) -> None:
    query = "select t.n, t.n % 3 as third from range(10) as t(n)\norder by\n    t.n % 3 desc,\n    t.n"
    with database.connect() as con:
        database.export_large(con, query, tmp_path / "a[1].parquet", {"synthetic": "no"})
        rows = con.execute("select * from read_parquet(?)", [database.only(tmp_path / "a[1].parquet")]).fetchall()
    assert [n for n, _ in rows] == [2, 5, 8, 1, 4, 7, 0, 3, 6, 9]
    assert pq.read_schema(tmp_path / "a[1].parquet").metadata[b"synthetic"] == b"no"
    assert [path.name for path in tmp_path.iterdir()] == ["a[1].parquet"]


@pytest.mark.parametrize("name", LARGE)
def test_the_order_of_a_large_table_is_its_key(name: str) -> None:
    """Columns that the statement gives, and a total order: so it can be done when the statement is."""
    head, _, _ = database.read_sql("marts/representation_gap").replace("\n--", "").partition(".")
    _, _, order = database.read_sql(f"marts/{name}").rpartition("\norder by")
    key = [column.strip() for column in head.removeprefix("-- Grain:").split(",")]
    assert [column.split(".")[-1].strip() for column in order.split(",")] == key
