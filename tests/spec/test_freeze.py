"""Freeze: which file speaks for what, what a snapshot holds, and why its id is the same anywhere."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import earlier, ledger, road
from pipelines.compare import OVER_TIME
from pipelines.database import Connection
from pipelines.freeze import NothingToMeasureError, Snapshot, freeze, snapshot
from pipelines.freeze.objects import DamagedError
from pipelines.ingest import ingest
from pipelines.landing import landed
from pipelines.places import DataFolder
from pipelines.reference import deciding, method
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
        ingested = ingest(con, folder, landed(folder), road.work_folder(folder))
        validated = validate(con, ingested, method(folder), ledger.received(ledger.read(folder.ledger)))
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


def test_a_snapshot_holds_all_that_decided_about_it(take: Take, folder: DataFolder) -> None:
    """Read from its id alone it is what the run used, and every file that it names is there under its hash."""
    _, frozen = take(march=extract("RNA", "2026-03-31", 40))
    assert snapshot.read(folder, frozen.snapshot_id) == replace(frozen, gave_way=())
    assert frozen.method == deciding(method(folder))
    named = snapshot.manifest(folder, frozen.snapshot_id)
    (one,) = named["extracts"]
    names = [one["content_sha256"], f"{one['typed']}.parquet", named["method"], *named["files"].values()]
    assert {path.name for path in folder.objects.iterdir()} == set(names)
    assert all(hashlib.sha256((folder.objects / name).read_bytes()).hexdigest() == name[:64] for name in names)
    assert {name.split("/")[0] for name in named["files"]} == {
        *("checks", "contracts", "expectations", "judge", "layouts", "reference")
    }


def test_the_evidence_names_every_rule_with_what_it_found(take: Take, folder: DataFolder) -> None:
    months = [extract("RNA", f"{year}-{month:02}-28", 40) for year in (2024, 2025) for month in range(1, 13)]
    wrong = extract("RNA", "2026-01-28", 40).replace("band_5", "bund_5")
    _, frozen = take(counts=HEADER + "\n" + "".join(one.split("\n", 1)[1] for one in (*months, wrong)))
    (one,) = snapshot.manifest(folder, frozen.snapshot_id)["extracts"]
    assert one["rows"] == {"in": 25, "accepted": 24, "rejected": 1, "checking": 0, "stopped": 0}
    evidence = {line["rule"]: line for line in one["evidence"]}
    said = ("tried", "failing", "verdict", "tolerance", "waiver")
    assert [evidence["headcount.grade.not_in_list"][name] for name in said] == [25, 1, "rejected", "0.05", ""]
    assert [evidence["headcount.key"][name] for name in said] == [25, 0, "passed", "0", ""]
    assert frozen.extracts[0].unmapped == {"grade": 1}
    assert not [rule for rule in evidence if rule.endswith(OVER_TIME)]


def test_a_store_that_was_changed_is_refused(take: Take, folder: DataFolder) -> None:
    _, frozen = take(march=extract("RNA", "2026-03-31", 40))
    raw = folder.objects / frozen.extracts[0].sha256
    raw.write_text("something else", encoding="utf-8")
    with pytest.raises(DamagedError, match=f"{raw.name} isn't what its name says"):
        take()
    raw.unlink()
    assert take()[1].snapshot_id == frozen.snapshot_id
    manifest = frozen.path / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(DamagedError, match=r"manifest\.json isn't what its name says"):
        take()


def test_a_manifest_that_was_changed_decides_nothing_in_a_later_run(take: Take, folder: DataFolder) -> None:
    validated, frozen = take(march=extract("RNA", "2026-03-31", 40))
    manifest = frozen.path / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"RNA"', '"RBK"'), encoding="utf-8")
    with pytest.raises(DamagedError, match=r"manifest\.json isn't what its name says"):
        earlier.taken_in(folder, [one.extract for one in validated.accepted], 400)
    with pytest.raises(DamagedError, match=r"manifest\.json isn't what its name says"):
        take(again=extract("RNA", "2026-03-31", 41))


@pytest.mark.parametrize("text", ["x", "[]", "{}", '{"as_at_date":"2026-03-31","extracts":{}}', "[" * 9999])
def test_a_manifest_that_is_none_is_said_in_a_sentence_even_if_its_id_is_right(folder: DataFolder, text: str) -> None:
    path = folder.snapshots / sha256(text) / "manifest.json"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DamagedError, match=r"manifest\.json isn't the manifest of a snapshot; put it back .*verify"):
        snapshot.manifest(folder, sha256(text))


def test_nothing_to_measure_is_refused_in_a_sentence(take: Take) -> None:
    with pytest.raises(NothingToMeasureError, match="no accepted file counts people in post"):
        take()


def test_a_date_without_people_is_refused_with_the_nearest_ones_and_takes_nothing_in(
    take: Take, folder: DataFolder
) -> None:
    texts = {name: extract("RNA", f"2026-{name[1:]}-28", 40) for name in ("m01", "m03", "m05", "m07")}
    with pytest.raises(NothingToMeasureError, match="2026-03-28 before it, 2026-05-28 after it"):
        take(date(2026, 4, 15), **texts)
    with pytest.raises(NothingToMeasureError, match="none before it, 2026-01-28 after it"):
        take(date(2020, 1, 31))
    assert ledger.read(folder.ledger) == []


def test_a_later_file_gives_way_to_a_new_one_with_a_line_in_the_ledger(take: Take, folder: DataFolder) -> None:
    first, second = extract("RNA", "2026-03-31", 40), extract("RNA", "2026-03-31", 44)
    take(first=first)
    _, snapshot = take(second=second)
    assert [one.sha256 for one in snapshot.extracts] == [sha256(second)]
    (line,) = events(folder, "superseded")
    assert (line["sha256"], line["by"]) == (sha256(first), sha256(second))
    assert line["about"] == ["RNA", "2026-03-31"]
    assert road.who_gave_way(snapshot.gave_way) == [
        "supersedes  second.csv takes the place of old file first.csv for headcount data of RNA 2026-03-31 "
        "(no reason given: 'reason: …' in second.csv.yaml says it)"
    ]


def test_many_of_one_file_that_give_way_are_one_line(take: Take) -> None:
    months = [extract("RNA", f"2026-{month:02}-28", 40).split("\n")[1] for month in range(1, 6)]
    take(old="\n".join([HEADER, *months]))
    _, snapshot = take(new="\n".join([HEADER, *(f"{month}0" for month in months)]))
    assert len(snapshot.gave_way) == 5
    (line,) = road.who_gave_way(snapshot.gave_way)
    assert "RNA 2026-01-28, RNA 2026-02-28, RNA 2026-03-28 and 2 more (" in line


def test_a_resend_says_why_and_what_the_earlier_snapshot_held(take: Take, folder: DataFolder) -> None:
    first, second, third = (extract("RNA", "2026-03-31", heads) for heads in (40, 44, 45))
    _, before = take(first=first)
    (folder.landing / "second.csv.yaml").write_text("reason: a ward was left out\n", encoding="utf-8")
    _, after = take(second=second)
    (revision,) = after.revisions
    assert (revision.about, revision.sha256, revision.by) == (("RNA", "2026-03-31"), sha256(first), sha256(second))
    assert (revision.reason, revision.typed) == ("a ward was left out", before.extracts[0].typed)
    assert events(folder, "superseded")[0]["reason"] == "a ward was left out"
    assert "(a ward was left out)" in road.who_gave_way(after.gave_way)[0]
    # The same folder again: the same snapshot, which still says so. A third file revises the second one's snapshot.
    assert take()[1].snapshot_id == after.snapshot_id
    assert [one.sha256 for one in take(third=third)[1].revisions] == [sha256(second)]


def test_what_no_snapshot_ever_held_is_no_revision(take: Take, folder: DataFolder) -> None:
    """April's file was received and then replaced before anybody asked for April."""
    march, april, again = (
        extract("RNA", "2026-03-31", 40),
        extract("RNA", "2026-04-30", 41),
        extract("RNA", "2026-04-30", 42),
    )
    take(date(2026, 3, 31), march=march, april=april)
    _, snapshot = take(again=again)
    assert [one["sha256"] for one in events(folder, "superseded")] == [sha256(april)]
    assert snapshot.revisions == ()


