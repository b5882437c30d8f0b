"""As it was and restated: who merged, was renamed or split, docs/decisions/0009. The organisations here are made up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipelines.database import Connection
from tests.cube import Row, mart, one, people, register, rounded
from tests.reference_tables import Cells, database_of

BEFORE, AFTER, LATER = "2024-03-31", "2025-03-31", "2026-03-31"
MERGED_ON = "2024-10-01"

# A region of two systems: AAA and BBB, which merge into NEW, with DDD; and CCC.
REGISTER: Mapping[str, tuple[str, str]] = {
    "REGION": ("region", ""),
    "SYS1": ("system", "REGION"),
    "SYS2": ("system", "REGION"),
    "SYSN": ("system", "REGION"),
    **dict.fromkeys(("AAA", "BBB", "DDD", "NEW", "NEWER"), ("organisation", "SYS1")),
    **dict.fromkeys(("CCC", "EEE"), ("organisation", "SYS2")),
}
TYPES = {"region": "region", "system": "system", "organisation": "trust"}


def register_of_organisations(**valid_from: str) -> list[Cells]:
    return [
        {"org_code": code, "org_name": code, "org_level": level, "org_type": TYPES[level], "parent_code": parent}
        | {"sector": "nhs" if level == "organisation" else ""}
        | {"members_complete": "" if level == "organisation" else "true", "valid_from": valid_from.get(code, "")}
        for code, (level, parent) in REGISTER.items()
    ]


def became(predecessor: str, successor: str, kind: str = "merged", on: str = MERGED_ON) -> Cells:
    return {"predecessor_code": predecessor, "successor_code": successor, "effective_on": on, "kind": kind}


A_AND_B_INTO_NEW = [became("AAA", "NEW"), became("BBB", "NEW")]
FOOTPRINTS = [{"org_code": code, "area_code": "E08000027"} for code in REGISTER]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., Connection]]:
    """A database with the made-up register and the successions asked for; nobody is expected but who reports."""
    with ExitStack() as stack:

        def make(*successions: Cells, expected: Sequence[str] = (), **tables: Sequence[Cells]) -> Connection:
            made_up = {
                "organisations": register_of_organisations(),
                "footprints": FOOTPRINTS,
                "successions": successions,
                "expected_submissions": [{"org_code": code, "sector": "nhs"} for code in expected],
            }
            return stack.enter_context(database_of(tmp_path, **(made_up | tables)))

        yield make


def staff(org_code: str, date: str, bme: int, white: int) -> list[Row]:
    cells = {"org_code": org_code, "as_at_date": date}
    return [people(bme, "BME", **cells), people(white, "White", **cells)]


def line(con: Connection, org_code: str, name: str = "trend", **where: Any) -> dict[str, tuple[int, int, str]]:
    """Of each date: the BME staff, all known, and the coverage."""
    cells = {"category": "BME", "grade_group": "band_5", "clinical": "all", "comparator": "population"} | where
    return {
        str(row["as_at_date"]): (row["headcount"], row["known_headcount"], row["coverage"])
        for row in mart(con, name, org_code=org_code, **cells)
    }


def counts(con: Connection, org_code: str) -> dict[str, int]:
    return {date: known for date, (_, known, _) in line(con, org_code).items()}


def test_predecessors_stay_as_they_were_and_the_successors_line_goes_back(world: Callable[..., Connection]) -> None:
    con = world(*A_AND_B_INTO_NEW)
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("BBB", BEFORE, 30, 70), *staff("NEW", AFTER, 45, 155)])
    assert line(con, "AAA") == {BEFORE: (10, 100, "1 of 1")}
    assert line(con, "BBB") == {BEFORE: (30, 100, "1 of 1")}
    expected = {BEFORE: (40, 200, "2 of 2; restated from AAA and BBB"), AFTER: (45, 200, "1 of 1")}
    assert line(con, "NEW") == expected
    assert line(con, "NEW", "representation_gap") == expected


def test_nobody_is_counted_twice_above(world: Callable[..., Connection]) -> None:
    con = world(*A_AND_B_INTO_NEW)
    rows = [*staff("AAA", BEFORE, 10, 90), *staff("BBB", BEFORE, 30, 70), *staff("DDD", BEFORE, 1, 9)]
    register(con, [*rows, *staff("CCC", BEFORE, 5, 45), *staff("NEW", AFTER, 45, 155), *staff("DDD", AFTER, 1, 9)])
    assert line(con, "SYS1") == {BEFORE: (41, 210, "3 of 3"), AFTER: (46, 210, "2 of 2")}
    assert line(con, "REGION") == {BEFORE: (46, 260, "4 of 4"), AFTER: (46, 210, "2 of 2")}


def test_a_predecessor_that_did_not_report_is_named_and_marked(world: Callable[..., Connection]) -> None:
    con = world(*A_AND_B_INTO_NEW)
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("NEW", AFTER, 45, 155)])
    assert line(con, "NEW")[BEFORE] == (10, 100, "1 of 2; restated from AAA and BBB; missing: BBB")
    missing = one(con, "representation_gap", org_code="BBB")
    assert (str(missing["as_at_date"]), missing["marker"], missing["coverage"]) == (BEFORE, "[x]", "0 of 1")


def test_previous_reaches_back_over_the_merger(world: Callable[..., Connection]) -> None:
    """40 of 200 before, 60 of 200 after; the system and the region, too, hold the same employers as before."""
    con = world(*A_AND_B_INTO_NEW)
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("BBB", BEFORE, 30, 70), *staff("NEW", AFTER, 60, 140)], AFTER)
    cells = {"comparator": "previous", "category": "BME", "grade_group": "band_5", "clinical": "all"}
    for org_code in ("NEW", "SYS1", "REGION"):
        row = one(con, "representation_gap", org_code=org_code, as_at_date=AFTER, **cells)
        assert (rounded(row["comparator_share"], 9), rounded(row["gap_pp"], 9)) == (0.2, 10.0)


def test_previous_is_not_available_where_a_predecessor_is_missing(world: Callable[..., Connection]) -> None:
    con = world(*A_AND_B_INTO_NEW)
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("NEW", AFTER, 60, 140)], AFTER)
    cells = {"comparator": "previous", "category": "BME", "grade_group": "band_5", "clinical": "all"}
    for org_code in ("NEW", "SYS1"):
        row = one(con, "representation_gap", org_code=org_code, as_at_date=AFTER, **cells)
        assert (row["gap_pp"], row["marker"]) == (None, "[x]")


def test_who_reports_the_successor_for_earlier_dates_has_recoded_history(world: Callable[..., Connection]) -> None:
    """NEW's own 205 of before the merger stand; AAA and BBB keep their rows, and no total holds both."""
    con = world(*A_AND_B_INTO_NEW, expected=["AAA", "BBB", "NEW"])
    rows = [*staff("AAA", BEFORE, 10, 90), *staff("BBB", BEFORE, 30, 70), *staff("NEW", BEFORE, 41, 164)]
    register(con, rows)
    assert line(con, "NEW") == {BEFORE: (41, 205, "1 of 1")}
    assert counts(con, "AAA") == {BEFORE: 100}
    assert line(con, "SYS1") == {BEFORE: (41, 205, "2 of 2")}
    assert counts(con, "REGION") == {BEFORE: 205}


