"""The internal pack: made on request, small counts masked, marked on every page, the same bytes each time."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import database, internal_pack, reference
from pipelines.database import Connection
from pipelines.freeze import Snapshot
from pipelines.internal_pack import Sum
from pipelines.measure.public import write_public
from pipelines.places import DataFolder
from tests.cube import Row, people, register, without_files

ASKED = {"internal_threshold": 5, "internal_pack": True}
SNAPSHOT = Snapshot("5a" * 32, Path(), date(2026, 3, 31), (), {"disclosure": ASKED})
ONS: Row = {"classification": "ons_5"}

PEOPLE = [
    *(people(40, "White", **ONS), people(12, "Asian", **ONS), people(3, "Black", **ONS), people(7, None, **ONS)),
    *(people(30, "White", grade="band_6", **ONS), people(20, "Asian", grade="band_6", **ONS)),
    *(people(8, "Black", grade="band_6", **ONS), people(9, None, grade="band_6", **ONS)),
]


def release(con: Connection, folder: Path, rows: Sequence[Row] = PEOPLE) -> Path:
    """A release with what the pack reads."""
    register(con, rows)
    (folder / "internal").mkdir(parents=True)
    con.execute("create or replace table representation_gap as select distinct org_code from group_count")
    without_files(con)
    write_public(con, folder, {})
    database.export(con, database.read_sql("marts/grade_profile"), folder / "internal" / "grade_profile.parquet", {})
    con.execute("drop table representation_gap")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of PEOPLE, made once."""
    with database.connect() as con:
        reference.load(con, reference.method(DataFolder(tmp_path_factory.mktemp("data"))))
        return release(con, tmp_path_factory.mktemp("release") / "made")


def pack(made: Path, folder: Path, said: str = "", **disclosure: Any) -> Path:
    """The pack of RNA, made beside a copy of a release's tables."""
    shutil.copytree(made, folder)
    paths = internal_pack.write(folder, replace(SNAPSHOT, method={"disclosure": ASKED | disclosure}), said)
    (path,) = [path for path in paths if path.parent.name == "RNA"]
    return path


def printed(page: str) -> dict[str, str]:
    """The lines of a page's tables, by grade."""
    rows = re.findall(r'<tr(?: class="whole")?><th scope="row">(.+?)</th>(.+?)</tr>', page)
    return {label: " ".join(re.findall(r"<td>(.*?)</td>", cells)) for label, cells in rows}


def test_a_pack_prints_exact_counts_by_grade_with_small_ones_masked(made: Path, tmp_path: Path) -> None:
    """3 are small; in their line 7 goes with them, in their column 8, and in that one's line 9."""
    path = pack(made, tmp_path / "a")
    assert path == tmp_path / "a" / "internal" / "report" / "RNA" / "internal-pack.html"
    page = path.read_text(encoding="utf-8")
    # Asian, Black, Mixed, White, Other, not known, everybody
    assert printed(page) == {
        "Band 5": "12 &lt;5 0 40 0 [c] 62",
        "Band 6": "20 [c] 0 30 0 [c] 67",
        "Agenda for Change": "32 11 0 70 0 16 129",
        "All NHS staff": "32 11 0 70 0 16 129",
    }
    assert "Counts from 1 to 4 are printed as &lt;5" in page


@pytest.mark.parametrize(("least", "line"), [(1, "12 3 0 40 0 7 62"), (10, "12 &lt;10 0 40 0 &lt;10 62")])
def test_a_threshold_of_its_own(made: Path, tmp_path: Path, least: int, line: str) -> None:
    page = pack(made, tmp_path / "a", internal_threshold=least).read_text(encoding="utf-8")
    assert printed(page)["Band 5"] == line
    assert ("Every count is printed" in page) == (least == 1)


def test_the_marking_stands_at_the_top_and_in_print_on_every_page(made: Path, tmp_path: Path) -> None:
    page = pack(made, tmp_path / "a", "SYNTHETIC DATA, made up").read_text(encoding="utf-8")
    marking = (
        "OFFICIAL-SENSITIVE: PERSONAL. Exact counts for a private session of The Dudley Group NHS Foundation Trust. "
        "Not for publication, not to be forwarded."
    )
    marked = re.findall(r'<div class="marking([\w ]*)".*?>(.*?)</div>', page, re.DOTALL)
    assert [place.strip() for place, _ in marked] == ["running above", "running below", ""]
    for _, text in marked:
        assert (marking in text, "DRAFT" in text, "SYNTHETIC DATA" in text) == (True, True, True)
    # A fixed box is printed on each page.
    assert re.search(r"@media print \{.*\.running \{ display: block; position: fixed;", page, re.DOTALL)
    assert page.split("<h1>")[0].count(marking) == 3
    assert page.index("DRAFT, OFFICIAL-SENSITIVE") < page.index("</title>")


