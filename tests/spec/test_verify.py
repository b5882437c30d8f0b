"""`edi ledger verify` and `edi ledger register`: what is found in a small data folder, and in which words."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import cli, handover, ledger
from pipelines.freeze.objects import DamagedError
from pipelines.measure import parts
from pipelines.places import DataFolder
from pipelines.verify import chain
from tests.kept import APRIL, MARCH, RELEASES, kept, problems, put, put_object, said, sha256

Edi = Callable[..., tuple[int, str]]

RESTORE = "restore it from a backup, and find out who changed it"
STRAY = (
    "no line of the ledger, and nothing that one names, names it; a run that was stopped leaves such, and the next one "
    "clears up or takes it in: run again; if it stays, find out who put it there, and move it out of the data folder"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return kept(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def folder(made: DataFolder, tmp_path: Path) -> DataFolder:
    """A data folder in which nothing is wrong."""
    return DataFolder(shutil.copytree(made.root, tmp_path / "data"))


@pytest.fixture
def edi(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: DataFolder) -> Edi:
    """Run the command on the folder, as in a log; return its exit code and what it printed."""

    def edi(*words: str | Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["edi", *map(str, words), "--data", str(folder.root)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out + printed.err

    return edi


def objects(folder: DataFolder) -> Path:
    return folder.snapshots / "objects"


def snapshots(folder: DataFolder) -> list[str]:
    return [one["snapshot_id"] for one in ledger.read(folder.ledger) if one["event"] == "frozen"]


def names(folder: DataFolder, snapshot: str) -> list[str]:
    """The typed rows of a snapshot's extracts."""
    manifest = json.loads((folder.snapshots / snapshot / "manifest.json").read_text())
    return [f"{one['typed']}.parquet" for one in manifest["extracts"]]


def test_a_whole_folder_has_no_problem_and_its_head_is_told_to_be_written_down(edi: Edi, folder: DataFolder) -> None:
    head = chain.read(folder.ledger).head
    before = {path: path.stat() for path in folder.root.rglob("*")}
    code, printed = edi("ledger", "verify")
    assert code == 0
    first, second, *rest = printed.splitlines()
    assert first.startswith("ledger    12 lines, unbroken ")
    assert second.startswith("files     2 snapshots, 7 objects, 2 releases, 41 files in all ")
    assert rest == [
        f"head      {head.sha256}, of line 12: have it minuted (docs/ledger.md)",
        "verdict   the ledger is whole, and every file that it names is as it says",
    ]
    assert {path: (one.st_mtime_ns, one.st_mode) for path, one in before.items()} == {
        path: (path.stat().st_mtime_ns, path.stat().st_mode) for path in folder.root.rglob("*")
    }


def test_a_problem_is_a_line_with_the_file_what_is_wrong_and_what_to_do(edi: Edi, folder: DataFolder) -> None:
    (name,) = names(folder, snapshots(folder)[1])
    (objects(folder) / name).write_text("other rows")
    unit = folder.marts / RELEASES[MARCH] / "unit.csv"
    was = sha256(unit.read_text())
    unit.write_text("other numbers")
    code, printed = edi("ledger", "verify")
    assert code == 1
    assert printed.splitlines()[2:] == [
        f"problem   snapshots/objects/{name}: was changed: its SHA-256 is {sha256('other rows')[:12]}…, and snapshot "
        f"{snapshots(folder)[1][:12]}… names it with {name[:12]}…; {RESTORE}",
        f"problem   marts/{RELEASES[MARCH]}/unit.csv: was changed: its SHA-256 is {sha256('other numbers')[:12]}…, and "
        f"SHA256SUMS beside it names it with {was[:12]}…; {RESTORE}",
        "verdict   2 problems",
    ]