def test_an_old_code_that_is_still_sent_after_the_merger_is_not_added(world: Callable[..., Connection]) -> None:
    con = world(*A_AND_B_INTO_NEW)
    register(con, [*staff("AAA", AFTER, 10, 90), *staff("NEW", AFTER, 45, 155)])
    assert line(con, "SYS1") == {AFTER: (45, 200, "1 of 1")}
    assert counts(con, "AAA") == {AFTER: 100}


def test_a_chain_of_mergers_is_followed_to_its_end(world: Callable[..., Connection]) -> None:
    """AAA and BBB became NEW in October 2024, NEW and DDD became NEWER in October 2025."""
    later = [became("NEW", "NEWER", on="2025-10-01"), became("DDD", "NEWER", on="2025-10-01")]
    con = world(*A_AND_B_INTO_NEW, *later)
    rows = [*staff("AAA", BEFORE, 1, 9), *staff("BBB", BEFORE, 2, 8), *staff("DDD", BEFORE, 3, 7)]
    rows += [*staff("NEW", AFTER, 4, 16), *staff("DDD", AFTER, 3, 7), *staff("NEWER", LATER, 9, 21)]
    register(con, rows)
    assert line(con, "NEWER") == {
        BEFORE: (6, 30, "3 of 3; restated from AAA, BBB and DDD"),
        AFTER: (7, 30, "2 of 2; restated from DDD and NEW"),
        LATER: (9, 30, "1 of 1"),
    }
    assert line(con, "NEW") == {BEFORE: (3, 20, "2 of 2; restated from AAA and BBB"), AFTER: (4, 20, "1 of 1")}
    assert counts(con, "SYS1") == {BEFORE: 30, AFTER: 30, LATER: 30}