def test_a_pack_fetches_nothing_runs_nothing_and_is_the_same_twice(made: Path, tmp_path: Path) -> None:
    first, again = (pack(made, tmp_path / name) for name in ("a", "b"))
    page = first.read_text(encoding="utf-8")
    assert first.read_bytes() == again.read_bytes()
    assert "SYNTHETIC" not in page
    assert not re.search(r"<script|<link|<img|src=|https?:|url\(|@import", page)
    assert "default-src 'none'" in page


def test_each_organisation_and_system_has_a_pack_and_nobody_elses_people(con: Connection, tmp_path: Path) -> None:
    rows = [people(50, "White", **ONS), people(60, "Asian", org_code="RBK", **ONS)]
    bank = people(70, "Black", org_code="RBK", employment_type="bank", **ONS)
    paths = internal_pack.write(release(con, tmp_path, [*rows, bank]), SNAPSHOT, "")
    assert {path.parent.name: printed(path.read_text())["All NHS staff"] for path in paths} == {
        "E54000062": "60 0 0 50 0 0 110",
        "RBK": "60 0 0 0 0 0 60",
        "RNA": "0 0 0 50 0 0 50",
    }


def test_none_is_made_unless_asked_for(tmp_path: Path) -> None:
    method: dict[str, Any] = reference.method(DataFolder(tmp_path / "data"))
    assert method["disclosure"]["internal_pack"] is False
    assert internal_pack.write(tmp_path, replace(SNAPSHOT, method=method), "") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", [0, 2, -5, True, "five", 2.5, None])
def test_a_threshold_that_can_not_be_meant_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match=r"disclosure\.internal_threshold is .*, but must be a whole number from 3 on"):
        internal_pack.threshold({"disclosure": {"internal_threshold": said}})


def test_a_code_that_leads_out_of_its_folder_is_refused(con: Connection, made: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(made, tmp_path / "a")
    for name in ("unit.parquet", "internal/grade_profile.parquet"):
        con.execute(f"create or replace table t as select * replace ('../x' as org_code) from '{folder / name}'")
        con.execute(f"copy t to '{folder / name}'")
    with pytest.raises(ValueError, match=re.escape("the internal pack of '../x' would lie in a folder of that name")):
        internal_pack.write(folder, SNAPSHOT, "")


def masked(*parts: int | None, whole: int | None = 0, least: int = 5) -> str:
    """How parts and their sum are printed where nothing else is known of them."""
    keys = [("all", str(place), "", "") for place in range(len(parts) + 1)]
    known = [count for count in parts if count is not None]
    counts = dict(zip(keys, [*parts, sum(known) if whole == 0 else whole], strict=True))
    found = internal_pack.mask(counts, [Sum(keys[-1], tuple(keys[:-1]))], least)
    return " ".join(found.get(key, str(counts[key])) for key in keys)


@pytest.mark.parametrize(
    ("parts", "printed"),
    [
        ((50, 20, 10), "50 20 10 80"),
        ((50, 20, 3), "50 [c] <5 73"),  # a single one: the next smallest goes with it
        ((50, 20, 0), "50 20 0 70"),  # nobody is nobody
        ((50, 3, 2), "50 <5 <5 55"),  # 5 are 1 and 4, 2 and 3: two are enough
        ((50, 1, 1), "[c] <5 <5 52"),  # 2 are 1 and 1 only
        ((50, 4, 4), "[c] <5 <5 58"),  # 8 are 4 and 4 only
        ((50, 5, 1), "[c] [c] <5 56"),  # 6 are 5 and 1 only, as [c] isn't below 5
        ((50, 6, 1), "50 [c] <5 57"),  # 7 are 6 and 1 or 5 and 2
        ((3, 0, 0), "<5 0 0 <5"),  # everybody is small
        ((1, 1, 1, 1), "[c] [c] [c] [c] [c]"),  # four of at least 1, and at most 4 in all
        ((2, 1, 1), "<5 <5 <5 <5"),
    ],
)
def test_no_sum_gives_a_small_count_away(parts: tuple[int, ...], printed: str) -> None:
    assert masked(*parts) == printed


def test_a_count_withheld_by_its_publisher_stays_so(con: Connection, tmp_path: Path) -> None:
    assert masked(50, 3, None, whole=None) == "50 <5 [c] [c]"
    withheld = people(0, "Black", **ONS) | {"headcount": None, "marker": "[c]"}
    paths = internal_pack.write(release(con, tmp_path, [withheld, people(50, "White", **ONS)]), SNAPSHOT, "")
    assert [printed(path.read_text())["Band 5"] for path in paths] == ["0 [c] 0 50 0 [x] [c]"] * 2
