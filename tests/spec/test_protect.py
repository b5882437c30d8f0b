"""Protection: what the public tables say of small counts, what they can't have been made from, and what is refused."""

import csv
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from pipelines import database, gate, ledger, measure, protect, publish, reference
from pipelines.database import Connection
from pipelines.measure import Measured, revise
from pipelines.measure import parts as exact
from pipelines.places import DataFolder
from pipelines.protect import parts
from pipelines.protect.key import SAMPLE, DisclosureKeyError, Key, key
from pipelines.protect.rounding import RoundingError
from tests.frozen import frozen
from tests.spec.test_freeze import HEADER

MARCH = "2026-03-31"
KEY = Key(b"a key of this test")

# Counts of a publisher who has made them public.
LAYOUT = """layout: open_counts
title: Counts that are public
publisher: a test
feed: headcount
arrives: monthly
published: true
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


def counts(org_code: str, *cells: tuple[str, str, int], clinical: str = "clinical") -> str:
    """A file of grades, an ethnic group of WRES (blank: no answer) or a sex, and so many people."""
    lines = [HEADER]
    for grade, answer, headcount in cells:
        about = "sex,sex" if answer in ("Female", "Male") else "ethnicity,wres"
        status = "known" if answer else "missing"
        lines.append(f"{MARCH},{org_code},substantive,{grade},{clinical},unknown,{about},{answer},{status},{headcount}")
    return "\n".join([*lines, ""])


TEXTS = {
    # One person in band 8a, five in 8b, and in band 6 nobody answered.
    "rna": counts(
        "RNA",
        *(("band_5", "White", 90), ("band_5", "BME", 40), ("band_5", "", 2), ("band_6", "", 30)),
        *(("band_8a", "White", 1), ("band_8b", "BME", 5), ("band_8c", "White", 60)),
    ),
    # Too few for a rate, but in the system there are enough; of very senior managers not even there.
    "rl4": counts("RL4", ("band_5", "White", 20), ("band_5", "BME", 10), ("vsm", "White", 3), ("vsm", "BME", 1)),
    # Two grades that nobody else has; by themselves too few, together enough.
    "rbk": counts(
        "RBK",
        *(("consultant", "White", 20), ("consultant", "BME", 5)),
        *(("specialty_registrar", "White", 40), ("specialty_registrar", "BME", 5)),
    ),
    # Sex counts one person more than ethnicity.
    "rxk": counts("RXK", ("band_5", "White", 7), ("band_5", "BME", 3), ("band_5", "Female", 11)),
    # Nobody at all.
    "rya": counts("RYA", ("band_5", "White", 0), ("band_5", "BME", 0)),
    "council": counts("E08000027", ("case_holder", "White", 3), ("case_holder", "BME", 1), clinical="unknown").replace(
        "headcount", "people_in_post", 1
    ),
}


@dataclass(frozen=True)
class Made:
    """A small release on its way, and the database that it was made in."""

    con: Connection
    folder: DataFolder
    measured: Measured

    @property
    def public(self) -> Path:
        """Its public part."""
        return self.measured.folder.parent

    def rows(self, table: str, **where: Any) -> list[dict[str, str]]:
        """The rows of a public table that have these cells."""
        with (self.public / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return [row for row in csv.DictReader(file) if all(row[name] == cell for name, cell in where.items())]


@pytest.fixture(scope="module")
def made(con: Connection, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The files of TEXTS, measured and protected; nobody changes it."""
    folder = DataFolder(tmp_path_factory.mktemp("protected") / "data")
    folder.landing.mkdir(parents=True)
    (folder.root / "layouts").mkdir()
    (folder.root / "layouts" / "open_counts.yaml").write_text(LAYOUT, encoding="utf-8")
    snapshot = frozen(con, folder, TEXTS)
    measured = measure.measure(con, folder, snapshot, publish.staging(folder, snapshot, KEY) / "internal")
    folder = DataFolder(folder.root, frozen={"layouts/open_counts.yaml": folder.root / "layouts" / "open_counts.yaml"})
    return Made(con, folder, protect.protect(con, folder, measured, KEY))


