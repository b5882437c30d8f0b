"""An approved release's public part goes out whole, and what was withdrawn leaves a notice in its place."""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from pipelines import approval, disk, handover, ledger
from pipelines.approval import ApprovalError, UnknownReleaseError
from pipelines.disk import HeldError
from pipelines.places import DataFolder
from tests.release import EXACT, PUBLIC, RELEASE, approve, extract, files, make

LATER = "2026-04-30-bbbbbbbbbbbb"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder with an approved release."""
    folder = DataFolder(tmp_path / "data")
    make(folder)
    approve(folder)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def private_umask() -> Iterator[None]:
    """The program's own: what it makes is for its owner alone."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def withdraw(folder: DataFolder, also: Path | None = None, asked: str = RELEASE) -> handover.Withdrawal:
    return handover.withdraw(folder, asked, "a small count could be read off", "C. Officer", also)


def events(folder: DataFolder, event: str) -> list[dict[str, str]]:
    return [one for one in ledger.read(folder.ledger) if one["event"] == event]


def pointer_state(folder: DataFolder) -> str:
    return str(json.loads((folder.marts / "current.json").read_text())["state"])


def test_the_public_part_goes_out_and_nothing_else(folder: DataFolder, out: Path) -> None:
    done = handover.publish(folder, out)
    assert (done.path, done.copied, done.standing.state) == (out / RELEASE, True, "published")
    release = files(folder.marts / RELEASE)
    assert files(out) == {f"{RELEASE}/{name}": release[name] for name in [*PUBLIC, "SHA256SUMS"]}
    (line,) = events(folder, "published")
    assert (line["release_id"], line["to"], line["by"]) == (RELEASE, str(out), approval.account())
    assert pointer_state(folder) == "published"
    assert [path.name for path in out.iterdir()] == [RELEASE]


def test_no_exact_table_and_no_internal_pack_is_copied_anywhere(folder: DataFolder, out: Path) -> None:
    exact = set(EXACT.values())
    assert exact <= set(files(folder.marts / RELEASE).values())
    handover.publish(folder, out)
    for place in (out, folder.marts / "current"):
        assert not exact & set(files(place).values())
        assert [path for path in place.rglob("*") if path.name in ("internal", "internal-pack.html")] == []


@pytest.mark.usefixtures("private_umask")
def test_what_is_published_may_be_read_by_everybody(folder: DataFolder, out: Path) -> None:
    handover.publish(folder, out)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in [out, *out.rglob("*")] if path.is_dir()}
    assert (modes, folders) == ({0o644}, {0o755})
    withdraw(folder)
    assert stat.S_IMODE((out / RELEASE / "WITHDRAWN.txt").stat().st_mode) == 0o644