def test_who_was_renamed_has_one_line_under_the_new_code(world: Callable[..., Connection]) -> None:
    con = world(became("AAA", "NEW", "renamed"))
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("NEW", AFTER, 12, 88)])
    assert line(con, "NEW") == {BEFORE: (10, 100, "1 of 1; restated from AAA"), AFTER: (12, 100, "1 of 1")}


def test_who_took_another_over_and_kept_its_code_is_restated_with_it(world: Callable[..., Connection]) -> None:
    """AAA took BBB over: a row of itself says that it was there before."""
    con = world(became("AAA", "AAA"), became("BBB", "AAA"))
    rows = [*staff("AAA", BEFORE, 10, 90), *staff("BBB", BEFORE, 30, 70), *staff("AAA", AFTER, 60, 140)]
    register(con, rows, AFTER)
    restated = (40, 200, "2 of 2; restated from AAA and BBB")
    assert line(con, "AAA") == {BEFORE: restated, AFTER: (60, 200, "1 of 1")}
    assert counts(con, "BBB") == {BEFORE: 100}
    assert counts(con, "SYS1") == {BEFORE: 200, AFTER: 200}
    cells = {"comparator": "previous", "category": "BME", "grade_group": "band_5", "clinical": "all"}
    assert rounded(one(con, "representation_gap", org_code="AAA", as_at_date=AFTER, **cells)["gap_pp"], 9) == 10.0


def test_a_split_is_never_restated(world: Callable[..., Connection]) -> None:
    con = world(became("AAA", "BBB", "split"), became("AAA", "NEW", "split"))
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("BBB", AFTER, 4, 36), *staff("NEW", AFTER, 6, 54)], AFTER)
    assert line(con, "AAA") == {BEFORE: (10, 100, "1 of 1")}
    assert line(con, "BBB") == {AFTER: (4, 40, "1 of 1")}
    assert line(con, "NEW") == {AFTER: (6, 60, "1 of 1")}
    assert line(con, "SYS1") == {BEFORE: (10, 100, "1 of 1"), AFTER: (10, 100, "2 of 2")}
    # The system's employers are the same people's as before.
    cells = {"comparator": "previous", "category": "BME", "grade_group": "band_5", "clinical": "all"}
    assert rounded(one(con, "representation_gap", org_code="SYS1", as_at_date=AFTER, **cells)["gap_pp"], 9) == 0.0


def test_the_parts_of_a_split_that_are_sent_for_earlier_dates_are_not_added(world: Callable[..., Connection]) -> None:
    con = world(became("AAA", "BBB", "split"), became("AAA", "NEW", "split"))
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("BBB", BEFORE, 4, 36), *staff("NEW", BEFORE, 6, 54)])
    assert line(con, "SYS1") == {BEFORE: (10, 100, "1 of 1")}
    assert counts(con, "BBB") == {BEFORE: 40}


def test_a_part_that_left_is_no_part_of_who_kept_the_code(world: Callable[..., Connection]) -> None:
    con = world(became("AAA", "AAA", "split"), became("AAA", "NEW", "split"))
    rows = [*staff("AAA", BEFORE, 10, 90), *staff("NEW", BEFORE, 4, 36)]
    register(con, [*rows, *staff("AAA", AFTER, 6, 54), *staff("NEW", AFTER, 4, 36)])
    assert counts(con, "SYS1") == {BEFORE: 100, AFTER: 100}


SYSTEMS_MERGE = [became("SYS1", "SYSN"), became("SYS2", "SYSN")]