def test_public_tables_are_made_of_rounded_cells_and_of_nothing_else(made: Made, tmp_path: Path) -> None:
    """With every exact count in the database five times as large they are the same, byte by byte."""
    con, internal = made.con, made.measured.folder
    public = [path for path in sorted(made.public.iterdir()) if path.is_file()]
    shutil.copytree(made.public, tmp_path / "again")
    for path in (tmp_path / "again").glob("*.*"):
        if path.stem not in gate.WITHOUT_COUNTS:
            path.unlink()
    con.execute(
        "create or replace view headcount as select * replace (5 * headcount as headcount) "
        f"from '{internal}/headcount.parquet'"
    )
    for name in ("roll_up", *protect.COUNTED):
        database.build(con, f"intermediate/{name}")
    revise.compare(con, made.measured.snapshot)
    for name in protect.EXACT_MARTS:
        database.define(con, f"marts/{name}")
    assert con.execute("select max(headcount) from group_count where org_code = 'RNA'").fetchone() == (5 * 228,)
    protect.protect(con, made.folder, replace(made.measured, folder=tmp_path / "again" / "internal"), KEY)
    tables = [f"{name}.{kind}" for name in (*gate.WITHOUT_COUNTS, *gate.COUNTED) for kind in ("csv", "parquet")]
    assert [path.name for path in public] == sorted([*tables, "disclosure.md"])
    for path in public:
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_a_cell_is_printed_if_it_is_more_than_0_and_lies_less_than_a_base_from_the_true_one(made: Made) -> None:
    printed = made.rows("headcount")
    assert all(int(row["headcount"]) > 0 for row in printed)
    cell = ("org_code", "grade", "characteristic", "category")
    shown = {tuple(row[name] for name in cell): int(row["headcount"]) for row in printed}
    true = {
        tuple(one[:4]): one[4]
        for one in duckdb.execute(
            "select org_code, grade, characteristic, coalesce(category, ''), headcount "
            f"from '{made.measured.folder}/headcount.parquet'"
        ).fetchall()
    }
    assert set(shown) <= set(true)
    assert all(shown[one] % 5 == 0 for one in shown if one[0] != "E08000027")
    assert all(abs(shown.get(one, 0) - count) < 5 for one, count in true.items())
    # A multiple stays, and what is true of one characteristic of a grade is so of each.
    assert shown["RNA", "band_5", "ethnicity", "White"] == 90
    assert shown["RNA", "band_8b", "ethnicity", "BME"] == shown["RNA", "band_8b", "total", "all"] == 5


def test_what_its_publisher_made_public_passes_through(made: Made) -> None:
    protected = protect.to_be_protected(made.folder, made.measured.snapshot)
    assert sorted(about[0] for one in protected for about in one.owns) == ["RBK", "RL4", "RNA", "RXK", "RYA"]
    found = {row["category"]: row["headcount"] for row in made.rows("headcount", org_code="E08000027")}
    assert found == {"White": "3", "BME": "1", "all": "4"}
    rule = {row["org_code"]: (row["base"], row["bound_held"], row["bound_other"]) for row in made.rows("rounding")}
    assert rule.pop("E08000027") == ("1", "0", "0")
    assert rule == dict.fromkeys(["RBK", "RL4", "RNA", "RXK", "RYA"], ("5", "4", "9"))
    (everybody,) = made.rows(
        "representation_gap", org_code="E08000027", grade_group="case_holder", clinical="all", classification="total"
    )
    assert (everybody["headcount"], everybody["headcount_lower"], everybody["headcount_upper"]) == ("4", "4", "4")


