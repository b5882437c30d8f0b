"""`edi diff`: two small releases in, what differs between them out."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import cli, ledger, places
from pipelines.audit.definitions import Change, changed_definitions, changed_extracts, settings
from pipelines.freeze import canonical
from pipelines.publish.provenance import MadeBy, read

Edi = Callable[..., tuple[int, list[str]]]

OLD, NEW = "2026-02-28-aaaaaaaaaaaa", "2026-03-31-bbbbbbbbbbbb"
FEBRUARY: dict[str, Any] = {
    "sha256": "feb0" + 60 * "0",
    "feed": "staff",
    "owns": [["RNA", "2026-02-28"], ["RL4", "2026-02-28"]],
    "typed": "1",
}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def tables(folder: Path, **queries: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, query in queries.items():
        duckdb.connect().execute(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")


def trend(*rows: tuple[str, int]) -> str:
    values = ", ".join(f"('{org_code}', {headcount})" for org_code, headcount in rows)
    return f"select * from (values {values}) as t (org_code, headcount)"


def provenance(code: Mapping[str, str], versions: Mapping[str, str], key: str = "") -> dict[str, Any]:
    """What made a release; one of an earlier version has no disclosure key."""
    build = {
        "resolvedDependencies": [{"name": name, "digest": {"sha256": sha}} for name, sha in code.items()],
        "internalParameters": {"libraries": dict(versions)},
        "externalParameters": {"disclosure_key": key} if key else {},
    }
    return {"predicate": {"buildDefinition": build}}


def release(
    data: Path,
    release_id: str,
    *,
    extracts: list[dict[str, Any]],
    files: Mapping[str, str],
    method: Mapping[str, Any],
    made: Mapping[str, Any],
) -> str:
    """Lay a release and its snapshot into a data folder, as the road does; return the snapshot's id."""
    objects = data / "snapshots" / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    said = canonical(method)
    (objects / sha256(said)).write_text(said)
    about = {"as_at_date": release_id[:10], "revises": []}
    manifest = canonical({**about, "extracts": extracts, "files": files, "method": sha256(said)})
    snapshot = sha256(manifest)
    (data / "snapshots" / snapshot).mkdir()
    (data / "snapshots" / snapshot / "manifest.json").write_text(manifest)
    internal = data / "marts" / release_id / "internal"
    internal.mkdir(parents=True)
    (internal / "provenance.intoto.json").write_text(json.dumps(made))
    ledger.append(
        data / "ledger.jsonl", [{"event": "released", "release_id": release_id, "snapshot_id": snapshot, "sums": {}}]
    )
    (data / "marts" / "current.json").write_text(canonical({"release_id": release_id, "path": release_id}))
    return snapshot


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two releases that differ in one thing of each kind."""
    data = tmp_path_factory.mktemp("laid") / "data"
    release(
        data,
        OLD,
        extracts=[FEBRUARY],
        files={"reference/wards.csv": "1", "layouts/edi_staff.yaml": "1", "waivers/old.yaml": "1"},
        method={"weak_base_headcount": 30, "counted_as": {"bank": "bank", "agency": "none"}},
        made=provenance({"sql/marts/trend.sql": "1", "uv.lock": "1"}, {"duckdb": "1.4.4", "pyarrow": "26.0"}),
    )
    release(
        data,
        NEW,
        extracts=[FEBRUARY | {"sha256": "a4a2" + 60 * "0", "owns": [["RNA", "2026-02-28"]]}],
        files={"reference/wards.csv": "2", "layouts/edi_staff.yaml": "1", "mappings/RNA.yaml": "1"},
        method={"weak_base_headcount": 20, "counted_as": {"bank": "bank", "agency": "other"}},
        made=provenance(
            {"sql/marts/trend.sql": "2", "uv.lock": "1"}, {"duckdb": "2.0.0", "pyarrow": "26.0"}, "0123456789ab"
        ),
    )
    tables(data / "marts" / OLD, unit="select 'RNA' as org_code", category="select 'BME' as category")
    tables(data / "marts" / NEW, unit="select 'RL4' as org_code", category="select 'BME' as category")
    tables(data / "marts" / OLD / "internal", trend=trend(("RNA", 30), ("RL4", 10)), waiver="select 1 as rows")
    tables(data / "marts" / NEW / "internal", trend=trend(("RNA", 31), ("RYR", 1)), headcount="select 1 as headcount")
    return data


@pytest.fixture
def data(laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to be changed."""
    contracts = tmp_path / "contracts" / "marts"
    contracts.mkdir(parents=True)
    (contracts / "trend.yaml").write_text("key: [org_code]\ncolumns: {org_code: {}, headcount: {}}\n")
    monkeypatch.setattr(places, "CONTRACTS", contracts.parent)
    return Path(shutil.copytree(laid, tmp_path / "data"))