def test_a_run_at_work_is_named_where_something_is_wrong(edi: Edi, folder: DataFolder) -> None:
    (folder.root / ".edi.holder").write_text("process 7 on host\n")
    assert "at work" not in edi("ledger", "verify")[1]
    put(folder.snapshots / ".work" / "rows.parquet", "rows")
    code, printed = edi("ledger", "verify")
    assert (code, printed.splitlines()[2]) == (1, f"problem   snapshots/.work: {STRAY}")
    assert "at work   process 7 on host, unless it was killed: " in printed


def test_a_hash_from_the_minutes_is_found_with_its_line_and_time(edi: Edi, folder: DataFolder) -> None:
    line = folder.ledger.read_bytes().splitlines()[4]
    written = json.loads(line)["at"]
    code, printed = edi("ledger", "verify", "--expect", f" {ledger.sha256(line).upper()} ")
    assert code == 0
    assert f"expected  line 5, written {written}, has that hash: nothing up to it was changed since" in printed
    code, printed = edi("ledger", "verify", "--expect", "0" * 64)
    assert code == 1
    assert (
        "problem   ledger.jsonl: no line has the hash that was expected: one up to it was changed, it was cut off, or "
        "all written anew; compare with a copy of the ledger from when the hash was written down\n"
    ) in printed
    for nothing in ("", "12ab"):
        assert edi("ledger", "verify", "--expect", nothing)[0] == 2


def test_a_ledger_written_anew_is_whole_and_only_the_minutes_show_it(edi: Edi, folder: DataFolder) -> None:
    """What no chain can find: whoever may write everything writes a new one."""
    noted = chain.read(folder.ledger).head.sha256
    entries = ledger.read(folder.ledger)
    folder.ledger.unlink()
    (folder.root / "ledger.head").unlink()
    forged = [{**one, "name": "Somebody Else"} if one["event"] == "approved" else one for one in entries]
    ledger.append(folder.ledger, forged)
    assert edi("ledger", "verify")[0] == 0
    assert edi("ledger", "verify", "--expect", noted)[0] == 1


def test_where_there_is_no_ledger_there_is_a_sentence(edi: Edi, folder: DataFolder) -> None:
    folder.ledger.unlink()
    code, printed = edi("ledger", "verify")
    assert (code, printed.startswith(f"edi: there is no {folder.ledger}: either nothing was ever taken in")) == (
        1,
        True,
    )


def test_a_run_on_a_ledger_whose_end_is_missing_is_refused_before_it_begins(edi: Edi, folder: DataFolder) -> None:
    lines = folder.ledger.read_bytes().splitlines(keepends=True)
    folder.ledger.write_bytes(b"".join(lines[:-1]))
    folder.landing.mkdir()
    (folder.landing / "letter.csv").write_text("Dear colleague,\n")
    code, printed = edi("run")
    assert code == 1
    assert printed.startswith(
        f"edi: {folder.ledger} ends with line 11, but ledger.head says that there was line 12 with"
    )
    assert (folder.landing / "letter.csv").is_file()


def test_what_was_disposed_of_may_be_gone_and_nothing_else_may(folder: DataFolder) -> None:
    """One extract of March was disposed of."""
    gone = [name for name in names(folder, snapshots(folder)[0]) if not (objects(folder) / name).exists()]
    assert (len(gone), problems(folder)) == (1, [])
    (other,) = set(names(folder, snapshots(folder)[0])) - set(gone)
    (objects(folder) / other).unlink()
    # The later snapshot names it too: it revises it.
    assert said(folder) == [
        f"snapshots/objects/{other}: is missing, though snapshot {snapshots(folder)[1][:12]}… names it; {RESTORE}"
    ]


def test_what_was_disposed_of_and_is_back_is_found(folder: DataFolder) -> None:
    (name,) = (name for name in names(folder, snapshots(folder)[0]) if not (objects(folder) / name).exists())
    assert put_object(folder, "bank, typed", ".parquet") == name.removesuffix(".parquet")
    assert said(folder) == [
        f"snapshots/objects/{name}: is still there, though line 8 says that it was disposed of; dispose of it again, "
        "and find out where it came from"
    ]


