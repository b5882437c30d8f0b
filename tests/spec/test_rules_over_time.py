"""The rules that compare a date with the date before: groups that moved or vanished, and totals that jumped."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import earlier
from pipelines.compare import OVER_TIME
from pipelines.database import Connection
from pipelines.ingest import ingest
from pipelines.places import DataFolder
from pipelines.reference import method
from pipelines.validate import validate
from tests import frozen
from tests.rules import HEADCOUNT, Find, groups, row, staff
from tests.spec.test_freeze import HEADER
from tests.typed import Row, judged

# ---------------------------------------------------------------------------------------------------------------------
# Groups that changed places between two dates
# ---------------------------------------------------------------------------------------------------------------------

FOUND = [("later.csv", (3,), "ethnicity")]


def two_dates(
    earlier: Mapping[str, int | None], later: Mapping[str, int | None], day: str = "2021-09-30", **cells: Any
) -> list[Row]:
    return [
        *groups(earlier, **{"file": "earlier.csv", "as_at_date": day} | cells),
        *groups(later, **{"file": "later.csv"} | cells),
    ]


# Per employer: the groups before and after, and whether they are found.
MOVES: dict[str, tuple[dict[str, int | None], dict[str, int | None], bool]] = {
    "26 to 0 while 7 to 32": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 32}, True),
    "two change places": ({"Black": 22, "Mixed": 6}, {"Black": 7, "Mixed": 24}, True),
    "a group leaves": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 7}, False),
    "everybody leaves": ({"Black": 26, "Mixed": 27}, {"Black": 2, "Mixed": 2}, False),
    "fewer than ten": ({"Black": 9, "Mixed": 7}, {"Black": 0, "Mixed": 16}, False),
    "six of ten moved": ({"Black": 10, "Mixed": 7}, {"Black": 4, "Mixed": 13}, True),
    "five of ten moved": ({"Black": 10, "Mixed": 7}, {"Black": 5, "Mixed": 12}, False),
    "21 of 26 found again": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 28}, True),
    "20 of 26 found again": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 27}, False),
    "both grow from 40 to 50": ({"Black": 26, "Mixed": 14}, {"Black": 0, "Mixed": 50}, True),
    "both grow from 40 to 51": ({"Black": 26, "Mixed": 14}, {"Black": 0, "Mixed": 51}, False),
    "spread over two": ({"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 20, "Other": 13}, False),
    "hidden afterwards": ({"Black": 26, "Mixed": 7}, {"Black": None, "Mixed": 32}, False),
    "hidden before": ({"Black": 26, "Mixed": None}, {"Black": 0, "Mixed": 32}, False),
}


def test_two_groups_that_changed_places_are_named(find: Find) -> None:
    rows = [
        cells
        for employer, (before, after, _) in MOVES.items()
        for cells in two_dates(before, {"White": 1} | after, org_code=employer, file=employer)
    ]
    # Both dates in one file; the line is that of the group that gained, after those of White and Black.
    (found,) = find("headcount.group_moved", rows)
    assert sorted(found) == sorted((employer, (4,), "ethnicity") for employer, (*_, moved) in MOVES.items() if moved)


def test_the_line_named_is_that_of_the_group_that_gained(find: Find) -> None:
    rows = two_dates({"Black": 26, "Mixed": 7}, {"Mixed": 32, "White": 1})
    assert find("headcount.group_moved", rows) == [[("later.csv", (2,), "ethnicity")]]


def test_a_group_is_counted_over_all_grades(find: Find) -> None:
    """Promotion isn't a change of group: what a grade loses another one gains."""
    earlier = groups({"Black": 13, "Mixed": 3}, file="earlier.csv", as_at_date="2021-09-30") + groups(
        {"Black": 13, "Mixed": 4}, line=4, file="earlier.csv", as_at_date="2021-09-30", grade="band_6"
    )
    promoted = groups({"Black": 0, "Mixed": 7}, file="later.csv") + groups(
        {"Black": 26, "Mixed": 0}, line=4, file="later.csv", grade="band_6"
    )
    swapped = groups({"Black": 0, "Mixed": 16}, file="later.csv") + groups(
        {"Black": 0, "Mixed": 16}, line=4, file="later.csv", grade="band_6"
    )
    assert find("headcount.group_moved", earlier + promoted, earlier + swapped) == [[], FOUND]


