"""An audit: a release made again from its snapshot alone, and what is said where it can't be, or isn't the same."""

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import audit, database, dispose, ledger, places, road
from pipelines.approval import ApprovalError
from pipelines.audit import Receipt
from pipelines.audit.changes import since
from pipelines.cli import main
from pipelines.freeze import snapshot
from pipelines.places import DataFolder
from tests.few import packs_of
from tests.spec.test_freeze import extract


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """A data folder with one release: forty people of one employer, of whom twelve are BME."""
    folder = DataFolder(tmp_path_factory.mktemp("audited"))
    packs_of(folder.root, "RNA")
    folder.landing.mkdir()
    rows = extract("RNA", "2026-03-31", 28) + extract("RNA", "2026-03-31", 12).splitlines()[1].replace("White", "BME")
    (folder.landing / "march.csv").write_text(rows + "\n", encoding="utf-8")
    road.walk(folder, Console(quiet=True))
    return folder


@pytest.fixture
def folder(released: DataFolder, tmp_path: Path) -> DataFolder:
    """A copy of it, to be spoilt."""
    shutil.copytree(released.root, tmp_path / "data")
    return DataFolder(tmp_path / "data")


def audited(folder: DataFolder) -> Receipt:
    (release,) = audit.releases(folder)
    return audit.audit(folder, release)


