"""The rules on the Department for Education's social workers by ethnicity, built row by row from the public file.

What the file's percentages, subtotals and regions must come to is counted here by hand, beside what the rules say.
"""

import csv
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.database import Connection
from pipelines.judge import Finding
from tests.typed import Row, judged

GROUPS = {"white": "White", "mixed": "Mixed", "asian": "Asian", "black": "Black", "other": "Other"}
MARKERS = {"x": "[x]", "z": "[z]", "c": "[c]"}
EVERYBODY = "All children and family social workers"
FILE = "csww_workforce_role_by_ethnicity_2019_to_2022.csv"
Line = dict[str, str]


@pytest.fixture(scope="module")
def lines(real_data: Path) -> dict[int, Line]:
    """The file's lines by their number."""
    path = real_data / "dfe_social_workers_by_ethnicity" / FILE
    with path.open(encoding="utf-8-sig", newline="") as file:
        return dict(enumerate(csv.DictReader(file), start=2))


def area(line: Line) -> str:
    return line["new_la_code"] or line["region_code"] or line["country_code"]


def number(cell: str) -> dict[str, str | None]:
    return {"headcount": None, "marker": MARKERS[cell]} if cell in MARKERS else {"headcount": cell, "marker": None}


def typed_rows(number_of_line: int, line: Line) -> list[Row]:
    """A row per group and per percentage, and one for everybody whose group is known, which checks their sum."""
    is_total = line["OrgRole"] == EVERYBODY
    common: dict[str, Any] = {
        "file": FILE,
        "line": number_of_line,
        "as_at_date": f"{line['time_period']}-09-30",
        "org_code": area(line),
        "employment_type": "substantive",
        "grade": None if is_total else line["OrgRole"],
        "clinical": "unknown",
        "staff_group": "social_care",
        "characteristic": "ethnicity",
        "classification": "ons_5",
        "dimensions": [line["time_period"], area(line), None if is_total else line["OrgRole"]],
    }
    known = common | number(line["known_headcount"]) | {"role": "total"}
    rows = [known] if line["white"] not in MARKERS else []
    for column, category in GROUPS.items():
        group = common | {"category": category, "answer_status": "known"}
        rows.append(group | number(line[column]) | {"role": "total" if is_total else "detail"})
        if line[f"{column}_perc"] not in MARKERS:
            rows.append(group | {"percentage": line[f"{column}_perc"], "role": "percentage"})
    return rows


@pytest.fixture(scope="module")
def findings(con: Connection, tmp_path_factory: pytest.TempPathFactory, lines: dict[int, Line]) -> list[Finding]:
    levels = {"Local authority": "organisation", "Regional": "region", "National": "national"}
    for code, level in sorted({(area(line), levels[line["geographic_level"]]) for line in lines.values()}):
        parents = {"organisation": None, "region": "E12000007" if code.startswith("E13") else "E92000001"}
        con.execute("delete from organisation where org_code = ?", [code])
        con.execute(
            "insert into organisation by name select ? as org_code, ? as org_level, ? as org_type, ? as parent_code",
            [code, level, {"region": "ons_region"}.get(level), parents.get(level)],
        )
    rows = [row for number_of_line, line in lines.items() for row in typed_rows(number_of_line, line)]
    return judged(con, tmp_path_factory.mktemp("dfe"), "headcount", rows)


def test_nothing_else_is_found_than_london_twice_and_changes_over_time(findings: list[Finding]) -> None:
    assert {(one.rule, one.severity) for one in findings} == {
        ("headcount.parts_beside_whole", "warn"),
        ("headcount.group_moved", "warn"),
        ("headcount.group_vanished", "warn"),
        ("headcount.total_jump", "warn"),
    }


def test_inner_and_outer_london_are_found_beside_london(findings: list[Finding], lines: dict[int, Line]) -> None:
    (found,) = (one for one in findings if one.rule == "headcount.parts_beside_whole")
    parts = {(area(line), line["time_period"]) for line in lines.values() if area(line).startswith("E13")}
    assert found.rows_failing == len(parts) == 8
    assert {lines[line]["region_name"] for line in found.lines} == {"Inner London", "Outer London"}


def test_the_authorities_where_groups_changed_places_are_found_and_no_other(
    findings: list[Finding], lines: dict[int, Line]
) -> None:
    """Of 152 authorities and three pairs of years; from the printed column of everybody, beside what the rule says."""
    everybody = {
        (line["la_name"] or line["region_name"] or line["country_name"], line["time_period"]): line
        for line in lines.values()
        if line["OrgRole"] == EVERYBODY
    }
    moved = set()
    for (place, year), after in everybody.items():
        before = everybody.get((place, str(int(year) - 1)))
        if before is None or before["white"] in MARKERS or after["white"] in MARKERS:
            continue
        change = {group: (int(before[group]), int(after[group])) for group in GROUPS}
        for lost, (was, now) in change.items():
            for gained, (had, has) in change.items():
                pair = sorted((was + had, now + has))
                if was >= 10 and was - now >= 0.6 * was and has - had >= 0.8 * (was - now) and pair[0] >= 0.8 * pair[1]:
                    moved.add((place, year, lost, was, now, gained, had, has))
    assert moved == {
        ("Waltham Forest", "2021", "black", 57, 3, "mixed", 9, 77),
        ("Waltham Forest", "2021", "asian", 12, 2, "white", 26, 42),
        ("Reading", "2022", "black", 22, 7, "mixed", 6, 24),
        ("Rochdale", "2022", "mixed", 16, 4, "black", 6, 19),
    }
    (found,) = (one for one in findings if one.rule == "headcount.group_moved")
    # The two groups of Waltham Forest stand in one line.
    assert found.rows_failing == 3
    assert {(lines[line]["la_name"], lines[line]["time_period"]) for line in found.lines} == {
        (place, year) for place, year, *_ in moved
    }


