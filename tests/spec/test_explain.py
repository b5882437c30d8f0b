"""edi explain: how a number came about, worked out again by hand here, and what is said where it doesn't hold."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from pipelines import cli, disk, ledger, places
from pipelines import seal as sealing
from pipelines.approval import ApprovalError
from pipelines.explain import Explanation, choose, explain
from pipelines.freeze.objects import DamagedError
from pipelines.places import DataFolder
from pipelines.road import walk
from tests.spec.test_freeze import HEADER
from tests.spec.test_revision import nurses
from tests.spec.test_waivers import WAIVER

MARCH = "2026-03-31"
GAP = "representation_gap"
RBK = ("org_code=RBK", "category=BME", "comparator=population", "grade_group=band_5")
BME = ("category=BME", "comparator=population", "grade_group=band_5")

# Where a publisher writes `secret` for a count that it withholds; the others it has made public.
LAYOUT = """layout: secretive
title: Counts of a publisher who withholds some
publisher: a test
feed: headcount
arrives: monthly
published: true
symbols: {secret: "[c]"}
columns:
  as_at_date: {from: as_at_date}
  org_code: {from: org_code}
  employment_type: {from: employment_type}
  grade: {from: grade}
  clinical: {from: clinical}
  staff_group: {from: staff_group}
  answer: {from: [characteristic, classification, category, answer_status]}
  headcount: {from: people_in_post}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """A release of two trusts' nurses in band 5 and a council that withholds a count; nobody else reported.

    RNA: 90 White, 10 BME and 2 who declined. RBK: 30 White and 8 BME, one of them with more than full-time hours,
    waived. Dudley's council: 40 White, and of Black staff it doesn't say how many.
    """
    folder = DataFolder(tmp_path_factory.mktemp("explained") / "data")
    for name in ("landing", "layouts", "waivers"):
        (folder.root / name).mkdir(parents=True)
    council = f"{MARCH},E08000027,substantive,case_holder,unknown,social_care,ethnicity,ons_5"
    texts = {
        "landing/rna.csv": nurses("RNA", MARCH, A=90, N=10, Z=2),
        "landing/rna.csv.yaml": "control_totals: [{people: 103}]\n",
        "landing/rbk.csv": nurses("RBK", MARCH, A=30, N=8).replace(",1.0,", ",1.6,", 1),
        "landing/council.csv": f"{HEADER.replace('headcount', 'people_in_post')}\n"
        f"{council},White,known,40\n{council},Black,known,secret\n",
        "layouts/secretive.yaml": LAYOUT,
        "waivers/job-shares.yaml": WAIVER.replace("RXK", "RBK"),
    }
    for name, text in texts.items():
        (folder.root / name).write_text(text, encoding="utf-8")
    assert not walk(folder, Console(quiet=True)).validated.refusals
    return folder


@pytest.fixture
def copied(folder: DataFolder, tmp_path: Path) -> DataFolder:
    """A copy of the release that a test may spoil."""
    return DataFolder(Path(shutil.copytree(folder.root, tmp_path / "data")))


def internal(folder: DataFolder) -> Path:
    return next(folder.marts.glob(f"{MARCH}-*")) / "internal"


def told(folder: DataFolder, *key: str, mart: str = GAP, public: bool = False) -> tuple[Explanation, str]:
    """An explanation of an exact number, or of a public one, and all that it says with single blanks."""
    explanation = explain(folder, mart, key, internal=not public)
    lines = [line for section in explanation.sections for line in (section.heading, *section.lines)]
    return explanation, " ".join(" ".join(lines).split())


def spoil(path: Path, change: str) -> None:
    """Write a Parquet file anew with other values of some columns, and with the notes that it had."""
    notes = duckdb.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [str(path)]).fetchall()
    metadata = ", ".join(f"{key}: '{value}'" for key, value in notes)
    draft = path.with_suffix(".spoilt")
    duckdb.execute(
        f"copy (select * replace ({change}) from '{path}') to '{draft}' (format parquet, kv_metadata {{{metadata}}})"
    )
    disk.replace(draft, path)


