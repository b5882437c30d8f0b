"""The database: what may be said about the machine that it runs on."""

import pytest

from pipelines import database


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