def test_one_person_nobody_and_nobody_who_answered_are_told_from_no_other_count_below_a_base(made: Made) -> None:
    total: dict[str, str] = {"org_code": "RNA", "grade": "band_8a", "characteristic": "total"}
    alone = [int(row["headcount"]) for row in made.rows("headcount", **total)]
    assert alone in ([], [5])
    assert [int(row["headcount"]) for row in made.rows("headcount", **total | {"characteristic": "ethnicity"})] == alone
    # Of band 6 all answers are missing: 30, and a rate of none.
    assert [row["headcount"] for row in made.rows("headcount", org_code="RNA", grade="band_6", category="")] == ["30"]
    assert made.rows("representation_gap", org_code="RNA", grade_group="band_6", characteristic="ethnicity") == []
    # Who sent nothing but zeros has reported, and no count of theirs is printed.
    assert made.rows("headcount", org_code="RYA") == []
    assert {row["headcount"] for row in made.rows("representation_gap", org_code="RYA")} <= {"0"}


def test_counts_that_do_not_add_up_are_each_rounded_and_nothing_is_made_up(made: Made) -> None:
    found = {row["category"]: int(row["headcount"]) for row in made.rows("headcount", org_code="RXK")}
    assert found.pop("Female") in (10, 15)
    assert found.pop("all") == 10
    assert found in ({"White": 5, "BME": 5}, {"White": 10})


def test_rates_vanish_below_the_least_base_of_an_organisation_and_of_a_system(made: Made) -> None:
    """50 people, or five times what their number may be off by: 9 of an organisation, 5 × 9 of a system of five."""
    cells = {"grade_group": "band_5", "clinical": "all", "classification": "wres", "comparator": "population"}
    said = {row["org_code"]: row["known_headcount"] for row in made.rows("representation_gap", **cells)}
    # RNA, and not RL4's 30 or RXK's 10; in the system 130, 30 and 10 are too few: it would take 225.
    assert said == {"RNA": "130"}
    bounds = dict(made.con.execute("select org_code, min_known_other from protected.unit_bound").fetchall())
    # The system of NHS trusts: the council's counts are exact, and add no bound.
    assert (bounds["RNA"], bounds["E54000062"]) == (50, 5 * 5 * 9)
    together = made.rows("representation_gap", org_code="E54000062", classification="wres", category="BME")
    assert {row["grade_group"] for row in together} == {"all"}
    assert {row["clinical"] for row in together} == {"all", "clinical"}


def test_where_there_is_no_rate_it_is_said_where_to_look(made: Made) -> None:
    def look(org_code: str, family: str, group: str) -> tuple[str, str]:
        cells = {"org_code": org_code, "grade_family": family, "grade_group": group, "clinical": "all"}
        (row,) = made.rows("fallback", **cells, classification="wres")
        assert (row["marker"], row["three_years_known_headcount"]) == ("[u]", "")
        return row["look_at"], row["instead"]

    # 8a and 8b have six people; with 8c there are 66.
    assert look("RNA", "afc", "band_8b") == ("cluster", "afc afc_8a_plus")
    assert look("RBK", "medical", "consultant") == ("family", "medical all")
    assert look("RL4", "vsm", "vsm") == ("nothing", "")
    assert look("RL4", "all", "all") == ("system", "E54000062")


def test_a_corrected_file_keeps_the_rounding_of_every_small_count_that_it_leaves(
    con: Connection, tmp_path: Path
) -> None:
    """Were it rounded anew, the two files together would say more of an unchanged count than either.

    So would five of these twelve be, two of them small.
    """
    folder = DataFolder(tmp_path / "data")
    folder.landing.mkdir(parents=True)
    random = Random(27)
    grades = [f"band_{number}" for number in range(2, 8)]
    cells = [(grade, group, random.randrange(1, 20)) for grade in grades for group in ("White", "BME", "")]
    changed = [(*cell[:2], cell[2] + 1) if number % 3 == 0 else cell for number, cell in enumerate(cells)]
    printed = []
    for text in (counts("RNA", *cells), counts("RNA", *changed)):
        snapshot = frozen(con, folder, {"rna": text})
        extracts = [*snapshot.extracts, *revise._earlier(snapshot)]
        whole = exact.write(con, folder, extracts, snapshot.method)
        kept = parts.write(con, folder, snapshot, whole, KEY, frozenset(), lambda _: None)
        rounded = f"from '{kept[snapshot.extracts[0]][parts.KIND]}' where characteristic = 'ethnicity'"
        printed.append(dict(duckdb.execute(f"select grade || coalesce(category, ''), headcount {rounded}").fetchall()))
    assert len(snapshot.revisions) == 1
    unchanged = [
        f"{grade}{group}" for (grade, group, count), other in zip(cells, changed, strict=True) if count == other[2]
    ]
    assert len(unchanged) == 12
    assert {name: printed[0][name] for name in unchanged} == {name: printed[1][name] for name in unchanged}