@pytest.fixture
def edi(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path) -> Edi:
    """Run the command in this process on that folder; return its exit code and the lines that it printed."""
    monkeypatch.setenv("COLUMNS", "80")

    def edi(*words: str) -> tuple[int, list[str]]:
        monkeypatch.setattr("sys.argv", ["edi", *words, "--data", str(data)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), (printed.out + printed.err).splitlines()

    return edi


DEFINITIONS = [
    "extract   replaced: staff feb000000000 by a4a200000000, RNA 2026-02-28",
    "file      added: mappings/RNA.yaml",
    "file      changed: reference/wards.csv",
    "file      removed: waivers/old.yaml",
    "method    changed: counted_as.agency: none → other",
    "method    changed: weak_base_headcount: 30 → 20",
    "code      changed: sql/marts/trend.sql, which makes the mart trend",
    "library   changed: duckdb: 1.4.4 → 2.0.0",
    "key       added: disclosure key: 0123456789ab",
]


def test_two_releases_are_compared_in_their_public_tables_and_in_their_definitions(edi: Edi) -> None:
    assert edi("diff", OLD, NEW) == (
        0,
        [
            f"diff      {OLD} → {NEW}, the public tables",
            "table     unit: rows 1 added, 1 removed",
            "table     no difference in category",
            *DEFINITIONS,
        ],
    )


def test_the_exact_marts_are_compared_only_if_asked_for(edi: Edi) -> None:
    assert edi("diff", OLD, NEW, "--internal") == (
        0,
        [
            f"diff      {OLD} → {NEW}, the exact marts",
            f"table     headcount: only {NEW} has it",
            "table     trend: rows 1 added, 1 removed, 1 revised (headcount in 1)",
            "revised   trend, org_code=RNA: headcount 30 → 31",
            f"table     waiver: only {OLD} has it",
            *DEFINITIONS,
        ],
    )


def test_a_release_differs_from_itself_in_nothing(edi: Edi) -> None:
    assert edi("diff", NEW) == (
        0,
        [
            f"diff      {NEW} → {NEW}, the public tables",
            "table     no difference in category, unit",
            "diff      no extract, file, setting, module, SQL file, library or key changed",
        ],
    )


def test_an_id_may_be_a_snapshot_s_or_a_beginning_of_it_and_the_current_release_goes_without_saying(
    edi: Edi, data: Path
) -> None:
    first, _ = (entry["snapshot_id"] for entry in ledger.read(data / "ledger.jsonl"))
    heading = f"diff      {OLD} → {NEW}, the public tables"
    for words in ((first,), (first[:6],), ("2026-02",), (OLD, "2026-03")):
        assert edi("diff", *words)[1][0] == heading


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("2026-0", f"edi: 2026-0 may be {OLD} or {NEW}; write more of it"),
        ("2025-12", "edi: there is no release 2025-12; 'edi releases' lists those that there are"),
        ("", "edi: there is no release without a name; 'edi releases' lists those that there are"),
    ],
)
def test_an_id_that_means_nothing_or_too_much_is_wrong_use(edi: Edi, given: str, words: str) -> None:
    assert edi("diff", given) == (2, [words])


