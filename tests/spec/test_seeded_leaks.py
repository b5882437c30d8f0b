"""Leaks put into a small release on purpose: each is caught, and the release passes without it."""

import json
from pathlib import Path

import pytest

from pipelines.attack import files, texts
from pipelines.attack.knowledge import COUNTS, MOVEMENTS, KnowledgeError
from pipelines.database import Connection
from tests import leaky
from tests.leaky import CELLS, DAY, GAPS, attacked, gap, write

BEFORE = "2026-02-28"
H = ("ethnicity", "H", "known")


def known(tmp_path: Path, name: str, *lines: str) -> Path:
    """A folder of public knowledge with one file."""
    columns = MOVEMENTS if name.startswith("movements") else COUNTS
    folder = tmp_path / "public_knowledge"
    folder.mkdir()
    (folder / name).write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
    return folder


def test_the_small_release_passes(con: Connection, tmp_path: Path) -> None:
    """20 cells are small or a 0 in a printed slab; each could be 0 to 4, or 1 to 9, or some of these."""
    result = attacked(con, write(tmp_path / "release"))
    assert result.problems == []
    assert (result.is_safe, result.outcome.tried, result.outcome.determined, result.tables) == (True, 67, 0, 1)


def test_an_exact_margin(con: Connection, tmp_path: Path) -> None:
    """9 are BME; the cells are printed as 5."""
    result = attacked(con, write(tmp_path / "release", gaps=(GAPS[0], gap("BME", 9, 55))))
    assert "representation_gap.parquet: headcount is a count that the printed cells don't give" in result.problems[0]
    assert not any("9" in line.partition("(")[0] for line in result.problems)


def test_a_share_of_exact_counts_beside_rounded_ones(con: Connection, tmp_path: Path) -> None:
    """9 of 56, where 5 of 55 are printed."""
    result = attacked(con, write(tmp_path / "release", gaps=(GAPS[0], gap("BME", 5, 55, workforce_share=9 / 56))))
    assert [line.split(" is a ")[0] for line in result.problems] == ["representation_gap.parquet: workforce_share"]


@pytest.mark.parametrize(("off", "is_told"), [(0, False), (1e-5, True)])
def test_a_p_value_of_many_people_is_held_to_what_the_printed_share_leaves_open(
    con: Connection, tmp_path: Path, off: float, is_told: bool
) -> None:
    """90 of 36,990, and a share of residents printed to nine places: p moves by 1.3 in a million within these."""
    slab = ("band_5", "clinical")
    cells = {
        (*slab, "total", "all", "known"): (36_990, 36_990),
        (*slab, "ethnicity", "A", "known"): (36_900, 36_900),
        (*slab, "ethnicity", "H", "known"): (90, 90),
    }
    share = 0.0024327614
    p_value, from_printed = con.execute(
        "select score_test_p(90, 36990, ?), score_test_p(90, 36990, ?)", [share, round(share, 9)]
    ).fetchall()[0]
    assert abs(p_value - from_printed) > 1e-6
    told = {"total_headcount": 36_990, "comparator_share": round(share, 9), "p_value": p_value - off}
    result = attacked(con, write(tmp_path / "release", {DAY: cells}, (gap("BME", 90, 36_990, **told),)))
    assert [line.split(" is a ")[0] for line in result.unexplained] == ["representation_gap.parquet: p_value"] * is_told


@pytest.mark.parametrize(
    "leak",
    [
        "<svg><title>Band 8a: 37 of them</title></svg>",
        '<img alt="Of 1,337 people">',
        '<script type="application/json">{"values": [50, 37]}</script>',
        "| White | 50.5 % |",
        f"<p>{'7' * 40}</p>",
        f"<p>90.9{'0' * 30}1 %</p>",
    ],
)
def test_exact_data_of_a_chart_or_in_a_text(con: Connection, tmp_path: Path, leak: str) -> None:
    page = (
        '<p style="width: 77px">On 31 March 2026, 50 of 55 people in band 8a are White: 90.9 %.</p><path d="M 37 41"/>'
    )
    release = write(tmp_path / "release", texts={"disclosure.md": page, "board-pack.html": f"{page}\n{leak}\n"})
    files.views(con, release)
    assert texts.unexplained(con, release, leaky.method()) == [
        "board-pack.html: a number that no public table prints, the first in line 2"
    ]


def test_a_second_mart_with_another_grouping(con: Connection, tmp_path: Path) -> None:
    """3 answers are missing; they are printed as 5, 0 and 0."""
    release = write(tmp_path / "release")
    answers = {"declared_headcount": 56, "missing_headcount": 3, "total_headcount": 60}
    row = {name: value for name, value in gap("", 1, 1).items() if name not in ("classification", "category")}
    leaky.table(release, "declaration_rate", [{**row, **answers}])
    columns = [line.split(" is a ")[0] for line in attacked(con, release).unexplained]
    assert columns == ["declaration_rate.parquet: declared_headcount", "declaration_rate.parquet: missing_headcount"]
    (release / "by_staff_group.csv").write_text("staff_group,headcount\nestates,8\n", encoding="utf-8")
    assert "by_staff_group.csv isn't one of the files that may go out" in attacked(con, release).problems