def test_a_snapshot_a_release_and_an_object_that_nobody_names_are_found(folder: DataFolder) -> None:
    manifest = '{"extracts":[]}\n'
    for path, content in (
        (folder.snapshots / sha256(manifest) / "manifest.json", manifest),
        (folder.marts / f"{MARCH}-000000000000" / "SHA256SUMS", ""),
        (objects(folder) / sha256("x"), "x"),
        (objects(folder) / "notes.txt", "x"),
    ):
        put(path, content)
    put(objects(folder) / sha256("y"), "z")
    assert said(folder) == [
        f"snapshots/objects/{sha256('y')}: its content isn't what its name says, and no manifest names it; {RESTORE}",
        f"marts/{MARCH}-000000000000: {STRAY}",
        f"snapshots/{sha256(manifest)}: {STRAY}",
        f"snapshots/objects/{sha256('x')}: {STRAY}",
        f"snapshots/objects/notes.txt: {STRAY}",
    ]


@pytest.mark.parametrize("name", ["snapshots/objects/link", "marts/link", f"marts/{RELEASES[APRIL]}/internal/link"])
def test_links_and_pipes_are_found_and_not_followed(folder: DataFolder, tmp_path: Path, name: str) -> None:
    put(tmp_path / "outside" / "secret", "not ours")
    (folder.root / name).symlink_to(tmp_path / "outside")
    os.mkfifo(folder.root / f"{name}.pipe")
    do = "find out who put it there, and put back what it stands for"
    assert said(folder) == [
        f"{name}: is a link, and what it leads to is no part of the data folder; {do}",
        f"{name}.pipe: is neither a file nor a folder; {do}",
    ]


def test_a_file_that_is_a_link_to_the_same_bytes_is_found(folder: DataFolder, tmp_path: Path) -> None:
    path = folder.marts / RELEASES[MARCH] / "unit.csv"
    path.rename(tmp_path / "unit.csv")
    path.symlink_to(tmp_path / "unit.csv")
    assert [one.split(",")[0] for one in said(folder)] == [f"marts/{RELEASES[MARCH]}/unit.csv: is a link"]


@pytest.mark.parametrize(
    "line",
    ["0" * 64 + "  ../current.json", "0" * 64 + "  /etc/passwd", "0" * 64 + "  internal/parts.json", "x", "\udcff"],
)
def test_a_list_of_sums_that_leads_elsewhere_is_refused_even_if_the_ledger_has_its_sum(
    tmp_path: Path, line: str
) -> None:
    folder, release = DataFolder(tmp_path), RELEASES[MARCH]
    content = f"{line}\n".encode(errors="surrogateescape")
    snapshot = put(tmp_path / "manifest.json", '{"extracts":[],"revises":[],"method":{}}\n')
    put(folder.snapshots / snapshot / "manifest.json", '{"extracts":[],"revises":[],"method":{}}\n')
    (folder.marts / release).mkdir(parents=True)
    (folder.marts / release / "SHA256SUMS").write_bytes(content)
    sums = {
        "SHA256SUMS": ledger.sha256(content),
        "internal/SHA256SUMS": put(folder.marts / release / "internal" / "SHA256SUMS", ""),
    }
    frozen = {"event": "frozen", "snapshot_id": snapshot}
    ledger.append(
        folder.ledger, [frozen, {"event": "released", "release_id": release, "snapshot_id": snapshot, "sums": sums}]
    )
    assert (
        f"marts/{release}/SHA256SUMS: isn't a list of sums of this folder's own files, though its own sum is right; "
        f"{RESTORE}"
    ) in said(folder)


