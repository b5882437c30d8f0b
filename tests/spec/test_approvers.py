"""Who may not approve: whoever ran the release, or may have; and what isn't a decision in a whole ledger."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import approval, ledger, publish
from pipelines.approval import ApprovalError
from pipelines.freeze import Snapshot
from pipelines.measure import Measured
from pipelines.places import DataFolder
from tests.release import DECISION, RELEASE, approve, extract, make, refused, said


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.mark.parametrize(
    ("name", "role", "entries", "words"),
    [
        (
            "D. Nobody",
            "chair of the EDI board",
            {},
            "isn't among them; they are: B. Member, chair of the EDI",
        ),
        ("B. Member", "information governance lead", {}, "B. Member, information governance lead, isn't among them"),
        ("B. Member", "", {}, "the role is empty"),
        ("b.  member", "Chair of the EDI board", {"runners": [{"name": "B. Member"}]}, "is one of the runners"),
        ("C. Officer", "information governance lead", {"runners": [{"name": "X", "account": "CORA"}]}, "of a runner"),
    ],
)
def test_who_approves_is_named_for_it_and_runs_nothing(
    folder: DataFolder, name: str, role: str, entries: dict[str, Any], words: str
) -> None:
    make(folder)
    said(folder, **entries)
    assert words in refused(folder, name=name, role=role)[0]


def test_the_account_that_made_the_release_or_ran_it_again_does_not_approve_it(folder: DataFolder) -> None:
    officer = {"name": "C. Officer", "role": "information governance lead"}
    make(folder, by="TRUST\\Cora")
    assert "has the account of a runner, or that which made this release" in refused(folder, **officer)[0]
    other = "2026-03-31-bbbbbbbbbbbb"
    make(folder, extract(), extract("RNA"), release_id=other)
    made = next(one for one in ledger.read(folder.ledger) if one.get("release_id") == other)
    again = {name: value for name, value in made.items() if name not in ("number", "at", "previous")}
    ledger.append(folder.ledger, [{**again, "by": "cora"}])
    assert "has the account of a runner, or that which made this release" in refused(folder, **officer)[0]
    assert "cora made this release or ran it again, and is nobody's account there" in refused(folder)[0]
    said(folder, runners=[{"name": "A. Analyst", "account": "anna"}, {"name": "C. Officer", "account": "Cora"}])
    approve(folder)


@pytest.mark.parametrize(
    ("runners", "made_by", "words"),
    [
        ([], "root", "runners is empty; write who runs the program"),
        ([{"name": "A. Analyst", "account": "anna"}], "root", "runners: root made this release"),
        ([{"name": "A. Analyst"}], "anna", "runners: anna made this release"),
        ([{"name": "A. Analyst", "account": "anna"}], "", "runners: unknown made this release"),
    ],
)
def test_whoever_made_the_release_is_a_runner_or_nobody_approves_it(
    folder: DataFolder, runners: list[dict[str, str]], made_by: str, words: str
) -> None:
    make(folder, by=made_by)
    said(folder, runners=runners)
    (sentence,) = refused(folder)
    assert words in sentence


@pytest.mark.parametrize("account", [{}, {"account": None}, {"account": " "}])
def test_an_approver_has_an_account_or_it_is_said_that_they_have_none(
    folder: DataFolder, account: dict[str, str | None]
) -> None:
    make(folder)
    said(folder, approvers=[{"name": "B. Member", "role": "chair of the EDI board", **account}])
    (sentence,) = refused(folder)
    assert "B. Member has no account there" in sentence
    assert "'account: none'" in sentence


def test_a_runner_and_an_approver_without_an_account_do_not_share_one(folder: DataFolder) -> None:
    make(folder)
    said(folder, runners=[{"name": "A. Analyst", "account": "anna"}, {"name": "I. Admin", "account": "none"}])
    approve(folder)


def test_another_account_that_runs_a_release_is_written_down_once(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(folder)
    (made,) = (one for one in ledger.read(folder.ledger) if one["event"] == "released")
    again = Measured(Snapshot(made["snapshot_id"], Path(), date(2026, 3, 31), (), {}), Path(), (), key="0123456789ab")
    for account in ("anna", "cora", "cora", "anna"):
        monkeypatch.setattr("getpass.getuser", lambda account=account: account)
        publish._note(folder, RELEASE, again, made["sums"])
    assert approval.find(folder, RELEASE).made_by == ["anna", "cora"]
    lines = [one for one in ledger.read(folder.ledger) if one["event"] == "released"]
    assert [one["by"] for one in lines] == ["anna", "cora"]
    assert lines[-1]["disclosure_key"] == "0123456789ab"


@pytest.mark.parametrize("entry", ["name", "role", "minute"])
def test_a_decision_is_written_in_one_line(folder: DataFolder, entry: str) -> None:
    make(folder)
    assert f"the {entry} has a line's end" in refused(folder, **{entry: "A\u2028B"})[0]


def test_a_line_that_was_typed_into_the_ledger_is_no_approval_that_is_written_already(folder: DataFolder) -> None:
    make(folder)
    typed = {"event": "approved", "release_id": RELEASE, **DECISION.entry, "by": "anna", "at": "2026-04-14"}
    with folder.ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(typed) + "\n")
    assert "the ledger isn't whole (ledger.jsonl, line 4" in refused(folder)[0]


def test_a_pointer_to_what_the_ledger_does_not_know_is_no_release_that_was_asked_for(folder: DataFolder) -> None:
    make(folder)
    path = folder.marts / "current.json"
    path.write_text(path.read_text().replace(RELEASE, RELEASE[:-1]))
    with pytest.raises(ApprovalError, match=r"current\.json names .*, which the ledger doesn't know") as stopped:
        approval.find(folder, None)
    assert not isinstance(stopped.value, approval.UnknownReleaseError)
