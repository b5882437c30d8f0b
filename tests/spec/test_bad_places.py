"""Files that are being written, open, linked or locked, and full disks: nothing is lost, and a sentence says it."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import places
from pipelines.database import Connection
from pipelines.ingest import Ingested, ingest
from pipelines.landing import landed
from pipelines.places import DataFolder
from pipelines.sample import write_sample
from tests.few import packs_of
from tests.spec.test_bad_files import FIRST, GOOD, MAIN, Edi, edi_here

__all__ = ["edi_here"]  # the fixture


def take(con: Connection, root: Path, told: Callable[[str], None] = lambda _: None) -> Ingested:
    folder = DataFolder(root)
    return ingest(con, folder, landed(folder), root / "work", told)


def rules(ingested: Ingested) -> dict[str, str]:
    return {one.file: one.rule for one in ingested.refusals}


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """The landing folder of ``tmp_path``, with a sound file."""
    packs_of(tmp_path)
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "a.csv").write_text(GOOD, encoding="utf-8")
    return tmp_path / "landing"


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_file_that_grows_between_hash_and_reading_is_left_for_the_next_run(
    con: Connection, landing: Path, tmp_path: Path, coding: str
) -> None:
    """When the first file has been read, the second, whose hash is taken already, gets a line more."""
    second = landing / "b.csv"
    second.write_text(GOOD.replace("RXK", "RNA"), encoding=coding)

    def grow(name: str) -> None:
        if name == "a.csv":
            with second.open("a", encoding="utf-8") as file:
                file.write(FIRST.replace("a0", "z"))

    ingested = take(con, tmp_path, grow)
    assert ([one.file for one in ingested.extracts], rules(ingested)) == (["a.csv"], {"b.csv": "file.growing"})
    assert con.execute(f"select count(*) from '{ingested.extracts[0].typed}'").fetchall() == [(40,)]
    second.write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    again = take(con, tmp_path)
    assert ([one.file for one in again.extracts], rules(again)) == (["a.csv", "b.csv"], {})


def test_a_file_that_grows_while_its_beginning_is_looked_at_is_not_judged(con: Connection, landing: Path) -> None:
    letter = landing / "letter.csv"
    writer = subprocess.Popen(["sh", "-c", f"while :; do echo 'Dear colleague,'; done >> '{letter}'"])
    try:
        while not (letter.is_file() and letter.stat().st_size):
            time.sleep(0.01)
        growing = rules(take(con, landing.parent))
    finally:
        writer.kill()
        writer.wait()
    assert growing == {"letter.csv": "file.growing"}
    assert rules(take(con, landing.parent)) == {"letter.csv": "layout.none"}


def test_a_file_that_goes_away_while_others_are_read_costs_itself_alone(
    con: Connection, landing: Path, tmp_path: Path
) -> None:
    (landing / "b.csv").write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    ingested = take(con, tmp_path, lambda _: (landing / "b.csv").unlink(missing_ok=True))
    assert ([one.file for one in ingested.extracts], rules(ingested)) == (["a.csv"], {"b.csv": "file.growing"})


@pytest.mark.parametrize("content", [GOOD, "Dear colleague,\n"])
def test_a_file_that_is_open_elsewhere_stays(edi_here: Edi, landing: Path, tmp_path: Path, content: str) -> None:
    for name, lock in (("b.csv", "~$b.csv"), ("c.csv", ".~lock.c.csv#")):
        (landing / name).write_text(content.replace("RXK", name[0]), encoding="utf-8")
        (landing / lock).write_bytes(b"Jane Doe")
    printed = edi_here("run", "--data", tmp_path)[1]
    assert "refused   b.csv [file.open]: it is open in a spreadsheet, as ~$b.csv beside it says" in printed
    assert "refused   c.csv [file.open]: it is open in a spreadsheet, as .~lock.c.csv# beside it says" in printed
    assert "ignored   ~$b.csv: Excel puts it beside b.csv while it has that open" in printed
    assert (landing / "b.csv").is_file()
    assert (landing / "c.csv").is_file()


def test_an_unfinished_download_is_ignored(edi_here: Edi, landing: Path, tmp_path: Path) -> None:
    for name in ("b.csv.part", "c.crdownload", "d.filepart", "e.TMP"):
        (landing / name).write_text(GOOD[:300], encoding="utf-8")
    code, printed = edi_here("run", "--data", tmp_path)
    assert code == 0
    assert len(re.findall("^ignored .*: it is called as an unfinished download is;", printed, re.MULTILINE)) == 4
    assert len([*landing.iterdir()]) == 5


def test_a_link_out_of_landing_is_refused_and_one_inside_is_no_second_file(
    con: Connection, edi_here: Edi, landing: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside.csv").write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    (tmp_path / "outside.yaml").write_text("secret_name: 1\n", encoding="utf-8")
    (landing / "b.csv").symlink_to(tmp_path / "outside.csv")
    (landing / "c.csv").symlink_to("a.csv")
    (landing / "d.csv").write_text(GOOD.replace("RXK", "RL4"), encoding="utf-8")
    (landing / "d.csv.yaml").symlink_to("../outside.yaml")
    (landing / "e.csv").symlink_to("/dev/zero")
    (landing / "sub").mkdir()
    (landing / "sub" / "f.csv").write_text("Dear colleague,\n", encoding="utf-8")
    (landing / "f.csv").symlink_to("sub/f.csv")
    os.mkfifo(landing / "g.csv")
    code, printed = edi_here("run", "--data", tmp_path)
    assert code == 0
    said = dict(re.findall(r"^(?:refused|ignored) +(\S+?)(?: \[.*\])?: (.*)$", printed, re.MULTILINE))
    assert said["b.csv"].startswith("it is a symbolic link to a file outside its folder")
    assert said["c.csv"] == "it is a link to a.csv beside it, which is read under that name"
    assert said["d.csv"].startswith("its sidecar d.csv.yaml is a symbolic link to a file outside")
    assert said["e.csv"] == said["g.csv"] == "it isn't a file that can be read"
    assert said["f.csv"].startswith("no layout recognises its columns")
    assert "secret_name" not in printed
    assert rules(take(con, tmp_path)) == {"b.csv": "file.link", "d.csv": "file.link", "f.csv": "layout.none"}
    assert (tmp_path / "outside.csv").is_file()
    assert (landing / "f.csv").is_symlink()


def test_a_file_without_permission_costs_itself_alone(landing: Path, tmp_path: Path) -> None:
    """Root may read anything, unless it gives that up."""
    without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if without and shutil.which("setpriv") is None:
        pytest.skip("no setpriv here, and root may read anything")
    (landing / "b.csv").write_text(GOOD.replace("RXK", "RNA"), encoding="utf-8")
    (landing / "b.csv").chmod(0)
    ran = subprocess.run(
        [*without, sys.executable, "-c", MAIN, "run", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=places.PROJECT,
    )
    assert ran.returncode == 0, ran.stderr
    said = "refused   b.csv [file.unreadable]: it or its sidecar can't be opened: permission denied; look at its"
    assert said in ran.stdout
    assert (landing / "b.csv").is_file()


# Runs in a small file system of its own: what the first run says and leaves, then one with room.
FULL = """
set -e
mount -t tmpfs -o size=$1 none "$2"
cp -r "$3"/. "$2"
set +e
"$4" -c "$5" run --data "$2" >/dev/null 2>"$3/said"; echo $?
ls "$2/landing" | wc -l; find "$2/marts" -type f 2>/dev/null | wc -l; ls -A "$2/snapshots" 2>/dev/null | grep -c work
mount -o remount,size=200m "$2"
"$4" -c "$5" run --data "$2" >/dev/null 2>&1; echo $?
find "$2/marts" -name current.json | wc -l
"""


@pytest.mark.parametrize("room", [100, 520], ids=["before the snapshot", "after the snapshot"])
def test_a_full_disk_ends_in_a_sentence_and_a_run_with_room_finishes(tmp_path: Path, room: int) -> None:
    """``room`` KiB are left beside what was sent."""
    here, source = tmp_path / "here", tmp_path / "source"
    here.mkdir()
    packs_of(source)
    write_sample(source / "landing", people=2000, months=1)
    largest = sorted((source / "landing").glob("*.csv"), key=lambda path: -path.stat().st_size)[:3]
    sent = [*largest, *(path.with_name(f"{path.name}.yaml") for path in largest)]
    for path in {*(source / "landing").iterdir()} - {*sent}:
        path.unlink()
    blocks = sum(-(-path.stat().st_size // 4096) * 4 for path in (*sent, source / "method.yaml"))
    command = ["unshare", "-rm", "sh", "-c", FULL, "sh", f"{blocks + room}k", here, source, sys.executable, MAIN]
    if shutil.which("unshare") is None or subprocess.run([*command[:2], "true"], check=False).returncode:
        pytest.skip("no user namespaces here, and so no small disk to fill")
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=places.PROJECT)
    code, landing, marts, work, again, current = map(int, ran.stdout.split())
    assert (source / "said").read_text() == (
        "edi: the disk is full; make room and run again: nothing half done is left\n"
    )
    assert (code, landing, marts, work, again, current) == (1, len(sent), 0, 0, 0, 1)