def test_answers_on_sex_and_dates_long_apart_are_not_compared(find: Find) -> None:
    before, after = {"Female": 26, "Male": 7}, {"Female": 0, "Male": 32}
    found = find(
        "headcount.group_moved",
        two_dates(before, after, characteristic="sex", classification="sex"),
        two_dates(before, after, day="2021-08-26"),  # 400 days
        two_dates(before, after, day="2021-08-25"),  # 401 days
    )
    assert found == [[], FOUND, []]


def test_a_change_of_classification_is_no_move(find: Find) -> None:
    earlier = groups({"Black": 26, "White": 7}, file="earlier.csv", as_at_date="2021-09-30")
    later = groups({"BME": 26, "White": 7}, file="later.csv", classification="wres")
    assert find("headcount.group_moved", earlier + later) == [[]]


def test_a_corrected_file_clears_the_dates_around_it(find: Find) -> None:
    """The wrong file of the middle date is named; the date after it agrees with its correction."""
    right, wrong = {"Black": 26, "Mixed": 7}, {"Black": 0, "Mixed": 32}
    dates = {
        "first.csv": "2022-01-31",
        "second.csv": "2022-02-28",
        "mended.csv": "2022-02-28",
        "third.csv": "2022-03-31",
    }
    rows = [
        cells
        for file, day in dates.items()
        for cells in groups(wrong if file == "second.csv" else right, file=file, as_at_date=day)
    ]
    uncorrected = [cells for cells in rows if cells["file"] != "mended.csv"]
    second, third = ("second.csv", (3,), "ethnicity"), ("third.csv", (2,), "ethnicity")
    assert find("headcount.group_moved", rows, uncorrected) == [[second], [second, third]]


def test_peoples_groups_that_changed_places_are_named(find: Find) -> None:
    earlier = staff("earlier.csv", "2026-01-31", {"C2": 26, "CA": 7, "A": 40})
    moved = staff("later.csv", "2026-02-28", {"CA": 32, "A": 40})
    left = staff("later.csv", "2026-02-28", {"CA": 7, "A": 40})
    found = find("staff.group_moved", earlier + moved, earlier + left)
    assert found == [[("later.csv", (2,), "ethnicity")], []]


def test_a_person_counts_once_whatever_the_number_of_assignments(find: Find) -> None:
    earlier = staff("earlier.csv", "2026-01-31", {"C2": 6, "CA": 7}, assignments=2)
    later = staff("later.csv", "2026-02-28", {"CA": 13}, assignments=2)
    assert find("staff.group_moved", earlier + later) == [[]]


def test_the_sex_of_people_is_never_followed_over_time(find: Find) -> None:
    sexes = {"sex_classification": "sex", "sex_answer_status": "known"}
    rows = [
        *staff("earlier.csv", "2026-01-31", {"A": 30}, sex="Female", **sexes),
        *staff("later.csv", "2026-02-28", {"A": 30}, sex="Male", **sexes),
    ]
    assert find("staff.group_moved", rows) == [[]]


# ---------------------------------------------------------------------------------------------------------------------
# Groups that vanished with their organisation, and totals that jumped
# ---------------------------------------------------------------------------------------------------------------------


def posts(earlier: Mapping[str, int], later: Mapping[str, int], day: str = "2022-08-31") -> list[Row]:
    """Counts by grade at two dates."""
    return [
        row(HEADCOUNT, line, category="White", grade=grade, headcount=str(count), file=file, as_at_date=as_at)
        for file, as_at, grades in (("earlier.csv", day, earlier), ("later.csv", "2022-09-30", later))
        for line, (grade, count) in enumerate(grades.items(), 2)
    ]