def test_a_gap_is_told_with_its_counts_comparator_formula_sql_and_file(folder: DataFolder) -> None:
    explanation, said = told(folder, "org_code=RNA", *BME)
    assert explanation.differing == ()
    # 10 of 100; 380,521 of the 1,213,172 residents of the four boroughs; Wilson's limits of 10 in 100.
    for words in (
        "EXACT AND INTERNAL",
        "At 31 March 2026, 10.0 % of substantive staff in band 5 at The Dudley Group NHS Foundation Trust (RNA) with "
        "known ethnicity were BME (10 of 100), 21.4 percentage points below the 31.4 % of residents of the area served "
        "(21 March 2021, all ages).",
        "Verdict lower: the 95 % interval of the gap goes from −25.8 to −13.9 percentage points, all of it below zero.",
        # 0.3136… of 100 are 32 people, 22 more than 10.
        "22 more of these 100 would have to be BME for 31.4 %",
        "102 are counted in all; of 2 no answer is known, and they are in neither number.",
        # 10 and 12 of 102.
        "the share would be 9.8 % of all; if all of them were, 11.8 %. Either way the gap has the same sign.",
        "Band 5 10 100 102",
        "= substantive people 102 102 102.00",
        "380,521 of 1,213,172 (31.4 %) residents whose ethnicity is known.",
        "E08000027 Dudley 48,892 of 323,488",
        "Census 2021; Office for National Statistics; Open Government Licence v3.0",
        "workforce_share 10 / 100 0.100000000 agrees",
        "share_lower_95 wilson, 95 % 0.055229137 agrees",
        "share_upper_95 wilson, 95 % 0.174365662 agrees",
        "shortfall_headcount so many more of the 100 22 agrees",
        "feed staff, layout edi_staff: 102 rows in, 102 accepted, 0 rejected, 0 subtotals.",
        "as rna.csv (ledger, line ",
        # 103 told, 102 found.
        "RNA, people: the sender's 103, less 0 by the steps above, ours 102, unexplained 1 (",
    ):
        assert words in said
    assert said.endswith("values were worked out again from the counts, and each agrees with the mart.")


def test_too_few_to_tell_and_a_waiver_are_said(folder: DataFolder) -> None:
    # 8 of 38 are 21.1 %; a fifth of 31.4 % is more than five points, so five are the size that matters.
    explanation, said = told(folder, "org_code=RBK", *BME)
    assert explanation.differing == ()
    assert "Verdict cannot_tell" in said
    assert "doesn't rule out a gap of the size that matters here (5.0 percentage points)" in said
    assert "It rests on waivers: job-shares." in said
    assert (
        "waiver job-shares at work: staff.fte_range, 1 rows; job-share contracts are recorded together until June"
        in said
    )
    assert "Of everybody counted an answer is known." in said


def test_what_a_publisher_withheld_is_said_and_nothing_is_worked_out_of_it(folder: DataFolder) -> None:
    key = ("org_code=E08000027", "classification=ons_5", "category=Black", "comparator=population", "clinical=all")
    explanation, said = told(folder, *key, "grade_group=case_holder")
    assert explanation.differing == ()
    assert "a count of staff that it needs was withheld by its publisher" in said
    assert "Marker [c]: withheld by its publisher." in said
    assert "Case holder [c] [c] [c]" in said
    assert "The sender sent counts, no rows" in said


def test_what_is_not_there_is_said_with_the_reason(folder: DataFolder) -> None:
    for key, reason in (
        (
            ("category=BME", "comparator=previous", "grade_group=band_5"),
            "no count of the same organisations twelve months",
        ),
        (
            ("category=Disabled", "comparator=population", "grade_group=band_5"),
            "mustn't be held against people at work",
        ),
    ):
        explanation, said = told(folder, "org_code=RNA", *key)
        assert explanation.differing == ()
        assert reason in said
        assert "Marker [x]: not available." in said
    explanation, said = told(folder, "org_code=RL4")
    assert explanation.differing == ()
    assert "nobody's count is there: the organisation was expected" in said
    assert "Nothing was received." in said


@pytest.mark.parametrize(
    ("mart", "key", "words"),
    [
        ("trend", BME, "workforce_share 10 / 100 0.100000000 agrees"),
        ("grade_profile", ("category=BME", "grade_group=band_5"), "share_of_group 1.000000000 share, 0 to 1"),
        ("declaration_rate", ("characteristic=ethnicity",), "Band 5 100 2 0 0 102"),
        (
            "headcount",
            ("characteristic=ethnicity", "category=N"),
            "headcount 10 people fte 10.0000 full-time equivalents",
        ),
    ],
)
def test_numbers_of_other_marts_are_told_with_their_units_and_sql(
    folder: DataFolder, mart: str, key: tuple[str, ...], words: str
) -> None:
    explanation, said = told(folder, "org_code=RNA", *key, mart=mart)
    assert explanation.differing == ()
    assert words in said
    statement = places.SQL / "marts" / f"{mart}.sql"
    assert f"sql/marts/{mart}.sql {hashlib.sha256(statement.read_bytes()).hexdigest()[:12]}" in said