def test_a_snapshot_stands_for_its_latest_release(edi: Edi, data: Path) -> None:
    first, _ = (entry["snapshot_id"] for entry in ledger.read(data / "ledger.jsonl"))
    later = "2026-02-28-cccccccccccc"
    ledger.append(data / "ledger.jsonl", [{"event": "released", "release_id": later, "snapshot_id": first}])
    code, (line,) = edi("diff", first)
    assert (code, line.startswith(f"edi: release {later} isn't in ")) == (1, True)
    (data / "marts" / later).mkdir()
    assert edi("diff", first)[1][0] == f"diff      {later} → {NEW}, the public tables"


@pytest.mark.parametrize("text", [None, "{", "[]", "[" * 9999, '{"predicate": []}'])
def test_what_is_not_there_or_not_what_it_was_is_said(edi: Edi, data: Path, text: str | None) -> None:
    first, _ = (entry["snapshot_id"] for entry in ledger.read(data / "ledger.jsonl"))
    manifest = data / "snapshots" / first / "manifest.json"
    statement = data / "marts" / NEW / "internal" / "provenance.intoto.json"
    for path in (manifest, statement):
        path.unlink() if text is None else path.write_text(text)
    code, lines = edi("diff", OLD, NEW)
    what = "is missing" if text is None else "isn't what its name says: it was changed or damaged"
    restore = "put it back from a backup, and see what 'edi ledger verify' says"
    untold = "what changed in it can't be told"
    assert (code, lines[-3:]) == (
        0,
        [
            f"extract   {untold}: {manifest} {what}; {restore}",
            f"method    {untold}: {manifest} {what}; {restore}",
            f"code      {untold}: {statement} isn't there, or doesn't say what made the release; {restore}",
        ],
    )


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"release_id": 1}', "[" * 9999])
@pytest.mark.parametrize(
    "words", [("diff", OLD), ("explain", "trend", "--internal"), ("audit",), ("releases",)], ids=lambda words: words[0]
)
def test_a_pointer_that_names_no_release_is_said_in_a_sentence(
    edi: Edi, data: Path, words: tuple[str, ...], text: str
) -> None:
    path = data / "marts" / "current.json"
    path.write_text(text)
    code, lines = edi(*words)
    said = f"edi: {path} names no release; 'edi run' writes it anew, and 'edi ledger verify' says what else is wrong"
    assert (code, lines) == (1, [said])


@pytest.mark.parametrize("words", [("diff", OLD), ("explain", "trend"), ("releases",), ("snapshots",)])
@pytest.mark.parametrize("line", [{"event": "released", "release_id": OLD}, {"event": "frozen", "snapshot_id": "0"}])
def test_a_line_that_does_not_name_what_it_is_about_is_said_in_a_sentence(
    edi: Edi, data: Path, words: tuple[str, ...], line: dict[str, str]
) -> None:
    ledger.append(data / "ledger.jsonl", [line])
    path = data / "ledger.jsonl"
    assert edi(*words) == (
        1,
        [f"edi: {path}: line 3 isn't a ledger entry; restore the file from a backup ('edi ledger verify')"],
    )


@pytest.mark.parametrize(
    "words", [("diff", "--old", OLD), ("explain", "--mart", "trend"), ("ledger", "register", "--receipt", "x")]
)
def test_what_stands_alone_is_no_option(edi: Edi, words: tuple[str, ...]) -> None:
    code, lines = edi(*words)
    assert (code, "nknown option" in " ".join(lines)) == (2, True)


def test_without_a_public_table_the_way_to_the_others_is_said(edi: Edi, data: Path) -> None:
    for path in (data / "marts").glob("*/*.parquet"):
        path.unlink()
    assert edi("diff", OLD)[1][1] == (
        "table     neither release has a table in its public part; --internal compares the exact marts"
    )


