"""Who approves a release, what has to stand before, and how its state follows from the ledger."""

import hashlib
import json
import re
import shutil
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import approval, governance, layout, ledger, places, seal
from pipelines.governance import Governance
from pipelines.places import DataFolder
from tests.release import DECISION, RELEASE, TODAY, approve, extract, make, refused, said, snapshot

STEPS = ["released", "gated", "approved", "published"]
STATES = ["built", "gated", "approved", "published"]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def lines(*events: str, release_id: str = RELEASE) -> list[dict[str, Any]]:
    return [{"event": event, "release_id": release_id, "snapshot_id": "s", "to": "/out"} for event in events]


@pytest.mark.parametrize("count", range(1, 5))
def test_a_state_is_the_last_step_that_was_taken(count: int) -> None:
    assert approval.state(lines(*STEPS[:count]), RELEASE) == STATES[count - 1]
    assert approval.state(lines(*STEPS[:count], "withdrawn"), RELEASE) == "withdrawn"


def test_a_release_that_the_ledger_does_not_know_has_no_state() -> None:
    assert approval.state([], RELEASE) is None
    assert approval.state(lines("released", release_id="2026-03-31-bbbbbbbbbbbb"), RELEASE) is None
    assert approval.state(lines("gated", "approved"), RELEASE) is None


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (["released", "approved"], "built"),
        (["released", "published", "gated"], "gated"),
        (["released", "gated", "published"], "gated"),
        (["released", "gated", "approved", "released", "gated"], "approved"),
        (["released", "gated", "approved", "published", "audited"], "published"),
        (["released", "withdrawn", "gated", "approved", "published", "released"], "withdrawn"),
    ],
)
def test_a_line_that_skips_a_step_counts_for_nothing_and_nothing_leads_back(events: list[str], state: str) -> None:
    assert approval.state(lines(*events), RELEASE) == state


@given(st.lists(st.sampled_from([*STEPS, "withdrawn", "audited"])))
def test_no_release_is_approved_that_was_not_gated_before_and_none_comes_back(events: list[str]) -> None:
    reached = [approval.state(lines(*events[:count]), RELEASE) for count in range(len(events) + 1)]
    for before, after in pairwise(reached):
        if before != after and after != "withdrawn":
            assert [None, *STATES].index(after) == [None, *STATES].index(before) + 1
    if "withdrawn" in reached:
        assert set(reached[reached.index("withdrawn") :]) == {"withdrawn"}


def test_an_approval_is_a_line_of_the_ledger_and_the_pointer_follows(folder: DataFolder) -> None:
    release = make(folder)
    before = seal.problems(release)
    assert approval.is_draft(folder, RELEASE)
    approve(folder)
    line = ledger.read(folder.ledger)[-1]
    assert {key: line[key] for key in ("event", "release_id", "name", "role", "on", "minute", "by")} == {
        "event": "approved",
        "release_id": RELEASE,
        "name": "B. Member",
        "role": "chair of the EDI board",
        "on": "2026-04-14",
        "minute": "EDI/2026/14",
        "by": approval.account(),
    }
    assert json.loads((folder.marts / "current.json").read_text())["state"] == "approved"
    assert not approval.is_draft(folder, RELEASE)
    assert before == seal.problems(release) == []


def test_the_head_is_the_hash_of_the_last_line(folder: DataFolder) -> None:
    make(folder)
    before = approval.head(folder)
    approve(folder)
    assert ledger.read(folder.ledger)[-1]["previous"] == before != approval.head(folder)


def test_the_same_decision_twice_is_written_once_and_another_is_refused(folder: DataFolder) -> None:
    make(folder)
    approve(folder)
    written = folder.ledger.read_bytes()
    _, is_new = approval.approve(folder, RELEASE, DECISION, TODAY)
    assert (is_new, folder.ledger.read_bytes()) == (False, written)
    (sentence,) = refused(folder, minute="EDI/2026/15")
    assert "was approved by B. Member, chair of the EDI board, on 2026-04-14 (minute EDI/2026/14)" in sentence