def test_a_public_number_is_told_with_its_rounding_and_from_the_public_tables_alone(copied: DataFolder) -> None:
    # 102 people and 10 of BME; of band 5, which isn't held closely, a sum may be off by 9.
    disk.remove_tree(internal(copied))
    disk.remove_tree(copied.snapshots)
    (released,) = [one for one in ledger.read(copied.ledger) if one["event"] == "released"]
    _, said = told(copied, "org_code=RNA", *BME, public=True)
    for words in (
        "headcount 10 people headcount_lower 1 people headcount_upper 19 people known_headcount 100 people",
        "workforce_share 0.100000000 share, 0 to 1",
        "Each count of a grade by answer is rounded to a multiple of 5, up or down; all else is made of these. "
        "The true count lies between 1 and 19.",
        # At most 19 of 91: 20.879 % where 10 % are printed.
        "The share may lie up to 10.879120879 percentage points from the true one",
        "Organisations that reported, of those expected: 1 of 1",
        f"snapshot {released['snapshot_id']} disclosure key {released['disclosure_key']}, by its name",
    ):
        assert words in said
    for internal_word in ("EXACT", "rna.csv", "102", "sql/"):
        assert internal_word not in said


def test_a_public_number_that_says_less_is_told_so(folder: DataFolder) -> None:
    """Of 38 people there is no rate; a 0 is 0 to 4; what its publisher made public stands as it is."""
    with pytest.raises(choose.AskedWronglyError, match=r"no row of representation_gap has org_code=RBK beside"):
        told(folder, *RBK, public=True)
    agree, said = told(folder, "org_code=RNA", *BME, public=True)
    assert agree.differing == ()
    assert said.endswith("Shares worked out again from the counts beside them: 1. Nothing disagrees.")
    nobody = ("org_code=RNA", "category=Mixed", "grade_group=band_5", "classification=ons_5")
    assert (
        "A 0 doesn't say that there is nobody: each cell that is added up may have up to 4."
        in told(folder, *nobody, mart="grade_profile", public=True)[1]
    )
    council = ("org_code=E08000027", "characteristic=ethnicity")
    _, said = told(folder, *council, "category=White", mart="headcount", public=True)
    assert "headcount 40 people How it is protected Its publisher had made the counts public: they stand" in said
    _, said = told(folder, *council, "category=Black", mart="headcount", public=True)
    assert "headcount blank people marked [c]: withheld by its publisher" in said
    _, said = told(folder, "org_code=E08000027", "characteristic=total", "grade_group=case_holder", public=True)
    assert "headcount_lower blank people headcount_upper blank people" in said
    assert "The true count lies" not in said


@pytest.mark.parametrize(
    ("mart", "change", "words"),
    [
        (GAP, "0.11::decimal(18, 9) as workforce_share", "the table says 0.110000000, the counts beside it give 0.1"),
        ("declaration_rate", "0.5::decimal(18, 9) as declared_share", "declared_share: the table says 0.500000000"),
        ("trend", "known_headcount + 5 as known_headcount", "workforce_share: the table says 0.100000000, the counts"),
    ],
)
def test_a_public_share_that_does_not_follow_from_its_counts_is_found(
    copied: DataFolder, mart: str, change: str, words: str
) -> None:
    spoil(internal(copied).parent / f"{mart}.parquet", change)
    key = ("characteristic=ethnicity",) if mart == "declaration_rate" else BME[:2]
    explanation, said = told(copied, "org_code=RNA", *key, mart=mart, public=True)
    assert words in explanation.differing[0]
    assert f"{mart}.parquet was changed" in explanation.differing
    assert "THIS NUMBER DOES NOT AGREE" in said
    assert said.endswith("2 of what was compared DOES NOT AGREE.")


def test_a_unit_names_whose_people_it_counts(folder: DataFolder) -> None:
    _, said = told(folder, "org_code=E54000062", *BME)
    assert "BME (18 of 138)" in said
    assert "Added up over 2 organisations: RBK Walsall Healthcare NHS Trust, RNA The Dudley Group" in said
    assert "Coverage: 2 of 7" in said


