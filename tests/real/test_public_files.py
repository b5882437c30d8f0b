"""Public files, exactly as their publishers give them, through ingest and validate."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from pipelines import reference
from pipelines.database import Connection
from pipelines.ingest import ingest
from pipelines.places import DataFolder
from pipelines.validate import Accepted, Validated, validate

Judge = Callable[[list[Path]], Validated]
Row = dict[str, str]


@pytest.fixture
def judge(con: Connection, tmp_path: Path) -> Judge:
    def judge_files(files: list[Path]) -> Validated:
        data = DataFolder(tmp_path)
        return validate(con, ingest(con, data, files, tmp_path / "work"), reference.method(data))

    return judge_files


@pytest.fixture
def workforce(real_data: Path) -> Path:
    return real_data / "nhs_england_ethnicity_by_band" / "nhs-workforce.csv"


def raw(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def the_one(validated: Validated) -> Accepted:
    assert (validated.refusals, validated.findings) == ((), ())
    (accepted,) = validated.accepted
    return accepted


def test_every_row_of_the_nhs_workforce_file_is_accounted_for(con: Connection, workforce: Path, judge: Judge) -> None:
    accepted = the_one(judge([workforce]))
    assert (accepted.extract.layout, accepted.extract.rows_in) == ("gov_uk_nhs_workforce", 432)
    assert (accepted.rows_accepted, accepted.rows_rejected, accepted.rows_checking) == (336, 0, 96)
    assert accepted.extract.about == (("E92000001", "2017-09-30"), ("E92000001", "2018-03-31"))
    # Each detail row, by hand: the publisher's words in, ours out, and no other row.
    sent = sorted(
        (row["Time"][-4:], row["Headcount"], row["Ethnicity"] if row["Ethnicity"] != "Unknown" else "")
        for row in raw(workforce)
        if "All" not in (row["Type_of_role"], row["Specific_grade"]) and row["Ethnicity"] != "All known"
    )
    taken = con.execute(
        "select year(as_at_date)::varchar, headcount::varchar, "
        "coalesce(category, '') from read_parquet(?) order by all",
        [str(accepted.typed)],
    ).fetchall()
    assert taken == sent
    (grades,) = con.execute("select count(distinct grade) from read_parquet(?)", [str(accepted.typed)]).fetchall()[0]
    assert grades == 24


def test_every_published_percentage_is_made_again_from_the_counts(workforce: Path) -> None:
    rows = [row for row in raw(workforce) if row["Denominator"] != "N/A"]
    assert len(rows) == 378
    for row in rows:
        share = Decimal(100) * int(row["Headcount"]) / int(row["Denominator"])
        assert share.quantize(Decimal("0.1"), ROUND_HALF_UP) == Decimal(row["Value"])


def test_accepted_counts_make_every_published_percentage(con: Connection, workforce: Path, judge: Judge) -> None:
    """Of a single grade: the counts and their sum are the accepted ones, the percentage is the publisher's."""
    accepted = the_one(judge([workforce]))
    made = con.execute(
        "select as_at_date::varchar, headcount, sum(headcount) over (partition by as_at_date, grade) "
        "from read_parquet(?) where answer_status = 'known'",
        [str(accepted.typed)],
    ).fetchall()
    days = {"as at September 2017": "2017-09-30", "as at Mar 2018": "2018-03-31"}
    published = Counter(
        (days[row["Time"]], int(row["Headcount"]), int(row["Denominator"]), Decimal(row["Value"]))
        for row in raw(workforce)
        if row["Specific_grade"] != "All" and row["Ethnicity"] not in ("All known", "Unknown")
    )
    assert published.total() == 288
    assert published == Counter(
        (day, count, known, (Decimal(100) * count / known).quantize(Decimal("0.1"), ROUND_HALF_UP))
        for day, count, known in made
    )


def test_groups_sum_to_all_known_in_every_cell(workforce: Path) -> None:
    parts: defaultdict[tuple[str, ...], int] = defaultdict(int)
    all_known = {}
    for row in raw(workforce):
        cell = (row["Time"], row["Type_of_role"], row["Specific_grade"])
        if row["Ethnicity"] == "All known":
            all_known[cell] = int(row["Headcount"])
        elif row["Ethnicity"] != "Unknown":
            parts[cell] += int(row["Headcount"])
    assert len(all_known) == 54
    assert parts == all_known


