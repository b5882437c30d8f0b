"""The same extracts give the same snapshot, the same release and the same bytes, whatever the machine is like.

Each row of ``RUNS`` is a process of its own; any two settings of two factors meet in one of them. EDI_SOAK takes every
row that there can be. The order of an extract's rows is in its bytes, and so in the snapshot's id: there the content is
held to be the same, but for the columns that name an extract.
"""

import itertools
import json
import locale
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from pipelines import places
from pipelines.sample import write_sample
from tests.faults.laws import tree

# What a process may be given otherwise; the last two are about the files that it is given.
FACTORS: dict[str, tuple[str, ...]] = {
    "threads": ("1", "2", "8"),
    "memory": ("512MB", "4GB"),
    "zone": ("UTC", "Pacific/Kiritimati"),
    "locale": ("C", "C.UTF-8"),
    "hash_seed": ("0", "4242"),
    "folder": ("the project", "the data"),
    "names": ("as sent", "other"),
    "rows": ("as sent", "backwards"),
}
# Languages whose numbers, capitals and order differ; where a machine has them.
LOCALES = ("de_DE.UTF-8", "tr_TR.UTF-8")

RUNS = (
    ("8", "4GB", "UTC", "C.UTF-8", "0", "the data", "other", "as sent"),
    ("8", "512MB", "Pacific/Kiritimati", "C", "4242", "the project", "as sent", "backwards"),
    ("1", "4GB", "UTC", "C.UTF-8", "4242", "the project", "as sent", "backwards"),
    ("2", "512MB", "Pacific/Kiritimati", "C", "0", "the data", "as sent", "as sent"),
    ("1", "4GB", "Pacific/Kiritimati", "C", "0", "the project", "other", "as sent"),
    ("2", "512MB", "UTC", "C.UTF-8", "4242", "the data", "other", "backwards"),
    ("2", "4GB", "Pacific/Kiritimati", "C.UTF-8", "4242", "the project", "other", "as sent"),
    ("1", "512MB", "UTC", "C", "0", "the data", "as sent", "backwards"),
)

# A trust and a council, each with two months.
EMPLOYERS = ("RNA", "E08000027")

# The columns that say from which extract, or from whose file by its name, a row is.
OF_THE_EXTRACT = ("extract", "earlier_extract")

IS_SOAK = "EDI_SOAK" in os.environ
Setting = Mapping[str, str]


def settings(row: tuple[str, ...]) -> Setting:
    return dict(zip(FACTORS, row, strict=True))


def pairs(row: tuple[str, ...]) -> set[tuple[tuple[str, str], ...]]:
    """The pairs of settings that meet in a run."""
    return {*itertools.combinations(settings(row).items(), 2)}


def test_any_two_settings_meet_in_a_run() -> None:
    wanted = {pair for row in itertools.product(*FACTORS.values()) for pair in pairs(row)}
    assert wanted - {pair for row in RUNS for pair in pairs(row)} == set()


def rows() -> list[tuple[str, ...]]:
    """The runs that are made: every one that there can be, or those in which all pairs meet."""
    if not IS_SOAK:
        return [*RUNS]
    found = [name for name in LOCALES if _is_there(name)]
    return [*itertools.product(*(FACTORS | {"locale": (*FACTORS["locale"], *found)}).values())]


def _is_there(name: str) -> bool:
    here = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_ALL, here)
    return True


@pytest.fixture(scope="module")
def sent(shared: Path) -> Path:
    """What some senders sent: a folder of staff extracts with their sidecars."""
    folder = shared / "sent"
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            write_sample(shared / "made", people=200, months=2)
            folder.mkdir()
            for path in (shared / "made").iterdir():
                if any(employer in path.name for employer in EMPLOYERS):
                    shutil.copy(path, folder)
    return folder


def put(sent: Path, landing: Path, setting: Setting) -> None:
    """Put the extracts into a landing folder as the setting says: their names, and the order of their rows."""
    landing.mkdir(parents=True)
    for number, path in enumerate(sorted(sent.glob("*.csv"))):
        name = path.name if setting["names"] == "as sent" else f"{'cab'[number % 3]}{number} März.csv"
        header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        ordered = lines if setting["rows"] == "as sent" else lines[::-1]
        (landing / name).write_text(header + "".join(ordered), encoding="utf-8", newline="\n")
        shutil.copy(path.with_name(f"{path.name}.yaml"), landing / f"{name}.yaml")


def run(data: Path, setting: Setting) -> None:
    """Run the command in a process of its own, with an environment of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(data),
        "PYTHONPATH": str(places.PROJECT),
        "EDI_THREADS": setting["threads"],
        "EDI_MEMORY_LIMIT": setting["memory"],
        "TZ": setting["zone"],
        "LC_ALL": setting["locale"],
        "PYTHONHASHSEED": setting["hash_seed"],
    }
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "run", "--data", str(data)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=places.PROJECT if setting["folder"] == "the project" else data,
    )
    assert ended.returncode == 0, ended.stderr


def content(marts: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows of every table of a release, but for what names an extract."""
    found = {}
    for path in sorted(marts.glob("20*/**/*.parquet")):
        without = f"columns(lambda name: name not in {OF_THE_EXTRACT})"
        query = f"select {without} from read_parquet(?) order by all"
        found[path.relative_to(marts).as_posix().split("/", 1)[1]] = duckdb.execute(query, [str(path)]).fetchall()
    return found


def sealed(data: Path) -> dict[str, str]:
    """What lies in a data folder's snapshots and marts, by its hash."""
    return tree(data / "snapshots") | tree(data / "marts")


def pointer(data: Path) -> dict[str, str]:
    return dict(json.loads((data / "marts" / "current.json").read_text(encoding="utf-8")))


# The first run of every two settings; the others, in which every two meet, take minutes.
@pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=[] if place < 2 else [pytest.mark.soak]) for place, row in enumerate(rows())],
    ids=["-".join(row) for row in rows()],
)
def test_the_machine_changes_no_byte(
    sent: Path, shared: Path, tmp_path: Path, count: Callable[[str, int], None], row: tuple[str, ...]
) -> None:
    setting = settings(row)
    data = tmp_path / "data"
    put(sent, data / "landing", setting)
    run(data, setting)
    with FileLock(shared / "made.lock"):
        # Whatever run ends first is what the others are held to.
        kept = {order: shared / f"made-{order.replace(' ', '-')}" for order in FACTORS["rows"]}
        mine = kept[setting["rows"]]
        if not mine.exists():
            shutil.copytree(data, mine)
        others = [folder for folder in kept.values() if folder != mine and folder.exists()]
        assert sealed(mine) == sealed(data)
        for other in others:
            assert content(other / "marts") == content(data / "marts")
            assert pointer(other)["snapshot_id"] != pointer(data)["snapshot_id"]
    count("runs whose bytes were compared", 1)