@pytest.mark.parametrize(
    ("mart", "change", "words"),
    [
        (GAP, "gap_pp + 1 as gap_pp", "gap_pp is −20.365791495 in the mart, and −21.365791495 if worked out again."),
        (GAP, "headcount + 1 as headcount", "headcount is 11 in the mart, and 10 if worked out again."),
        (GAP, "if(verdict = 'lower', 'similar', verdict) as verdict", "verdict is similar in the mart, and lower if"),
        (GAP, "p_adjusted / 2 as p_adjusted", "p_adjusted is"),
        ("headcount", "headcount + 1 as headcount", "known_headcount is 100 in the mart, and 102 if worked out again."),
    ],
)
def test_a_number_that_does_not_follow_from_its_counts_is_found(
    copied: DataFolder, mart: str, change: str, words: str
) -> None:
    spoil(internal(copied) / f"{mart}.parquet", change)
    # RBK's p-value isn't 0 to nine decimals, so that half of it is another one.
    explanation, said = told(copied, "org_code=RBK" if "p_adjusted" in change else "org_code=RNA", *BME)
    assert explanation.differing
    assert "THIS NUMBER DOES NOT AGREE" in said
    assert words in said
    assert "Neither the SQL nor the reference data are known to have changed" in said


def seal(folder: DataFolder) -> None:
    """Write the lists of files anew, and let the ledger name them: as if the release had been made so."""
    release = internal(folder).parent
    sums = sealing.seal(release)
    lines = [one | {"sums": sums} if one["event"] == "released" else one for one in ledger.read(folder.ledger)]
    folder.ledger.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")


def test_a_file_that_is_not_the_one_sealed_is_found_even_if_the_list_was_written_anew(copied: DataFolder) -> None:
    assert told(copied, "org_code=RNA", *BME)[0].differing == ()
    (internal(copied).parent / "unit.csv").write_text("org_code\n", encoding="utf-8")
    assert told(copied, "org_code=RNA", *BME)[0].differing == ("unit.csv was changed",)
    sealing.seal(internal(copied).parent)
    explanation, said = told(copied, "org_code=RNA", *BME)
    assert explanation.differing == ("SHA256SUMS isn't the list that the ledger names",)
    assert "Let nothing rest on this number" in said


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), "DRAFT: nobody has approved this release. representation_gap, release"),
        (
            ({"event": "gated"}, {"event": "approved", "name": "B. Member", "role": "chair", "on": "2026-04-14"}),
            "Approved by B. Member, chair, on 2026-04-14. representation_gap, release",
        ),
        (
            ({"event": "withdrawn", "reason": "a wrong list"},),
            ": a wrong list. Let nothing rest on this number. representation_gap, release",
        ),
    ],
)
def test_the_state_of_the_release_comes_first(
    copied: DataFolder, lines: tuple[dict[str, str], ...], words: str
) -> None:
    about = {"release_id": internal(copied).parent.name}
    ledger.append(copied.ledger, [about | one for one in lines])
    assert words in told(copied, "org_code=RNA", *BME)[1][:400]
    public = words.replace(GAP, f"public {GAP}")
    assert public in told(copied, "org_code=RNA", *BME, public=True)[1][:400]


def test_sql_is_held_to_the_hashes_that_the_release_recorded(copied: DataFolder) -> None:
    statement = internal(copied) / "provenance.intoto.json"
    assert "as it was then sql/" in told(copied, "org_code=RNA", *BME)[1]
    said_then = json.loads(statement.read_text(encoding="utf-8"))
    for one in said_then["predicate"]["buildDefinition"]["resolvedDependencies"]:
        if one["name"] == "sql/macros/wilson.sql":
            one["digest"]["sha256"] = "abc" + "0" * 61
    statement.write_text(json.dumps(said_then), encoding="utf-8")
    seal(copied)
    explanation, said = told(copied, "org_code=RNA", *BME)
    assert explanation.differing == ()
    today = disk.file_sha256(places.SQL / "macros" / "wilson.sql")[:12]
    assert f"sql/macros/wilson.sql abc000000000 CHANGED, today {today}" in said
    assert "as it was then sql/" in said
    assert "Not as they were at the release: sql/macros/wilson.sql." in said
    statement.unlink()
    with pytest.raises(DamagedError, match="or doesn't say what made the release"):
        told(copied, "org_code=RNA", *BME)


def test_reference_data_are_those_of_the_snapshot_where_it_keeps_them(copied: DataFolder) -> None:
    frozen = places.REFERENCE / "population.csv"
    own = copied.root / "reference" / "population.csv"
    own.parent.mkdir()
    own.write_text(frozen.read_text(encoding="utf-8").replace("E08000027,ethnicity,", "E08000026,ethnicity,"), "utf-8")
    explanation, said = told(copied, "org_code=RNA", *BME)
    assert explanation.differing == ()
    assert "380,521 of 1,213,172" in said
    (copied.objects / disk.file_sha256(frozen)).unlink()
    explanation, said = told(copied, "org_code=RNA", *BME)
    assert any(one.startswith("comparator_share is 0.313657915 in the mart") for one in explanation.differing)
    assert "have changed, which may be why: reference/population.csv." in said


