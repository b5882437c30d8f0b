"""Board packs end to end: of a sample and of nothing; every form, and what a publication makes of them."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from lxml import html
from rich.console import Console

from pipelines import approval, cli, commentary, database, handover, ledger, report, seal
from pipelines.approval import ApprovalError, Decision
from pipelines.figures import day, numbers
from pipelines.places import DataFolder
from pipelines.publish import program
from pipelines.report import forms, source
from pipelines.report.forms import reading
from pipelines.report.words import SYNTHETIC
from pipelines.road import Journey, walk
from tests import contrast, packread, pages
from tests.few import write_few
from tests.release import GOVERNANCE

COMMENTARY = """---
author: A. Analyst
written_on: 2026-04-20
as_at: 2026-03-31
---
# RNA
## Actions
- Review the panels. Owner: C. Chair.
## Commentary
What we know rests on few people.

Exactly 1,234,567 people are meant here.
"""
# Of RL4 nothing is sent.
UNITS = ("E54000062", "RNA", "QUA", "E08000027", "RL4")
FORMS = {forms.PAGE, forms.PDF, forms.WORKBOOK, forms.PAPER}
KEY = (*("org_code", "employment_type", "clinical"), *("grade_family", "grade_group", "classification", "category"))
# Plain words only: these have a meaning of their own in statistics, and another in a newspaper.
LOADED = re.compile(r"\b(robust|significan\w*|outliers?|provabl\w*|validated)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """A trust, the board of its system and a council, and a commentary of which one paragraph can't stand."""
    folder = DataFolder(tmp_path_factory.mktemp("packs") / "data")
    folder.landing.mkdir(parents=True)
    write_few(folder.landing, people=8000, months=1)
    (folder.root / "commentary.md").write_text(COMMENTARY, encoding="utf-8")
    (folder.root / "method.yaml").write_text(f"board_pack: {{units: [{', '.join(UNITS)}]}}\n", encoding="utf-8")
    with (folder.root / "printed.txt").open("w", encoding="utf-8") as printed:
        return walk(folder, Console(file=printed, width=400))


@pytest.fixture(scope="module")
def folder(journey: Journey) -> DataFolder:
    return DataFolder(journey.release.path.parent.parent)


@pytest.fixture(scope="module")
def packs(journey: Journey) -> Path:
    return journey.release.path / report.FOLDER


@pytest.fixture(scope="module")
def gaps(journey: Journey) -> list[dict[str, Any]]:
    result = duckdb.execute("from read_parquet(?)", [str(journey.release.path / "representation_gap.parquet")])
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_the_gate_opens_and_each_unit_has_every_form(journey: Journey, packs: Path) -> None:
    assert (journey.release.state, journey.release.closed) == ("gated", ())
    units = {path.name: path for path in packs.iterdir()}
    assert set(units) == set(UNITS)
    assert all({path.name for path in unit.iterdir()} - {forms.CHARTS} == FORMS for unit in units.values())
    assert all(path.stat().st_size < 1_000_000 for path in packs.rglob("*") if path.is_file())


def test_packs_need_nothing_but_the_public_tables(
    journey: Journey, folder: DataFolder, packs: Path, tmp_path: Path
) -> None:
    """The release's own folder has no internal part here, and the packs are the same bytes."""
    public = tmp_path / "public"
    shutil.copytree(journey.release.path, public, ignore=shutil.ignore_patterns("internal", report.FOLDER))
    frozen = journey.release.snapshot
    key = str(approval.find(folder, None).made[0]["disclosure_key"])
    facts = report.facts(journey.release.release_id, frozen.snapshot_id, frozen.method, key)
    about = report.About(frozen.as_at_date, frozen.method, facts, report.DRAFT, SYNTHETIC)
    made = list(report.write(folder, public, tmp_path / "again", about))
    assert {pack.org_code for pack, _ in made} == {path.name for path in packs.iterdir()}
    again = {path.relative_to(tmp_path / "again"): path.read_bytes() for path in (tmp_path / "again").rglob("*.*")}
    assert again == {path.relative_to(packs): path.read_bytes() for path in packs.rglob("*.*")}


def shares(packs: Path, code: str) -> Iterator[dict[str, str]]:
    """The rows of a unit's table of comparators, as its page prints them."""
    root = html.document_fromstring((packs / code / forms.PAGE).read_text(encoding="utf-8"))
    (table,) = root.xpath("//table[@data-name='comparators']")
    heads = [pages.plain(cell.text_content()) for cell in table.xpath(".//thead//th")]
    for row in table.xpath(".//tbody/tr"):
        yield dict(zip(heads, (pages.plain(cell.text_content()) for cell in row.xpath("./th | ./td")), strict=True))


