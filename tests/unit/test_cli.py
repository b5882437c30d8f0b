"""The command `edi`, as a user meets it: what it prints, what it leaves behind, and its exit codes."""

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines import cli, places
from pipelines.judge import FAULTS
from pipelines.publish import SYNTHETIC
from tests.few import packs_of, write_few

Edi = Callable[..., tuple[int, str]]


@pytest.fixture
def edi(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Edi:
    """Run the command in this process; return its exit code and what it printed."""
    monkeypatch.delenv("EDI_DATA", raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def edi(*words: str | Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["edi", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out + printed.err

    return edi


@pytest.fixture(scope="module")
def small_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a month of a few employers' made-up people."""
    data = tmp_path_factory.mktemp("sample")
    packs_of(data, "E54000062")
    write_few(data / "landing", people=3_000)
    return data


def test_demo_shows_stages_gaps_and_where_the_result_lies_and_says_that_it_is_synthetic(
    edi: Edi, tmp_path: Path
) -> None:
    packs_of(tmp_path, "E54000062", "RNA")
    code, printed = edi("demo", "--data", tmp_path, "--people", "300", "--months", "1")
    assert code == 0
    names = ["sample", "ingest", "validate", "freeze", "measure", "protect", "report", "publish"]
    assert re.findall(rf"^({'|'.join(names)}) +(?!at work| )", printed, re.MULTILINE) == names
    assert "Timings" not in printed
    assert "timing " not in printed
    assert SYNTHETIC in printed
    assert "Widest gaps" in printed
    release = tmp_path / "marts" / json.loads((tmp_path / "marts" / "current.json").read_text())["path"]
    assert str(release / "internal") in printed
    assert (release / "SYNTHETIC.txt").read_text() == SYNTHETIC + "\n"
    for mart in (release / "internal").glob("*.parquet"):
        assert pq.read_metadata(mart).metadata[b"synthetic"] == b"yes"
    assert not (tmp_path / "snapshots" / ".work").exists()


def test_no_line_of_the_table_is_wider_than_the_terminal(
    edi: Edi, small_sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is any other line; and what is to be done stands last."""
    for name, value in {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    _, printed = edi("run", "--data", small_sample, "--timings")
    assert re.search(r"^Widest gaps below the residents served *\nWho ", printed, re.MULTILINE)
    assert max(len(line) for line in printed.splitlines()) <= 80
    assert "\x1b" not in printed
    stages = re.findall(r"^ (\w[a-z ]+?) +(\d+\.\d) +\d+ %", printed[printed.index("Timings") :], re.MULTILINE)
    *road, rest, whole = [(name, float(seconds)) for name, seconds in stages]
    assert [name for name, _ in road] == ["ingest", "validate", "freeze", "measure", "protect", "report", "publish"]
    assert (rest[0], whole[0]) == ("the rest", "whole")
    # Each figure is rounded by itself.
    assert sum(seconds for _, seconds in road) <= whole[1] + 0.05 * len(road)
    _, places = printed.rsplit("release   Protected counts, to be shown once approved:", 1)
    place, packs = places.split("release   Board packs, of 1 units:")
    assert "".join(place.split()) == str(current(small_sample))
    assert "".join(packs.split()) == str(current(small_sample) / "report")


def test_a_refused_file_stops_no_other_and_only_strict_exits_with_1(
    edi: Edi, small_sample: Path, data: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_sample / "landing", tmp_path / "landing")
    (tmp_path / "landing" / "letter.csv").write_text("Dear colleague,\n")
    code, printed = edi("run", "--data", tmp_path)
    assert code == 0
    assert "refused   letter.csv [layout.none]" in printed
    assert all(line == line.rstrip() for line in printed.splitlines())
    (gap, *_) = re.findall("^gap       .*$", printed, re.MULTILINE)
    assert re.search(r": −.+ pp, lower; \d+ of .+; residents \(.+, 2021\) \d", gap)
    (told,) = re.findall("^next .*$", printed, re.MULTILINE)
    assert told.startswith(f"next      letter.csv was refused: send whoever sent it report.md in {tmp_path}")
    assert printed.index(told) < printed.index("release   Exact counts, for internal use: ")
    (answer,) = (tmp_path / "quarantine").glob("letter.csv-*")
    assert sorted(path.name for path in answer.iterdir()) == ["file", "rejects.csv", "report.jsonl", "report.md"]
    (data / "landing" / "letter.csv").write_text("Dear colleague,\n")
    assert edi("run", "--data", data, "--strict")[0] == 1


def test_check_judges_and_leaves_nothing_behind(edi: Edi, small_sample: Path, tmp_path: Path) -> None:
    good = max((small_sample / "landing").iterdir(), key=lambda path: path.stat().st_size)
    code, printed = edi("check", good, "--data", tmp_path / "nowhere")
    assert (code, "0 refused" in printed) == (0, True)
    faulty = tmp_path / "faulty.csv"
    lines = good.read_text().splitlines()
    faulty.write_text(
        "\n".join([*lines[:-1], lines[-1].replace(",Female,", ",Seconded,").replace(",Male,", ",Seconded,")])
    )
    code, printed = edi("check", faulty, "--data", tmp_path / "nowhere")
    assert code == 1
    assert f"[staff.sex.not_in_list]: sex: {FAULTS['not_in_list']}: 1 of" in printed
    assert f"(line {len(lines)})" in printed
    assert "Seconded" not in printed
    assert not (tmp_path / "nowhere").exists()


def test_wrong_use_exits_with_2(edi: Edi, tmp_path: Path) -> None:
    assert edi("runn")[0] == 2
    assert edi("run", "--as-at", "yesterday", "--data", tmp_path)[0] == 2
    code, printed = edi("check", tmp_path / "nothing.csv")
    assert (code, "there is no file" in printed) == (2, True)


def test_an_empty_landing_folder_is_refused_in_a_sentence(edi: Edi, tmp_path: Path) -> None:
    code, printed = edi("run", "--data", tmp_path)
    assert code == 1
    assert "put a staff or headcount extract into the landing folder" in printed
    assert "Traceback" not in printed


HEADCOUNT = (
    "as_at_date,org_code,employment_type,grade,clinical,staff_group,characteristic,classification,category,"
    "answer_status,headcount\n"
    "2026-03-31,RNA,substantive,band_5,clinical,unknown,ethnicity,wres,White,known,40\n"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with one small headcount extract."""
    packs_of(tmp_path / "data")
    (tmp_path / "data" / "landing").mkdir(parents=True)
    (tmp_path / "data" / "landing" / "march.csv").write_text(HEADCOUNT)
    return tmp_path / "data"


def current(data: Path) -> Path:
    return data / "marts" / str(json.loads((data / "marts" / "current.json").read_text())["path"])


def test_what_the_landing_folder_holds_and_is_not_read_is_said(edi: Edi, data: Path) -> None:
    (data / "landing" / "april.csv.yaml").write_text("organisation: RNA\n")
    (data / "landing" / "sub").mkdir()
    (data / "landing" / ".hidden").write_text("x")
    code, printed = edi("run", "--data", data)
    assert code == 0
    assert re.findall("^ignored .*$", printed, re.MULTILINE) == [
        "ignored   .hidden: hidden files aren't read",
        "ignored   april.csv.yaml: it stands beside no extract",
        "ignored   sub: sub-folders of landing aren't read",
    ]


def test_a_supersession_is_said(edi: Edi, data: Path) -> None:
    edi("run", "--data", data)
    (data / "landing" / "mended.csv").write_text(HEADCOUNT.replace(",40", ",44"))
    _, printed = edi("run", "--data", data)
    assert "supersedes  mended.csv takes the place of old file march.csv for headcount data of RNA 2026-0" in printed


def test_a_second_run_on_a_data_folder_is_turned_away(edi: Edi, data: Path) -> None:
    hold = (
        "import sys, pathlib, pipelines.places, pipelines.road\n"
        "with pipelines.road.alone(pipelines.places.DataFolder(pathlib.Path(sys.argv[1]))):\n"
        "    print('at work', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "at work\n"
        code, printed = edi("run", "--data", data)
        who = f"process {other.pid} on {platform.node()}"
        assert (code, printed) == (1, f"edi: another run is at work in {data} ({who}); wait for it to end\n")
        assert not (data / "ledger.jsonl").exists()
        other.communicate()
    assert edi("run", "--data", data)[0] == 0


def test_a_release_is_kept_as_it_is_and_never_overwritten(edi: Edi, data: Path) -> None:
    edi("run", "--data", data)
    release = current(data)
    made = {path: path.stat().st_mtime_ns for path in release.rglob("*")}
    assert edi("run", "--data", data)[0] == 0
    assert {path: path.stat().st_mtime_ns for path in release.rglob("*")} == made
    (release / "internal" / "trend.parquet").write_bytes(b"changed")
    code, printed = edi("run", "--data", data)
    assert code == 1
    assert f"release {release.name} exists with other bytes (internal/trend.parquet was changed)" in printed
    assert (release / "internal" / "trend.parquet").read_bytes() == b"changed"
    assert {path.name for path in (data / "marts").iterdir()} == {release.name, "current", "current.json"}


def test_a_run_that_fails_leaves_no_exact_marts_behind(edi: Edi, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        assert list((data / "marts").glob(".*.draft/internal/*.parquet"))
        raise duckdb.InvalidInputException("Could not convert 'Seconded'")

    monkeypatch.setattr("pipelines.road.publish", fail)
    code, printed = edi("run", "--data", data)
    assert code == 1
    assert "edi: the database stopped (InvalidInputException)" in printed
    assert "Seconded" not in printed
    assert list((data / "marts").iterdir()) == []
    assert not (data / "snapshots" / ".work").exists()


def test_a_data_folder_that_cannot_be_used_is_named(edi: Edi, data: Path) -> None:
    code, printed = edi("run", "--data", data / "landing" / "march.csv")
    assert (code, "is a file; name a folder" in re.sub(r"[\s│]+", " ", printed)) == (2, True)
    (data / "snapshots").write_text("in the way")
    code, printed = edi("run", "--data", data)
    assert code == 1
    assert f"edi: {data / 'snapshots'}" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("text", ["a: [", "material_gap_pp: five"])
def test_a_method_that_cannot_be_used_is_named(edi: Edi, data: Path, text: str) -> None:
    (data / "method.yaml").write_text(text)
    for command in (("run",), ("check", data / "landing" / "march.csv")):
        code, printed = edi(*command, "--data", data)
        assert code == 1
        assert f"edi: {data / 'method.yaml'}" in printed


def test_check_refuses_what_a_run_would_refuse_beside_what_came_before(edi: Edi, data: Path) -> None:
    """A new file with a third of the rows that an earlier one had about the same people."""
    march = data / "landing" / "march.csv"
    row = HEADCOUNT.splitlines(keepends=True)[1]
    march.write_text(HEADCOUNT + row.replace("band_5", "band_6") + row.replace("band_5", "band_7"), encoding="utf-8")
    assert edi("run", "--data", data)[0] == 0
    march.write_text(HEADCOUNT, encoding="utf-8")
    code, printed = edi("check", march, "--data", data)
    assert code == 1
    assert "march.csv [file.shrinks]" in printed


def test_check_says_that_data_are_synthetic(edi: Edi, data: Path, small_sample: Path) -> None:
    assert "synthetic data\n" in edi("check", next((small_sample / "landing").glob("*.csv")))[1]
    assert "synthetic" not in edi("check", data / "landing" / "march.csv")[1]


def test_a_run_with_nothing_to_measure_still_says_why_its_files_were_refused(edi: Edi, data: Path) -> None:
    (data / "landing" / "march.csv").write_bytes(HEADCOUNT.encode("utf-16")[:-1])
    code, printed = edi("run", "--data", data)
    assert code == 1
    assert "refused   march.csv [file.text]: it isn't text in UTF-8, UTF-16" in printed
    assert "no accepted file counts people in post" in printed


@pytest.mark.parametrize("months", ["0", "-1"])
def test_a_nonsense_sample_is_refused_in_a_sentence(edi: Edi, tmp_path: Path, months: str) -> None:
    code, printed = edi("sample", "--months", months, "--data", tmp_path)
    assert code == 1
    assert "Traceback" not in printed


def test_every_command_is_in_the_readme() -> None:
    readme = (places.PROJECT / "README.md").read_text(encoding="utf-8")
    commands = [name for name in cli.app if not name.startswith("-")]
    assert commands
    for name in commands:
        assert f"edi {name}" in readme