def test_a_key_of_which_neither_release_has_a_column_yet_is_none(edi: Edi, tmp_path: Path) -> None:
    (tmp_path / "contracts" / "marts" / "trend.yaml").write_text("key: [org_code, month]\n")
    assert "table     trend: rows 2 added, 2 removed" in edi("diff", OLD, "--internal")[1]


def test_five_revised_rows_of_a_mart_are_shown(edi: Edi, data: Path) -> None:
    for release_id, more in ((OLD, 0), (NEW, 1)):
        rows = [(f"R{number}", number + more) for number in range(7)]
        tables(data / "marts" / release_id / "internal", trend=trend(*rows))
    _, lines = edi("diff", OLD, "--internal")
    assert "table     trend: rows 7 revised (headcount in 7)" in lines
    shown = [line for line in lines if line.startswith("revised")]
    assert shown == [f"revised   trend, org_code=R{n}: headcount {n} → {n + 1}" for n in range(5)]


def test_a_terminal_wraps_at_its_width(edi: Edi, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    code, lines = edi("diff", OLD, "--internal")
    assert code == 0
    assert max(map(len, lines)) <= 80
    assert re.sub(r"\s+", " ", " ".join(lines)).startswith(f"diff {OLD} → {NEW}, the exact marts ")


def test_definitions_are_told_by_name() -> None:
    assert changed_definitions({"a": "1", "b": "1", "c": "1"}, {"d": "1", "b": "2", "a": "1"}) == [
        Change("b", "changed", "1", "2"),
        Change("c", "removed", old="1"),
        Change("d", "added", new="1"),
    ]


def test_a_setting_has_a_dotted_name() -> None:
    method = {
        "z_95": "1.96",
        "weak": 30,
        "ages": ["16+", "all"],
        "counted_as": {"bank": "bank"},
        "none": {},
        "is": True,
    }
    assert settings(method) == {
        "z_95": "1.96",
        "weak": "30",
        "ages": '["16+", "all"]',
        "counted_as.bank": "bank",
        "none": "{}",
        "is": "true",
    }


def test_a_provenance_names_code_and_libraries(tmp_path: Path) -> None:
    files = {"uv.lock": "1", "snapshot/reference/wards.csv": "2", "extract/1": "3"}
    made = provenance(files, {"duckdb": "2.0.0"}, "0123456789ab")
    (tmp_path / "internal").mkdir()
    (tmp_path / "internal" / "provenance.intoto.json").write_text(json.dumps(made))
    assert read(tmp_path) == MadeBy({"uv.lock": "1"}, {"duckdb": "2.0.0"}, "0123456789ab")


def test_an_extract_may_be_replaced_narrowed_widened_read_otherwise_or_go() -> None:
    """The resend ``c`` takes RL4 from ``a``, and all of ``b``; ``d`` is read otherwise; ``e`` goes, ``f`` comes."""

    def extract(sha256: str, *owns: str, feed: str = "staff", typed: str = "1") -> dict[str, Any]:
        return {"sha256": sha256, "feed": feed, "owns": [[one, "2026-03-31"] for one in owns], "typed": typed}

    old = [extract("a", "RNA", "RL4"), extract("b", "RXK"), extract("d", "RYW"), extract("e", "RBK")]
    new = [extract("a", "RNA"), extract("c", "RL4", "RXK"), extract("d", "RYW", "RYG", typed="2")]
    new.append(extract("f", "RBK", feed="headcount"))
    found = [
        (one.kind, one.feed, one.sha256, [about[0] for about in one.owns], one.by) for one in changed_extracts(old, new)
    ]
    assert sorted(found) == [
        ("added", "headcount", "f", ["RBK"], ""),
        ("narrowed", "staff", "a", ["RL4"], ""),
        ("removed", "staff", "e", ["RBK"], ""),
        ("replaced", "staff", "b", ["RXK"], "c"),
        ("reread", "staff", "d", ["RYG", "RYW"], ""),
        ("widened", "staff", "d", ["RYG"], ""),
    ]
