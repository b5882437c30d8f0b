"""What Windows, shares and synchronisers do to files, as far as it can be had on another system.

A PermissionError that passes is put in by hand here: no file system at hand has one.
"""

import ast
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines import disk, ledger, places

Act = Callable[..., object]

SOURCES = sorted((places.PROJECT / "pipelines").rglob("*.py"))


def held(times: int, does: Act, number: int = errno.EACCES) -> tuple[Act, list[int]]:
    """Return what fails so many times as a file does that another program holds, and a list of its tries."""
    tries: list[int] = []

    def act(*arguments: object, **told: object) -> object:
        tries.append(len(tries))
        if len(tries) <= times:
            raise OSError(number, "held", str(arguments[0]))
        return does(*arguments, **told)

    return act, tries


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries, one after the other."""
    monkeypatch.setattr(disk, "PAUSES", (0, 0))


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries where, as on Windows, a refusal means that something is held."""
    monkeypatch.setattr(disk, "PAUSES", (0, 0))
    monkeypatch.setattr(disk, "HELD", (*disk.HELD, *disk.REFUSED))


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY])
def test_a_folder_that_is_held_twice_is_renamed_at_the_third_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "draft" / "internal").mkdir(parents=True)
    rename, tries = held(2, os.replace, number)
    monkeypatch.setattr(os, "replace", rename)
    disk.replace(tmp_path / "draft", tmp_path / "release")
    assert ([path.name for path in tmp_path.iterdir()], len(tries)) == (["release"], 3)


@pytest.mark.usefixtures("windows")
def test_what_is_held_to_the_end_is_named_and_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "current.json").write_text("old\n", encoding="utf-8")
    rename, tries = held(3, os.replace)
    monkeypatch.setattr(os, "replace", rename)
    with pytest.raises(disk.HeldError) as stopped:
        disk.write_whole(tmp_path / "current.json", "new\n")
    assert str(stopped.value).startswith(
        f"{tmp_path / 'current.json.draft'} can't be renamed to current.json: another program holds it (a virus scanner"
    )
    assert str(stopped.value).endswith("close it there or wait a minute, and run again")
    assert len(tries) == 3
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"current.json": "old\n"}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_lack_of_permission_is_told_at_once_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """No waiting mends it, and a folder of files would take minutes."""
    (tmp_path / "letter.csv").touch()
    rename, tries = held(9, os.replace, number)
    monkeypatch.setattr(os, "replace", rename)
    with pytest.raises(disk.HeldError) as stopped:
        disk.replace(tmp_path / "letter.csv", tmp_path / "file" / "letter.csv")
    assert len(tries) == 1
    where = f"{tmp_path / 'letter.csv'} can't be renamed to letter.csv"
    why = f"the permissions of {tmp_path}, or of what is in it, don't allow it; change them and run again"
    assert str(stopped.value) == f"{where}: {why}"


def test_a_file_that_says_the_same_already_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rejects.csv"
    disk.write_whole(path, iter(["line,rule\r\n", "2,é\n"]), "utf-8-sig")
    assert path.read_bytes() == b"\xef\xbb\xbfline,rule\r\n2,\xc3\xa9\n"
    monkeypatch.setattr(os, "replace", held(9, os.replace, errno.ENOSPC)[0])
    disk.write_whole(path, "line,rule\r\n2,é\n", "utf-8-sig")
    assert [one.name for one in tmp_path.iterdir()] == ["rejects.csv"]
    with pytest.raises(OSError, match="held"):
        disk.write_whole(path, "line,rule\r\n3,é\n", "utf-8-sig")


@pytest.mark.usefixtures("impatient")
def test_a_full_disk_is_not_waited_for_and_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, tries = held(9, os.replace, errno.ENOSPC)
    monkeypatch.setattr(os, "replace", rename)
    with pytest.raises(OSError, match="held"):
        disk.write_whole(tmp_path / "a", "text")
    assert (len(tries), [*tmp_path.iterdir()]) == (1, [])


