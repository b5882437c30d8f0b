"""The answer to the sender: where a refused file goes, and what stands beside it."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines import answer, ledger, quarantine, reference
from pipelines.answer import Answer
from pipelines.database import Connection
from pipelines.ingest import ingest
from pipelines.judge import Finding
from pipelines.landing import landed
from pipelines.places import DataFolder
from pipelines.validate import Validated, validate
from tests.spec.test_ingest import staff_csv

CELL = "Sekhmet"


def people(*odd: dict[str, str], good: int = 40) -> str:
    return staff_csv(*({"person_key": f"p{number}"} for number in range(good)), *odd)


def judge(con: Connection, root: Path, **texts: str) -> Validated:
    """Judge what lies in the landing folder of a data folder, and these files beside it."""
    folder = DataFolder(root)
    folder.landing.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder.landing / f"{name}.csv").write_text(text, encoding="utf-8")
    files = landed(folder)
    return validate(con, ingest(con, folder, files, root / "work"), reference.method(folder))


def answered(con: Connection, root: Path, **texts: str) -> dict[str, quarantine.Quarantined]:
    folder = DataFolder(root)
    placed = quarantine.quarantine(con, folder, judge(con, root, **texts))
    return {one.file: one for one in placed}


def only_answer(con: Connection, root: Path, text: str) -> Answer:
    (one,) = answer.answers(con, judge(con, root, sent=text))
    return one


def test_a_refused_file_moves_with_its_sidecar_and_its_answer_lies_beside_it(con: Connection, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    text = people(*[{"person_key": f"x{number}", "fte": "9"} for number in range(9)])
    (landing / "bad.csv.yaml").write_text("reason: the second try\n", encoding="utf-8")
    (placed,) = answered(con, tmp_path, bad=text, good=people({"org_code": "RNA"})).values()
    assert placed.moved
    assert re.fullmatch(r"bad\.csv-[0-9a-f]{12}", placed.folder.name)
    assert sorted(path.name for path in placed.folder.rglob("*")) == [
        "bad.csv",
        "bad.csv.yaml",
        "file",
        "rejects.csv",
        "report.jsonl",
        "report.md",
    ]
    assert (placed.folder / "file" / "bad.csv").read_text(encoding="utf-8") == text
    assert sorted(path.name for path in landing.iterdir()) == ["good.csv"]


def test_a_file_that_lost_rows_stays_and_is_answered_too(con: Connection, tmp_path: Path) -> None:
    (placed,) = answered(con, tmp_path, sent=people({"grade": "band_8"})).values()
    assert not placed.moved
    assert (tmp_path / "landing" / "sent.csv").is_file()
    assert "1 of its 41 rows were left out" in (placed.folder / "report.md").read_text(encoding="utf-8")


def test_a_file_without_fault_needs_no_answer(con: Connection, tmp_path: Path) -> None:
    assert answered(con, tmp_path, sent=people()) == {}
    assert not (tmp_path / "quarantine").exists()


def test_the_ledger_has_one_line_for_a_refusal_however_often_it_comes(con: Connection, tmp_path: Path) -> None:
    for _ in range(2):
        answered(con, tmp_path, letter="Dear colleague,\n")
    entries = ledger.read(tmp_path / "ledger.jsonl")
    assert [(one["event"], one["file"], one["rule"]) for one in entries] == [("refused", "letter.csv", "layout.none")]


def test_the_answer_comes_again_where_a_run_stopped_before_the_file_moved(con: Connection, tmp_path: Path) -> None:
    first = answered(con, tmp_path, letter="Dear colleague,\n")["letter.csv"]
    (first.folder / "file" / "letter.csv").rename(tmp_path / "landing" / "letter.csv")
    again = answered(con, tmp_path)["letter.csv"]
    assert again == first


@pytest.mark.parametrize("name", ["rejects.csv", "report.md"])
def test_no_name_of_a_file_takes_the_place_of_the_answer(con: Connection, tmp_path: Path, name: str) -> None:
    folder = DataFolder(tmp_path)
    folder.landing.mkdir()
    (folder.landing / name).write_text(f"{CELL},x\n1,2\n", encoding="utf-8")
    validated = validate(con, ingest(con, folder, [folder.landing / name], tmp_path / "work"), reference.method(folder))
    (placed,) = quarantine.quarantine(con, folder, validated)
    assert CELL not in (placed.folder / name).read_text(encoding="utf-8")
    assert CELL in (placed.folder / "file" / name).read_text(encoding="utf-8")


def test_a_file_that_was_written_to_after_it_was_judged_stays(con: Connection, tmp_path: Path) -> None:
    validated = judge(con, tmp_path, sent=people({"person_key": "p0", "assignment_key": "a0"}))
    (tmp_path / "landing" / "sent.csv").write_text("another file\n", encoding="utf-8")
    (placed,) = quarantine.quarantine(con, DataFolder(tmp_path), validated)
    assert not placed.moved
    assert (tmp_path / "landing" / "sent.csv").is_file()


def test_a_long_name_in_any_alphabet_has_its_answer(con: Connection, tmp_path: Path) -> None:
    (placed,) = answered(con, tmp_path, **{"報告" * 39: "Dear colleague,\n"}).values()
    assert (placed.folder / "report.md").is_file()


def test_what_is_wrong_with_the_whole_file_is_found_on_the_page_too(con: Connection, tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    beside = "control_totals: [{organisation: RNA, as_at: 2026-03-31, people: 9}]\n"
    (tmp_path / "landing" / "sent.csv.yaml").write_text(beside, encoding="utf-8")
    one = only_answer(con, tmp_path, people())
    (row,) = (row for row in Page(answer.page(one)).rows if "staff.control_total_without_rows" in row[0])
    assert row[-1].strip() == "found"
    assert "the whole file" in answer.page(one)


def test_a_file_of_personal_data_is_not_asked_for_again(con: Connection, tmp_path: Path) -> None:
    one = only_answer(con, tmp_path, "Surname,NHS Number\nDoe,9434765919\n")
    assert one.refusal is not None
    assert one.refusal.rule == "column.personal"
    assert "send the whole file again" not in answer.report_md(one)


def test_rejects_name_every_line_at_fault_and_no_cell(con: Connection, tmp_path: Path) -> None:
    odd = [{"person_key": "x", "grade": CELL}, {"person_key": "y", "fte": "9"}, {"person_key": "z", "fte": CELL}]
    text = people(*odd, good=80) + "too,few\n"
    (placed,) = answered(con, tmp_path, sent=text).values()
    with (placed.folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [tuple(row.values())[:3] for row in csv.DictReader(file)]
    assert rows == [
        ("82", "grade", "staff.grade.not_in_list"),
        ("83", "fte", "staff.fte_range"),
        ("84", "fte", "staff.fte.not_a_number"),
        ("85", "", "line.fields"),
    ]
    for path in placed.folder.iterdir():
        assert CELL not in path.read_text(encoding="utf-8")


def test_of_a_refused_file_the_first_reject_is_the_file_and_the_others_its_lines(
    con: Connection, tmp_path: Path
) -> None:
    twice = people({"person_key": "p0", "assignment_key": "a0"})
    (placed,) = answered(con, tmp_path, sent=twice).values()
    with (placed.folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [tuple(row.values())[::2] for row in csv.DictReader(file)] == [
            ("", "staff.key"),
            ("2", "staff.key"),
            ("42", "staff.key"),
        ]


def test_the_report_says_what_where_how_many_and_what_to_send_instead(con: Connection, tmp_path: Path) -> None:
    report = answer.report_md(only_answer(con, tmp_path, people({"fte": "half"}, {"grade": "8"})))
    assert report.startswith("# `sent.csv`: taken in, with rows left out\n")
    assert "It is about RXK 2026-03-31, and was read as `edi_staff`." in report
    assert "fte: the cell isn't a number" in report
    assert "1 of 42 rows (line 42)" in report
    assert "What to send instead: fte (contracted hours as a share of full time) as a number with a decimal" in report
    assert len(report.splitlines()) < 60


def test_the_report_stays_one_page_and_counts_the_rest(con: Connection, tmp_path: Path) -> None:
    one = only_answer(con, tmp_path, people())
    faults = tuple(
        Finding("", "sent.csv", f"rule.{number}", "", "reject_row", "s", "a", 9, 1, (2,)) for number in range(14)
    )
    report = answer.report_md(Answer(**{**vars(one), "findings": faults, "rows_rejected": 14}))
    assert report.count("What to send instead") == answer.FAULTS_SHOWN
    assert "4 more kinds of fault are listed in `report.jsonl`." in report


def test_report_jsonl_has_the_file_first_and_then_a_line_a_finding(con: Connection, tmp_path: Path) -> None:
    text = answer.report_jsonl(only_answer(con, tmp_path, people({"fte": "9"}, {"grade": CELL}, good=50)))
    head, *findings = [json.loads(line) for line in text.splitlines()]
    assert (head["verdict"], head["rows_in"], head["rows_accepted"], head["rows_rejected"]) == ("accepted", 52, 50, 2)
    assert [(one["rule"], one["lines"]) for one in findings if one["severity"] == "reject_row"] == [
        ("staff.fte_range", [52]),
        ("staff.grade.not_in_list", [53]),
    ]


def test_a_code_that_is_in_no_register_may_be_anything_and_is_not_repeated(con: Connection, tmp_path: Path) -> None:
    one = only_answer(con, tmp_path, staff_csv({"org_code": CELL}))
    assert one.about == "nobody in the register"
    for text in (answer.report_md(one), answer.page(one), answer.report_jsonl(one)):
        assert CELL not in text


class Page(HTMLParser):
    """The rows of a page's last table, and what it would fetch or run."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.rows: list[list[str]] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell, or note what a tag would load."""
        self.loads += [name for name, _ in attrs if name in ("src", "href", "onload", "onclick", "action")]
        self.loads += [tag] if tag in ("script", "link", "img", "iframe") else []
        if tag == "table":
            self.rows = []
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        """Add to the cell."""
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += f" {data.strip()}"