def test_the_authorities_whose_numbers_jump_are_found_and_no_region(
    findings: list[Finding], lines: dict[int, Line]
) -> None:
    """From the printed sum of those whose group is known: by more than 10 %, and 40 % for the year between."""
    known: dict[tuple[str, str], int] = {}
    for line in lines.values():
        if line["OrgRole"] == EVERYBODY and line["known_headcount"] not in MARKERS:
            place = line["la_name"] or line["region_name"] or line["country_name"]
            known[place, line["time_period"]] = int(line["known_headcount"])
    jumps = set()
    for (place, year), after in known.items():
        before = known.get((place, str(int(year) - 1)), 0)
        days = 366 if year == "2020" else 365  # from one 30 September to the next
        if before >= 30 and abs(after - before) > (0.1 + 0.4 * days / 365) * before:
            jumps.add((place, year, before, after))
    assert jumps == {
        ("Northumberland", "2020", 109, 207),
        ("Northumberland", "2021", 207, 77),
        ("Northumberland", "2022", 77, 162),
        ("Barnsley", "2020", 85, 144),
        ("Wolverhampton", "2020", 92, 159),
        ("Milton Keynes", "2021", 107, 166),
        ("Croydon", "2022", 89, 187),
    }
    (found,) = (one for one in findings if one.rule == "headcount.total_jump")
    assert found.rows_failing == len(jumps)
    assert {(lines[line]["la_name"], lines[line]["time_period"]) for line in found.lines} <= {
        (place, year) for place, year, *_ in jumps
    }


def test_the_one_authority_that_left_out_a_role_is_found(findings: list[Finding], lines: dict[int, Line]) -> None:
    """Oldham had 52 qualified without cases of 172 in 2021, and 5 of 131 in 2022."""
    (found,) = (one for one in findings if one.rule == "headcount.group_vanished")
    (line,) = (lines[line] for line in found.lines)
    assert (found.column, found.rows_failing) == ("grade", 1)
    assert (line["la_name"], line["time_period"]) == ("Oldham", "2022")


def test_every_published_percentage_is_half_up(lines: dict[int, Line]) -> None:
    """The rule allows either side of a tie; this publisher always takes the upper one."""
    numeric = [line for line in lines.values() if line["white"] not in MARKERS]
    assert len(numeric) == 4466
    ties = 0
    for line in numeric:
        known = int(line["known_headcount"])
        assert sum(int(line[group]) for group in GROUPS) == known
        for group in GROUPS:
            if known:
                share = Decimal(100) * int(line[group]) / known
                assert share.quantize(Decimal("0.1"), ROUND_HALF_UP) == Decimal(line[f"{group}_perc"])
                ties += (2000 * int(line[group])) % (2 * known) == known
    assert ties


def test_regions_make_england_with_london_once(lines: dict[int, Line]) -> None:
    for year, role in {(line["time_period"], line["OrgRole"]) for line in lines.values()}:
        there = [line for line in lines.values() if (line["time_period"], line["OrgRole"]) == (year, role)]
        for group in GROUPS:
            regions = [line for line in there if area(line).startswith("E12")]
            (england,) = (line for line in there if area(line) == "E92000001")
            assert len(regions) == 9
            assert sum(int(line[group]) for line in regions) == int(england[group])


def test_a_line_that_was_tampered_with_is_named(
    con: Connection, tmp_path: Path, findings: list[Finding], lines: dict[int, Line]
) -> None:
    """The case holders of the South East in 2022: one more of them, or one tenth of a percentage more."""
    assert findings  # the register holds the file's areas
    place = {
        (area(line), line["OrgRole"]): number_of_line
        for number_of_line, line in lines.items()
        if line["time_period"] == "2022" and line["geographic_level"] != "Local authority"
    }
    changed = place["E12000008", "Case holder"]

    def found(column: str, unit: str) -> dict[str, tuple[int, ...]]:
        cell = str(Decimal(lines[changed][column]) + Decimal(unit))
        tampered = {number: lines[number] for number in place.values()} | {changed: lines[changed] | {column: cell}}
        rows = [row for number_of_line, line in tampered.items() for row in typed_rows(number_of_line, line)]
        findings = judged(con, tmp_path, "headcount", rows)
        return {one.rule: one.lines for one in findings if one.severity == "reject_file"}

    assert found("black_perc", "0.1") == {"headcount.percentage_agrees": (changed,)}
    # Its own sum, that of the South East's roles, and England's.
    assert found("other", "1") == {
        "headcount.parts_make_total": tuple(sorted([changed, place["E12000008", EVERYBODY]])),
        "headcount.regions_make_nation": (place["E92000001", "Case holder"],),
        "headcount.percentage_agrees": (changed,),
    }