# By grade, before and after, and whether a division seems to be left out.
VANISHED: dict[str, tuple[dict[str, int], dict[str, int], bool]] = {
    "gone": ({"band_5": 60, "band_6": 20}, {"band_5": 60}, True),
    "two of twenty left": ({"band_5": 60, "band_6": 20}, {"band_5": 60, "band_6": 2}, True),
    "three of twenty left": ({"band_5": 60, "band_6": 20}, {"band_5": 60, "band_6": 3}, False),
    "nineteen": ({"band_5": 60, "band_6": 19}, {"band_5": 60}, False),
    "renamed": ({"band_5": 60, "band_6": 20}, {"band_5": 60, "band_7": 20}, False),
    "four taken on elsewhere": ({"band_5": 60, "band_6": 20}, {"band_5": 64}, True),
    "five taken on elsewhere": ({"band_5": 60, "band_6": 20}, {"band_5": 65}, False),
}


def test_a_division_left_out_is_named(find: Find) -> None:
    tables = [posts(earlier, later) for earlier, later, _ in VANISHED.values()]
    found = find("headcount.group_vanished", *tables)
    assert found == [[("later.csv", (2,), "grade")] if gone else [] for *_, gone in VANISHED.values()]


# People before and after, the date before, and whether the change is too large: a tenth and, a year, four tenths more.
JUMPS = [
    (100, 113, "2022-08-31", False),  # 30 days: 13.3 %
    (100, 114, "2022-08-31", True),
    (100, 87, "2022-08-31", False),
    (100, 86, "2022-08-31", True),
    (100, 150, "2021-09-30", False),  # 365 days
    (100, 151, "2021-09-30", True),
    (29, 99, "2022-08-31", False),
    (100, 300, "2021-08-25", False),  # 401 days
]


def test_totals_that_jump_are_named(find: Find) -> None:
    tables = [posts({"band_5": before}, {"band_5": after}, day) for before, after, day, _ in JUMPS]
    found = find("headcount.total_jump", *tables)
    assert found == [[("later.csv", (2,), "")] if jumps else [] for *_, jumps in JUMPS]


def test_a_hidden_count_is_no_jump_and_nobody_vanished(find: Find) -> None:
    rows = posts({"band_5": 60, "band_6": 40}, {"band_5": 60, "band_6": 0})
    hidden = [{**cells, "headcount": None, "marker": "[c]"} if cells["headcount"] == "0" else cells for cells in rows]
    for rule in ("headcount.total_jump", "headcount.group_vanished"):
        assert [bool(one) for one in find(rule, rows, hidden)] == [True, False]


def test_of_two_files_of_the_date_before_one_may_mend_the_other(find: Find) -> None:
    whole, part = {"band_5": 60, "band_6": 20}, {"band_5": 60}
    too_much = posts(whole, part)
    mended = [{**cells, "file": "mended.csv"} for cells in posts(part, {}) if cells["file"] == "earlier.csv"]
    assert [bool(one) for one in find("headcount.group_vanished", too_much, too_much + mended)] == [True, False]
    assert [bool(one) for one in find("headcount.total_jump", too_much, too_much + mended)] == [True, False]


def test_staff_of_several_assignments_count_once(find: Find) -> None:
    earlier = staff("earlier.csv", "2026-01-31", {"A": 40}, assignments=2)
    left_out = staff("later.csv", "2026-02-28", {"A": 40})
    assert find("staff.total_jump", earlier + left_out) == [[]]


# ---------------------------------------------------------------------------------------------------------------------
# What earlier runs took in
# ---------------------------------------------------------------------------------------------------------------------


def dated(rows: Sequence[Row], day: str, file: str = "old.csv") -> list[Row]:
    return [{**cells, "as_at_date": day, "file": file} for cells in rows]


def found_against(
    con: Connection, folder: Path, feed: str, rows: Sequence[Row], earlier: Sequence[Row]
) -> set[tuple[str, str, tuple[int, ...]]]:
    found = judged(con, folder, feed, rows, earlier=earlier)
    return {(one.rule, one.file, one.lines) for one in found if one.rule.endswith(OVER_TIME)}


