"""Tables of a page in Chromium: rows are chosen and sorted, their number is said, and the link keeps the choice."""

from tests.browser.sight import Sight
from tests.full_pack import GRADES, full
from tests.packs import HOSTILE

GAPS = "#all_gaps-table table"
SHOWING = "fieldset:has(#all_gaps-filter-0) + .showing"


def head(sight: Sight, place: int) -> None:
    """Press a head of the table of gaps."""
    sight.page.click(f"{GAPS} th:nth-child({place + 1}) button")


def hash_of(sight: Sight) -> str:
    return str(sight.run("decodeURIComponent(location.hash)")).replace("+", " ")


def test_rows_are_chosen_by_several_columns_and_the_number_left_is_said(sight: Sight) -> None:
    sight.page.select_option("#all_gaps-filter-1", "Disabled")
    assert set(sight.column("all_gaps", 1)) == {"Disabled"}
    assert len(sight.column("all_gaps", 0)) == len(GRADES)
    sight.page.select_option("#all_gaps-filter-0", "Band 5")
    assert sight.column("all_gaps", 0) == ["Band 5"]
    assert sight.page.inner_text(SHOWING) == "Showing 1 of 45 rows. Grade group: Band 5. Group: Disabled."
    assert sight.page.get_attribute(SHOWING, "role") == "status"


def test_another_table_stays_as_it_is(sight: Sight) -> None:
    before = sight.column("people", 0)
    sight.page.select_option("#all_gaps-filter-0", "Band 5")
    assert sight.column("people", 0) == before


def test_every_value_of_a_column_can_be_chosen(sight: Sight) -> None:
    options = sight.page.locator("#all_gaps-filter-0 option").all_inner_texts()
    assert options == ["All", *GRADES]


def test_figures_are_sorted_as_numbers_and_what_has_none_comes_last(sight: Sight) -> None:
    def numbers() -> list[float]:
        told = [cell.removesuffix(" pp").replace("−", "-") for cell in sight.column("all_gaps", 5)]
        known = [float(cell) for cell in told if "[" not in cell]
        assert told[len(known) :] == ["[u]"] * (len(told) - len(known))
        assert 0 < len(known) < len(told)
        return known

    head(sight, 5)
    assert numbers() == sorted(numbers())
    assert sight.page.inner_text(SHOWING) == "45 rows. Sorted by Gap, lowest first."
    assert sight.page.locator(f"{GAPS} th[aria-sort]").count() == 1
    head(sight, 5)
    assert numbers() == sorted(numbers(), reverse=True)
    assert sight.page.inner_text(SHOWING) == "45 rows. Sorted by Gap, highest first."
    head(sight, 5)
    assert sight.page.locator(f"{GAPS} th[aria-sort]").count() == 0
    assert sight.column("all_gaps", 0) == list(GRADES) * 5


def test_words_are_sorted_as_people_do_with_their_numbers(sight: Sight) -> None:
    head(sight, 0)
    # Here the grades stand as the alphabet has them.
    assert sight.column("all_gaps", 0) == [grade for grade in GRADES for _ in range(5)]
    assert sight.page.inner_text(SHOWING) == "45 rows. Sorted by Grade group, A to Z."
    head(sight, 0)
    assert sight.column("all_gaps", 0) == [grade for grade in GRADES[::-1] for _ in range(5)]


def test_a_choice_stands_in_the_link_and_is_there_again_when_it_is_opened(sight: Sight) -> None:
    sight.page.select_option("#all_gaps-filter-1", "Asian or Asian British")
    head(sight, 2)
    head(sight, 2)
    sight.page.select_option("#people-filter-0", "Band 5")
    assert hash_of(sight) == "#all_gaps.1=Asian or Asian British&all_gaps.sort=2.descending&people.0=Band 5"
    seen = (sight.column("all_gaps", 2), sight.column("people", 0))
    sight.open(sight.page.url)
    assert (sight.column("all_gaps", 2), sight.column("people", 0)) == seen
    assert sight.page.input_value("#all_gaps-filter-1") == "Asian or Asian British"
    assert sight.page.get_attribute(f"{GAPS} th:nth-child(3)", "aria-sort") == "descending"


def test_another_link_on_the_open_page_is_followed(sight: Sight) -> None:
    sight.run("() => { location.hash = '#people.0=Band+6'; }")
    sight.page.wait_for_function("document.querySelector('#people-filter-0').value === 'Band 6'")
    assert sight.column("people", 0) == ["Band 6"]
    sight.page.go_back()
    sight.page.wait_for_function("document.querySelector('#people-filter-0').value === ''")
    assert len(sight.column("people", 0)) == len(GRADES)


def test_a_link_to_a_place_leaves_the_choice(sight: Sight) -> None:
    sight.page.select_option("#people-filter-0", "Band 6")
    sight.page.click("nav a >> nth=1")
    assert hash_of(sight) == "#gaps"
    assert sight.column("people", 0) == ["Band 6"]


def test_all_rows_are_shown_again_in_their_order(sight: Sight) -> None:
    before = sight.column("all_gaps", 2)
    sight.page.select_option("#all_gaps-filter-0", "Band 5")
    head(sight, 5)
    sight.page.click("fieldset:has(#all_gaps-filter-0) button")
    assert sight.column("all_gaps", 2) == before
    assert sight.page.inner_text(SHOWING) == "45 rows."
    assert "#" not in sight.page.url
    assert sight.run("document.activeElement.textContent") == "Show all rows"


UNKNOWN = (
    *("all_gaps.0=No+such+band", "all_gaps.0=", "all_gaps.5=lower", "all_gaps.sort=99.ascending", "=&&="),
    *("all_gaps.sort=1.sideways", "no_table.0=Band+5", "all_gaps.0=%E0%A4%A", "__proto__.0=x&constructor.sort=1"),
    *(f"all_gaps.0={hostile}" for hostile in HOSTILE),
)


def test_what_a_link_says_that_the_page_has_not_is_passed_over(sight: Sight) -> None:
    for place, unknown in enumerate(UNKNOWN):
        # A value that is known, and another one each time, tells when the link was followed.
        band = f"Band {5 + place % 2}"
        sight.run("(hash) => { location.hash = hash; }", f"people.0={band}&{unknown}")
        sight.page.wait_for_function("(band) => document.querySelector('#people-filter-0').value === band", arg=band)
        assert sight.run("document.querySelectorAll('table[data-name=all_gaps] tbody tr:not([hidden])').length") == 45
        assert sight.run("document.querySelectorAll('th[aria-sort]').length") == 0


def test_a_table_without_filters_has_no_controls(sight: Sight) -> None:
    assert sight.page.locator("table:not([data-filters]) button").count() == 0
    assert sight.page.locator("table:not([data-filters])").count() == len([t for t in full().tables if not t.filters])