def test_rules_that_held_are_counted(folder: DataFolder) -> None:
    found = re.search(r"(\d+) rules tried, (\d+) held, 1 broken\. rule staff\.fte_range", told(folder, *RBK)[1])
    assert found is not None
    assert int(found[1]) == int(found[2]) + 1 > 10


@pytest.mark.parametrize(
    ("mart", "key", "words"),
    [
        ("waterfall", (), "'waterfall' is no mart whose numbers are explained"),
        (GAP, ("RNA",), "'RNA' says no cell of representation_gap; write column=value"),
        (GAP, ("headcount=10",), "'headcount=10' says no cell"),
        (GAP, ("org_code=RNA", "org_code=RBK"), "org_code is named twice"),
        (GAP, ("org_code=RNB",), "has org_code=RNB; nearest: RNA"),
        (GAP, ("grade_group=band_6",), "has grade_group=band_6; nearest: band_5"),
        (GAP, ("org_code=RNA", "grade_group=case_holder"), "has grade_group=case_holder beside org_code=RNA; there"),
        (GAP, ("org_code=RNA", "category=BME"), "say which one is meant: comparator= one of catchment, england"),
    ],
)
def test_what_means_no_one_number_is_turned_away(
    folder: DataFolder, mart: str, key: tuple[str, ...], words: str
) -> None:
    with pytest.raises(choose.AskedWronglyError) as refused:
        explain(folder, mart, key, internal=True)
    assert words in str(refused.value)


def test_a_release_that_is_not_there_is_turned_away(folder: DataFolder, tmp_path: Path) -> None:
    with pytest.raises(ApprovalError, match=r"there is no release \.\./x"):
        explain(folder, GAP, (), asked="../x", internal=True)
    with pytest.raises(ApprovalError, match="has no release yet; make one"):
        explain(DataFolder(tmp_path), GAP, (), internal=True)


def test_a_release_goes_by_the_beginning_of_its_id_or_of_its_snapshot_s(folder: DataFolder) -> None:
    release = internal(folder).parent.name
    (snapshot,) = [one["snapshot_id"] for one in ledger.read(folder.ledger) if one["event"] == "released"]
    for asked in (release[:13], snapshot[:12]):
        explanation = explain(folder, GAP, ("org_code=RNA", *BME), asked=asked)
        assert explanation.sections[1].heading == f"public {GAP}, release {release}"


def test_what_is_gone_or_changed_is_said(copied: DataFolder) -> None:
    disk.remove(internal(copied) / "submission.parquet")
    with pytest.raises(ValueError, match=r"submission\.parquet isn't there; put it back from a backup"):
        told(copied, "org_code=RNA", *BME)
    (path,) = copied.snapshots.glob("*/manifest.json")
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(DamagedError, match=r"manifest\.json isn't what its name says"):
        told(copied, "org_code=RNA", *BME)
    disk.remove_tree(copied.snapshots)
    with pytest.raises(DamagedError, match=r"manifest\.json is missing"):
        told(copied, "org_code=RNA", *BME)


@pytest.fixture
def edi(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    def edi(*words: str | Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["edi", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out + printed.err

    return edi


def test_exit_codes_tell_agreement_refusal_and_wrong_use(
    edi: Callable[..., tuple[int, str]], copied: DataFolder
) -> None:
    asked = ("explain", GAP, "org_code=RNA", *BME, "--data", copied.root)
    code, printed = edi(*asked)
    assert (code, "EXACT" in printed, "The true count lies between 1 and 19." in printed) == (0, False, True)
    code, printed = edi(*asked, "--internal")
    assert (code, "BME (10 of 100)" in printed) == (0, True)
    disk.remove(internal(copied).parent / f"{GAP}.parquet")
    code, printed = edi(*asked)
    assert (code, "no public representation_gap" in printed, "--internal" in printed) == (1, True, True)
    assert edi("explain", GAP, "org_code=RNA", "--internal", "--data", copied.root)[0] == 2
    spoil(internal(copied) / f"{GAP}.parquet", "gap_pp + 1 as gap_pp")
    code, printed = edi(*asked, "--internal")
    assert (code, "THIS NUMBER DOES NOT AGREE" in printed) == (1, True)