@pytest.mark.parametrize(
    "manifest",
    ["[]", "{}", '{"extracts":[{"typed":"../../x","content_sha256":"y"}],"revises":[],"method":{}}', "[" * 9999],
)
def test_a_manifest_that_is_none_is_refused_and_no_object_is_called_a_stray_for_it(
    folder: DataFolder, manifest: str
) -> None:
    put(folder.snapshots / sha256(manifest) / "manifest.json", manifest)
    ledger.append(folder.ledger, [{"event": "frozen", "snapshot_id": sha256(manifest)}])
    put_object(folder, "an object of it, perhaps")
    path = f"snapshots/{sha256(manifest)}/manifest.json"
    assert said(folder) == [f"{path}: isn't a manifest of a snapshot, though its id is right; {RESTORE}"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"event": "frozen", "snapshot_id": "../landing"}, "names no snapshot"),
        ({"event": "frozen"}, "names no snapshot"),
        (
            {"event": "published", "release_id": f"{MARCH}-ffffffffffff"},
            "speaks of release .*, which no line before it",
        ),
        ({"event": "audited", "release_id": ["x"]}, r"speaks of release \['x'\], which no line before it released"),
        (
            {"event": "released", "release_id": RELEASES[MARCH], "snapshot_id": "x"},
            "from a snapshot that no line before",
        ),
        ({"event": "released", "release_id": "../../etc", "snapshot_id": "x"}, "names no release"),
    ],
)
def test_lines_that_contradict_those_before_them_are_found(
    folder: DataFolder, entry: dict[str, object], problem: str
) -> None:
    ledger.append(folder.ledger, [entry])
    found = [one for one in problems(folder) if one.file == "ledger.jsonl, line 13"]
    assert found
    assert re.search(problem, str(found[0]))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("release_id", RELEASES[MARCH]),
        ("snapshot_id", "0" * 64),
        ("as_at_date", MARCH),
        ("state", "built"),
        ("path", ".."),
        ("more", 1),
    ],
)
def test_a_pointer_that_says_something_else_than_the_ledger_is_found(
    folder: DataFolder, key: str, value: object
) -> None:
    path = folder.marts / "current.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    found = said(folder)
    assert all(one.startswith("marts/current") for one in found)
    word = "path" if key == "release_id" else key
    assert any(f"current.json: its {word} should" in one or f"its {word} shouldn't" in one for one in found)


def test_a_withdrawn_release_stays_where_it_is_and_its_copy_is_the_notice_alone(folder: DataFolder) -> None:
    handover.withdraw(folder, RELEASES[APRIL], "an error", "ann")
    assert said(folder) == []
    current = folder.marts / "current"
    put(current / "unit.csv", "again")
    assert [one.split(":")[0] for one in said(folder)] == ["marts/current/unit.csv"]
    (current / "unit.csv").unlink()
    put(current / "WITHDRAWN.txt", f"WITHDRAWN: release {RELEASES[MARCH]}\n")
    assert [one.split(":")[0] for one in said(folder)] == ["marts/current/WITHDRAWN.txt"]


def test_a_withdrawal_that_the_pointer_does_not_tell_is_found(folder: DataFolder) -> None:
    about = {"release_id": RELEASES[APRIL], "reason": "an error", "by": "ann"}
    ledger.append(folder.ledger, [{"event": "withdrawn", **about}])
    assert "marts/current.json: its state should be withdrawn, by the ledger" in said(folder)[0]


