"""Where a data folder may lie, and what is said where it can't: docs/folders.md."""

import errno
import fcntl
import io
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines import cli, disk, places, quarantine, road
from pipelines.database import Connection
from pipelines.ingest import recognise
from pipelines.landing import ignored, landed
from pipelines.places import DataFolder
from tests.spec.test_bad_files import FIRST, GOOD, MAIN, Edi, edi_here
from tests.spec.test_bad_places import landing, rules, take
from tests.spec.test_quarantine import judge

__all__ = ["edi_here", "landing"]  # the fixtures

LETTER = "Dear colleague,\n"
PERSONAL = GOOD.replace("person_key", "nhs_number", 1)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "PAUSES", ())
    # As on Windows, where a refusal means that something is held.
    monkeypatch.setattr(disk, "HELD", (*disk.HELD, *disk.REFUSED))


def release(data: Path) -> dict[str, bytes]:
    """The latest release: its files by their names below it, and its own name among them."""
    (made,) = (data / "marts").glob("2*")
    return {"": made.name.encode()} | {
        path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()
    }


def test_the_path_of_a_data_folder_changes_nothing_that_is_made(
    edi_here: Edi, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path of 200 letters with blanks, brackets, others than ASCII, and what a database could take for a column."""
    assert edi_here("run", "--data", tmp_path)[0] == 0
    real = tmp_path / "Ström & Søn [2026] 100%" / ("long 'path' é " * 10).strip() / "org_code=ж-人"
    assert len(str(real)) > 200
    real.mkdir(parents=True)
    (real / "landing").symlink_to(landing, target_is_directory=True)
    (tmp_path / "by link").symlink_to(real, target_is_directory=True)
    # The key is drawn once, and goes where the data go.
    for name in ("disclosure.key", "method.yaml"):
        shutil.copy(tmp_path / name, real)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    code, printed = edi_here("run", "--data", Path("..") / "by link")
    assert code == 0, printed
    assert release(real) == release(tmp_path)
    assert (real / "ledger.jsonl").read_bytes().count(b"\n") == (tmp_path / "ledger.jsonl").read_bytes().count(b"\n")
    assert not {".edi.holder", ".work"} & {path.name for path in real.rglob("*")}


def test_nothing_of_ours_is_open_when_it_is_renamed_or_removed(
    edi_here: Edi, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows would refuse it. The lock is open all the time, and stays where it is."""
    (landing / "letter.csv").write_text(LETTER, encoding="utf-8")
    calls = {name: getattr(disk, name) for name in ("replace", "remove", "remove_tree", "move")}
    seen: list[tuple[str, str]] = []

    def spy(name: str) -> None:
        def call(*paths: Path) -> None:
            for number in Path("/proc/self/fd").iterdir():
                target = str(number.readlink()) if number.is_symlink() else ""
                if any(target.startswith(str(path)) for path in paths):
                    seen.append((name, target))
            seen.append((name, ""))
            calls[name](*paths)

        monkeypatch.setattr(disk, name, call)

    for name in calls:
        spy(name)
    assert edi_here("run", "--data", tmp_path)[0] == 0
    assert {name for name, _ in seen} == set(calls)
    assert [one for one in seen if one[1]] == []


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused(
    edi_here: Edi, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """No such file system is at hand: its answer is put in by hand."""

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    code, printed = edi_here("run", "--data", tmp_path)
    assert (code, printed) == (
        1,
        f"edi: {tmp_path} lies on a file system without locks, and another run couldn't be kept out; put the data "
        "folder on a local disk, or have the share mounted with locks (docs/folders.md)\n",
    )
    assert {path.name for path in tmp_path.iterdir()} == {"landing", "method.yaml", ".edi.lock"}
    assert [path.name for path in landing.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("name", ["ledger-DESKTOP-1.jsonl", "marts/current (1).json", ".edi-LAPTOP.lock"])
def test_a_folder_in_which_two_machines_were_at_work_is_refused(
    edi_here: Edi, landing: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    code, printed = edi_here("run", "--data", tmp_path)
    assert code == 1
    assert printed.startswith(f"edi: {tmp_path / name} looks like a synchroniser's copy of ")
    assert "two machines may have been at work in this folder" in printed
    assert [path.name for path in landing.iterdir()] == ["a.csv"]


def test_a_path_that_leaves_no_room_for_ours_is_refused(edi_here: Edi, tmp_path: Path) -> None:
    """Linux takes 4,095 bytes, Windows 259 letters."""
    root = Path(f"{tmp_path}/" + "/".join(["x" * 99] * 40)[: 4_000 - len(f"{tmp_path}/")])
    (root / "landing").mkdir(parents=True)
    code, printed = edi_here("run", "--data", root)
    assert (code, printed) == (
        1,
        "edi: the path of the data folder is too long: 4000 letters, and up to 135 come behind it; put it higher up, "
        "as in C:\\edi, or have long paths switched on (docs/folders.md)\n",
    )


def test_no_path_of_ours_is_longer_than_the_one_that_is_tried(
    edi_here: Edi, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drafts come to light where they are renamed."""
    rename, paths = disk.replace, set()

    def spy(source: Path, target: Path) -> None:
        paths.update((source, *source.rglob("*"), target))
        rename(source, target)

    monkeypatch.setattr(disk, "replace", spy)
    (landing / f"{'n' * 99}.csv").write_text(PERSONAL, encoding="utf-8")
    (landing / f"{'o' * 99}.csv").write_text(LETTER, encoding="utf-8")
    assert edi_here("run", "--data", tmp_path)[0] == 0
    paths.update(path for path in tmp_path.rglob("*") if path.parent.name != "file" and path.parent != landing)
    longest = max(len(str(path)) - len(str(tmp_path)) for path in paths if path.name != f"{'o' * 99}.csv")
    assert 90 < longest <= disk.LONGEST


def test_a_file_in_the_cloud_only_is_not_read_and_stays(
    con: Connection, edi_here: Edi, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file system at hand has such files: two are said to be some. Were a byte read, the rule would be another."""
    (landing / "b.csv").write_text(PERSONAL, encoding="utf-8")
    (landing / "c.csv").write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    (landing / "c.csv.yaml").write_text("nonsense: 1\n", encoding="utf-8")
    (landing / ".d.csv.icloud").write_bytes(b"bplist00")
    away = {(landing / name).stat().st_ino for name in ("b.csv", "c.csv.yaml")}
    monkeypatch.setattr(recognise.disk, "cloud_only", lambda found: found.st_ino in away)
    code, printed = edi_here("run", "--data", tmp_path)
    assert code == 0
    do = "in Explorer choose 'Always keep on this device' (in Finder 'Download Now'), wait for the tick, and run again"
    assert f"refused   b.csv [file.cloud_only]: it lies in the cloud only; {do}\n" in printed
    assert f"refused   c.csv [file.cloud_only]: its sidecar c.csv.yaml lies in the cloud only; {do}\n" in printed
    assert "ignored   .d.csv.icloud: d.csv lies in iCloud only; in Finder choose 'Download Now'" in printed
    assert len([*landing.iterdir()]) == 5
    monkeypatch.undo()
    (landing / "c.csv.yaml").unlink()
    assert rules(take(con, tmp_path)) == {"b.csv": "column.personal"}


def test_what_the_system_leaves_in_a_folder_is_no_sender_s(con: Connection, landing: Path, tmp_path: Path) -> None:
    for name in ("desktop.ini", "Thumbs.db", "A.CSV.YAML", "odd.YML"):
        (landing / name).touch()
    assert [path.name for path in landed(DataFolder(tmp_path))] == ["a.csv"]
    assert ignored(DataFolder(tmp_path)) == [
        "ignored   A.CSV.YAML: it stands beside no extract; for a.csv it has to be a.csv.yaml",
        "ignored   Thumbs.db: Windows leaves it in folders",
        "ignored   desktop.ini: Windows leaves it in folders",
        "ignored   odd.YML: it stands beside no extract",
    ]
    assert rules(take(con, tmp_path)) == {}


@pytest.mark.parametrize("is_decomposed", [True, False])
def test_a_sidecar_is_found_though_a_mac_wrote_one_of_the_two_names(
    con: Connection, landing: Path, tmp_path: Path, is_decomposed: bool
) -> None:
    names = ["b\N{LATIN SMALL LETTER E WITH ACUTE}.csv", "be\N{COMBINING ACUTE ACCENT}.csv"]
    file, other = reversed(names) if is_decomposed else names
    (landing / file).write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    (landing / f"{other}.yaml").write_text("organisation: RL4\n", encoding="utf-8")
    assert rules(take(con, tmp_path)) == {file: "sidecar.contradicts"}
    assert ignored(DataFolder(tmp_path)) == []


NAMES = ["CON.csv", "nul", "a:b?.csv", "ends in a dot.", "lines\nin it.csv", "e\N{COMBINING ACUTE ACCENT}.csv"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_windows_has_no_place_for_is_mended_on_its_way(con: Connection, tmp_path: Path, name: str) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / name).write_text(LETTER, encoding="utf-8")
    (tmp_path / "landing" / f"{name}.yaml").write_text("reason: again\n", encoding="utf-8")
    (placed,) = quarantine.quarantine(con, DataFolder(tmp_path), judge(con, tmp_path))
    assert (placed.file, placed.moved, [*(tmp_path / "landing").iterdir()]) == (name, True, [])
    plain = disk.plain_name(name)
    assert placed.folder.name.startswith(f"{plain}-")
    assert plain != name
    assert {path.name for path in (placed.folder / "file").iterdir()} == {plain, f"{plain}.yaml"}
    assert all(disk.plain_name(path.name) == path.name for path in (tmp_path / "quarantine").rglob("*"))


@pytest.mark.parametrize("text", [LETTER, PERSONAL])
def test_names_that_differ_in_case_or_at_the_end_only_have_an_answer_each(
    con: Connection, tmp_path: Path, text: str
) -> None:
    """A file system that takes capitals for small letters has one folder where Linux has two."""
    (tmp_path / "landing").mkdir()
    names = ["march.csv", "March.CSV", f"{'n' * 80}1.csv", f"{'n' * 80}2.csv", "a?.csv", "a_.csv"]
    for name in names:
        (tmp_path / "landing" / name).write_text(text.replace("p1", name), encoding="utf-8")
    placed = quarantine.quarantine(con, DataFolder(tmp_path), judge(con, tmp_path))
    assert {one.file for one in placed} == set(names)
    assert len({one.folder.name.casefold() for one in placed}) == len(names)
    again = quarantine.quarantine(con, DataFolder(tmp_path), judge(con, tmp_path))
    assert {one.folder for one in again} <= {one.folder for one in placed}


@pytest.mark.usefixtures("impatient")
def test_a_refused_file_that_is_held_stays_and_stops_no_run(
    con: Connection, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.replace

    def hold(source: Path, target: Path) -> None:
        if Path(source).name == "letter.csv":
            raise PermissionError(errno.EACCES, "in use", str(source))
        rename(source, target)

    (landing / "letter.csv").write_text(LETTER, encoding="utf-8")
    validated = judge(con, tmp_path)
    monkeypatch.setattr(os, "replace", hold)
    (placed,) = quarantine.quarantine(con, DataFolder(tmp_path), validated)
    assert not placed.moved
    assert (landing / "letter.csv").is_file()
    (line,) = quarantine.lines([placed])
    assert f"goes to its sender; not moved: {landing / 'letter.csv'} can't be renamed to letter.csv: another" in line


@pytest.mark.usefixtures("impatient")
def test_an_answer_that_is_open_in_a_spreadsheet_stops_no_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that lost rows stays, and is answered at the same place in every run."""
    rename = os.replace

    def hold(source: Path, target: Path) -> None:
        if Path(target).name == "rejects.csv":
            raise PermissionError(errno.EACCES, "in use", str(source))
        rename(source, target)

    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "lost.csv").write_text(
        GOOD + FIRST.replace("a0", "z").replace("band_5", "band_0"), encoding="utf-8"
    )
    (tmp_path / "landing" / "letter.csv").write_text(LETTER, encoding="utf-8")
    validated = judge(con, tmp_path)
    placed = {one.file: one for one in quarantine.quarantine(con, DataFolder(tmp_path), validated)}
    lost = placed["lost.csv"]
    assert (lost.moved, lost.outdated, placed["letter.csv"].moved) == (False, "", True)

    # What says the same needn't be written; in a later run the rows differ, and the table is still open.
    monkeypatch.setattr(os, "replace", hold)
    assert quarantine.quarantine(con, DataFolder(tmp_path), replace(validated, refusals=())) == [lost]
    (lost.folder / "report.md").write_text("an earlier run's", encoding="utf-8")
    (lost.folder / "rejects.csv").write_text("an earlier run's", encoding="utf-8")
    (tmp_path / "landing" / "letter.csv").write_text(LETTER, encoding="utf-8")
    shutil.rmtree(placed["letter.csv"].folder)
    again = quarantine.quarantine(con, DataFolder(tmp_path), validated)
    table = lost.folder / "rejects.csv"
    told = quarantine.lines(again)[1]
    assert f"not renewed: {table}.draft can't be renamed to rejects.csv: another program holds it (" in told
    assert table.read_text(encoding="utf-8") == "an earlier run's"
    assert (lost.folder / "report.md").read_text(encoding="utf-8").startswith("# `lost.csv`")
    assert sorted(path.name for path in lost.folder.iterdir()) == ["rejects.csv", "report.jsonl", "report.md"]
    # A refused file whose answer isn't whole stays, and the next run does both again.
    assert [one.moved for one in again] == [False, False]
    assert (tmp_path / "landing" / "letter.csv").is_file()


@pytest.mark.usefixtures("impatient")
def test_typed_rows_that_cannot_be_removed_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DataFolder(tmp_path)

    def hold(path: Path) -> None:
        raise PermissionError(errno.EACCES, "in use", str(path))

    monkeypatch.setattr(shutil, "rmtree", hold)
    with pytest.raises(disk.HeldError, match=r"\.work can't be removed"), road.alone(folder):
        (folder.snapshots / ".work").mkdir(parents=True)
    assert not (tmp_path / ".edi.holder").exists()
    with pytest.raises(ValueError, match="another fault") as stopped, road.alone(folder):
        raise ValueError("another fault")
    assert stopped.value.__notes__[0].startswith(f"{folder.snapshots / '.work'} can't be removed: another program")
    monkeypatch.undo()
    with road.alone(folder):
        assert road.work_folder(folder).is_dir()
    assert {path.name for path in tmp_path.rglob("*")} == {"snapshots", ".edi.lock"}


# Runs in a mount namespace of its own, where the quarantine is another file system.
ELSEWHERE = """
set -e
mount -t tmpfs none "$1/quarantine"
"$2" -c "$3" run --data "$1"
cd "$1/quarantine" && find . -type f | sort && cat */file/letter.csv
"""


def test_a_refused_file_moves_to_another_file_system(landing: Path, tmp_path: Path) -> None:
    (tmp_path / "quarantine").mkdir()
    (landing / "letter.csv").write_text(LETTER, encoding="utf-8")
    (landing / "letter.csv.yaml").write_text("reason: again\n", encoding="utf-8")
    command = ["unshare", "-rm", "sh", "-c", ELSEWHERE, "sh", tmp_path, sys.executable, MAIN]
    if shutil.which("unshare") is None or subprocess.run([*command[:2], "true"], check=False).returncode:
        pytest.skip("no user namespaces here, and so no second file system")
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=places.PROJECT)
    names = re.findall(r"^\./letter\.csv-[0-9a-f]{12}/(.*)$", ran.stdout, re.MULTILINE)
    assert names == ["file/letter.csv", "file/letter.csv.yaml", "rejects.csv", "report.jsonl", "report.md"]
    assert ran.stdout.endswith(LETTER)
    assert [path.name for path in landing.iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    ("coding", "shown"),
    [
        ("ascii", r"\u0141\xf3d\u017a - M\xe4rz.csv"),
        ("cp1252", r"\u0141ód\u017a – März.csv"),
    ],
    ids=["ascii", "cp1252"],
)
def test_a_terminal_without_the_letters_ends_no_run(
    landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coding: str, shown: str
) -> None:
    """The waterfall has a minus, which must stay one: here, a person has two assignments."""
    (landing / "a.csv").write_text(GOOD + FIRST.replace("a0", "z"), encoding="utf-8")
    (landing / "Łódź – März.csv").write_text(LETTER, encoding="utf-8")
    written = io.BytesIO()
    terminal = io.TextIOWrapper(written, encoding=coding)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "argv", ["edi", "run", "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    terminal.flush()
    said = written.getvalue().decode(coding)
    assert ended.value.code == 0
    assert f"refused   {shown} [layout.none]" in said
    assert "\n- further assignments of substantive people " in said.replace("\r\n", "\n")