def test_a_release_is_named_by_as_much_of_its_id_as_no_other_begins_with(folder: DataFolder) -> None:
    make(folder)
    other = "2026-03-31-ab0000000000"
    make(folder, extract("RNA"), extract("RNA"), release_id=other)
    assert "2 releases begin with 2026-03-31-a" in refused(folder, "2026-03-31-a")[0]
    assert "there is no release 2026-04" in refused(folder, "2026-04")[0]
    approve(folder, "2026-03-31-aa")
    approve(folder)
    assert [one["release_id"] for one in ledger.read(folder.ledger) if one["event"] == "approved"] == [RELEASE, other]


def test_a_folder_that_the_ledger_does_not_know_is_no_release(folder: DataFolder) -> None:
    shutil.copytree(make(folder), folder.marts / "2026-03-31-ffffffffffff")
    assert "the ledger doesn't know 2026-03-31-ffffffffffff" in refused(folder, "2026-03-31-ffffffffffff")[0]
    assert "there is no release ../data" in refused(folder, "../data")[0]


def test_a_release_that_is_only_built_says_what_is_seen_to_be_missing(folder: DataFolder) -> None:
    release = make(folder)
    kept = [line for line in folder.ledger.read_text().splitlines(keepends=True) if '"gated"' not in line]
    folder.ledger.write_text("".join(kept))
    (release / "unit.csv").unlink()
    (sentence,) = refused(folder)
    assert "is built and hasn't passed its gate (seal: unit.csv is gone; " in sentence
    assert sentence.endswith("; run 'edi run' again")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: (path / "unit.csv").write_text("org_code\nRNB\n"), "unit.csv was changed"),
        (lambda path: (path / "internal" / "trend.parquet").write_text("PAR1 exacd"), "internal/trend.parquet was ch"),
        (lambda path: (path / "more" / "RNA" / "pack.html").unlink(), "more/RNA/pack.html is gone"),
        (lambda path: (path / "more" / "more.csv").touch(), "more/more.csv was added"),
        (lambda path: (path / "internal" / "more").touch(), "internal/more was added"),
        (lambda path: (path / "linked").symlink_to("report"), "linked isn't a file but a link"),
        (lambda path: (path / "SHA256SUMS").unlink(), "SHA256SUMS isn't there"),
        (lambda path: shutil.rmtree(path / "internal"), "internal/SHA256SUMS isn't there"),
        (lambda path: (path / "SHA256SUMS").write_bytes(b"\xff"), "SHA256SUMS isn't the list that the ledger names"),
    ],
)
def test_a_release_that_is_not_what_was_sealed_is_refused(folder: DataFolder, damage: Any, words: str) -> None:
    damage(make(folder))
    (sentence,) = refused(folder)
    assert words in sentence


def test_a_release_that_was_sealed_anew_is_not_what_the_ledger_names(folder: DataFolder) -> None:
    release = make(folder)
    (release / "unit.csv").write_text("org_code\nRNB\n")
    sums = (release / "SHA256SUMS").read_text().splitlines(keepends=True)
    own = f"{hashlib.sha256((release / 'unit.csv').read_bytes()).hexdigest()}  unit.csv\n"
    (release / "SHA256SUMS").write_text("".join(own if "unit.csv" in line else line for line in sums))
    assert seal.problems(release) == []
    assert "SHA256SUMS isn't the list that the ledger names" in refused(folder)[0]


def test_without_a_governance_file_it_is_said_which_to_copy_where(folder: DataFolder) -> None:
    make(folder)
    (folder.root / "governance.yaml").unlink()
    (sentence,) = refused(folder)
    assert f"copy {places.REPORTS / 'governance.yaml'} to {folder.root / 'governance.yaml'}" in sentence


def test_the_file_as_it_is_shipped_lets_nobody_approve_anything(folder: DataFolder) -> None:
    make(folder)
    shutil.copy(places.REPORTS / "governance.yaml", folder.root / "governance.yaml")
    approver, runner, dpia, agreement = refused(folder)
    assert "B. Member, chair of the EDI board, isn't among them; they are: nobody" in approver
    assert "runners is empty; write who runs the program" in runner
    assert "dpia: reference is empty" in dpia
    assert "there is none with RNA" in agreement