def state(folder: DataFolder) -> Mapping[Path, tuple[int, bytes]]:
    """Every file of a data folder, with when it was written and what it holds."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.root.rglob("*") if path.is_file()}


def test_a_release_is_made_again_from_its_snapshot_alone(folder: DataFolder) -> None:
    """What is in force today counts for nothing, landing may be empty, and nothing is written."""
    (folder.landing / "march.csv").unlink()
    (folder.root / "method.yaml").write_text("weak_base_headcount: 1000\n", encoding="utf-8")
    (folder.root / "reference").mkdir()
    own = (places.REFERENCE / "footprints.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder.root / "reference" / "footprints.csv").write_text(own[0], encoding="utf-8")
    shutil.rmtree(folder.snapshots / "cube_part")
    before = state(folder)
    receipt = audited(folder)
    assert (receipt.verdict, receipt.damage, receipt.first_difference) == (audit.SAME_BYTES, (), "")
    assert receipt.started_from == "the typed rows of 1 extracts of people in post"
    assert set(receipt.tables.values()) == {audit.SAME_BYTES}
    assert {"internal/representation_gap.parquet", "unit.parquet", "unit.csv"} <= set(receipt.tables)
    assert receipt.changed == ()
    assert state(folder) == before


def test_where_rows_were_disposed_of_it_starts_from_the_counts_that_the_release_was_made_from(
    folder: DataFolder,
) -> None:
    (release,) = audit.releases(folder)
    order = dispose.Order("C. Officer", "past its time")
    dispose.dispose(folder, dispose.Wanted(about=("RNA", "2026-03-31")), order, date(2026, 6, 1))
    assert not list(folder.objects.glob("*.parquet"))
    receipt = audit.audit(folder, release)
    assert receipt.verdict == audit.SAME_BYTES
    said = "no rows: of 1 the rows were disposed of, and it began with the counts kept of them"
    assert receipt.started_from == said
    (part,) = (folder.snapshots / "cube_part").iterdir()
    flip(part)
    damaged = audit.audit(folder, release)
    assert (damaged.verdict, damaged.tables) == (audit.DAMAGED, {})
    assert f"{part.name} isn't what its name says" in " ".join(damaged.damage)


def test_other_bytes_with_the_same_content_are_equal_and_said_to_be_others(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(con: database.Connection, query: str, path: Path, _: Mapping[str, str]) -> None:
        con.execute(f"copy ({query}) to {database.literal(str(path))} (format parquet, compression snappy)")

    monkeypatch.setattr(database, "export", export)
    receipt = audited(folder)
    assert (receipt.verdict, receipt.is_equal) == (audit.SAME_CONTENT, True)
    assert receipt.tables["internal/trend.parquet"] == audit.SAME_CONTENT
    assert receipt.tables["unit.csv"] == audit.SAME_BYTES


def test_where_a_number_differs_its_mart_row_and_column_are_named_and_the_sql_that_changed(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = shutil.copytree(places.SQL, tmp_path / "sql")
    changed = sql / "marts" / "declaration_rate.sql"
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace("whole_sum(headcount) as", "whole_sum(headcount) + 1 as"), encoding="utf-8")
    real = audit.changes.program_files.files
    files = {
        name: sql / name.removeprefix("sql/") if name.startswith("sql/") else path for name, path in real().items()
    }
    monkeypatch.setattr(places, "SQL", sql)
    monkeypatch.setattr(audit.changes.program_files, "files", lambda: files)
    receipt = audited(folder)
    assert (receipt.verdict, receipt.is_equal) == (audit.DIFFERS, False)
    assert [name for name, one in receipt.tables.items() if one == audit.DIFFERS] == [
        "internal/declaration_rate.parquet"
    ]
    assert receipt.first_difference.startswith("declaration_rate: as_at_date=2026-03-31, org_level=")
    assert receipt.first_difference.endswith("total_headcount: 40 → 41")
    assert receipt.changed == ("SQL: sql/marts/declaration_rate.sql was changed",)


def flip(path: Path) -> None:
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)


@pytest.mark.parametrize(
    ("which", "words"),
    [
        (lambda folder: next(folder.snapshots.glob("*/manifest.json")), "manifest.json isn't what its name says"),
        (lambda folder: next(folder.objects.glob("*.parquet")), ".parquet isn't what its name says"),
        (
            lambda folder: max(folder.objects.iterdir(), key=lambda path: path.stat().st_size),
            "isn't what its name says",
        ),
        (lambda folder: next(folder.marts.glob("2026-*/internal/trend.parquet")), "internal/trend.parquet was changed"),
        (lambda folder: next(folder.marts.glob("2026-*/unit.csv")), "unit.csv was changed"),
        (lambda folder: next(folder.marts.glob("2026-*/internal/SHA256SUMS")), "isn't the list that the ledger names"),
    ],
)
def test_what_was_changed_since_is_damage_and_nothing_is_computed(
    folder: DataFolder, which: Callable[[DataFolder], Path], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.measure, "measure", lambda *_: pytest.fail("it was computed"))
    flip(which(folder))
    receipt = audited(folder)
    assert (receipt.verdict, receipt.is_equal, receipt.tables) == (audit.DAMAGED, False, {})
    assert words in " ".join(receipt.damage)


def test_what_is_another_than_then_is_named_sql_first(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    program = audit.changes.program_files
    (release,) = audit.releases(folder)
    frozen = snapshot.read(folder, release.snapshot_id)
    now = program.hashes() | {"pipelines/a.py": "0", "sql/marts/trend.sql": "0"}
    now.pop("data/layouts/edi_staff.yaml")
    versions = program.libraries() | {"duckdb": "9.9.9"}
    monkeypatch.setattr(program, "hashes", lambda: now)
    monkeypatch.setattr(program, "libraries", lambda: versions)
    was = json.loads((folder.marts / release.release_id / "internal" / "provenance.intoto.json").read_text())
    duckdb = was["predicate"]["buildDefinition"]["internalParameters"]["libraries"]["duckdb"]
    lines = list(since(folder.marts / release.release_id, frozen, "3.9.1"))
    assert lines[:4] == [
        "SQL: sql/marts/trend.sql was changed",
        "code: pipelines/a.py was added",
        "file: data/layouts/edi_staff.yaml was removed",
        f"library: duckdb was {duckdb}, is 9.9.9",
    ]
    assert lines[4].startswith("Python: was 3.9.1, is ")


def test_a_release_is_found_by_its_own_id_or_its_snapshot_s(folder: DataFolder) -> None:
    (release,) = audit.releases(folder)
    assert audit.releases(folder, release.release_id) == [release]
    assert audit.releases(folder, release.snapshot_id[:10]) == [release]
    with pytest.raises(ApprovalError, match="there is no release 1999"):
        audit.releases(folder, "1999")


def test_the_command_prints_a_receipt_keeps_it_where_asked_and_the_ledger_is_told_by_another_command(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def edi(*words: str | Path) -> int:
        monkeypatch.setattr("sys.argv", ["edi", *map(str, words), "--data", str(folder.root)])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0)

    assert edi("audit", "--all", "--out", tmp_path / "receipts") == 0
    (path,) = (tmp_path / "receipts").iterdir()
    printed = capsys.readouterr().out
    assert "made again: every table has the same bytes" in printed
    assert json.loads(path.read_text(encoding="utf-8"))["verdict"] == "same bytes"
    assert Receipt.read(path.read_text(encoding="utf-8")).is_equal
    assert not [one for one in ledger.read(folder.ledger) if one["event"] == "audited"]
    assert edi("ledger", "register", path) == 0
    assert ledger.read(folder.ledger)[-1]["verdict"] == "same bytes"
    flip(next(folder.objects.glob("*.parquet")))
    assert edi("audit") == 1
    assert "NOT made again: what was kept is damaged" in capsys.readouterr().out
    assert edi("audit", "--all", "2026") == 2
