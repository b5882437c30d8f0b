"""Freeze: which file speaks for what, what a snapshot holds, and why its id is the same anywhere."""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import ledger, road
from pipelines.database import Connection
from pipelines.freeze import NothingToMeasureError, Snapshot, freeze
from pipelines.ingest import ingest
from pipelines.places import DataFolder
from pipelines.reference import method
from pipelines.validate import Validated, validate

HEADER = (
    "as_at_date,org_code,employment_type,grade,clinical,staff_group,characteristic,classification,category,"
    "answer_status,headcount"
)

Take = Callable[..., tuple[Validated, Snapshot]]


def extract(org_code: str, as_at_date: str, headcount: int) -> str:
    row = f"{as_at_date},{org_code},substantive,band_5,clinical,unknown,ethnicity,wres,White,known,{headcount}"
    return f"{HEADER}\n{row}\n"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.landing.mkdir(parents=True)
    return folder


@pytest.fixture
def take(con: Connection, folder: DataFolder) -> Take:
    """Write files into the landing folder and take what lies there as far as the snapshot."""

    def take(as_at_date: date | None = None, **texts: str) -> tuple[Validated, Snapshot]:
        for name, text in texts.items():
            (folder.landing / f"{name}.csv").write_text(text, encoding="utf-8")
        ingested = ingest(con, folder, road.landed(folder), road.work_folder(folder))
        validated = validate(con, ingested, method(folder), ledger.taken_in(ledger.read(folder.ledger)))
        return validated, freeze(folder, validated, method(folder), as_at_date)

    return take


def events(folder: DataFolder, event: str) -> list[ledger.Entry]:
    return [entry for entry in ledger.read(folder.ledger) if entry["event"] == event]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_as_at_date_is_the_latest_unless_said(take: Take) -> None:
    march, april = extract("RNA", "2026-03-31", 40), extract("RNA", "2026-04-30", 41)
    _, latest = take(march=march, april=april)
    _, earlier = take(date(2026, 3, 31))
    assert (latest.as_at_date, len(latest.extracts)) == (date(2026, 4, 30), 2)
    assert (earlier.as_at_date, [one.sha256 for one in earlier.extracts]) == (date(2026, 3, 31), [sha256(march)])


def test_nothing_to_measure_is_refused_in_a_sentence(take: Take) -> None:
    with pytest.raises(NothingToMeasureError, match="no accepted file counts people in post"):
        take()
    with pytest.raises(NothingToMeasureError, match="on or before 2020-01-31"):
        take(date(2020, 1, 31), march=extract("RNA", "2026-03-31", 40))


def test_a_later_file_gives_way_to_a_new_one_with_a_line_in_the_ledger(take: Take, folder: DataFolder) -> None:
    first, second = extract("RNA", "2026-03-31", 40), extract("RNA", "2026-03-31", 44)
    take(first=first)
    _, snapshot = take(second=second)
    assert [one.sha256 for one in snapshot.extracts] == [sha256(second)]
    (line,) = events(folder, "superseded")
    assert (line["sha256"], line["by"]) == (sha256(first), sha256(second))
    assert line["about"] == ["RNA", "2026-03-31"]


def test_a_new_file_takes_only_what_it_speaks_about(take: Take) -> None:
    both = extract("RNA", "2026-03-31", 40) + extract("RNA", "2026-04-30", 41).split("\n", 1)[1]
    take(both=both)
    correction = extract("RNA", "2026-04-30", 45)
    _, snapshot = take(correction=correction)
    owns = {one.sha256: one.owns for one in snapshot.extracts}
    assert owns == {sha256(both): (("RNA", "2026-03-31"),), sha256(correction): (("RNA", "2026-04-30"),)}


def test_a_run_again_supersedes_nothing_and_writes_nothing_to_the_ledger(take: Take, folder: DataFolder) -> None:
    _, once = take(march=extract("RNA", "2026-03-31", 40))
    lines = folder.ledger.read_text()
    _, again = take()
    assert again.snapshot_id == once.snapshot_id
    assert folder.ledger.read_text() == lines


def test_file_names_and_folders_do_not_enter_the_id(take: Take, con: Connection, tmp_path: Path) -> None:
    texts = {"a": extract("RNA", "2026-03-31", 40), "b": extract("RL4", "2026-03-31", 30)}
    _, here = take(**texts)
    there = DataFolder(tmp_path / "elsewhere")
    there.landing.mkdir(parents=True)
    for name, text in zip(("z", "y"), texts.values(), strict=True):
        (there.landing / f"{name}.csv").write_text(text, encoding="utf-8")
    validated = validate(con, ingest(con, there, road.landed(there), road.work_folder(there)), method(there))
    assert freeze(there, validated, method(there)).snapshot_id == here.snapshot_id


def test_the_id_is_the_hash_of_a_manifest_without_clock_name_or_float(take: Take) -> None:
    _, snapshot = take(march_of_rna=extract("RNA", "2026-03-31", 40))
    text = (snapshot.path / "manifest.json").read_text(encoding="utf-8")
    assert sha256(text) == snapshot.snapshot_id
    assert "march_of_rna" not in text

    def refuse(number: str) -> float:
        raise AssertionError(f"the manifest holds the float {number}")

    manifest = json.loads(text, parse_float=refuse)
    assert manifest["extracts"][0]["rows"] == {"in": 1, "accepted": 1, "rejected": 0, "checking": 0}


@pytest.mark.parametrize("changed", ["method", "layout", "data"])
def test_what_decides_a_number_decides_the_id(take: Take, folder: DataFolder, changed: str) -> None:
    _, before = take(march=extract("RNA", "2026-03-31", 40))
    if changed == "method":
        (folder.root / "method.yaml").write_text("material_gap_pp: 4.0\n")
    elif changed == "layout":
        (folder.root / "layouts").mkdir()
        packaged = next(path for path in folder.layouts() if path.name == "edi_headcount.yaml")
        (folder.root / "layouts" / packaged.name).write_text(packaged.read_text() + "# looked at again\n")
    else:
        (folder.landing / "march.csv").write_text(extract("RNA", "2026-03-31", 41))
    _, after = take()
    assert after.snapshot_id != before.snapshot_id


def test_the_ledger_is_a_chain(take: Take, folder: DataFolder) -> None:
    take(march=extract("RNA", "2026-03-31", 40))
    take(april=extract("RNA", "2026-04-30", 40))
    lines = folder.ledger.read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["number"] for entry in entries] == list(range(1, len(lines) + 1))
    assert [entry["previous"] for entry in entries] == [ledger.BEGINNING, *(sha256(line) for line in lines[:-1])]
    assert [entry["event"] for entry in entries] == ["received", "frozen", "received", "frozen"]


def test_a_setting_that_does_not_exist_is_refused(folder: DataFolder) -> None:
    (folder.root / "method.yaml").write_text("materiel_gap_pp: 4.0\n")
    with pytest.raises(ValueError, match="there is no setting 'materiel_gap_pp'"):
        road.walk(folder, Console(quiet=True))