@pytest.mark.usefixtures("windows")
def test_a_folder_goes_once_the_file_in_it_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".work").mkdir()
    (tmp_path / ".work" / "a.parquet").write_bytes(b"rows")
    unlink, _ = held(2, os.unlink)
    monkeypatch.setattr(os, "unlink", unlink)
    disk.remove_tree(tmp_path / ".work")
    disk.remove_tree(tmp_path / ".work")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.usefixtures("windows")
def test_the_file_that_keeps_a_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".work").mkdir()
    (tmp_path / ".work" / "a.parquet").write_bytes(b"rows")
    monkeypatch.setattr(os, "unlink", held(99, os.unlink)[0])
    with pytest.raises(disk.HeldError, match=r"/\.work can't be removed: another program holds a\.parquet "):
        disk.remove_tree(tmp_path / ".work")


def test_what_is_marked_read_only_goes_too(tmp_path: Path) -> None:
    """A read-only folder here is what a read-only file is on Windows; root may do anything, unless it gives that up."""
    without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if without and shutil.which("setpriv") is None:
        pytest.skip("no setpriv here, and root may remove anything")
    inner = tmp_path / ".work" / "spill"
    inner.mkdir(parents=True)
    (inner / "a").write_bytes(b"rows")
    (inner / "a").chmod(0o400)
    inner.chmod(0o500)
    code = "import sys, pathlib; from pipelines import disk; disk.remove_tree(pathlib.Path(sys.argv[1]))"
    command = [*without, sys.executable, "-c", code, tmp_path / ".work"]
    subprocess.run(command, check=True, cwd=places.PROJECT)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("march.csv", "march.csv"),
        ("März 2026 (v2).csv", "März 2026 (v2).csv"),
        ("CON.csv", "_CON.csv"),
        ("nul", "_nul"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT¹", "_LPT¹"),
        ("con .csv", "_con .csv"),
        ("conference.csv", "conference.csv"),
        ("com10.csv", "com10.csv"),
        ("a:b|c?.csv", "a_b_c_.csv"),
        ("line\nbreak.csv", "line_break.csv"),
        ("ends in dots. .", "ends in dots"),
        ("...", "_"),
        ("e\N{COMBINING ACUTE ACCENT}.csv", "\N{LATIN SMALL LETTER E WITH ACUTE}.csv"),
    ],
)
def test_a_name_that_any_file_system_takes(name: str, plain: str) -> None:
    assert disk.plain_name(name) == plain


@pytest.mark.parametrize(
    ("found", "is_cloud_only"),
    [
        ({"st_file_attributes": 0x20}, False),  # an ordinary file of Windows
        ({"st_file_attributes": 0x20 | 0x400 | 0x80000}, False),  # of OneDrive, kept on this device
        ({"st_file_attributes": 0x20 | 0x1000}, True),
        ({"st_file_attributes": 0x40000}, True),
        ({"st_file_attributes": 0x20 | 0x400 | 0x100000 | 0x400000}, True),  # of OneDrive, online only
        ({"st_flags": 0x40}, False),
        ({"st_flags": 0x40000040}, True),  # of iCloud, not downloaded
    ],
)
def test_a_file_that_lies_in_the_cloud_only_is_told_by_its_attributes(
    found: dict[str, int], is_cloud_only: bool
) -> None:
    assert disk.cloud_only(SimpleNamespace(**found)) is is_cloud_only


def test_a_file_here_is_not_in_the_cloud_even_if_it_has_no_blocks(tmp_path: Path) -> None:
    sparse = tmp_path / "sparse.csv"
    sparse.touch()
    os.truncate(sparse, 1 << 20)
    assert sparse.stat().st_blocks == 0
    assert not disk.cloud_only(sparse.stat())


