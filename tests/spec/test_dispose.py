"""Dispose: rows go, what was counted of them stays and speaks on, and the ledger says who decided it."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from pipelines import cli, ledger, places, quarantine, remains, road
from pipelines.database import Connection
from pipelines.dispose import DisposeError, Done, Order, Wanted, dispose, is_past
from pipelines.earlier import taken_in
from pipelines.freeze import Snapshot, freeze
from pipelines.freeze.objects import DamagedError
from pipelines.landing import landed
from pipelines.measure import parts
from pipelines.places import DataFolder
from pipelines.reference import method
from pipelines.validate import Validated
from tests.few import packs_of
from tests.frozen import frozen, read, sha256
from tests.spec.test_freeze import events
from tests.spec.test_revision import groups, nurses

FEBRUARY, MARCH, APRIL = "2026-02-28", "2026-03-31", "2026-04-30"
ORDER, TODAY = Order("I. Governance", "the sender asked for it"), date(2026, 6, 1)

Take, Judge = Callable[..., Snapshot], Callable[..., Validated]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    packs_of(folder.root)
    folder.landing.mkdir(parents=True)
    return folder


@pytest.fixture
def take(con: Connection, folder: DataFolder) -> Take:
    """Write files into the landing folder and freeze all that lies there."""
    return lambda as_at_date=None, **texts: frozen(con, folder, texts, as_at_date)


@pytest.fixture
def judge(con: Connection, folder: DataFolder) -> Judge:
    """Write files into the landing folder and judge all that lies there, as a run does."""
    return lambda **texts: road.judge(con, folder, read(con, folder, texts))


def go(folder: DataFolder, text: str = "", **choices: Any) -> Done:
    """Dispose of the extract with a text, or without one of what is past its retention."""
    return dispose(folder, Wanted(sha256(text)[:12] if text else ""), ORDER, TODAY, **choices)


def owns(snapshot: Snapshot) -> dict[str, list[str]]:
    """What each extract of a snapshot speaks for, by its feed."""
    return {one.sha256: sorted(" ".join(about) for about in one.owns) for one in snapshot.extracts}


def content(folder: DataFolder) -> dict[str, str]:
    """Every file of a data folder by its content."""
    paths = [path for path in sorted(folder.root.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.name != ".edi.lock"}


def test_rows_go_and_every_later_release_counts_them_as_before(folder: DataFolder) -> None:
    """The same files give the same release, byte by byte: it would be refused otherwise. A new month changes no old."""
    february, march = nurses("RNA", FEBRUARY, A=60, N=42), nurses("RNA", MARCH, A=61, N=43)

    def run(**texts: str) -> tuple[road.Journey, str]:
        for name, text in texts.items():
            (folder.landing / f"{name}.csv").write_text(text, encoding="utf-8")
        printed = StringIO()
        journey = road.walk(folder, Console(file=printed, width=200))
        lines = road.kept_lines(folder, journey.release.snapshot)
        return journey, "\n".join([printed.getvalue(), *lines])

    before, _ = run(february=february, march=march)
    go(folder, february)
    assert not (folder.landing / "february.csv").exists()
    assert not [path for path in folder.objects.iterdir() if february.encode() == path.read_bytes()]
    again, printed = run()
    assert again.release == replace(before.release, snapshot=again.release.snapshot)
    assert again.release.snapshot.snapshot_id == before.release.snapshot.snapshot_id
    assert "1 extract is counted from what was kept when its rows were disposed of" in printed
    later, _ = run(april=nurses("RNA", APRIL, A=62, N=44))
    for mart in ("headcount", "waterfall", "value_mapping", "reconciliation", "data_quality"):
        old, new = (
            duckdb.execute(
                f"from read_parquet('{one.release.internal / mart}.parquet') where as_at_date <= '{MARCH}' order by all"
            ).fetchall()
            for one in (before, later)
        )
        assert old == new
        assert {FEBRUARY, MARCH} == {str(row[0]) for row in old}
    trend = duckdb.execute(
        "select as_at_date::varchar, headcount, known_headcount "
        f"from read_parquet('{later.release.internal / 'trend'}.parquet') where org_code = 'RNA' and "
        "category = 'BME' and clinical = 'all' and grade_group = 'band_5' and grade_family = 'afc' order by all"
    ).fetchall()
    assert trend == [(FEBRUARY, 42, 102), (MARCH, 43, 104), (APRIL, 44, 106)]


def test_what_goes_what_stays_and_what_the_ledger_says(take: Take, folder: DataFolder) -> None:
    february = nurses("RNA", FEBRUARY, A=2)
    snapshot = take(february=february, march=nurses("RNA", MARCH, A=3))
    (folder.landing / "february.csv.yaml").write_text("reason: first of all\n", encoding="utf-8")
    (one,) = [one for one in snapshot.extracts if one.sha256 == sha256(february)]
    before = set(folder.objects.iterdir())
    done = go(folder, february)
    assert before - set(folder.objects.iterdir()) == {folder.objects / one.sha256, one.typed}
    assert [path.name for path in folder.landing.iterdir()] == ["march.csv"]
    assert (snapshot.path / "manifest.json").is_file()
    (line,) = events(folder, "disposed")
    said = {name: line[name] for name in ("extract", "feed", "owns", "landing", "authorised_by", "reason")}
    assert said == {
        "extract": one.sha256,
        "feed": "staff",
        "owns": [["RNA", FEBRUARY]],
        "landing": ["february.csv"],
        "authorised_by": "I. Governance",
        "reason": "the sender asked for it",
    }
    assert line["objects"] == sorted([one.sha256, one.typed.name])
    assert set(line["parts"]) == set(parts.PARTS)
    assert all((folder.snapshots / kind / name).is_file() for kind, name in line["parts"].items())
    assert done.lines == (
        f"disposed  {one.sha256[:12]}: staff rows of RNA {FEBRUARY}: 2 objects, 1 file in landing; the counts stay",
        "summary   1 extract disposed of; the ledger says who, when and why; backups are yours to clear",
    )
    # The second time there is nothing to do, and no second line.
    assert go(folder, february).lines[0].startswith(f"already   {one.sha256[:12]}: disposed of on ")
    assert len(events(folder, "disposed")) == 1


def test_a_dry_run_says_the_same_and_changes_nothing(take: Take, folder: DataFolder) -> None:
    february = nurses("RNA", FEBRUARY, A=2)
    take(february=february)
    before = {path: text for path, text in content(folder).items() if ".work" not in path}
    (line, summary) = go(folder, february, dry_run=True).lines
    assert line.endswith(f"staff rows of RNA {FEBRUARY}: 2 objects, 1 file in landing; the counts stay")
    assert summary == "summary   1 extract would be disposed of; nothing was changed"
    assert {path: text for path, text in content(folder).items() if ".work" not in path} == before


def test_a_file_put_back_is_not_taken_in(take: Take, judge: Judge, folder: DataFolder) -> None:
    february = nurses("RNA", FEBRUARY, A=2)
    before = take(february=february, march=nurses("RNA", MARCH, A=3))
    go(folder, february)
    validated = judge(back=february)
    assert [one.extract.file for one in validated.accepted] == ["march.csv"]
    (line,) = validated.ignored
    assert line.startswith("ignored   back.csv: its rows were disposed of on ")
    assert "by I. Governance" in line
    assert take().snapshot_id == before.snapshot_id
    assert len(events(folder, "received")) == 2
    # No rest of a work cut off: a run leaves it where it lies, and to dispose again removes it.
    assert remains.finish(folder, landed(folder)) == []
    assert "1 file in landing, left or put back since" in go(folder).lines[0]
    assert [path.name for path in folder.landing.iterdir()] == ["march.csv"]


def test_a_resend_takes_the_place_of_what_was_kept(take: Take, judge: Judge, folder: DataFolder) -> None:
    february, again = nurses("RNA", FEBRUARY, A=4), nurses("RNA", FEBRUARY, A=5)
    take(february=february, march=nurses("RNA", MARCH, A=3))
    go(folder, february)
    # Far fewer rows are refused, as they would be beside the file itself.
    assert [one.rule for one in judge(again=nurses("RNA", FEBRUARY, B=1)).refusals] == ["file.shrinks"]
    snapshot = take(again=again)
    assert owns(snapshot)[sha256(again)] == [f"RNA {FEBRUARY}"]
    assert sha256(february) not in owns(snapshot)
    assert [(one.sha256, one.by) for one in snapshot.gave_way] == [(sha256(february), sha256(again))]
    (revision,) = snapshot.revisions
    assert revision.kept == events(folder, "disposed")[0]["parts"]


def test_what_a_later_file_took_the_place_of_speaks_no_more(take: Take, folder: DataFolder, con: Connection) -> None:
    """Neither an older file beside what was kept, nor what was kept once its successor is gone from landing."""
    first, second = nurses("RNA", FEBRUARY, A=4), nurses("RNA", FEBRUARY, A=5)
    take(first=first, march=nurses("RNA", MARCH, A=3))
    take(second=second)
    go(folder, second)
    # Rules over time compare with nothing rather than with what was put right.
    later = read(con, folder, {"april": nurses("RNA", APRIL, A=3)}).extracts
    assert ("staff", ("RNA", FEBRUARY)) not in taken_in(folder, later, max_days=400).rows
    assert ("staff", ("RNA", MARCH)) in taken_in(folder, later, max_days=400).rows
    assert sha256(second) in owns(take())
    assert sha256(first) not in owns(take())
    third = nurses("RNA", FEBRUARY, A=6)
    take(third=third)
    (folder.landing / "third.csv").unlink()
    assert {sha256(second), sha256(third)} & {*owns(take())} == set()


def test_objects_of_what_gave_way_go_too(take: Take, folder: DataFolder) -> None:
    first = nurses("RNA", FEBRUARY, A=4)
    before = take(february=first)
    take(february=nurses("RNA", FEBRUARY, A=5))
    go(folder, first)
    assert not {first for first in (before.extracts[0].typed, folder.objects / sha256(first)) if first.exists()}
    assert (folder.landing / "february.csv").is_file()


def test_counts_beside_rows_disposed_of_stay_set_aside(take: Take, folder: DataFolder) -> None:
    rows, counts = nurses("RNA", MARCH, A=4), groups("RNA", MARCH, White=4)
    take(rows=rows, counts=counts)
    go(folder, rows)
    snapshot = take()
    assert owns(snapshot) == {sha256(rows): [f"RNA {MARCH}"]}
    assert road.who_gave_way(snapshot.gave_way) == [
        f"set aside   counts.csv for RNA {MARCH}: rows.csv has these people row by row"
    ]


def test_an_earlier_date_loses_none_of_the_later_ones(take: Take, folder: DataFolder) -> None:
    """One file speaks for two months: a run as at the first says nothing of the second, and the next one does."""
    both = nurses("RNA", FEBRUARY, A=4) + nurses("RNA", MARCH, A=5).split("\n", 1)[1]
    take(date(2026, 2, 28), both=both)
    go(folder, both)
    assert owns(take(date(2026, 2, 28))) == {sha256(both): [f"RNA {FEBRUARY}"]}
    snapshot = take()
    assert snapshot.as_at_date == date(2026, 3, 31)
    assert owns(snapshot) == {sha256(both): [f"RNA {FEBRUARY}", f"RNA {MARCH}"]}


def test_bytes_that_another_extract_has_stay(take: Take, folder: DataFolder) -> None:
    """The same file with another day of extraction beside it is another extract."""
    text = nurses("RNA", MARCH, A=4)
    (folder.landing / "march.csv.yaml").write_text("extracted_on: 2026-04-02\n", encoding="utf-8")
    first = take(march=text)
    (folder.landing / "march.csv.yaml").write_text("extracted_on: 2026-04-09\n", encoding="utf-8")
    second = take()
    (old,), (new,) = first.extracts, second.extracts
    assert old.sha256 != new.sha256
    done = dispose(folder, Wanted(old.sha256), ORDER, TODAY)
    assert (folder.objects / sha256(text)).is_file()
    assert new.typed.is_file()
    assert f"stays     {sha256(text)[:12]}: another extract's bytes or rows are the same" in done.lines
    assert (folder.landing / "march.csv").is_file()
    assert take().snapshot_id == second.snapshot_id


def test_a_work_cut_off_is_ended_by_the_next_run(take: Take, folder: DataFolder) -> None:
    """The ledger has the line, and everything lies where it lay."""
    february = nurses("RNA", FEBRUARY, A=2)
    snapshot = take(february=february, march=nurses("RNA", MARCH, A=3))
    saved = {path: path.read_bytes() for path in (*folder.objects.iterdir(), *folder.landing.iterdir())}
    go(folder, february)
    gone = {path for path in saved if not path.exists()}
    assert {path.parent for path in gone} == {folder.objects, folder.landing}
    for path in gone:
        path.write_bytes(saved[path])
    (line,) = remains.finish(folder, landed(folder))
    assert line.startswith(f"disposed  {sha256(february)[:12]}: 2 objects, 1 file in landing removed that was left")
    assert not {path for path in gone if path.exists()}
    assert remains.finish(folder, landed(folder)) == []
    assert take().snapshot_id == snapshot.snapshot_id


def test_a_line_of_the_ledger_leads_to_no_file_but_an_object(folder: DataFolder) -> None:
    outside = folder.root / "notes.txt"
    outside.write_text("mine", encoding="utf-8")
    line = {"event": "disposed", "extract": "0" * 64, "feed": "staff", "owns": [], "landing": [], "quarantine": []}
    ledger.append(folder.ledger, [line | {"objects": ["../../notes.txt", ".."], "parts": {}}])
    folder.objects.mkdir(parents=True)
    assert remains.finish(folder, []) == []
    assert outside.is_file()


def test_rows_whose_counts_are_not_whole_stay(take: Take, folder: DataFolder) -> None:
    february = nurses("RNA", FEBRUARY, A=2)
    snapshot = take(february=february)
    snapshot.extracts[0].typed.write_bytes(b"PAR1")
    done = go(folder, february)
    assert done.refused == 1
    assert "isn't what its name says" in done.lines[0]
    assert events(folder, "disposed") == []
    assert (folder.objects / sha256(february)).is_file()


@pytest.mark.parametrize(
    ("day", "months", "today", "past"),
    [
        ("2026-03-31", 24, "2028-03-31", False),
        ("2026-03-31", 24, "2028-04-01", True),
        ("2026-01-31", 1, "2026-02-28", False),
        ("2026-01-31", 1, "2026-03-01", True),
        ("2024-12-31", 2, "2025-03-01", True),
        ("1990-01-31", 0, "2026-03-01", False),
    ],
)
def test_retention_is_in_whole_months_and_none_is_for_ever(day: str, months: int, today: str, past: bool) -> None:
    assert is_past(date.fromisoformat(day), months, date.fromisoformat(today)) == past


def test_without_a_selection_goes_what_is_past_its_retention(take: Take, folder: DataFolder) -> None:
    old, new, counts = nurses("RNA", "2024-03-31", A=2), nurses("RNA", MARCH, A=3), groups("RL4", "2014-03-31", White=5)
    take(old=old, new=new, counts=counts)
    assert [line.split(":")[0] for line in go(folder).lines[:-1]] == [f"disposed  {sha256(old)[:12]}"]
    assert go(folder).lines == (
        "summary   0 extracts disposed of; the ledger says who, when and why; backups are yours to clear",
    )
    (folder.root / "method.yaml").write_text("retention_months: {staff_rows: 0, headcount_rows: 120}\n")
    assert [line.split(":")[0] for line in go(folder).lines[:-1]] == [f"disposed  {sha256(counts)[:12]}"]
    (folder.root / "method.yaml").write_text("retention_months: {staff_rows: -1}\n")
    with pytest.raises(ValueError, match=r"retention_months\.staff_rows is -1"):
        go(folder)


def test_answers_go_when_the_ledger_last_named_their_file_long_ago(
    judge: Judge, folder: DataFolder, con: Connection
) -> None:
    refused = nurses("RNA", MARCH, A=3).replace("band_5", "band_none")
    (answer,) = quarantine.quarantine(con, folder, judge(refused=refused))
    assert answer.folder.is_dir()
    (folder.quarantine / "of somebody else").mkdir()
    day = date.today()
    soon, late = day.replace(year=day.year + 1, day=1), day.replace(year=day.year + 2, day=1)
    (folder.root / "method.yaml").write_text("retention_months: {staff_rows: 0, quarantine: 18}\n")
    assert dispose(folder, Wanted(), ORDER, soon).lines[:-1] == ()
    (line,) = dispose(folder, Wanted(), ORDER, late).lines[:-1]
    assert line == f"disposed  {answer.folder}: an answer past its retention, with what lies there"
    assert [path.name for path in folder.quarantine.iterdir()] == ["of somebody else"]
    (entry,) = events(folder, "disposed")
    assert (entry["extract"], entry["quarantine"]) == ("", [answer.folder.name])


def test_the_answer_about_rejected_rows_goes_with_its_extract(
    judge: Judge, folder: DataFolder, con: Connection
) -> None:
    text = nurses("RNA", MARCH, A=40).replace("A7-1,substantive", "A7-1,nonsense")
    validated = judge(march=text)
    quarantine.quarantine(con, folder, validated)
    freeze(folder, validated, method(folder))
    (place,) = folder.quarantine.iterdir()
    assert "1 folder of quarantine" in go(folder, text).lines[0]
    assert not place.exists()


def test_what_cannot_be_meant_is_refused(take: Take, folder: DataFolder) -> None:
    take(march=nurses("RNA", MARCH, A=3))
    with pytest.raises(DisposeError, match="no snapshot holds an extract that begins with beef"):
        dispose(folder, Wanted("beef" * 4), ORDER, TODAY)
    with pytest.raises(DisposeError, match=f"spoke for RL4 on {MARCH}"):
        dispose(folder, Wanted(about=("RL4", MARCH)), ORDER, TODAY)
    assert dispose(folder, Wanted(about=("RNA", MARCH)), ORDER, TODAY).refused == 0
    assert len(events(folder, "disposed")) == 1


def test_counts_made_by_other_definitions_are_told_apart(take: Take, folder: DataFolder) -> None:
    march = nurses("RNA", MARCH, A=3)
    take(march=march)
    go(folder, march)
    snapshot = take()
    assert parts.outdated(folder, snapshot.extracts, snapshot.method) == []
    counted_as = snapshot.method["counted_as"] | {"honorary": "substantive"}
    changed = replace(snapshot, method={**snapshot.method, "counted_as": counted_as})
    assert road.kept_lines(folder, changed) == [
        "kept      1 extract is counted from what was kept when its rows were disposed of; 1 of them by SQL, lists "
        "or settings that have changed since"
    ]
    for kind, name in snapshot.extracts[0].kept.items():
        (folder.snapshots / kind / name).unlink()
        with pytest.raises(DamagedError, match="is missing"):
            parts.write(duckdb.connect(), folder, snapshot.extracts, snapshot.method)


def test_the_page_tells_how_long_each_kind_is_kept(folder: DataFolder) -> None:
    page = (places.PROJECT / "docs" / "retention.md").read_text(encoding="utf-8")
    told = {kind: int(months) for kind, months in re.findall(r"^\| `(\w+)` \| (\d+) \|", page, re.MULTILINE)}
    assert told == method(folder)["retention_months"]


def test_nobody_disposes_without_a_name_and_a_reason(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def edi(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["edi", "dispose", *words, "--data", str(folder.root)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return int(str(end.value.code)), printed.out + printed.err

    name, reason = ("--authorised-by", "I. Governance"), ("--reason", "asked")
    assert edi(*reason)[0] == edi(*name)[0] == edi(*name, "--reason", " ")[0] == 2
    assert edi(*name, *reason, "--organisation", "RNA")[0] == 2
    code, printed = edi(*name, *reason)
    assert (code, "has taken nothing in yet" in printed) == (1, True)
