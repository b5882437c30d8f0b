"""The rules that compare a date with the date before: groups that moved or vanished, and totals that jumped."""

from collections.abc import Mapping
from typing import Any

from tests.rules import Find, groups, staff
from tests.typed import Row

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