def test_a_negative_count_is_refused(made: Made) -> None:
    (extract,) = [one for one in made.measured.kept if ("RL4", MARCH) in one.owns]
    cells = parts._cells(made.con, made.measured.kept[extract]["cube_part"], [])
    cells.loc[cells["category"].eq("BME") & cells["grade"].eq("vsm"), "headcount"] = -1
    settings = made.measured.snapshot.method["disclosure"]
    with pytest.raises(RoundingError, match=r"^RL4 as at 2026-03-31: a count is below 0"):
        parts._rounded(cells, parts.groups(made.con), KEY.secret, settings)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"base": 2}, "disclosure.base is 2, but must be a whole number from 3 to 100"),
        ({"base": 1}, "disclosure.base is 1, but must be"),
        ({"base": 101}, "disclosure.base is 101, but must be"),
        ({"bound_held": 3}, "disclosure.bound_held is 3, but must be at least 4"),
        ({"bound_held": 10}, "disclosure.bound_other is 9, but must be at least bound_held"),
        ({"min_known_headcount": 9}, "disclosure.min_known_headcount is 9, but must be at least 10"),
        ({"attack_min_values": 1}, "disclosure.attack_min_values is 1, but must be from 2 to the base, 5"),
        ({"attack_min_values": 6}, "disclosure.attack_min_values is 6, but must be"),
        ({"min_known_per_bound": 0}, "disclosure.min_known_per_bound is 0, but must be at least 1"),
    ],
)
def test_a_setting_that_protects_nothing_is_refused_by_name(changed: dict[str, int], words: str) -> None:
    settings = reference.method(DataFolder(Path("no such folder")))["disclosure"]
    protect.refuse_nonsense(settings)
    with pytest.raises(ValueError, match=r"^method\.yaml: ") as refused:
        protect.refuse_nonsense(settings | changed)
    assert words in str(refused.value)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.root.mkdir()
    return folder


def released(folder: DataFolder, name: str) -> None:
    line = {"event": "released", "release_id": f"{MARCH}-aaaaaaaaaaaa", "snapshot_id": "", "sums": {}}
    ledger.append(folder.ledger, [line | {"disclosure_key": name}])


def test_a_key_is_made_once_for_its_owner_alone(folder: DataFolder) -> None:
    first = key(folder, is_synthetic=False)
    path = folder.root / "disclosure.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.secret.hex() == path.read_text(encoding="utf-8").strip()
    released(folder, first.identifier)
    assert key(folder, is_synthetic=False) == key(folder, is_synthetic=True) == first
    assert first.identifier not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "disclosure.key is missing, and releases here were made with key 0123456789ab; put it back from a"),
        ("ab" * 32, "disclosure.key is key eecfc16f1379, and releases here were made with key 0123456789ab; put that"),
        ("ab" * 31, "disclosure.key holds no key, which is 64 hex digits on one line"),
    ],
)
def test_after_a_release_a_missing_key_or_another_one_is_refused(
    folder: DataFolder, text: str | None, words: str
) -> None:
    released(folder, "0123456789ab")
    if text is not None:
        (folder.root / "disclosure.key").write_text(text, encoding="utf-8")
    for is_synthetic in (False, True):
        with pytest.raises(DisclosureKeyError) as refused:
            key(folder, is_synthetic=is_synthetic)
        assert words in str(refused.value)
    assert (folder.root / "disclosure.key").exists() == (text is not None)