def test_what_an_earlier_version_wrote_is_said_once_and_is_no_fault(edi: Edi, folder: DataFolder) -> None:
    """Its releases had no sums, its manifests kept no definitions, its parts weren't named by their content."""
    manifest = '{"extracts":[],"files":{"layouts/x.yaml":"0"},"method":{"min_known":30},"revises":[]}\n'
    snapshot = put(folder.snapshots / sha256(manifest) / "manifest.json", manifest)
    release = f"{MARCH}-0123456789ab"
    put(folder.marts / release / "internal" / "headcount.parquet", "rows")
    for name in ("x", "y"):
        put(folder.snapshots / "cube_part" / f"{sha256(name)}.parquet", name)
    released = {"event": "released", "release_id": release, "snapshot_id": snapshot}
    ledger.append(folder.ledger, [{"event": "frozen", "snapshot_id": snapshot}, released])
    code, printed = edi("ledger", "verify")
    assert code == 0
    assert [line for line in printed.splitlines() if line.startswith("unchecked")] == [
        f"unchecked snapshots/{snapshot}/manifest.json: an earlier version froze it, and kept the hashes of its "
        "definitions only; whether they are still had can't be checked",
        f"unchecked marts/{release}: line 14, of an earlier version, has no sums of its files; whether they are as "
        "they were can't be checked",
        "unchecked snapshots/cube_part: 2 files of an earlier version aren't named by their content; whether they are "
        "as they were can't be checked",
    ]
    assert printed.endswith("and every file that it names is as it says, but for what can't be checked\n")


def test_a_receipt_in_the_folder_is_held_to_what_was_entered(folder: DataFolder) -> None:
    put(folder.audits / "first.receipt.json", "receipt")
    assert said(folder) == []
    put(folder.audits / "first.receipt.json", "another")
    put(folder.audits / "second.receipt.json", "never entered")
    assert [one.split(":")[0] for one in said(folder)] == ["audits/first.receipt.json", "audits/second.receipt.json"]


def test_a_part_that_no_release_was_made_from_is_found_however_well_it_is_named(folder: DataFolder) -> None:
    """The next release would be made from it; where one stands beside it for the same, no run goes on at all."""
    forged = folder.snapshots / "cube_part" / f"{sha256('definition')[:32]}-{sha256('forged')}.parquet"
    put(forged, "forged")
    assert [one.split(":")[0] for one in said(folder)] == [forged.relative_to(folder.root).as_posix()]
    with pytest.raises(DamagedError, match="stand for the same rows"):
        parts.there(forged.parent)


@pytest.fixture
def receipt(tmp_path: Path, folder: DataFolder) -> Path:
    said = {"release_id": RELEASES[MARCH], "snapshot_id": snapshots(folder)[0], "verdict": "same bytes", "more": [1]}
    (tmp_path / "receipt.json").write_text(json.dumps(said))
    return tmp_path / "receipt.json"


def test_a_receipt_is_entered_once(edi: Edi, folder: DataFolder, receipt: Path) -> None:
    digest = ledger.sha256(receipt.read_bytes())
    for _ in range(2):
        code, printed = edi("ledger", "register", receipt)
        assert (code, printed) == (0, f"audited   release {RELEASES[MARCH]}, same bytes; receipt {digest}\n")
    *_, last = ledger.read(folder.ledger)
    about = {"release_id": RELEASES[MARCH], "snapshot_id": snapshots(folder)[0], "verdict": "same bytes"}
    assert {key: last[key] for key in list(last)[2:-1]} == {"event": "audited", **about, "receipt": digest}
    assert (last["number"], problems(folder)) == (13, [])


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (
            "release_id",
            f"{MARCH}-ffffffffffff",
            "which this ledger never released from that snapshot; name the data folder",
        ),
        ("snapshot_id", "0" * 64, "which this ledger never released from that snapshot; name the data folder"),
        ("verdict", None, "isn't a receipt of an audit; 'edi audit --out' writes one"),
    ],
)
def test_a_receipt_of_something_else_is_refused(
    edi: Edi, folder: DataFolder, receipt: Path, key: str, value: object, sentence: str
) -> None:
    receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {key: value}))
    code, printed = edi("ledger", "register", receipt)
    assert (code, sentence in printed) == (1, True)
    receipt.write_text("no JSON")
    assert "isn't a receipt of an audit" in edi("ledger", "register", receipt)[1]
    assert edi("ledger", "register", receipt.with_name("nothing"))[0] == 2
    assert len(ledger.read(folder.ledger)) == 12