def rounded(value: Decimal, error: Decimal, factor: int = 100) -> Decimal:
    place = Decimal(1) if error >= Decimal("0.5") else Decimal("0.1")
    return (factor * value).quantize(place, ROUND_HALF_UP)


@pytest.mark.parametrize("code", ["RNA", "E54000062"])
def test_each_printed_gap_is_that_of_the_mart(packs: Path, gaps: list[dict[str, Any]], code: str) -> None:
    grades = {
        "All NHS staff": ("all", "all"),
        "8a and above": ("afc", "afc_8a_plus"),
        "Social care": ("social_care", "all"),
    }
    groups = {("Women", "Sex"): ("sex", "Female"), ("BME people", "Ethnicity (two groups)"): ("wres", "BME")}
    compared = 0
    for line in shares(packs, code):
        grade, group = grades.get(line["Grades"]), groups.get((line["Group"], line["Characteristic"]))
        if grade is None or group is None:
            continue
        wanted = (code, "substantive", "all", *grade, *group)
        rows = {row["comparator"]: row for row in gaps if tuple(row[name] for name in KEY) == wanted}
        own = rows["workforce"]
        error = own["share_rounding_error_pp"]
        assert line["People known"] == f"{own['known_headcount']:,}"
        assert list(numbers(line["Share"])) == [rounded(own["workforce_share"], error)]
        against = rows["population"]
        assert list(numbers(line["Residents"])) == [abs(rounded(against["gap_pp"], error, 1))]
        assert line["Residents"].startswith("−") == (rounded(against["gap_pp"], error, 1) < 0)
        compared += 1
    assert compared >= 2


def shown(cell: Any) -> str:
    """What a cell of a workbook shows."""
    value = cell.value
    return value if isinstance(value, str) else packread.rendered(value, cell.number_format)


def test_every_form_says_the_same(journey: Journey, packs: Path) -> None:
    frozen = journey.release.snapshot
    facts = report.facts(journey.release.release_id, frozen.snapshot_id, frozen.method, "")
    about = report.About(frozen.as_at_date, frozen.method, facts, report.DRAFT, SYNTHETIC)
    written = commentary.read(packs.parents[2] / "commentary.md", about.as_at_date)
    with database.connect() as con, source.opened(con, journey.release.path, about.as_at_date, about.method) as units:
        for unit in (one for one in units if one["org_code"] in UNITS):
            told = source.read(con, unit, about.as_at_date, about.method)
            made, _ = report.made_of(told, about, written.get(unit["org_code"]))
            wanted = set(map(pages.plain, report.texts(made)))
            place = packs / unit["org_code"]
            on_page = " ".join(pages.texts((place / forms.PAGE).read_text(encoding="utf-8")))
            in_pdf = pages.plain(" ".join(packread.texts_of_pdf((place / forms.PDF).read_bytes())))
            cells = packread.cells_of_workbook((place / forms.WORKBOOK).read_bytes())
            in_workbook = {shown(cell) for sheet in cells.values() for row in sheet for cell in row}
            assert [one for one in wanted if one not in on_page] == []
            assert [one for one in wanted if one not in in_pdf] == []
            figures = {
                cell.text for table in made.tables for row in table.rows for cell in row if not isinstance(cell, str)
            }
            assert [one for one in figures if one.split(" [")[0] not in in_workbook] == []


def test_a_commentary_stands_under_its_name_but_for_what_the_pack_doesnt_print(folder: DataFolder, packs: Path) -> None:
    page = (packs / "RNA" / forms.PAGE).read_text(encoding="utf-8")
    told = pages.texts(page)
    assert {"Review the panels. Owner: C. Chair.", "What we know rests on few people."} <= set(told)
    assert "Written by A. Analyst, 20 April 2026." in told
    assert "1,234,567" not in page
    said = (folder.root / "printed.txt").read_text(encoding="utf-8")
    assert (
        "left out  commentary.md, RNA: 'Exactly 1,234,567 people are meant here. …' is left out: the pack has no "
        "1,234,567" in said
    )
    assert "No actions and no commentary were written for this pack." in pages.texts(
        (packs / "QUA" / forms.PAGE).read_text(encoding="utf-8")
    )


def test_words_are_plain(packs: Path) -> None:
    for page in packs.rglob(forms.PAGE):
        assert LOADED.findall(" ".join(pages.texts(page.read_text(encoding="utf-8")))) == []