def changed(workforce: Path, copy: Path, line: int) -> None:
    """Copy the file with the headcount of one line one higher."""
    lines = workforce.read_text(encoding="utf-8").splitlines(keepends=True)
    cells = next(csv.reader([lines[line - 1]]))
    lines[line - 1] = lines[line - 1].replace(f'"{cells[8]}"', f'"{int(cells[8]) + 1}"', 1)
    copy.write_text("".join(lines), encoding="utf-8")


def test_a_total_that_was_tampered_with_is_named(workforce: Path, tmp_path: Path, judge: Judge) -> None:
    rows = raw(workforce)
    totals = [line for line, row in enumerate(rows, start=2) if row["Ethnicity"] == "All known"]
    changed(workforce, tmp_path / "tampered.csv", totals[-1])
    (refusal,) = judge([tmp_path / "tampered.csv"]).refusals
    assert (refusal.file, refusal.rule) == ("tampered.csv", "headcount.parts_make_total")
    assert f"(1 times, first at line {totals[-1]})" in refusal.sentence


def test_a_part_that_was_tampered_with_is_refused(workforce: Path, tmp_path: Path, judge: Judge) -> None:
    rows = raw(workforce)
    line, part = next(
        (number, row)
        for number, row in enumerate(rows, start=2)
        if row["Specific_grade"] == "Band 5" and row["Ethnicity"] == "Black"
    )
    changed(workforce, tmp_path / "tampered.csv", line)
    validated = judge([tmp_path / "tampered.csv"])
    assert [refusal.rule for refusal in validated.refusals] == ["headcount.parts_make_total"]
    # Every total that Band 5 Black is part of, at its date.
    broken = {
        number
        for number, row in enumerate(rows, start=2)
        if row["Time"] == part["Time"]
        and row["Ethnicity"] in ("Black", "All known")
        and row["Type_of_role"] in ("All", part["Type_of_role"])
        and row["Specific_grade"] in ("All", part["Specific_grade"])
        and number != line
    }
    (finding,) = validated.findings
    assert (finding.rows_failing, finding.lines) == (len(broken), tuple(sorted(broken))[:5])


def test_census_ethnic_groups_of_authorities_regions_and_nations(
    con: Connection, real_data: Path, judge: Judge
) -> None:
    files = [real_data / "census2021" / f"ons-ethnic-population-{area}.csv" for area in ("la", "reg", "nat")]
    validated = judge(files)
    # Wales stands in the regions' and the nations' file with the same numbers: no clash.
    assert (validated.refusals, validated.findings) == ((), ())
    assert {one.extract.file[22:]: (one.rows_accepted, one.rows_checking) for one in validated.accepted} == {
        "la.csv": (3325, 175),
        "reg.csv": (190, 10),
        "nat.csv": (38, 2),
    }
    wales = [("W92000004", "ethnicity", "all") in one.extract.about for one in validated.accepted]
    assert sum(wales) == 2
    taken = con.execute(
        "select area_code, category, population from read_parquet([" + ",".join("?" * 3) + "])",
        [str(one.typed) for one in validated.accepted],
    ).fetchall()
    labels = dict(
        con.execute(
            "select label, category from reference_categories where classification = 'census_2021_19'"
        ).fetchall()
    )
    published: dict[tuple[str, str], int] = {
        (row["ltla21_code"], labels[row["ethnic_group"]]): int(Decimal(row["number"]))
        for row in raw(real_data / "truth" / "census2021_ethnicity_reference_ltlas.csv")
    }
    counted = {(area, category): people for area, category, people in taken}
    both = published.keys() & counted.keys()
    assert len(both) == 5 * 19  # the single-tier authorities among the eleven: Herefordshire and the Black Country
    assert {key: counted[key] for key in both} == {key: published[key] for key in both}


def test_a_different_wales_clashes(real_data: Path, tmp_path: Path, judge: Judge) -> None:
    regions, nations = (real_data / "census2021" / f"ons-ethnic-population-{area}.csv" for area in ("reg", "nat"))
    head, *rows = nations.read_text(encoding="utf-8-sig").splitlines()
    place = next(number for number, row in enumerate(rows) if row.startswith("W92000004") and not row.endswith(",0"))
    start, people = rows[place].rsplit(",", 1)
    rows[place] = f"{start},{int(people) + 1}"
    (tmp_path / "nations.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    validated = judge([regions, tmp_path / "nations.csv"])
    assert [refusal.rule for refusal in validated.refusals] == ["file.clash", "file.clash"]
    assert "population data of W92000004 ethnicity all" in validated.refusals[0].sentence