def test_a_new_month_alone_is_compared_with_what_was_taken_in(con: Connection, tmp_path: Path) -> None:
    january = staff("old.csv", "2026-01-31", {"C2": 26, "CA": 7})
    february = staff("new.csv", "2026-02-28", {"CA": 33})
    moved = {("staff.group_moved", "new.csv", (2,))}
    assert found_against(con, tmp_path, "staff", february, january) == moved
    assert found_against(con, tmp_path, "staff", february, dated(january, "2024-12-31")) == set()
    assert found_against(con, tmp_path, "staff", february, []) == set()


def test_counts_are_compared_with_what_was_taken_in(con: Connection, tmp_path: Path) -> None:
    before = groups({"White": 60}, as_at_date="2022-08-31") + groups({"White": 40}, line=3, grade="band_6")
    after = groups({"White": 60}, file="new.csv")
    found = found_against(con, tmp_path, "headcount", after, dated(before, "2022-08-31"))
    assert found == {("headcount.group_vanished", "new.csv", (2,)), ("headcount.total_jump", "new.csv", (2,))}


def test_the_nearest_date_before_is_compared_with(con: Connection, tmp_path: Path) -> None:
    """January is there again: only February was taken in between; what was taken in of January isn't asked."""
    small, large = groups({"White": 40}), groups({"White": 80})
    again = dated(large, "2022-01-31", "january.csv") + dated(large, "2022-03-31", "march.csv")
    earlier = dated(small, "2022-01-31") + dated(small, "2022-02-28") + dated(small, "2021-12-31")
    assert found_against(con, tmp_path, "headcount", again, earlier) == {
        ("headcount.total_jump", "january.csv", (2,)),
        ("headcount.total_jump", "march.csv", (2,)),
    }
    agreeing = dated(large, "2022-02-28") + dated(large, "2021-12-31") + dated(small, "2021-11-30")
    assert found_against(con, tmp_path, "headcount", again, agreeing) == set()


def test_a_date_sent_again_is_compared_with_as_it_is_now(con: Connection, tmp_path: Path) -> None:
    small, large = groups({"White": 40}), groups({"White": 80})
    both = dated(small, "2022-01-31", "january.csv") + dated(large, "2022-02-28", "february.csv")
    jump = {("headcount.total_jump", "february.csv", (2,))}
    assert found_against(con, tmp_path, "headcount", both, dated(large, "2022-01-31")) == jump


def test_a_run_with_the_new_month_alone_warns_against_the_month_before(con: Connection, tmp_path: Path) -> None:
    """Through landing folder, snapshot and ledger: March is taken in and gone when April comes."""
    folder = DataFolder(tmp_path / "data")
    folder.landing.mkdir(parents=True)

    def counts(day: str, **grades: int) -> str:
        lines = [
            f"{day},RNA,substantive,{grade},unknown,unknown,ethnicity,ons_5,White,known,{count}"
            for grade, count in grades.items()
        ]
        return "\n".join([HEADER, *lines, ""])

    (folder.landing / "march.csv").write_text(counts("2026-03-31", band_5=60, band_6=40))
    frozen.judged(folder)
    (folder.landing / "march.csv").unlink()
    april = tmp_path / "april.csv"
    april.write_text(counts("2026-04-30", band_5=60))
    read = method(folder)
    ingested = ingest(con, folder, [april], tmp_path / "work")
    before = earlier.taken_in(folder, ingested.extracts, read["total_jump"]["max_days"])
    rules = [one.rule for one in validate(con, ingested, read, earlier=before).findings]
    assert rules == ["headcount.group_vanished", "headcount.total_jump"]
    april.rename(folder.landing / "april.csv")
    validated, snapshot = frozen.judged(folder)
    assert [(one.file, one.rule) for one in validated.findings] == [("april.csv", rule) for rule in rules]
    # A snapshot's name is the same wherever it is made: nothing of earlier runs is in it.
    elsewhere = DataFolder(tmp_path / "elsewhere")
    shutil.copytree(folder.landing, elsewhere.landing)
    alone, same = frozen.judged(elsewhere)
    assert alone.findings == ()
    assert same.snapshot_id == snapshot.snapshot_id