def test_the_page_lists_every_expectation_with_rows_tried_failing_and_verdict(con: Connection, tmp_path: Path) -> None:
    bank = {"person_key": "b", "employment_type": "bank", "fte": ""}
    text = people({"person_key": "x", "fte": "9"}, bank, {"person_key": "y", "grade": "band_8"}, good=60)
    one = only_answer(con, tmp_path, text)
    page = Page(answer.page(one))
    said = {row[0].split()[-1]: [cell.strip() for cell in row[1:]] for row in page.rows[1:]}
    assert said["staff.fte_range"] == ["fte", "the row is left out", "62", "1", "found"]  # the bank's row isn't asked
    assert said["staff.bank_fte_range"] == ["fte", "the row is left out", "1", "0", "not found"]
    assert said["staff.grade"] == ["grade", "the row is left out", "63", "1", "found"]
    assert said["staff.key"] == ["", "the file is refused", "63", "0", "not found"]
    assert len(said) == len(one.asked) > 30


def test_an_expectation_about_rows_that_a_file_has_none_of_was_not_asked(con: Connection, tmp_path: Path) -> None:
    page = Page(answer.page(only_answer(con, tmp_path, people())))
    (verdict,) = [row[-1].strip() for row in page.rows if "staff.bank_fte_range" in row[0]]
    assert verdict == "not asked: no such row"


