"""The suites belong to the analyst: what may be edited and added without code, and that every rule can fail."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from pipelines import failure, places
from pipelines.database import Connection
from pipelines.judge import _run_suite
from tests.rules import FEEDS, groups, row
from tests.spec.test_validate import STAFF, csv_text, judge, staff_rows
from tests.typed import judged


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The staff suite as the analyst's own copy."""
    shutil.copytree(places.EXPECTATIONS, tmp_path / "expectations")
    monkeypatch.setattr(places, "EXPECTATIONS", tmp_path / "expectations")
    return tmp_path / "expectations" / "staff.json"


def rule(kind: str, severity: str = "reject_row", **kwargs: Any) -> dict[str, Any]:
    meta = {"rule": "our.rule", "severity": severity, "sentence": "it isn't ours", "do": "ask us"}
    return {"type": kind, "kwargs": kwargs, "meta": meta}


def test_an_edited_suite_holds(con: Connection, tmp_path: Path, suite: Path) -> None:
    content = csv_text(STAFF, [*staff_rows(0), staff_rows(0, 1, fte="0.5", grade="band_9", assignment_key="z")[0]])
    assert judge(con, tmp_path, staff=content).accepted[0].rows_rejected == 0
    written = json.loads(suite.read_text(encoding="utf-8"))
    written["expectations"][0]["kwargs"]["min_value"] = 0.6
    written["expectations"].append(
        rule("expect_column_values_to_be_in_set", column="grade", value_set=["band_5", "band_6"])
    )
    suite.write_text(json.dumps(written), encoding="utf-8")
    validated = judge(con, tmp_path, staff=content)
    found = {one.rule: (one.column, one.lines) for one in validated.findings if one.severity == "reject_row"}
    assert found == {"staff.fte_range": ("fte", (42,)), "our.rule": ("grade", (42,))}
    assert (validated.accepted[0].rows_accepted, validated.accepted[0].rows_rejected) == (40, 1)


def test_an_analyst_adds_stock_expectations_and_a_threshold_without_code(
    con: Connection, tmp_path: Path, suite: Path
) -> None:
    """In the suite as it is: fte must be there, a key has two characters or more, and nobody has more than 1.2."""
    written = json.loads(suite.read_text(encoding="utf-8"))
    by_rule = {one["meta"]["rule"]: one for one in written["expectations"]}
    by_rule["staff.fte_range"]["kwargs"]["max_value"] = 1.2
    lengths = rule("expect_column_value_lengths_to_be_between", "warn", column="person_key", min_value=2)
    lengths["meta"]["rule"] = "our.key_length"
    written["expectations"] += [rule("expect_column_values_to_not_be_null", column="fte"), lengths]
    suite.write_text(json.dumps(written), encoding="utf-8")
    rows = [
        *staff_rows(0, 60),
        *staff_rows(0, 1, fte="1.3", assignment_key="x"),
        *staff_rows(0, 1, fte="", employment_type="bank", assignment_key="y"),
        *staff_rows(0, 1, person_key="p", assignment_key="z"),
    ]
    validated = judge(con, tmp_path, staff=csv_text(STAFF, rows))
    found = {
        (one.rule, one.severity, one.column, one.lines, one.sentence)
        for one in validated.findings
        if one.rule in ("staff.fte_range", "our.rule", "our.key_length")
    }
    assert found == {
        ("staff.fte_range", "reject_row", "fte", (62,), by_rule["staff.fte_range"]["meta"]["sentence"]),
        ("our.rule", "reject_row", "fte", (63,), "it isn't ours"),
        ("our.key_length", "warn", "person_key", (64,), "it isn't ours"),
    }
    assert (validated.accepted[0].rows_accepted, validated.accepted[0].rows_rejected) == (61, 2)


# Stock expectations of Great Expectations, and the lines that they name of two: keys p and p, assignments p and q.
STOCK: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    (rule("expect_column_values_to_be_null", column="fte"), (2, 3)),
    (rule("expect_column_value_lengths_to_equal", column="person_key", value=2), (2, 3)),
    (rule("expect_column_values_to_be_in_set", column="assignment_key", value_set=["p"]), (3,)),
    (rule("expect_column_values_to_not_be_in_set", column="assignment_key", value_set=["p"]), (2,)),
    (rule("expect_column_values_to_be_unique", column="person_key"), (2, 3)),
    (rule("expect_column_values_to_be_between", column="fte", max_value=0.5), (2, 3)),
    (rule("expect_column_pair_values_to_be_equal", column_A="person_key", column_B="assignment_key"), (3,)),
]


