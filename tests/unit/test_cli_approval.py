"""The commands about releases, as a user meets them, from a gated release to a withdrawn one."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import approval, cli, ledger
from pipelines.places import DataFolder
from tests.release import GOVERNANCE, RELEASE, approve, extract, files, make

Edi = Callable[..., tuple[int, str]]
DECIDED = ("--name", "B. Member", "--role", "chair of the EDI board", "--minute", "EDI/2026/14")
TERMINAL = {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0", "NO_COLOR": "1", "TERM": "dumb"}


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


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder with a release that was made and gated just now."""
    folder = DataFolder(tmp_path / "data")
    today = date.today()
    (tmp_path / "data").mkdir()
    dated = f"_on: {today - timedelta(30)}, review_by: {today + timedelta(30)}"
    text = re.sub(r"_on: [\d-]+, review_by: [\d-]+", dated, GOVERNANCE)
    (tmp_path / "data" / "governance.yaml").write_text(text, encoding="utf-8")
    make(folder, at=datetime.now(UTC).isoformat(timespec="seconds"))
    return folder


def test_a_release_is_approved_published_and_withdrawn(edi: Edi, folder: DataFolder, tmp_path: Path) -> None:
    data, today = ("--data", folder.root), str(date.today())
    code, printed = edi("publish", tmp_path / "out", *data)
    assert (code, "'edi approve' comes first" in printed) == (1, True)
    code, printed = edi("approve", *DECIDED, "--on", today, *data)
    assert code == 0
    assert printed.splitlines()[0] == (
        f"approved  {RELEASE} by B. Member, chair of the EDI board, on {today}, minute EDI/2026/14"
    )
    assert printed.split()[-1] == approval.head(folder)
    assert "nothing was added" in edi("approve", RELEASE, *DECIDED, "--on", today, *data)[1]
    assert edi("publish", tmp_path / "out", *data) == (0, f"published {RELEASE} to {tmp_path / 'out' / RELEASE}\n")
    assert edi("publish", tmp_path / "out", RELEASE[:12], *data)[1].endswith("; it lay there already, byte by byte\n")
    code, printed = edi("withdraw", RELEASE, "--reason", "a wrong list", "--name", "C. Officer", *data)
    assert (code, printed.splitlines()) == (
        0,
        [
            f"withdrawn {RELEASE}",
            f"notice    {folder.marts / 'current' / 'WITHDRAWN.txt'}",
            f"notice    {tmp_path / 'out' / RELEASE / 'WITHDRAWN.txt'}",
        ],
    )
    events = [line["event"] for line in ledger.read(folder.ledger)]
    assert events == ["frozen", "released", "gated", "approved", "published", "withdrawn"]
    for command in (("approve", RELEASE, *DECIDED, "--on", today), ("publish", tmp_path / "out", RELEASE)):
        code, printed = edi(*command, *data)
        assert (code, "was withdrawn on" in printed) == (1, True)
    assert not (folder.root / ".edi.holder").exists()


def test_a_withdrawal_that_left_something_exits_with_1(edi: Edi, folder: DataFolder, tmp_path: Path) -> None:
    words = ("withdraw", RELEASE, "--reason", "a wrong list", "--name", "C. Officer", "--data", folder.root)
    code, printed = edi(*words, "--from", tmp_path / "share")
    assert code == 1
    assert f"left      {tmp_path / 'share' / RELEASE} isn't there" in printed
    assert edi(*words) == (
        0,
        f"withdrawn {RELEASE}; that was so before, and its reason stays\n"
        f"notice    {folder.marts / 'current' / 'WITHDRAWN.txt'}\n",
    )


def test_every_reason_against_an_approval_is_a_line(edi: Edi, folder: DataFolder) -> None:
    code, printed = edi(
        *("approve", "--name", "A. Analyst", "--role", "analyst", "--minute", "1", "--on", "2026-01-01"),
        *("--data", folder.root),
    )
    assert code == 1
    assert [line.split(" ")[0:2] for line in printed.splitlines()] == [
        ["edi:", "2026-01-01"],
        ["edi:", "governance.yaml:"],
    ]


def test_without_a_release_nothing_is_made(edi: Edi, tmp_path: Path) -> None:
    for words in (
        ("approve", *DECIDED, "--on", "2026-04-14"),
        ("publish", tmp_path / "out"),
        ("withdraw", RELEASE, "--reason", "a", "--name", "b"),
    ):
        code, printed = edi(*words, "--data", tmp_path / "data")
        assert (code, "has no release yet; make one with 'edi run'" in printed) == (1, True)
    for command in ("snapshots", "releases"):
        assert edi(command, "--data", tmp_path / "data") == (0, f"There are no {command} yet; 'edi run' makes them.\n")
    assert list(tmp_path.iterdir()) == []