def test_invented_people_are_protected_with_the_key_that_everybody_knows(folder: DataFolder) -> None:
    sample = key(folder, is_synthetic=True)
    assert (sample.secret, sample.identifier) == (SAMPLE, "8fc43edd9c95")
    assert not (folder.root / "disclosure.key").exists()
    # Real people may come into such a folder later: theirs is a key of its own.
    released(folder, sample.identifier)
    assert key(folder, is_synthetic=False).secret != SAMPLE


# Of a comparison as it is published, what the verdict doesn't hang on.
BLANK = (
    *("org_type", "is_detail", "total_headcount", "undisclosed_share", "workforce_share", "comparator_share"),
    *("comparator_unanswered_share", "gap_pp", "gap_lower_95_pp", "gap_upper_95_pp", "representation_ratio"),
    *("share_lower_95", "share_upper_95", "share_lower_998", "share_upper_998", "p_value", "p_adjusted"),
    *("test_family_size", "shortfall_headcount", "shortfall_growth", "share_if_none_undisclosed"),
    *("share_if_all_undisclosed", "sign_is_robust", "coverage", "population_vintage", "age_range", "waivers", "marker"),
)
# x of n people against x of n, and how they are rounded: to which base, and how far sums may be off.
Counts = tuple[str, int, int, int, int, int, int, int]
ROUNDED, PUBLIC = (5, 4, 9), (1, 0, 0)

# What is said of the counts of a comparison, as sql/marts/representation_gap.sql says it.
GAP = "gap_interval(comparator, headcount, known_headcount, comparator_headcount, comparator_known_headcount, z_95)"
SAID = (
    f"verdict({GAP}.lower, {GAP}.upper, comparator_headcount / comparator_known_headcount, material_gap_pp / 100, "
    "material_ratio)"
)

# Every count within 2 of those that are given, where a verdict is printed; the residents are known.
NEAR = """
select
    given.org_code,
    comparator,
    printed.verdict,
    headcount + x.off as headcount,
    known_headcount + n.off as known_headcount,
    comparator_headcount + against.off as comparator_headcount,
    comparator_known_headcount + against_known.off as comparator_known_headcount
from given
inner join printed on given.org_code = printed.org_code and printed.verdict <> 'cannot_tell'
cross join generate_series(-2, 2) as x (off)
cross join generate_series(-2, 2) as n (off)
cross join generate_series(-2, 2) as against (off)
cross join generate_series(-2, 2) as against_known (off)
where comparator <> 'population' or against.off = 0 and against_known.off = 0
"""
# A part can't be more than its whole, and the rest of the workforce is people, too.
CONSISTENT = """
    headcount >= 0 and known_headcount >= greatest(headcount, 1)
    and comparator_headcount >= 0 and comparator_known_headcount >= greatest(comparator_headcount, 1)
    and (
        comparator <> 'workforce'
        or comparator_headcount >= headcount and comparator_known_headcount > known_headcount
        and comparator_known_headcount - known_headcount >= comparator_headcount - headcount
    )
"""


@pytest.fixture(scope="module")
def own() -> Iterator[Connection]:
    """A database with the reference tables, in which a test may change the method."""
    with database.connect(threads=1) as con:
        reference.load(con, reference.method(DataFolder(Path("no such folder"))))
        yield con


