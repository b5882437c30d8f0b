"""A file of personal data among others, taken all the way: nothing of it is anywhere but where it was put."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import ledger, places
from pipelines.cli import main
from pipelines.ingest.recognise import Refusal
from pipelines.places import DataFolder
from tests.few import packs_of, write_few
from tests.spec.test_personal import DAYS, NAMES, NHS, OWN, staff

EMAILS = [f"{name.replace(' ', '.').lower()}@example.nhs.uk" for name in NAMES]
BORN = [f"{day:02}/{month:02}/{year}" for day, month, year in DAYS]
SEEDED = [*NHS, *NAMES, *EMAILS, *BORN]

# Its columns give it away, its cells do, and it is in no layout; one is in UTF-16, one has a line that can't be read.
FILES = {
    "by_heading.csv": staff(NAMES, "DOB").encode(),
    "by_cells.csv": staff(NHS, "Note").encode(),
    "by_key.csv": (staff(EMAILS, "person_key") + '"an open quotation mark,\n').encode(),
    "in_utf16.csv": staff(["", "", *[""] * 50, *BORN], "Note").encode("utf-16"),
    "unknown.csv": "\n".join(",".join(pair) for pair in zip(NAMES, NHS, strict=True)).encode(),
    "semicolons.csv": "\n".join(";".join(pair) for pair in zip(NAMES, EMAILS, strict=True)).encode(),
}


def everything_below(folder: DataFolder) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for path in folder.root.rglob("*")
        if path.is_file() and path.parent not in (folder.landing, folder.root / "layouts")
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """A data folder with sound files of one date, and the others."""
    folder = DataFolder(tmp_path_factory.mktemp("data"))
    packs_of(folder.root, "E54000062", "RNA")
    write_few(folder.landing, people=2_000)
    (folder.root / "layouts").mkdir()
    # Under the packaged one's name, whose place it takes: both would recognise the sound files.
    (folder.root / "layouts" / "edi_staff.yaml").write_text(OWN, encoding="utf-8")
    for name, content in FILES.items():
        (folder.landing / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def printed(folder: DataFolder) -> str:
    """All that a run prints."""
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", "run", "--data", str(folder.root)],
        cwd=places.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_each_is_refused_and_named_with_its_column(printed: str) -> None:
    assert all(f"refused   {name} [column.personal]: " in printed for name in FILES)


def test_no_value_is_printed(printed: str) -> None:
    assert [value for value in SEEDED if value in printed] == []


@pytest.mark.usefixtures("printed")
def test_what_a_run_makes_is_for_its_owner_alone(folder: DataFolder) -> None:
    """Everything but what senders and analysts put there, wherever it lies now."""
    theirs = {"landing", "layouts", "file"}
    made = [
        path for path in folder.root.rglob("*") if not theirs & {*path.relative_to(folder.root).parts[:-1], path.name}
    ]
    modes = {("folder" if path.is_dir() else "file", oct(path.stat().st_mode & 0o777)) for path in made}
    assert modes == {("folder", "0o700"), ("file", "0o600")}


@pytest.mark.usefixtures("printed")
def test_no_value_stands_in_any_file_but_the_one_that_came(folder: DataFolder) -> None:
    files = everything_below(folder)
    assert any(path.suffix == ".parquet" for path in files)
    spelt = [value.encode(coding) for value in SEEDED for coding in ("utf-8", "utf-16-le")]
    assert [path for path, content in files.items() for value in spelt if value in content] == []
    assert set(files.values()).isdisjoint(FILES.values())
    assert not (folder.snapshots / ".work").exists()


@pytest.mark.usefixtures("printed")
def test_the_ledger_has_a_line_for_each_column_once(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def incidents() -> list[tuple[str, str, str]]:
        return [
            (entry["file"], entry["column"], entry["kind"])
            for entry in ledger.read(folder.ledger)
            if entry["event"] == "incident"
        ]

    expected = [
        ("by_cells.csv", "Note", "nhs_number"),
        ("by_heading.csv", "DOB", "date_of_birth"),
        ("by_key.csv", "person_key", "email"),
        ("in_utf16.csv", "Note", "date_of_birth"),
        ("semicolons.csv", "column 1", "name"),
        ("semicolons.csv", "column 2", "email"),
        ("unknown.csv", "column 1", "name"),
        ("unknown.csv", "column 2", "nhs_number"),
    ]
    assert sorted(incidents()) == expected
    monkeypatch.setattr("sys.argv", ["edi", "run", "--data", str(folder.root)])
    with pytest.raises(SystemExit):
        main()
    assert sorted(incidents()) == expected
    assert [value for value in SEEDED if value in "".join(capsys.readouterr())] == []


def test_an_incident_is_told_where_nothing_was_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DataFolder(tmp_path)
    folder.landing.mkdir()
    (folder.landing / "unknown.csv").write_bytes(FILES["unknown.csv"])
    monkeypatch.setattr("sys.argv", ["edi", "run", "--data", str(folder.root)])
    with pytest.raises(SystemExit):
        main()
    assert "no accepted file counts people in post" in capsys.readouterr().err
    assert [entry["event"] for entry in ledger.read(folder.ledger)] == ["incident", "incident", "refused"]


def test_an_incident_holds_no_more_than_it_must(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    refusals = [
        Refusal("a.csv", "column.personal", "…", "Surname", "name", (("DOB", "date_of_birth"),)),
        Refusal("b.csv", "layout.none", "…"),
    ]
    ledger.incidents(folder, refusals)
    ledger.incidents(folder, refusals)
    lines = [json.loads(line) for line in folder.ledger.read_text(encoding="utf-8").splitlines()]
    assert [set(line) for line in lines] == [
        {"number", "at", "event", "file", "rule", "column", "kind", "written", "previous"}
    ] * 2
    assert [(line["column"], line["kind"]) for line in lines] == [("Surname", "name"), ("DOB", "date_of_birth")]