@pytest.mark.parametrize(("stock", "lines"), STOCK, ids=[stock["type"] for stock, _ in STOCK])
def test_stock_expectations_that_say_which_rows_fail(
    con: Connection, tmp_path: Path, suite: Path, stock: dict[str, Any], lines: tuple[int, ...]
) -> None:
    suite.write_text(json.dumps({"name": "staff", "expectations": [stock]}), encoding="utf-8")
    template = FEEDS["staff"][1] | {"person_key": "p"}
    rows = [row(template, 2, assignment_key="p"), row(template, 3, assignment_key="q")]
    assert [(one.rule, one.lines) for one in judged(con, tmp_path, "staff", rows)] == [("our.rule", lines)]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (rule("expect_column_values_to_be_in_set", column="no_such", value_set=["x"]), "no_such"),
        (rule("expect_table_row_count_to_be_between", min_value=1), "doesn't say which rows fail"),
        (rule("expect_nonsense", column="grade"), "expect_nonsense"),
        (rule("expect_column_values_to_match_regex", column="grade", regex="band"), "Regex is not supported"),
        (rule("expect_column_values_to_not_be_null", "reject", column="grade"), "its severity is none of"),
        (rule("unexpected_rows_expectation", unexpected_rows_query="select no_such from {batch}"), "no_such"),
        (
            rule("expect_column_values_to_not_be_null", column="grade") | {"meta": {"rule": "our.rule"}},
            "lacks severity",
        ),
    ],
    ids=[
        "no such column",
        "no rows",
        "no such expectation",
        "no regex",
        "no such severity",
        "no such query",
        "no meta",
    ],
)
def test_a_rule_that_cannot_be_run_is_named(
    con: Connection, tmp_path: Path, suite: Path, wrong: dict[str, Any], sentence: str
) -> None:
    written = json.loads(suite.read_text(encoding="utf-8"))
    written["expectations"].append(wrong)
    suite.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"our\.rule of expectations/staff\.json can't be run") as refused:
        judge(con, tmp_path, staff=csv_text(STAFF, staff_rows(0, 2)))
    assert sentence in str(refused.value)


ENDLESS = "select extract, source_line from {batch} where (select sum(hash(range)) from range(1000000000000)) > 0"


def test_a_signal_during_a_rule_is_no_fault_of_the_rule(con: Connection, tmp_path: Path, suite: Path) -> None:
    """It comes once the database is at work on a rule that would never end; no rule is tried again, and none after."""
    written = json.loads(suite.read_text(encoding="utf-8"))
    written["expectations"] = [rule("unexpected_rows_expectation", unexpected_rows_query=ENDLESS)]
    suite.write_text(json.dumps(written), encoding="utf-8")
    signals: list[int] = []

    def at_work(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "1000000000000" in statement and not signals:
            signal.setitimer(signal.ITIMER_REAL, 0.3)

    def stop(number: int, _: object) -> None:
        signals.append(number)
        signal.setitimer(signal.ITIMER_REAL, 3)  # a run that goes on is stopped again
        raise SystemExit(1)

    # On several threads the database first ends what each of them is at, and here that has no end.
    con.execute("set threads = 1")
    before = signal.signal(signal.SIGALRM, stop)
    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", at_work)
    try:
        with pytest.raises(RuntimeError) as stopped:
            judge(con, tmp_path, staff=csv_text(STAFF, staff_rows(0, 2)))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        con.execute("set threads = 2")
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", at_work)
    assert failure.sentence(stopped.value) == "it was stopped while at work; nothing half done is left: run again"
    assert len(signals) == 1


# ---------------------------------------------------------------------------------------------------------------------
# Checks that stand in files
# ---------------------------------------------------------------------------------------------------------------------


def test_every_check_belongs_to_a_rule() -> None:
    suites = [json.loads(path.read_text(encoding="utf-8")) for path in places.EXPECTATIONS.glob("*.json")]
    named = [rule["meta"]["sql"] for suite in suites for rule in suite["expectations"] if "sql" in rule["meta"]]
    assert sorted(named) == sorted(path.stem for path in (places.SQL / "checks").glob("*.sql"))


@pytest.mark.parametrize("feed", FEEDS)
def test_great_expectations_itself_runs_every_rule(con: Connection, tmp_path: Path, feed: str) -> None:
    """A query that it can't run (for a brace or a colon) would be run by us alone, and nobody would notice."""
    assert judged(con, tmp_path, feed, [row(FEEDS[feed][1], 2)]) == []
    results = [result for result, _ in _run_suite(con, feed)]
    assert [one.expectation_config.meta["rule"] for one in results if not one.success] == []
    assert len(results) > len(FEEDS)


@pytest.mark.parametrize(
    ("kwargs", "meta", "sentence"),
    [
        ({}, {"sql": "no_such"}, "no_such.sql"),
        ({"unexpected_rows_query": "select * from {batch} where grade similar to '[0-9]{8}'"}, {}, "written twice"),
    ],
    ids=["no such check", "a brace"],
)
def test_a_query_that_cannot_be_used_is_named(
    con: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kwargs: dict[str, str],
    meta: dict[str, str],
    sentence: str,
) -> None:
    meta |= {"rule": "our.rule", "severity": "warn", "sentence": "it isn't ours", "do": "ask us"}
    rule = {"type": "unexpected_rows_expectation", "kwargs": kwargs, "meta": meta}
    (tmp_path / "headcount.json").write_text(json.dumps({"name": "headcount", "expectations": [rule]}))
    monkeypatch.setattr(places, "EXPECTATIONS", tmp_path)
    with pytest.raises(RuntimeError, match=r"our\.rule of expectations/headcount\.json can't be run") as refused:
        judged(con, tmp_path, "headcount", groups({"Asian": 1}))
    assert sentence in str(refused.value)


def test_a_rule_that_cannot_be_run_quotes_no_cell(con: Connection, tmp_path: Path, suite: Path) -> None:
    own = rule(
        "unexpected_rows_expectation",
        unexpected_rows_query="select extract, source_line from {batch} where person_key::int > 5",
    )
    suite.write_text(json.dumps({"name": "staff", "expectations": [own]}), encoding="utf-8")
    with pytest.raises(RuntimeError, match="Conversion Error") as caught:
        judge(con, tmp_path, staff=csv_text(STAFF, staff_rows(0, 1, person_key="Sekhmet")))
    assert "Sekhmet" not in str(caught.value)
    assert caught.value.__cause__ is None