STAFF = (
    "as_at_date,org_code,person_key,assignment_key,employment_type,primary_assignment,grade,staff_group,fte,sex,"
    "age_band,ethnicity,disability,religion,sexual_orientation,marital_status\n"
    "2026-03-31,RNA,p1,a1,substantive,yes,band_5,estates_and_ancillary,1,Female,36-40,A,No,,,\n"
)


def test_where_staff_rows_and_counts_speak_of_the_same_people_the_rows_speak(take: Take, folder: DataFolder) -> None:
    counts = extract("RNA", "2026-03-31", 40) + extract("RNA", "2026-02-28", 41).split("\n", 1)[1]
    _, snapshot = take(counts=counts, staff=STAFF)
    owns = {one.feed: one.owns for one in snapshot.extracts}
    assert owns == {"staff": (("RNA", "2026-03-31"),), "headcount": (("RNA", "2026-02-28"),)}
    _, again = take()
    line = "set aside   counts.csv for RNA 2026-03-31: staff.csv has these people row by row"
    assert [road.who_gave_way(one.gave_way) for one in (snapshot, again)] == [[line], [line]]
    (entry,) = events(folder, "set_aside")
    assert (entry["sha256"], entry["by"], entry["about"]) == (sha256(counts), sha256(STAFF), ["RNA", "2026-03-31"])