def test_a_correction_that_rounds_an_unchanged_cell_anew(con: Connection, tmp_path: Path) -> None:
    """2 were printed as 5 and are now printed as 0: they are 1 to 4, for certain."""
    slab = ("band_5", "non_clinical")
    then = {**CELLS, (*slab, *H): (2, 5), (*slab, "ethnicity", "A", "known"): (9, 5)}
    then["band_5", "clinical", "ethnicity", "A", "known"] = (18, 20)
    then["band_5", "clinical", "ethnicity", "", "missing"] = (1, 0)
    earlier, release = write(tmp_path / "earlier", {DAY: then}, gaps=()), write(tmp_path / "release")
    assert attacked(con, earlier).is_safe
    result = attacked(con, release, earlier)
    assert result.outcome.proven_small > 0
    assert any("can be told to be small (RNA on 2026-03-31)" in line for line in result.problems)


def moved() -> dict[str, dict[leaky.Cell, tuple[int, int]]]:
    """One woman of category H joined band 5, not clinical, and the cell, 2 before, went from 5 down to 0."""
    slab = ("band_5", "non_clinical")
    before = {**CELLS, (*slab, *H): (2, 5), (*slab, "ethnicity", "A", "known"): (9, 5)}
    before["band_5", "clinical", "ethnicity", "A", "known"] = (18, 20)
    before["band_5", "clinical", "ethnicity", "", "missing"] = (1, 0)
    after = {**CELLS, (*slab, *H): (3, 0), (*slab, "total", "all", "known"): (13, 10)}
    after[*slab, "sex", "Female", "known"] = (8, 5)
    after["band_6", "clinical", "ethnicity", "H", "known"] = (2, 5)
    after["band_6", "clinical", "ethnicity", "A", "known"] = (13, 10)
    return {BEFORE: before, DAY: after}


JOINER = tuple(
    f"RNA,substantive,{BEFORE},{DAY},band_5,non_clinical,{answer},1,local news"
    for answer in ("total,total,all", "sex,sex,Female", "ethnicity,esr_16,H")
)


def test_last_month_and_one_joiner(con: Connection, tmp_path: Path) -> None:
    """Less than 5 now, more than 0 before, and one more: nothing is left but 2, 3 and 4 of today's."""
    release = write(tmp_path / "release", moved(), gaps=())
    assert attacked(con, release).is_safe
    result = attacked(con, release, knowledge=known(tmp_path, "movements.csv", *JOINER))
    assert (result.outcome.proven_small > 0, result.contradicted) == (True, ())


def test_changes_that_our_counts_contradict_are_not_used(con: Connection, tmp_path: Path) -> None:
    release = write(tmp_path / "release", moved(), gaps=())
    result = attacked(con, release, knowledge=known(tmp_path, "movements.csv", *JOINER[:2]))
    assert result.is_safe
    assert result.contradicted == (f"movements of RNA, substantive, {BEFORE} to {DAY}",)


def test_a_clinical_split_that_pins_a_total(con: Connection, tmp_path: Path) -> None:
    """6 clinical staff are H; one of the two cells of it, 4 and 2, is printed as 5 and the other as 0."""
    row = gap("BME", 6, 35, clinical="clinical", total_headcount=40)
    result = attacked(con, write(tmp_path / "release", gaps=(*GAPS, row)))
    assert any("clinical=clinical" in line for line in result.problems)


@pytest.mark.parametrize(
    ("name", "said", "problem"),
    [
        ("provenance.intoto.json", {"subject": [{"name": "a", "rows": "59"}]}, "the key 'rows' isn't one of those"),
        ("provenance.intoto.json", {"subject": [{"name": 59}]}, "a number stands under 'name'"),
        ("datapackage.json", {"resources": [{"path": "unit.csv", "rows": 59}]}, "the key 'rows' isn't one of those"),
        ("datapackage.json", {"resources": [{"path": "rounding.csv", "bytes": 59}]}, "the size of rounding.csv isn't"),
    ],
)
def test_exact_row_counts_beside_the_tables(
    con: Connection, tmp_path: Path, name: str, said: object, problem: str
) -> None:
    result = attacked(con, write(tmp_path / "release", texts={name: json.dumps(said)}))
    assert f"{name}: {problem}" in result.problems[0]