@pytest.mark.parametrize(
    ("name", "is_copy"),
    [
        ("ledger.jsonl", False),
        ("ledger.jsonl.draft", False),
        ("old-ledger.jsonl", False),
        ("ledger-DESKTOP-1.jsonl", True),
        ("ledger (1).jsonl", True),
        ("ledger (Anna's conflicted copy 2026-05-01).jsonl", True),
        ("ledger.sync-conflict-20260501-101010-ABCDEFG.jsonl", True),
        ("Ledger.jsonl", True),
    ],
)
def test_a_synchronisers_copy_is_told_by_its_name(tmp_path: Path, name: str, is_copy: bool) -> None:
    (tmp_path / name).touch()
    assert disk.conflict_copies(tmp_path / "ledger.jsonl") == ([tmp_path / name] if is_copy else [])


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written out to the disk and what is renamed, in order, by name."""
    done: list[str] = []
    fsync, rename = os.fsync, os.replace

    def spy_fsync(number: int) -> None:
        done.append(f"fsync {Path(f'/proc/self/fd/{number}').readlink().name}")
        fsync(number)

    def spy_rename(source: Path, target: Path) -> None:
        done.append(f"rename {Path(source).name} {Path(target).name}")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "replace", spy_rename)
    return done


def test_a_file_is_on_the_disk_before_it_has_its_name_and_the_name_afterwards(tmp_path: Path, order: list[str]) -> None:
    folder = tmp_path / "folder"
    disk.make_folder(folder / "inner")
    assert order == [f"fsync {tmp_path.name}", "fsync folder"]
    for act in (
        lambda: disk.write_whole(folder / "a", "text"),
        lambda: disk.copy_whole(folder / "a", folder / "b"),
        lambda: disk.replace(folder / "b", folder / "inner" / "c"),
        lambda: disk.move(folder / "a", folder / "inner" / "d"),
    ):
        order.append("then")
        act()
    assert " ".join(order).split(" then ")[1:] == [
        "fsync a.draft rename a.draft a fsync folder",
        "fsync b.draft rename b.draft b fsync folder",
        "fsync b rename b c fsync inner",
        "fsync a rename a d fsync inner",
    ]
    disk.settle(folder / "inner" / "c")
    assert order[-1] == "fsync c"


def test_a_folder_is_on_the_disk_with_all_in_it_before_it_has_its_name(tmp_path: Path, order: list[str]) -> None:
    (tmp_path / "draft" / "internal").mkdir(parents=True)
    for name in ("internal/a", "b"):
        (tmp_path / "draft" / name).touch()
    (tmp_path / "draft" / "link").symlink_to(tmp_path / "nowhere")
    disk.replace(tmp_path / "draft", tmp_path / "release")
    written = ["fsync a", "fsync internal", "fsync b", "fsync draft"]
    assert order == [*written, "rename draft release", f"fsync {tmp_path.name}"]


def test_a_file_of_somebody_else_that_can_not_be_read_is_moved_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root reads everything: that this one can't be opened is put in by hand."""
    (tmp_path / "letter.csv").touch()
    monkeypatch.setattr(os, "open", held(1, os.open)[0])
    disk.move(tmp_path / "letter.csv", tmp_path / "moved.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["moved.csv"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_can_not_write_out_a_folder_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """As an SMB share may say; a disk that gives up is another matter."""
    monkeypatch.setattr(os, "fsync", held(1, os.fsync, number)[0])
    disk.settle_folder(tmp_path)
    monkeypatch.setattr(os, "fsync", held(1, os.fsync, errno.EIO)[0])
    with pytest.raises(OSError, match="held"):
        disk.settle_folder(tmp_path)


MADE = "import sys, pathlib; from pipelines import disk; disk.owner_only(); pathlib.Path(sys.argv[1]).mkdir()"


def mode(path: Path, umask: int = 0o022) -> str:
    """The mode of a folder that a process makes which was told to make all for its owner only."""
    subprocess.run([sys.executable, "-c", MADE, path], check=True, cwd=places.PROJECT, umask=umask)
    return oct(path.stat().st_mode & 0o777)


def test_what_is_made_is_for_its_owner_alone_or_for_whom_the_folder_says(tmp_path: Path) -> None:
    assert mode(tmp_path / "ours") == "0o700"
    assert mode(tmp_path / "stricter", umask=0o277) == "0o500"
    command = ["setfacl", "-d", "-m", "u:65534:rx", tmp_path]
    if shutil.which("setfacl") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("no ACLs here: apt-get install acl, on a file system that has them")
    assert mode(tmp_path / "shared") == "0o750"
    acl = subprocess.run(["getfacl", "-cn", tmp_path / "shared"], capture_output=True, text=True, check=True).stdout
    assert "\nuser:65534:r-x\n" in acl


def test_the_command_makes_what_it_makes_for_its_owner_alone(tmp_path: Path) -> None:
    edi = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "sample",
        "--people",
        "17",
        "--months",
        "1",
        "--data",
        tmp_path / "data",
    ]
    subprocess.run(edi, check=True, cwd=places.PROJECT, umask=0o022, capture_output=True)
    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert {oct(path.stat().st_mode & 0o777) for path in made if path.is_file()} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in made if path.is_dir()} == {"0o700"}


def test_a_ledger_keeps_names_with_letters_that_end_lines(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    names = ["a\N{LINE SEPARATOR}b", "c\x85d", "e\rf", "g\x0ch"]
    for name in names:
        ledger.append(path, [{"event": "refused", "file": name, "rule": "file.format"}])
    assert [entry["file"] for entry in ledger.read(path)] == names
    assert [entry["number"] for entry in ledger.read(path)] == [1, 2, 3, 4]


def test_a_file_that_was_written_before_1970_has_its_time(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    os.utime(tmp_path / "a", (-1.5, -1.5))
    assert ledger._written(tmp_path / "a") == "1969-12-31T23:59:58.500000+00:00"


# What opens no text though it is called so.
BINARY = ("os.open", "archive.open", "pikepdf.open")


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func), node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(places.PROJECT).as_posix())
def test_text_is_read_and_written_in_utf_8_and_without_windows_ends_of_lines(path: Path) -> None:
    """Windows would write another encoding and other ends of lines: other bytes, and other hashes."""
    for name, call in calls(path):
        told = {keyword.arg for keyword in call.keywords}
        mode = next((one.value for one in call.args if isinstance(one, ast.Constant)), "r")
        is_text = (
            name == "open"
            and "b" not in str(mode)
            and ast.unparse(call.func) not in ("os.open", "archive.open", "pikepdf.open")
        )
        place = f"{path.name}:{call.lineno}"
        if name in ("write_text", "read_text") or is_text:
            assert "encoding" in told, place
        if name == "write_text" or (is_text and set(str(mode)) & set("wax+")):
            assert "newline" in told, place


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(places.PROJECT).as_posix())
def test_nothing_is_renamed_or_removed_without_patience_and_nothing_needs_unix(path: Path) -> None:
    if path.name == "disk.py":
        return
    for name, call in calls(path):
        # A text's `replace` has two arguments, a date's is by name, and a path's has one.
        is_rename = name in ("rename", "renames", "unlink", "rmtree", "rmdir", "move") or (
            name == "replace" and len(call.args) == 1 and not call.keywords
        )
        is_impatient = is_rename and not ast.unparse(call.func).startswith("disk.")
        is_unix_only = name in ("fsync", "mkfifo", "geteuid", "getuid", "chown", "fork", "symlink_to", "hardlink_to")
        assert not is_impatient, f"{path.name}:{call.lineno}"
        assert not is_unix_only, f"{path.name}:{call.lineno}"
    # A function may import what is there after it has looked where it is.
    imported = {
        name.name.split(".")[0]
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert not imported & {"fcntl", "grp", "pwd", "resource", "termios"}


PASSING = """
import sys, time
from pipelines import cli, disk
cli._end_in_order()
with disk.passing_folder() as path:
    (path / "rows").touch()
    print(path, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_passing_folder_is_gone_with_its_process_or_at_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with subprocess.Popen([sys.executable, "-c", PASSING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        left = Path(process.stdout.readline().strip())
        with disk.passing_folder():
            assert (left / "rows").is_file()
        process.send_signal(number)
    assert left.exists() == (number == signal.SIGKILL)
    with disk.passing_folder():
        assert [one for one in tmp_path.iterdir() if one.name == left.name] == []