def test_a_page_needs_no_network_and_runs_nothing(con: Connection, tmp_path: Path) -> None:
    text = answer.page(only_answer(con, tmp_path, people({"fte": "9"})))
    assert Page(text).loads == []
    assert "http" not in text.replace("http-equiv", "")


@pytest.mark.parametrize("name", ["<script>alert(1)<script>", "a`b*c_[d](e)", "=cmd()"])
def test_a_hostile_name_is_only_a_name(con: Connection, tmp_path: Path, name: str) -> None:
    (tmp_path / "landing").mkdir()
    text = "\n".join([people().split("\n")[0] + f",{name}", "x", ""])
    (tmp_path / "landing" / f"{name.replace('/', '')}.csv").write_text(text, encoding="utf-8")
    (one,) = answer.answers(con, judge(con, tmp_path))
    assert "<script" not in answer.page(one)
    assert not re.search(r"(?<!\\)<script", answer.report_md(one).replace(f"`{name}.csv`", ""))
    rejects = "".join(answer.rejects_csv(con, one)).splitlines()
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in csv.reader(rejects) for cell in row)


def test_the_sender_of_a_refused_file_hears_what_to_send_and_nothing_of_our_settings(
    con: Connection, tmp_path: Path
) -> None:
    report = answer.report_md(only_answer(con, tmp_path, people({"org_code": "QQQ"}, good=3)))
    first = report.splitlines()[2]
    assert first == ("The file was refused: 1 of its 4 rows are rejected, more than 5%.")
    assert "What to send instead: the code of the employer as the Organisation Data Service" in report
    assert "organisations.csv" not in report