def test_an_id_that_is_no_release_s_is_asked_wrongly(edi: Edi, folder: DataFolder, tmp_path: Path) -> None:
    for words in (
        ("approve", "1999", *DECIDED, "--on", "2026-04-14"),
        ("publish", tmp_path / "out", "1999"),
        ("withdraw", "1999-12-31-aaaaaaaaaaaa", "--reason", "a", "--name", "b"),
        ("withdraw", "2", "--reason", "a", "--name", "b"),
        ("audit", "1999"),
    ):
        before = folder.ledger.read_bytes()
        code, printed = edi(*words, "--data", folder.root)
        assert (code, "'edi releases' lists" in " ".join(printed.split())) == (2, True)
        assert folder.ledger.read_bytes() == before


def listed(folder: DataFolder) -> tuple[str, str]:
    """An approved release, a folder that nobody knows, a made-up one without a folder; return the snapshots' ids."""
    from pipelines import handover

    approve(folder)
    handover.publish(folder, folder.root.parent / "out")
    other = "2026-04-30-bbbbbbbbbbbb"
    path = make(folder, extract("RNA", "RBK", synthetic=True), extract("E1", feed="population"), release_id=other)
    path.rename(folder.marts / "2026-04-30-cccccccccccc")
    first, second = (line["snapshot_id"] for line in ledger.read(folder.ledger) if line["event"] == "frozen")
    return str(first)[:12], str(second)[:12]


@pytest.fixture
def dated(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    make(folder)
    return folder


def test_in_a_log_a_snapshot_and_a_release_is_a_line(edi: Edi, dated: DataFolder) -> None:
    first, second = listed(dated)
    out = dated.root.parent / "out"
    frozen = [line["at"][:16].replace("T", " ") for line in ledger.read(dated.ledger) if line["event"] == "frozen"]
    code, printed = edi("snapshots", "--data", dated.root)
    assert (code, sorted(printed.splitlines())) == (
        0,
        sorted(
            [
                f"snapshot  {first}: as at 2026-03-31, 1 extracts of 1 organisations, frozen {frozen[0]} UTC, "
                f"releases {RELEASE}",
                f"snapshot  {second}: as at 2026-03-31, 2 extracts of 2 organisations, synthetic, "
                f"frozen {frozen[1]} UTC, releases 2026-04-30-bbbbbbbbbbbb",
            ]
        ),
    )
    code, printed = edi("releases", "--data", dated.root)
    assert (code, printed.splitlines()) == (
        0,
        [
            f"release   {RELEASE}: published, as at 2026-03-31, snapshot {first}; made 2026-04-10 09:00 UTC by anna; "
            "approved by B. Member, chair of the EDI board, on 2026-04-14, minute EDI/2026/14; "
            f"published to {out}",
            f"release   2026-04-30-bbbbbbbbbbbb: gated, as at 2026-04-30, snapshot {second}; the current release; "
            "made 2026-04-10 09:00 UTC by anna; its folder is gone",
            "release   2026-04-30-cccccccccccc: not in the ledger",
        ],
    )


def test_in_a_terminal_they_are_tables_of_80_columns(
    edi: Edi, dated: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = listed(dated)
    for name, value in TERMINAL.items():
        monkeypatch.setenv(name, value)
    _, snapshots = edi("snapshots", "--data", dated.root)
    _, releases = edi("releases", "--data", dated.root)
    assert max(len(line) for line in [*snapshots.splitlines(), *releases.splitlines()]) <= 80
    assert "…" not in snapshots + releases
    for wanted in (first, second, "2026-03-31", "synthetic", RELEASE):
        assert wanted in snapshots
    for wanted in (first, RELEASE, "published", "not in the ledger", "EDI/2026/14", "its folder is gone"):
        assert wanted in " ".join(releases.split())


def test_a_snapshot_that_is_amiss_is_listed_and_said(edi: Edi, dated: DataFolder) -> None:
    (manifest,) = dated.snapshots.glob("*/manifest.json")
    strange = dated.snapshots / ("f" * 64)
    strange.mkdir()
    (strange / "manifest.json").write_text("{", encoding="utf-8")
    assert (
        "ffffffffffff: no release, not in the ledger, its manifest is gone or damaged: see 'edi ledger verify'"
        in edi("snapshots", "--data", dated.root)[1]
    )
    manifest.unlink()
    assert f"{manifest.parent.name[:12]}: as at 2026-03-31, frozen" in edi("snapshots", "--data", dated.root)[1]
    assert "its manifest is gone or damaged" in edi("snapshots", "--data", dated.root)[1]


def test_a_list_writes_nothing(edi: Edi, dated: DataFolder) -> None:
    before = files(dated.root)
    edi("snapshots", "--data", dated.root)
    edi("releases", "--data", dated.root)
    assert files(dated.root) == before
    assert json.loads(before["marts/current.json"])["state"] == "gated"