def test_a_group_in_which_all_are_the_same(con: Connection, tmp_path: Path) -> None:
    """All 8 of a band are White, and both numbers are told: nobody else can be in it."""
    slab = ("band_6", "non_clinical")
    cells = {**CELLS, (*slab, "ethnicity", "A", "known"): (8, 10)}
    del cells[*slab, *H]
    row = {"clinical": "non_clinical", "grade_group": "band_6", "is_detail": True}
    leak = gap("White", 8, 8, **row, total_headcount=8)
    assert attacked(con, write(tmp_path / "sound", {DAY: cells})).is_safe
    result = attacked(con, write(tmp_path / "leaking", {DAY: cells}, gaps=(*GAPS, leak)))
    # 13 of the 16 ethnic categories aren't White, and nobody's answer is missing.
    assert (result.outcome.determined, len(result.unexplained)) == (14, 3)


def test_a_unit_rounded_by_itself_around_a_published_one(con: Connection, tmp_path: Path) -> None:
    """The region isn't the sum of its employers' rounded counts: what is left tells of the one that it is around."""
    leak = gap("BME", 10, 55, org_level="region", org_code="Y60", org_type="region")
    result = attacked(con, write(tmp_path / "release", gaps=(*GAPS, leak)))
    assert {line.split(" is a ")[0] for line in result.problems} == {
        f"representation_gap.parquet: {column}" for column in ("headcount", "known_headcount", "total_headcount")
    }


def test_a_twin_that_is_not_as_its_table(con: Connection, tmp_path: Path) -> None:
    release = write(tmp_path / "release")
    twin = release / "headcount.csv"
    twin.write_text(twin.read_text().replace(",25,", ",23,", 1), encoding="utf-8")
    assert attacked(con, release).problems == ["headcount.csv isn't what headcount.parquet is"]


def test_a_twin_with_a_row_more_or_a_row_fewer(con: Connection, tmp_path: Path) -> None:
    release = write(tmp_path / "release")
    twin = release / "headcount.csv"
    lines = twin.read_text(encoding="utf-8").splitlines(keepends=True)
    for text in ("".join([*lines, lines[-1]]), "".join(lines[:-1])):
        twin.write_text(text, encoding="utf-8")
        assert files.twin_problems(con, release) == ["headcount.csv isn't what headcount.parquet is"]


def test_what_others_tell_is_no_fault_of_the_release(con: Connection, tmp_path: Path) -> None:
    """The trust's own return says that 2 men work in band 6 clinical: the release can't protect them."""
    row = f"{DAY},RNA,substantive,band_6,clinical,sex,sex,Male,2,WRES return"
    result = attacked(con, write(tmp_path / "release"), knowledge=known(tmp_path, "returns.csv", row))
    assert (result.is_safe, result.outcome.unprotectable, result.outcome.tried) == (True, 1, 66)


def test_what_follows_from_what_others_tell_is_no_fault_either(con: Connection, tmp_path: Path) -> None:
    """16 people, of whom 14 are women: that 2 are men follows without the release."""
    rows = [
        f"{DAY},RNA,substantive,band_6,clinical,{answer},annual report"
        for answer in ("total,total,all,16", "sex,sex,Female,14")
    ]
    result = attacked(con, write(tmp_path / "release"), knowledge=known(tmp_path, "returns.csv", *rows))
    assert (result.is_safe, result.outcome.unprotectable) == (True, 1)


def test_counts_of_others_that_ours_contradict_are_not_used(con: Connection, tmp_path: Path) -> None:
    row = f"{DAY},RNA,substantive,band_6,clinical,sex,sex,Male,3,WRES return"
    result = attacked(con, write(tmp_path / "release"), knowledge=known(tmp_path, "returns.csv", row))
    assert (result.is_safe, result.outcome.unprotectable) == (True, 0)
    assert result.contradicted == ("1 counts about RNA, substantive, 2026-03-31",)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"{DAY},RNA,substantive,all,all,sex,sex,Male,many,x", "row 2: headcount isn't a whole number"),
        (f"{DAY},RNA,substantive,all,all,sex,sex,Male,-1,x", "row 2: headcount is below 0"),
        ("31 March,RNA,substantive,all,all,sex,sex,Male,1,x", "row 2: as_at_date isn't a date"),
        (f"{DAY},RNA,substantive,all,all,sex,sex,Male,1", "row 2: it hasn't 10 cells"),
        (f"{DAY},RNA,substantive,all,all,sex,sex,Male,1, ", "row 2: source is empty"),
    ],
)
def test_public_knowledge_that_cannot_be_read(con: Connection, tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(KnowledgeError, match=problem):
        attacked(con, write(tmp_path / "release"), knowledge=known(tmp_path, "returns.csv", line))


def test_counts_without_the_cells_that_explain_them_are_refused(con: Connection, tmp_path: Path) -> None:
    release = write(tmp_path / "release")
    for name in ("headcount.parquet", "headcount.csv"):
        (release / name).unlink()
    with pytest.raises(ValueError, match="from which its numbers could be explained"):
        attacked(con, release)
