"""The stop-list: nobody on it is in a typed row, in bytes that are kept, or in a count."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipelines import ledger, reference
from pipelines.database import Connection
from pipelines.freeze import snapshot
from pipelines.freeze.stop_list import StopListError
from pipelines.measure import parts, register
from pipelines.places import DataFolder
from tests.frozen import frozen, sha256
from tests.spec.test_freeze import HEADER, events
from tests.spec.test_revision import nurses

MARCH = "2026-03-31"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.landing.mkdir(parents=True)
    return folder


def stop(folder: DataFolder, *people: str) -> None:
    folder.stop_list.write_text("\n".join(["org_code,person_key", *people, ""]), encoding="utf-8")


def keys(typed: Path) -> list[str]:
    rows = duckdb.execute(f"select person_key from read_parquet('{typed}') order by all").fetchall()
    return [key for (key,) in rows]


def test_a_person_on_it_is_in_no_row_no_bytes_and_no_count(con: Connection, folder: DataFolder) -> None:
    """A2 of one trust has two assignments; A2 of another is somebody else, and zz is nobody's key."""
    text, other = nurses("RNA", MARCH, A=3), nurses("RBK", MARCH, A=3)
    *_, last = text.splitlines()
    text += f"{last.replace('A2-1', 'A2-2').replace('yes', 'no')}\n{last.replace('RNA', 'RL4')}\n"
    stop(folder, " RNA , A2 ", "RNA,zz", "")
    one = frozen(con, folder, {"march": text, "other": other})
    entries = {entry["sha256"]: entry for entry in snapshot.manifest(folder, one.snapshot_id)["extracts"]}
    rows = {"in": 5, "accepted": 3, "rejected": 0, "checking": 0, "stopped": 2}
    stopped, whole = entries[sha256(text)], entries[sha256(other)]
    assert (stopped["rows"], stopped["withheld"], stopped["content_sha256"]) == (rows, True, sha256(text))
    assert (whole["rows"]["stopped"], whole["withheld"]) == (0, False)
    typed = {extract.sha256: keys(extract.typed) for extract in one.extracts}
    assert typed == {sha256(text): ["A0", "A1", "A2"], sha256(other): ["A0", "A1", "A2"]}
    assert not (folder.objects / sha256(text)).exists()
    assert (folder.objects / sha256(other)).is_file()
    assert not [path for path in folder.objects.iterdir() if b"A2-2" in path.read_bytes()]
    parts.register(con, folder, one.extracts, reference.method(folder))
    total = "select org_code, headcount from cube_part where characteristic = 'total' order by all"
    assert con.execute(total).fetchall() == [("RBK", 3), ("RL4", 1), ("RNA", 2)]
    received = {entry["sha256"]: entry["about"] for entry in events(folder, "received")}
    assert received[sha256(text)] == [["RL4", MARCH, 1], ["RNA", MARCH, 2]]
    assert [line.line for line in one.stopped] == [
        "stopped   march.csv: 2 rows of people on the stop-list left out; landing still holds them: ask its sender for "
        "a file without, and put that in its place"
    ]
    assert folder.stop_list.name not in (one.path / "manifest.json").read_text(encoding="utf-8")


def test_rows_in_are_those_of_every_verdict_and_the_stopped(con: Connection, folder: DataFolder) -> None:
    stop(folder, "RNA,A1")
    one = frozen(con, folder, {"march": nurses("RNA", MARCH, A=3)})
    register.senders(con, one)
    query = "select rows_in, accepted, rejected, checking, stopped from submission_file"
    assert con.execute(query).fetchall() == [(3, 2, 0, 0, 1)]


def test_a_file_of_nobody_else_speaks_for_nothing(con: Connection, folder: DataFolder) -> None:
    stop(folder, "RNA,A0")
    texts = {"gone": nurses("RNA", MARCH, A=1), "march": nurses("RL4", MARCH, A=1)}
    one = frozen(con, folder, texts)
    assert [extract.sha256 for extract in one.extracts] == [sha256(texts["march"])]
    assert {path.name for path in folder.objects.iterdir()} >= {sha256(texts["march"])}
    assert sha256(texts["gone"]) not in {path.name for path in folder.objects.iterdir()}


def test_a_list_that_stops_nobody_changes_nothing(con: Connection, folder: DataFolder) -> None:
    before = frozen(con, folder, {"march": nurses("RNA", MARCH, A=3)})
    for people in ((), ("RNA,a1", "RL4,A1", "RNA,A1 A1")):
        stop(folder, *people)
        assert frozen(con, folder, {}) == replace(before, gave_way=())


def test_what_an_earlier_snapshot_keeps_is_said(con: Connection, folder: DataFolder) -> None:
    text = nurses("RNA", MARCH, A=3)
    before = frozen(con, folder, {"march": text})
    stop(folder, "RNA,A1")
    after = frozen(con, folder, {})
    assert after.snapshot_id != before.snapshot_id
    (line,) = after.stopped
    assert line.line.endswith(
        f"a snapshot keeps it as it came: 'edi dispose --extract {sha256(text)[:12]}' removes that"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("org_code;person_key\nRNA;A0\n", "its first line must be org_code,person_key"),
        ("", "its first line must be org_code,person_key"),
        ("org_code,person_key\nRNA,A0\nRNA\n", "line 3: it must hold an employer's code and a person's key"),
        ("org_code,person_key\nRNA,secret,A0\n", "line 2: it must hold"),
        ("org_code,person_key\n,secret\n", "line 2: it must hold"),
        ('org_code,person_key\nRNA,"secret"x\n', "line 2: it isn't CSV"),
        ("org_code,person_key\nRNA,s\xe9cret\n", "isn't written in UTF-8"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_and_no_key_is_told(
    con: Connection, folder: DataFolder, text: str, sentence: str
) -> None:
    folder.stop_list.write_bytes(text.encode("latin-1"))
    with pytest.raises(StopListError, match=sentence) as refused:
        frozen(con, folder, {"march": nurses("RNA", MARCH, A=1)})
    assert "cret" not in str(refused.value)
    assert ledger.read(folder.ledger) == []


def test_counts_hold_nobodys_key_and_are_left_alone(con: Connection, folder: DataFolder) -> None:
    count = f"{MARCH},RNA,substantive,band_5,clinical,unknown,ethnicity,wres,White,known,5\n"
    stop(folder, "RNA,A0")
    one = frozen(con, folder, {"counts": f"{HEADER}\n{count}"})
    assert one.stopped == ()
