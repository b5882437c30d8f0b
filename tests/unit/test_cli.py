"""The command `edi`, as a user meets it: what it prints, what it leaves behind, and its exit codes."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines import cli, places
from pipelines.judge import FAULTS
from pipelines.publish import SYNTHETIC

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
    """A data folder with two months of 2,000 made-up people."""
    from pipelines.sample import write_sample

    data = tmp_path_factory.mktemp("sample")
    write_sample(data / "landing", people=2000, months=2)
    return data


def test_demo_shows_stages_gaps_and_where_the_result_lies_and_says_that_it_is_synthetic(
    edi: Edi, tmp_path: Path
) -> None:
    code, printed = edi("demo", "--data", tmp_path, "--people", "2000", "--months", "2")
    assert code == 0
    stages = re.findall(r"^(sample|ingest|validate|freeze|measure|publish) ", printed, re.MULTILINE)
    assert stages == ["sample", "ingest", "validate", "freeze", "measure", "publish"]
    assert SYNTHETIC in printed
    assert "Widest gaps" in printed
    release = tmp_path / "marts" / json.loads((tmp_path / "marts" / "current.json").read_text())["path"]
    assert str(release / "internal") in printed
    assert (release / "SYNTHETIC.txt").read_text() == SYNTHETIC + "\n"
    for mart in (release / "internal").iterdir():
        assert pq.read_metadata(mart).metadata[b"synthetic"] == b"yes"
    assert not (tmp_path / "snapshots" / ".work").exists()


def test_no_line_of_the_table_is_wider_than_the_terminal(edi: Edi, small_sample: Path) -> None:
    _, printed = edi("run", "--data", small_sample)
    table = printed[printed.index("Widest gaps") : printed.index("Exact counts")]
    assert max(len(line) for line in table.splitlines()) <= 80


def test_a_refused_file_stops_no_other_and_only_strict_exits_with_1(
    edi: Edi, small_sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_sample / "landing", tmp_path / "landing")
    (tmp_path / "landing" / "letter.csv").write_text("Dear colleague,\n")
    code, printed = edi("run", "--data", tmp_path)
    assert code == 0
    assert "refused   letter.csv [layout.none]" in printed
    assert edi("run", "--data", tmp_path, "--strict")[0] == 1


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
    assert f"(lines {len(lines)})" in printed
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