def test_files_that_say_the_same_give_the_same_snapshot_again(take: Take) -> None:
    header, january = extract("RNA", "2026-01-31", 40).splitlines()
    december = extract("RNA", "2025-12-31", 41).splitlines()[1]
    texts = ["\n".join([header, january, december]), "\n".join([header, december, january])]
    one, other = sorted(texts, key=sha256)
    _, first = take(a=one, b=other)
    assert take()[1].snapshot_id == first.snapshot_id
    assert first.gave_way == ()


def test_a_file_saved_over_the_old_one_supersedes_it_no_less(take: Take, folder: DataFolder) -> None:
    take(march=extract("RNA", "2026-03-31", 40))
    _, snapshot = take(march=extract("RNA", "2026-03-31", 44))
    assert [(one.event, one.file, one.about) for one in snapshot.gave_way] == [
        ("superseded", "march.csv", ("RNA", "2026-03-31"))
    ]
    assert [line["sha256"] for line in events(folder, "superseded")] == [sha256(extract("RNA", "2026-03-31", 40))]


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
    validated = validate(con, ingest(con, there, landed(there), road.work_folder(there)), method(there))
    assert freeze(there, validated, method(there)).snapshot_id == here.snapshot_id


def test_the_id_is_the_hash_of_a_manifest_without_clock_name_or_float(take: Take) -> None:
    _, snapshot = take(march_of_rna=extract("RNA", "2026-03-31", 40))
    text = (snapshot.path / "manifest.json").read_text(encoding="utf-8")
    assert sha256(text) == snapshot.snapshot_id
    assert "march_of_rna" not in text

    def refuse(number: str) -> float:
        raise AssertionError(f"the manifest holds the float {number}")

    manifest = json.loads(text, parse_float=refuse)
    assert manifest["extracts"][0]["rows"] == {"in": 1, "accepted": 1, "rejected": 0, "checking": 0, "stopped": 0}


def test_how_long_rows_are_kept_decides_no_number_and_no_id(take: Take, folder: DataFolder) -> None:
    _, before = take(march=extract("RNA", "2026-03-31", 40))
    (folder.root / "method.yaml").write_text("retention_months: {staff_rows: 6}\n")
    assert method(folder)["retention_months"] == {"staff_rows": 6, "headcount_rows": 0, "quarantine": 6}
    assert take()[1].snapshot_id == before.snapshot_id


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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("materiel_gap_pp: 4.0", "there is no setting 'materiel_gap_pp'"),
        ("material_gap_pp: five", "material_gap_pp must be a number, and is a text"),
        ("weak_base_headcount: 30.5", "weak_base_headcount must be a whole number, and is a number"),
        ("wres_upper_includes_vsm: 1", "wres_upper_includes_vsm must be yes or no, and is a whole number"),
        ("material_ratio: .nan", "material_ratio must be a number, and is not a finite number"),
        ("classifications: [wres]", "classifications must be a mapping, and is a list"),
        ("classifications: {sex: []}", "classifications.sex is empty"),
        ("classifications: {height: [tall]}", "there is no setting 'classifications.height'"),
        ("trend_comparators: [7]", "each of trend_comparators must be a text"),
        ("material_gap_pp: [4.0", r"isn't YAML \(line "),
        ("just words", "holds no settings"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(folder: DataFolder, text: str, sentence: str) -> None:
    (folder.root / "method.yaml").write_text(text + "\n")
    with pytest.raises(ValueError, match=sentence) as refused:
        road.walk(folder, Console(quiet=True))
    assert str(folder.root / "method.yaml") in str(refused.value)


def test_own_settings_come_before_the_packaged_ones_and_no_characteristic_vanishes(folder: DataFolder) -> None:
    packaged = method(folder)
    (folder.root / "method.yaml").write_text("classifications: {ethnicity: [wres]}\nmaterial_gap_pp: 4\n")
    classifications = packaged["classifications"] | {"ethnicity": ["wres"]}
    assert method(folder) == packaged | {"classifications": classifications, "material_gap_pp": 4.0}