def test_charts_can_be_read(packs: Path) -> None:
    seen = 0
    for page in packs.rglob(forms.PAGE):
        for drawn in re.findall(r"<svg.*?</svg>", page.read_text(encoding="utf-8"), re.DOTALL):
            assert contrast.weak(drawn) == []
            seen += 1
    assert seen >= 5


def agreed(codes: list[str], account: str) -> str:
    """A governance file with an agreement of each sender, and a runner with this account."""
    said = yaml.safe_load(GOVERNANCE.replace("account: anna", f"account: {account}"))
    (one,) = said["sharing_agreements"]
    said["sharing_agreements"] = [{**one, "organisation": code, "review_by": date(2099, 1, 1)} for code in codes]
    said["dpia"]["review_by"] = date(2099, 1, 1)
    return yaml.safe_dump(said)


def test_what_is_published_names_the_approval_and_no_longer_says_draft(
    folder: DataFolder, packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = DataFolder(tmp_path / "data")
    shutil.copytree(folder.root, data.root)
    (data.root / "governance.yaml").write_text(agreed(["RNA", "QUA", "E08000027"], approval.account()), "utf-8")
    today = date.fromisoformat(ledger.read(data.ledger)[-1]["at"][:10])
    approval.approve(data, None, Decision("B. Member", "chair of the EDI board", today, "EDI/7"), today)
    with monkeypatch.context() as another:
        another.setattr(program, "hashes", lambda: {"pipelines/report/board.py": "another"})
        with pytest.raises(ApprovalError, match="was made by another version of the program"):
            handover.publish(data, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
    done = handover.publish(data, tmp_path / "out")
    handed_over = done.path / report.FOLDER
    page = (handed_over / "RNA" / forms.PAGE).read_text("utf-8")
    assert f"Approved on {day(today)}, minute EDI/7." in pages.texts(page)
    for path in (path for path in handed_over.rglob("*") if path.suffix in (".html", *reading.FORMS)):
        told = path.read_text("utf-8") if path.suffix == ".html" else "\n".join(reading.texts(path))
        assert "DRAFT" not in told, path.name
    assert seal.list_problems(done.path) == []
    assert handover.publish(data, tmp_path / "out").copied is False
    count, _ = report.again(data, approval.find(data, None), tmp_path / "again")
    assert count == len(list(packs.iterdir()))
    again = {path.relative_to(tmp_path / "again"): path.read_bytes() for path in (tmp_path / "again").rglob("*.*")}
    assert again == {path.relative_to(handed_over): path.read_bytes() for path in handed_over.rglob("*.*")}


def test_a_unit_of_which_nothing_is_published_gets_a_pack_that_says_so(packs: Path) -> None:
    told = pages.texts((packs / "RL4" / forms.PAGE).read_text(encoding="utf-8"))
    assert "Nothing can be shown for this date" in told
    assert any(
        one.startswith("Nothing is published of the workforce of The Royal Wolverhampton NHS Trust") for one in told
    )


def test_the_descriptor_names_each_form_with_its_hash(journey: Journey, packs: Path) -> None:
    told = json.loads((journey.release.path / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    documents = {one["path"]: one for one in told if one["path"].startswith(f"{report.FOLDER}/")}
    assert set(documents) == {f"report/{unit}/{name}" for unit in UNITS for name in FORMS}
    one = documents[f"report/RNA/{forms.PDF}"]
    content = (packs / "RNA" / forms.PDF).read_bytes()
    assert one["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert (one["bytes"], one["mediatype"]) == (len(content), "application/pdf")
    assert one["name"] == "report-rna-board-pack-pdf"


@pytest.mark.parametrize(("asked", "code"), [([], 0), (["2026-03-31"], 0), (["2019-01-01"], 2)])
def test_the_command_writes_the_packs_of_a_release_again(
    folder: DataFolder,
    packs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: list[str],
    code: int,
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr("sys.argv", ["edi", "report", *asked, "--out", str(out), "--data", str(folder.root)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == code
    if code:
        assert not out.exists()
        return
    assert f"{len(UNITS)} board packs in" in " ".join(capsys.readouterr().out.split())
    assert {path.name for path in out.iterdir()} == set(UNITS)
    assert (out / "RNA" / forms.PAPER).read_bytes() == (packs / "RNA" / forms.PAPER).read_bytes()


def test_a_unit_that_isnt_in_the_release_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"board_pack\.units: R00 is no unit of this release"):
        report.wanted([{"org_code": "RNA"}], {"board_pack": {"units": ["RNA", "R00"]}})