def test_the_examples_in_the_shipped_file_are_taken_once_they_are_no_comments(folder: DataFolder) -> None:
    folder.root.mkdir()
    text = (places.REPORTS / "governance.yaml").read_text(encoding="utf-8")
    for name in ("sharing_agreements", "runners", "approvers"):
        text = text.replace(f"{name}: []", f"{name}:")
    text = "\n".join(line.removeprefix("#") if line.startswith("#  ") else line for line in text.splitlines())
    (folder.root / "governance.yaml").write_text(text, encoding="utf-8")
    read = governance.load(folder)
    assert read.sharing_agreements[0].review_by == date(2027, 1, 14)
    assert (read.runners[0].account, read.approvers[0].role) == ("aanalyst", "chair of the EDI board")


def test_a_slip_of_the_pen_in_the_file_is_named(folder: DataFolder) -> None:
    make(folder)
    said(folder, aprovers=[])
    assert refused(folder)[0].startswith("governance.yaml: aprovers: ")


@pytest.mark.parametrize(
    ("dpia", "words"),
    [
        ({"reference": " ", "approved_on": "2025-06-01", "review_by": "2026-06-01"}, "reference is empty"),
        ({"reference": 7, "approved_on": "2025-06-01", "review_by": None}, "write approved_on and review_by"),
        ({"reference": 7, "approved_on": "2026-04-21", "review_by": "2026-06-01"}, "is approved on 2026-04-21 only"),
        ({"reference": 7, "approved_on": "2025-06-01", "review_by": "2026-04-19"}, "to be reviewed by 2026-04-19"),
    ],
)
def test_the_impact_assessment_has_to_be_in_force(folder: DataFolder, dpia: dict[str, Any], words: str) -> None:
    make(folder)
    said(folder, dpia=dpia)
    (sentence,) = refused(folder)
    assert words in sentence


@pytest.mark.parametrize("review_by", ["2026-04-20", "2026-04-21"])
def test_on_its_last_day_an_assessment_and_an_agreement_still_hold(folder: DataFolder, review_by: str) -> None:
    make(folder)
    dated = {"reference": "7", "review_by": review_by}
    agreement = {"organisation": "RNA", "signed_on": "2026-04-20", **dated}
    said(folder, dpia={"approved_on": "2026-04-20", **dated}, sharing_agreements=[agreement])
    approve(folder)
    assert approval.state(ledger.read(folder.ledger), RELEASE) == "approved"


@pytest.mark.parametrize(("signed_on", "review_by"), [("2026-04-21", "2027-01-01"), ("2025-01-01", "2026-04-19")])
def test_an_agreement_has_to_be_signed_and_within_its_review_date(
    folder: DataFolder, signed_on: str, review_by: str
) -> None:
    make(folder)
    lapsed = {"organisation": "RNA", "reference": "1", "signed_on": signed_on, "review_by": review_by}
    said(folder, sharing_agreements=[lapsed])
    (sentence,) = refused(folder)
    assert "that with RNA isn't signed yet, or its review date has passed" in sentence
    said(folder, sharing_agreements=[lapsed, {**lapsed, "signed_on": "2025-06-01", "review_by": "2026-06-01"}])
    approve(folder)


def test_who_sent_rows_or_unpublished_counts_needs_an_agreement_and_nobody_else(folder: DataFolder) -> None:
    published = places.LAYOUTS / "gov_uk_nhs_workforce.yaml"
    make(
        folder,
        extract("RNA", "RBK"),
        extract("RXK", feed="headcount", layout="edi_headcount"),
        extract("E92000001", feed="headcount", layout="gov_uk_nhs_workforce"),
        extract("E08000027", feed="population", layout="edi_population"),
        extract("RL4", synthetic=True),
        extract(),
        files={"layouts/gov_uk_nhs_workforce.yaml": hashlib.sha256(published.read_bytes()).hexdigest()},
    )
    (sentence,) = refused(folder)
    assert "there is none with RBK, RXK, whose rows or unpublished counts" in sentence