def verdicts(con: Connection, said: Sequence[Counts]) -> list[str]:
    """The verdict that is printed of each comparison of a trust's band 5."""
    con.execute(
        "create or replace table given (org_code varchar, comparator varchar, headcount bigint, "
        "known_headcount bigint, comparator_headcount bigint, comparator_known_headcount bigint, base bigint, "
        "bound_held bigint, bound_other bigint)"
    )
    con.executemany(
        f"insert into given values ({', '.join('?' * 9)})", [(name(number), *one) for number, one in enumerate(said)]
    )
    con.execute(
        "create or replace table comparison as select date '2026-03-31' as as_at_date, 'organisation' as org_level, "
        "'substantive' as employment_type, 'afc' as grade_family, 'all' as clinical, 'band_5' as grade_group, "
        "'ethnicity' as characteristic, 'wres' as classification, 'BME' as category, "
        "* exclude (base, bound_held, bound_other) from given"
    )
    con.execute(
        "create or replace table unit_bound as select org_code, unnest([date '2026-03-31', date '2025-03-31']) as "
        "as_at_date, 1 as rounded_members, base, bound_held, bound_other, 0 as min_known_held, 0 as min_known_other "
        "from given"
    )
    for statement in ("cell_count", "consistent"):
        database.build(con, f"protect/{statement}")
    con.execute(
        f"create or replace table representation_gap as select comparison.*, {SAID} as verdict, "
        f"{', '.join(f'null as {one}' for one in BLANK)} from comparison cross join method"
    )
    query = f"select verdict from ({database.read_sql('public/representation_gap')}) order by org_code"
    return [verdict for (verdict,) in con.execute(query).fetchall()]


def name(number: int) -> str:
    """What the trust of a comparison is called."""
    return f"T{number:04}"


def test_a_verdict_is_printed_only_if_the_lowest_and_the_highest_consistent_counts_have_it(own: Connection) -> None:
    """Band 5 isn't held closely: x may be off by 9, and n by 9. Residents: 300 in 1,000 are BME.

    10 of 100 may be 19 of 91: 20.9 %, with 95 % from 13.8 to 30.3 %, not all below 30 %; of 5 it may be 14 of 91, at
    most 24.3 %. 55 of 100 are 46 of 109 at least, 42.2 %, and with 95 % above 33.3 %.
    """
    residents = [("population", x, 100, 300, 1000) for x in (5, 10, 30, 45, 55)]
    found = verdicts(own, [(*counted, *how) for how in (ROUNDED, PUBLIC) for counted in residents])
    assert found[:5] == ["lower", "cannot_tell", "cannot_tell", "cannot_tell", "higher"]
    # What isn't rounded has the verdict of its own counts.
    assert found[5:] == ["lower", "lower", "cannot_tell", "higher", "higher"]
    bounds = own.execute("select headcount_lower, headcount_upper from consistent order by org_code").fetchall()
    assert bounds == [(0, 14), (1, 19), (21, 39), (36, 54), (46, 64), (5, 5), (10, 10), (30, 30), (45, 45), (55, 55)]


def test_every_count_that_is_consistent_with_a_printed_verdict_has_it(own: Connection) -> None:
    """By brute force: base 3, where each sum may be off by 2, and every whole number between."""
    random = Random(3)
    said: list[Counts] = []
    for _ in range(60):
        n, rest = 3 * random.randrange(4, 25), 3 * random.randrange(4, 40)
        x, of_rest = (3 * random.randrange(whole // 3 + 1) for whole in (n, rest))
        said += [("workforce", x, n, x + of_rest, n + rest, 3, 2, 2), ("previous", x, n, of_rest, rest, 3, 2, 2)]
        said.append(("population", x, n, random.randrange(1, 100), 100, 3, 2, 2))
    # With a size that matters as large as this there are verdicts of each kind.
    own.execute("update method set material_gap_pp = 40, material_ratio = 0")
    printed = verdicts(own, said)
    kinds = {(one[0], verdict) for one, verdict in zip(said, printed, strict=True)}
    comparators = ("workforce", "previous", "population")
    assert kinds == set(product(comparators, ("lower", "similar", "higher", "cannot_tell")))
    own.execute(
        "create or replace table printed as select unnest(?) as org_code, unnest(?) as verdict",
        [[name(number) for number in range(len(said))], printed],
    )
    ((tried, wrong),) = own.execute(
        f"select count(*), count(*) filter (verdict <> {SAID}) from ({NEAR}) cross join method where {CONSISTENT}"
    ).fetchall()
    assert (tried > 20_000, wrong) == (True, 0)
