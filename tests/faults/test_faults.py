"""What happens to a machine and its disk: every fault ends in a sentence, and costs nothing that was taken in."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import places, road
from pipelines.places import DataFolder
from tests.faults import laws
from tests.faults.scenarios import FIRST, LETTER, RESEND, Commands, Scenario, Undisturbed, headcount

Walked = Callable[[Scenario], Undisturbed]

HOLD = (
    "import sys, time, pathlib, pipelines.places, pipelines.road\n"
    "with pipelines.road.alone(pipelines.places.DataFolder(pathlib.Path(sys.argv[1]))):\n"
    "    print('at work', flush=True)\n"
    "    time.sleep(600)\n"
)


def test_a_dead_holder_keeps_nobody_out(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, cwd=places.PROJECT) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.send_signal(signal.SIGKILL)
    left = tmp_path / ".edi.holder"
    assert left.read_text(encoding="utf-8").startswith(f"process {holder.pid} on ")
    with road.alone(DataFolder(tmp_path)):
        assert left.read_text(encoding="utf-8").startswith(f"process {os.getpid()} on ")
    assert not left.exists()


def test_a_clock_that_jumps_back_changes_the_ledgers_times_only(
    commands: Commands, walked: Walked, tmp_path: Path
) -> None:
    """The first run was in 2026, the resend that follows it is in 1999."""
    data = tmp_path / "data"
    shutil.copytree(walked(RESEND).before, data)
    before = len(laws.chain(data / "ledger.jsonl"))
    assert commands.run(data, ["run"], now="1999-12-31T23:59:59+00:00")["code"] == 0
    laws.check_converged(data, walked(RESEND).after)
    years = [entry["at"][:4] for entry in laws.chain(data / "ledger.jsonl")]
    assert years == ["2026"] * before + ["1999"] * (len(years) - before)
    assert 0 < before < len(years)


def test_a_file_that_is_replaced_before_it_is_frozen_is_not_taken_in(
    commands: Commands, walked: Walked, tmp_path: Path
) -> None:
    """It was read and judged; when its bytes are to be kept, others lie there."""
    data, other = tmp_path / "data", tmp_path / "other.csv"
    shutil.copytree(walked(FIRST).before, data)
    other.write_text(headcount(44), encoding="utf-8", newline="\n")
    before = ["after mkdir snapshots/objects", "before open snapshots/objects/<sha256>.draft"]
    ended = commands.run(data, ["run"], watched=True, at=before, copy=[str(other), str(data / "landing" / "march.csv")])
    assert ended["code"] == 1
    assert "edi: march.csv was changed while the run was at work; nothing was taken in: run again\n" in ended["said"]
    assert [entry["event"] for entry in laws.chain(data / "ledger.jsonl")] == ["refused"]
    assert laws.releases(laws.tree(data)) == {}
    assert commands.run(data, ["run"])["code"] == 0
    (received,) = (entry for entry in laws.chain(data / "ledger.jsonl") if entry["event"] == "received")
    assert other.read_bytes() in [path.read_bytes() for path in (data / "snapshots" / "objects").iterdir()]
    assert received["file"] == "march.csv"


# Runs in a mount namespace of its own, in which the data folder can't be written to.
READ_ONLY = """
set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
exec "$2" -m pipelines.cli run --data "$1"
"""


def test_a_read_only_folder_ends_in_a_sentence(walked: Walked, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(walked(RESEND).before, data)
    command = ["unshare", "-rm", "sh", "-c", READ_ONLY, "sh", data, sys.executable]
    if shutil.which("unshare") is None or subprocess.run([*command[:2], "true"], check=False).returncode:
        pytest.skip("no user namespaces here: run it as root, or where 'unshare -rm true' works")
    before = laws.tree(data)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=places.PROJECT)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"edi: {data}/.edi.lock can't be used: read-only file system; look at its permissions and at the disk's space, "
        "and whether another program has it open\n"
    )
    assert laws.tree(data) == before


LINKED = (
    *("ledger.jsonl", "ledger.head", "ledger.head.draft", ".edi.lock", ".edi.holder", "disclosure.key"),
    *("marts/current.json", "marts/current.json.draft", "marts/current", "marts/{release}", "marts/{release}/internal"),
    *("marts/.{release}.draft", "marts/current/unit.csv", "snapshots/.work", "snapshots/objects"),
    *("snapshots/{snapshot}", "snapshots/{snapshot}/manifest.json", "snapshots/objects/{object}"),
)


@pytest.mark.parametrize("leads", ["to a copy", "nowhere"])
@pytest.mark.parametrize("linked", LINKED)
def test_no_link_is_followed_out_of_the_data_folder(
    commands: Commands, walked: Walked, tmp_path: Path, linked: str, leads: str
) -> None:
    one = walked(RESEND)
    data, outside = tmp_path / "data", tmp_path / "outside"
    shutil.copytree(one.before, data)
    objects = sorted(path.name for path in (data / "snapshots" / "objects").iterdir())
    (snapshot,) = (path.name for path in (data / "snapshots").iterdir() if len(path.name) == 64)
    (release,) = (name.removeprefix("marts/") for name in laws.releases(laws.tree(data)))
    link = data / linked.format(release=release, snapshot=snapshot, object=objects[0])
    if link.exists():
        shutil.move(link, outside)
    if leads == "nowhere" and outside.exists():
        (shutil.rmtree if outside.is_dir() else Path.unlink)(outside)
    link.symlink_to(outside)
    before = laws.tree(tmp_path)
    ended = commands.run(data, ["run"])
    assert ended["code"] == 1
    assert ended["said"].startswith(f"edi: {link} is a link, and this program follows none from its own files; ")
    assert laws.tree(tmp_path) == before


def test_folders_of_the_data_folder_may_lie_elsewhere(tmp_path: Path) -> None:
    for name in ("snapshots", "marts"):
        (tmp_path / "elsewhere" / name).mkdir(parents=True)
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / name).symlink_to(tmp_path / "elsewhere" / name)
    with road.alone(DataFolder(tmp_path / "data")):
        assert road.work_folder(DataFolder(tmp_path / "data")).is_dir()
    assert not (tmp_path / "elsewhere" / "snapshots" / ".work").exists()


NAMES = (
    *("a\nb.csv", "\x1b[31mred.csv", "-rf.csv", "$(touch x).csv", "'; drop table extract; --.csv", "..csv", " .csv"),
    *("..\\..\\x.csv", "\u202egpj.csv", "|touch x.csv", "é" * 120 + ".csv", "con.csv", "a*?[b].csv", "%2e%2e%2fx.csv"),
)


def test_hostile_names_stay_names(commands: Commands, walked: Walked, tmp_path: Path) -> None:
    """Letters under them are refused and moved, each into a folder in quarantine; the sound file beside them enters."""
    data = tmp_path / "data"
    shutil.copytree(walked(FIRST).before, data)
    for number, name in enumerate(NAMES):
        (data / "landing" / name).write_text(f"{LETTER}{number}\n", encoding="utf-8")
    (data / "landing" / os.fsdecode(b"M\xe4rz.csv")).write_text(LETTER, encoding="utf-8")
    ended = commands.run(data, ["run"])
    assert ended["code"] == 0
    assert "\x1b" not in ended["said"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
    moved = {path.read_text(encoding="utf-8") for path in (data / "quarantine").glob("*/file/*")}
    assert {f"{LETTER}{number}\n" for number in range(len(NAMES)) if not NAMES[number].startswith(".")} <= moved
    names = {entry["file"] for entry in laws.chain(data / "ledger.jsonl") if entry["event"] == "refused"}
    assert {*NAMES} - names == {name for name in NAMES if name.startswith(".")}


@pytest.mark.parametrize(
    "left",
    [
        *("ledger.head.draft", ".edi.holder.draft", "marts/current.json.draft", "marts/current/unit.csv.draft"),
        *("snapshots/objects/ab.draft", "snapshots/cube_part/cd.draft", "snapshots/ef/manifest.json.draft"),
        *("disclosure.key.draft", "snapshots/protected/ab.draft", "snapshots/attacked/cd.json.draft"),
        *("quarantine/a.csv-1/report.md.draft", "quarantine/a.csv-1/rejects.csv.draft", "marts/.x.draft/a.parquet"),
    ],
)
def test_what_a_killed_run_was_writing_is_gone_after_the_next_one(tmp_path: Path, left: str) -> None:
    kept = ("quarantine/a.csv-1/file/a.draft", "landing/b.draft", "method.yaml.draft", "snapshots/ef/manifest.json")
    for name in (left, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("half", encoding="utf-8")
    with road.alone(DataFolder(tmp_path)):
        pass
    assert not (tmp_path / left).exists()
    assert all((tmp_path / name).is_file() for name in kept)