def test_counts_are_public_as_their_layout_said_when_it_was_frozen(folder: DataFolder) -> None:
    """A layout that was changed since, and isn't kept as it was, is no publisher's."""
    text = "layout: ours\nfeed: headcount\npublished: true\n"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    extracts = [extract("RXK", feed="headcount", layout="ours")]
    snapshot_id = snapshot(folder, *extracts, files={"layouts/ours.yaml": sha256})
    (folder.root / "layouts").mkdir()
    (folder.root / "layouts" / "ours.yaml").write_text(text + "title: changed\n", encoding="utf-8")
    assert governance.senders(folder, snapshot_id) == {"RXK"}
    (folder.snapshots / "objects").mkdir()
    (folder.snapshots / "objects" / sha256).write_text(text, encoding="utf-8")
    assert governance.senders(folder, snapshot_id) == set()


def test_the_layouts_of_public_publishers_say_so_and_no_template_or_record_does() -> None:
    packaged = layout.load_all(DataFolder(places.PROJECT / "no such folder"))
    assert {one.name for one in packaged if not one.published} == {
        "asc_wds_worker",
        "edi_headcount",
        "edi_population",
        "edi_staff",
        "esr_assignment",
        "esr_equality",
    }


def test_a_layout_of_rows_about_people_cannot_say_that_they_are_public(tmp_path: Path) -> None:
    text = (places.LAYOUTS / "edi_staff.yaml").read_text(encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(text.replace("feed: staff", "feed: staff\npublished: true"), encoding="utf-8")
    with pytest.raises(layout.LayoutError, match="rows about people aren't public"):
        layout.load(tmp_path / "ours.yaml")


def test_a_manifest_that_was_changed_carries_no_approval(folder: DataFolder) -> None:
    make(folder)
    (manifest,) = folder.snapshots.glob("*/manifest.json")
    manifest.write_text(manifest.read_text().replace("RNA", "RNB"))
    assert "isn't there or was changed" in refused(folder)[0]


@pytest.mark.parametrize(("on", "words"), [("2026-04-21", "is yet to come"), ("2026-04-09", "is before 2026-04-10")])
def test_a_decision_is_of_a_day_between_the_making_and_today(folder: DataFolder, on: str, words: str) -> None:
    make(folder)
    (sentence,) = refused(folder, on=date.fromisoformat(on))
    assert words in sentence


def test_everything_that_is_wrong_is_said_at_once(folder: DataFolder) -> None:
    make(folder)
    said(folder, sharing_agreements=[], dpia={})
    told = refused(folder, name="D. Nobody", on=date(2026, 5, 1), minute=" ")
    assert [one.split(":")[0] for one in told] == [
        "the minute is empty; write it",
        "2026-05-01 is yet to come",
        *["governance.yaml"] * 3,
    ]


def test_the_pointer_of_another_release_is_left_alone(folder: DataFolder) -> None:
    make(folder)
    make(folder, extract(), extract("RNA"), release_id="2026-03-31-bbbbbbbbbbbb")
    approve(folder, RELEASE)
    assert json.loads((folder.marts / "current.json").read_text())["state"] == "gated"


def test_an_account_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert approval.account() == "unknown"


def test_the_model_takes_an_empty_file() -> None:
    assert Governance().approvers == ()


def test_the_page_about_governance_names_every_state_and_entry_and_its_example_is_taken(folder: DataFolder) -> None:
    page = (places.PROJECT / "docs" / "governance.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| .+ \| `(\w+)` \|$", page, re.MULTILINE) == [
        ("built", "released"),
        *((one, one) for one in ("gated", "approved", "published", "withdrawn")),
    ]
    text = page.split("## governance.yaml")[1].split("\n## ")[0]
    described = text.split("| entry | meaning |")[1]
    parts = (Governance, governance.Dpia, governance.Agreement, governance.Runner, governance.Approver)
    assert {name for part in parts for name in part.model_fields} <= set(re.findall(r"`(\w+)`", described))
    folder.root.mkdir()
    (folder.root / "governance.yaml").write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    read = governance.load(folder)
    assert not governance.dpia_problems(read.dpia, TODAY)
    assert not governance.agreement_problems(read.sharing_agreements, ["RNA"], TODAY)
    assert not governance.approver_problems(read, "C. Officer", "information governance lead", ["aanalyst"])