def test_a_release_that_nobody_approved_is_not_published(tmp_path: Path, out: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    make(folder)
    with pytest.raises(ApprovalError, match="is gated and nobody has approved it"):
        handover.publish(folder, out)
    assert not out.exists()


def test_an_approval_that_was_typed_into_the_ledger_publishes_nothing(tmp_path: Path, out: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    make(folder)
    typed = {"number": 4, "event": "approved", "at": "2026-04-14", "release_id": RELEASE, "name": "B. Member"}
    with folder.ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(typed) + "\n")
    with pytest.raises(ApprovalError, match=r"the ledger isn't whole \(ledger\.jsonl, line 4"):
        handover.publish(folder, out)
    assert not out.exists()
    assert (withdraw(folder).first, pointer_state(folder)) == (True, "withdrawn")


def test_what_was_changed_since_it_was_sealed_is_not_published(folder: DataFolder, out: Path) -> None:
    (folder.marts / RELEASE / "unit.csv").write_text("org_code\nRNB\n")
    with pytest.raises(ApprovalError, match=r"isn't what was sealed: unit\.csv was changed"):
        handover.publish(folder, out)
    assert not out.exists()
    assert pointer_state(folder) == "approved"


def test_a_file_that_is_changed_while_it_is_copied_leaves_nothing(
    folder: DataFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copyfile

    def change(source: Path, target: Path) -> None:
        copy(source, target)
        target.write_text("changed", encoding="utf-8")

    monkeypatch.setattr(shutil, "copyfile", change)
    with pytest.raises(RuntimeError, match="was changed while"):
        handover.publish(folder, out)
    assert (list(out.iterdir()), events(folder, "published")) == ([], [])


def test_what_lies_there_byte_by_byte_is_left_alone_and_written_down_once(folder: DataFolder, out: Path) -> None:
    handover.publish(folder, out)
    made = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert handover.publish(folder, out).copied is False
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == made
    assert len(events(folder, "published")) == 1
    handover.publish(folder, out.parent / "second")
    assert [line["to"] for line in events(folder, "published")] == [str(out), str(out.parent / "second")]


def test_a_copy_that_the_ledger_did_not_know_is_written_down(folder: DataFolder, out: Path) -> None:
    shutil.copytree(folder.marts / RELEASE, out / RELEASE, ignore=shutil.ignore_patterns("internal"))
    assert handover.publish(folder, out).copied is False
    assert [line["to"] for line in events(folder, "published")] == [str(out)]


@pytest.mark.parametrize("name", ["unit.csv", "more.csv", "SHA256SUMS"])
def test_what_was_published_is_never_overwritten(folder: DataFolder, out: Path, name: str) -> None:
    handover.publish(folder, out)
    (out / RELEASE / name).write_text("other", encoding="utf-8")
    before = files(out)
    with pytest.raises(ApprovalError, match="is there, and isn't this release"):
        handover.publish(folder, out)
    assert files(out) == before


def test_a_link_in_the_place_of_the_release_is_not_followed(folder: DataFolder, out: Path) -> None:
    handover.publish(folder, out.parent / "copied")
    out.mkdir()
    (out / RELEASE).symlink_to(out.parent / "copied" / RELEASE)
    with pytest.raises(ApprovalError, match="is there, and isn't this release"):
        handover.publish(folder, out)


@pytest.mark.parametrize(
    "place", [".", "marts", "snapshots", "audits", "landing/out", "quarantine", "layouts", f"marts/{RELEASE}/internal"]
)
def test_the_data_folders_own_folders_are_no_place_to_publish_to(folder: DataFolder, place: str, out: Path) -> None:
    out.symlink_to(folder.root / place)
    before = files(folder.root)
    for destination in (folder.root / place, out):
        with pytest.raises(ApprovalError, match="one of the data folder's own folders"):
            handover.publish(folder, destination)
    assert files(folder.root) == before


def test_a_file_and_a_folder_in_a_missing_one_are_no_place_either(folder: DataFolder, out: Path) -> None:
    out.write_text("", encoding="utf-8")
    with pytest.raises(ApprovalError, match="is a file; name a folder"):
        handover.publish(folder, out)
    with pytest.raises(ApprovalError, match="look whether the share is mounted"):
        handover.publish(folder, out.parent / "share" / "out")


def test_what_a_killed_run_left_is_made_anew(folder: DataFolder, out: Path) -> None:
    (out / f".{RELEASE}.draft" / "half").mkdir(parents=True)
    handover.publish(folder, out)
    assert [path.name for path in out.iterdir()] == [RELEASE]
    assert not (out / RELEASE / "half").exists()


def test_a_copy_that_is_seen_is_in_the_ledger_before(
    folder: DataFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a withdrawal would miss it. The command that was stopped is run again, and adds no second line."""

    def stop(source: Path, target: Path, does: Callable[[Path, Path], None] = disk.replace) -> None:
        if target.parent == out:
            raise KeyboardInterrupt
        does(source, target)

    monkeypatch.setattr(disk, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        handover.publish(folder, out)
    assert (list(out.iterdir()), len(events(folder, "published"))) == ([], 1)
    monkeypatch.undo()
    assert handover.publish(folder, out).copied is True
    assert len(events(folder, "published")) == 1


def test_a_withdrawal_leaves_a_notice_wherever_the_release_was(folder: DataFolder, out: Path) -> None:
    handover.publish(folder, out)
    sealed = files(folder.marts / RELEASE)
    done = withdraw(folder)
    assert (done.first, done.left, done.standing.state) == (True, (), "withdrawn")
    assert done.replaced == (folder.marts / "current", out / RELEASE)
    (line,) = events(folder, "withdrawn")
    assert (line["reason"], line["name"], line["by"]) == (
        "a small count could be read off",
        "C. Officer",
        approval.account(),
    )
    notice = (
        f"WITHDRAWN: release {RELEASE}\n\nWhen: {line['at'][:10]}\nWhy: a small count could be read off\n"
        "What takes its place: none yet\n\n"
        "Its tables are no longer to be used, quoted or passed on; delete copies of them.\n"
    )
    assert files(out) == {f"{RELEASE}/WITHDRAWN.txt": notice}
    assert files(folder.marts / "current") == {"WITHDRAWN.txt": notice}
    assert files(folder.marts / RELEASE) == sealed
    assert pointer_state(folder) == "withdrawn"
    assert approval.is_draft(folder, RELEASE)


def test_a_withdrawn_release_is_neither_approved_nor_published_again(folder: DataFolder, out: Path) -> None:
    withdraw(folder)
    with pytest.raises(ApprovalError, match="a withdrawn release is never approved"):
        approve(folder, RELEASE)
    with pytest.raises(ApprovalError, match=r"\(a small count could be read off\), and a withdrawn release is never"):
        handover.publish(folder, out)
    assert not out.exists()


def test_the_notice_names_the_later_release_that_is_published(folder: DataFolder, out: Path) -> None:
    handover.publish(folder, out)
    make(folder, extract(), extract("RNA"), release_id=LATER)
    approve(folder, LATER)
    withdraw(folder)
    assert "What takes its place: none yet\n" in (out / RELEASE / "WITHDRAWN.txt").read_text()
    handover.publish(folder, out, LATER)
    done = withdraw(folder)
    assert (done.first, len(events(folder, "withdrawn"))) == (False, 1)
    assert f"What takes its place: release {LATER}\n" in (out / RELEASE / "WITHDRAWN.txt").read_text()
    # The current release is another one, and stays.
    assert "unit.csv" in files(folder.marts / "current")
    assert pointer_state(folder) == "published"


def test_what_lies_in_current_is_another_s_whatever_the_pointer_says(folder: DataFolder) -> None:
    """A run that stopped between the tables of `current` and the pointer leaves it with the release before."""
    pointer = (folder.marts / "current.json").read_text()
    make(folder, extract(), extract("RNA"), release_id=LATER)
    (folder.marts / "current.json").write_text(pointer)
    before = files(folder.marts / "current")
    for _ in range(2):
        assert withdraw(folder).replaced == ()
    assert files(folder.marts / "current") == before
    assert "unit.csv" in before


def test_a_withdrawal_that_was_stopped_among_the_tables_is_finished_whatever_the_pointer_says(
    folder: DataFolder,
) -> None:
    withdraw(folder)
    current = folder.marts / "current"
    (current / "unit.csv").write_text("left", encoding="utf-8")
    pointer = (folder.marts / "current.json").read_text()
    (folder.marts / "current.json").write_text(pointer.replace(RELEASE, LATER))
    assert withdraw(folder).replaced == (current,)
    assert list(files(current)) == ["WITHDRAWN.txt"]


def test_tables_whose_list_is_no_release_s_are_those_of_the_pointer(folder: DataFolder) -> None:
    (folder.marts / "current" / "SHA256SUMS").write_text("changed", encoding="utf-8")
    assert withdraw(folder).replaced == (folder.marts / "current",)


def test_the_notice_of_a_withdrawal_that_stopped_after_its_line_is_put_there_later(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: DataFolder) -> None:
        raise KeyboardInterrupt

    current = folder.marts / "current"
    before = files(current)
    handover.leave_notice(folder, RELEASE)
    monkeypatch.setattr(approval, "show_state", stop)
    with pytest.raises(KeyboardInterrupt):
        withdraw(folder)
    assert files(current) == before
    monkeypatch.undo()
    handover.leave_notice(folder, RELEASE)
    (text,) = files(current).values()
    assert text.startswith(f"WITHDRAWN: release {RELEASE}\n")
    make(folder, extract(), extract("RNA"), release_id=LATER)
    handover.leave_notice(folder, RELEASE)
    assert "unit.csv" in files(current)


def test_a_place_that_cannot_be_reached_is_said_and_tried_again(folder: DataFolder, out: Path, tmp_path: Path) -> None:
    handover.publish(folder, out)
    handover.publish(folder, tmp_path / "share")
    (tmp_path / "share").rename(tmp_path / "away")
    done = withdraw(folder)
    assert done.replaced == (folder.marts / "current", out / RELEASE)
    (sentence,) = done.left
    assert f"{tmp_path / 'share' / RELEASE} isn't there: look whether the share is mounted" in sentence
    (tmp_path / "away").rename(tmp_path / "share")
    assert withdraw(folder).left == ()
    assert list(files(tmp_path / "share")) == [f"{RELEASE}/WITHDRAWN.txt"]


def test_what_is_held_at_one_place_does_not_stop_the_others(
    folder: DataFolder, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(path: Path, does: Callable[[Path], None] = disk.remove) -> None:
        if path == out / RELEASE / "unit.csv":
            raise HeldError(f"{path} can't be removed: it is held")
        does(path)

    for place in (out, tmp_path / "second"):
        handover.publish(folder, place)
    monkeypatch.setattr(disk, "remove", held)
    done = withdraw(folder)
    assert done.left == (
        f"{out / RELEASE} may still hold tables: {out / RELEASE / 'unit.csv'} can't be removed: it is held",
    )
    assert list(files(tmp_path / "second")) == [f"{RELEASE}/WITHDRAWN.txt"]


def test_at_no_moment_do_tables_lie_there_without_the_notice(
    folder: DataFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor with the list of files that belongs to a whole release."""
    seen: list[list[str]] = []

    def look(path: Path, does: Callable[[Path], None]) -> None:
        does(path)
        seen.append(sorted(files(out / RELEASE)))

    handover.publish(folder, out)
    for name in ("remove", "remove_tree"):
        monkeypatch.setattr(disk, name, partial(look, does=getattr(disk, name)))
    withdraw(folder)
    at_place = seen[[("WITHDRAWN.txt" in names) for names in seen].index(True) :]
    assert len(at_place) >= len(PUBLIC)
    assert all("WITHDRAWN.txt" in names and "SHA256SUMS" not in names for names in at_place)
    assert all("unit.csv" in names for names in seen[: len(seen) - len(at_place)])


def test_a_copy_elsewhere_is_withdrawn_too_and_a_link_is_not_followed(folder: DataFolder, tmp_path: Path) -> None:
    shutil.copytree(folder.marts / RELEASE, tmp_path / "elsewhere" / RELEASE)
    (tmp_path / "kept.csv").write_text("kept", encoding="utf-8")
    (tmp_path / "elsewhere" / RELEASE / "linked.csv").symlink_to(tmp_path / "kept.csv")
    (tmp_path / "elsewhere" / RELEASE / "folder").symlink_to(folder.marts / RELEASE)
    sealed = files(folder.marts / RELEASE)
    assert withdraw(folder, tmp_path / "elsewhere").left == ()
    assert [path.name for path in (tmp_path / "elsewhere" / RELEASE).iterdir()] == ["WITHDRAWN.txt"]
    assert (tmp_path / "kept.csv").read_text() == "kept"
    assert files(folder.marts / RELEASE) == sealed


def test_the_sealed_release_is_no_copy_to_withdraw(folder: DataFolder, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / RELEASE).symlink_to(folder.marts / RELEASE)
    sealed = files(folder.marts / RELEASE)
    for place, words in ((folder.marts, "own folders"), (tmp_path / "linked", "isn't there")):
        (sentence,) = withdraw(folder, place).left
        assert words in sentence
    assert files(folder.marts / RELEASE) == sealed


@pytest.mark.parametrize(("reason", "name"), [(" ", "C. Officer"), ("wrong", "")])
def test_a_withdrawal_has_a_reason_and_a_name(folder: DataFolder, reason: str, name: str) -> None:
    with pytest.raises(ApprovalError, match="needs a reason"):
        handover.withdraw(folder, RELEASE, reason, name)
    assert events(folder, "withdrawn") == []


@pytest.mark.parametrize("letter", ["\n", "\r", "\x1b", "\x85", "\u2028", "\udc80"])
def test_a_reason_and_a_name_cannot_pass_for_lines_of_the_notice(folder: DataFolder, letter: str) -> None:
    forged = f"an error{letter}What takes its place: release {LATER}"
    for reason, name in ((forged, "C. Officer"), ("an error", forged)):
        with pytest.raises(ApprovalError, match="control character"):
            handover.withdraw(folder, RELEASE, reason, name)
    assert events(folder, "withdrawn") == []


@pytest.mark.parametrize("asked", ["", "2", RELEASE[:14]])
def test_so_little_of_an_id_withdraws_nothing(folder: DataFolder, asked: str) -> None:
    with pytest.raises(UnknownReleaseError, match="at least 15 letters"):
        withdraw(folder, asked=asked)
    assert events(folder, "withdrawn") == []
    assert withdraw(folder, asked=RELEASE[:15]).standing.release_id == RELEASE