def test_a_system_that_came_of_two_has_their_members_for_earlier_dates(world: Callable[..., Connection]) -> None:
    con = world(*SYSTEMS_MERGE, expected=["AAA", "CCC", "EEE"])
    rows = [row for date in (BEFORE, AFTER) for row in [*staff("AAA", date, 10, 90), *staff("CCC", date, 5, 45)]]
    register(con, [*rows, *staff("EEE", AFTER, 1, 9)], AFTER)
    assert line(con, "SYS1") == {BEFORE: (10, 100, "1 of 1")}
    assert line(con, "SYS2") == {BEFORE: (5, 50, "1 of 2; missing: EEE")}
    assert line(con, "SYSN") == {
        BEFORE: (15, 150, "2 of 3; restated from SYS1 and SYS2; missing: EEE"),
        AFTER: (16, 160, "3 of 3"),
    }
    assert line(con, "REGION") == {BEFORE: (15, 150, "2 of 3; missing: EEE"), AFTER: (16, 160, "3 of 3")}


def test_a_member_that_the_register_names_under_the_successor_only_counts_there_before(
    world: Callable[..., Connection],
) -> None:
    organisations = [
        row | {"parent_code": "SYSN"} if row["org_code"] == "CCC" else row for row in register_of_organisations()
    ]
    con = world(*SYSTEMS_MERGE, organisations=organisations)
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("CCC", BEFORE, 5, 45)])
    assert line(con, "SYSN") == {BEFORE: (15, 150, "2 of 2; restated from SYS1 and SYS2")}
    assert counts(con, "REGION") == {BEFORE: 150}


def test_a_system_that_sent_its_own_figures_brings_those_into_its_successor(world: Callable[..., Connection]) -> None:
    con = world(*SYSTEMS_MERGE)
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("SYS1", BEFORE, 11, 99), *staff("CCC", BEFORE, 5, 45)])
    assert counts(con, "SYS1") == {BEFORE: 110}
    assert counts(con, "SYSN") == {BEFORE: 160}
    assert counts(con, "REGION") == {BEFORE: 160}


def test_a_system_whose_history_was_recoded_does_not_double(world: Callable[..., Connection]) -> None:
    con = world(*SYSTEMS_MERGE)
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("CCC", BEFORE, 5, 45), *staff("SYSN", BEFORE, 16, 144)])
    assert line(con, "SYSN")[BEFORE][:2] == (16, 160)
    assert (counts(con, "SYS1"), counts(con, "SYS2")) == ({BEFORE: 100}, {BEFORE: 50})
    assert counts(con, "REGION") == {BEFORE: 160}


def test_before_it_began_a_successor_is_compared_with_whom_it_served_on_its_first_day(
    world: Callable[..., Connection],
) -> None:
    dated = [row | {"valid_from": MERGED_ON} if row["org_code"] == "NEW" else row for row in FOOTPRINTS]
    con = world(*A_AND_B_INTO_NEW, footprints=dated)
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("BBB", BEFORE, 30, 70)])
    cells = {"comparator": "population", "category": "BME", "grade_group": "band_5", "clinical": "all"}
    assert one(con, "representation_gap", org_code="NEW", **cells)["area_set"] == "E08000027"


def test_as_it_was_everybody_counts_in_the_system_of_the_time(world: Callable[..., Connection]) -> None:
    """NEW belongs to another system than AAA and BBB did: its line goes back, that system's doesn't."""
    organisations = [
        row | {"parent_code": "SYS2"} if row["org_code"] == "NEW" else row for row in register_of_organisations()
    ]
    con = world(*A_AND_B_INTO_NEW, organisations=organisations)
    rows = [*staff("AAA", BEFORE, 10, 90), *staff("BBB", BEFORE, 30, 70), *staff("CCC", BEFORE, 5, 45)]
    register(con, [*rows, *staff("NEW", AFTER, 45, 155), *staff("CCC", AFTER, 5, 45)])
    assert counts(con, "NEW") == {BEFORE: 200, AFTER: 200}
    assert counts(con, "SYS1") == {BEFORE: 200}
    assert counts(con, "SYS2") == {BEFORE: 50, AFTER: 250}


def test_the_members_of_a_part_of_a_split_system_count_there_from_its_beginning_on(
    world: Callable[..., Connection],
) -> None:
    con = world(became("SYSN", "SYS1", "split"), became("SYSN", "SYS2", "split"))
    register(con, [*staff("AAA", BEFORE, 10, 90), *staff("AAA", AFTER, 10, 90)])
    assert counts(con, "SYS1") == {AFTER: 100}
    assert counts(con, "AAA") == {BEFORE: 100, AFTER: 100}
