"""WCAG 2.2 AA in Chromium: axe finds nothing in any state of a page; keyboard, phone and zoom reach all of it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.sight import DESKTOP, PHONE, Sight

GAPS = "#all_gaps-table table"
# What can be chosen by the keyboard, without what nobody sees.
CONTROLS = """() => [...document.querySelectorAll("a[href], button, select, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .map((one, place) => { one.dataset.place = place; return place; })"""
FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const box = one.getBoundingClientRect();
  const middle = [box.left + Math.min(box.width, innerWidth) / 2, box.top + Math.min(box.height, 20) / 2];
  const at = document.elementFromPoint(...middle);
  const style = getComputedStyle(one);
  return {
    place: Number(one.dataset.place),
    inSight: box.top >= 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    uncovered: at !== null && (one.contains(at) || at.contains(one)),
    whole: one.closest("th") === null || (box.left >= one.closest(".scroll").getBoundingClientRect().left - 1
      && box.right <= one.closest(".scroll").getBoundingClientRect().right + 1),
    marked: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none",
  };
}"""
SMALL = """() => [...document.querySelectorAll("a[href], button, select, summary")]
  .filter((one) => one.checkVisibility() && !one.matches(".nhsuk-skip-link"))
  .map((one) => [one.textContent.slice(0, 30), one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""


def filtered(sight: Sight) -> None:
    sight.page.select_option("#all_gaps-filter-1", "Disabled")


def sorted_by_gap(sight: Sight) -> None:
    sight.page.click(f"{GAPS} th:nth-child(6) button")


def opened(sight: Sight) -> None:
    for summary in sight.page.locator("summary").all():
        summary.click()


def restored(sight: Sight) -> None:
    sight.open(f"{sight.page.url}#all_gaps.1=Disabled&all_gaps.sort=5.descending")


def on_a_phone(sight: Sight) -> None:
    sight.open(sight.page.url, PHONE)
    opened(sight)


def zoomed(sight: Sight) -> None:
    # A browser's zoom of 200 % halves the pixels that a page has; text alone is made twice as large as well.
    sight.open(sight.page.url, (DESKTOP[0] // 2, DESKTOP[1] // 2))
    sight.run("document.documentElement.style.fontSize = '200%'")


def in_forced_colours(sight: Sight) -> None:
    sight.page.emulate_media(forced_colors="active")


def without_motion(sight: Sight) -> None:
    sight.page.emulate_media(reduced_motion="reduce")


def in_print(sight: Sight) -> None:
    sight.page.emulate_media(media="print")


def with_the_skip_link_focused(sight: Sight) -> None:
    sight.page.keyboard.press("Tab")


def just_opened(sight: Sight) -> None:
    sight.page.wait_for_selector(".tools")


STATES = (
    *(just_opened, filtered, sorted_by_gap, opened, restored, on_a_phone, zoomed),
    *(in_forced_colours, without_motion, in_print, with_the_skip_link_focused),
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(sight: Sight, state: Callable[[Sight], None]) -> None:
    state(sight)
    assert sight.violations() == []


def test_axe_finds_nothing_without_the_script(shown: Sight, full_page: str, folder: Path) -> None:
    # Where scripts are off axe can't wait for its own results: here the page's script alone is away.
    told = Path(full_page.removeprefix("file://")).read_text(encoding="utf-8")
    file = folder / "unscripted.html"
    file.write_text(re.sub(r"<script>.*</script>", "", told, flags=re.DOTALL), encoding="utf-8")
    shown.open(file.as_uri())
    assert shown.page.locator(".tools").count() == 0
    assert shown.violations() == []


def test_without_scripts_every_table_is_to_be_seen_and_nothing_that_does_not_work(unscripted: Sight) -> None:
    assert unscripted.page.locator(".tools, button").count() == 0
    tables = unscripted.page.locator("table")
    assert tables.count() == 4
    assert all(table.is_visible() for table in tables.all())
    assert len(unscripted.column("all_gaps", 0)) == 45


def test_axe_would_find_something(sight: Sight) -> None:
    sight.run("document.querySelector('.note').id = 'all_gaps-caption'; document.documentElement.lang = ''")
    sight.run("document.querySelector('.scroll').removeAttribute('aria-labelledby')")
    assert {told.split(":")[0] for told in sight.violations()} >= {"html-has-lang"}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_tab_key_reaches_every_control_in_order_and_shows_where_it_is(
    sight: Sight, full_page: str, size: tuple[int, int]
) -> None:
    sight.open(full_page, size)
    expected = sight.run(CONTROLS)
    reached = []
    for _ in range(len(expected)):
        sight.page.keyboard.press("Tab")
        focus = sight.run(FOCUSED)
        assert focus is not None
        assert focus["inSight"], focus
        assert focus["uncovered"], focus
        assert focus["marked"], focus
        assert focus["whole"], focus
        reached.append(focus["place"])
    assert len(expected) > 20
    assert reached == expected


def test_the_skip_link_is_first_and_leads_to_the_content(sight: Sight) -> None:
    sight.page.keyboard.press("Tab")
    assert sight.run("document.activeElement.textContent") == "Skip to main content"
    assert sight.page.locator(".nhsuk-skip-link").bounding_box()["width"] > 100
    sight.page.keyboard.press("Enter")
    assert sight.run("location.hash") == "#page-main"


def test_filters_heads_and_details_work_by_the_keyboard(sight: Sight) -> None:
    sight.page.focus("#all_gaps-filter-1")
    sight.page.keyboard.press("ArrowDown")
    assert set(sight.column("all_gaps", 1)) == {"BME"}
    sight.page.focus(f"{GAPS} th:nth-child(3) button")
    sight.page.keyboard.press("Enter")
    assert sight.page.locator(f"{GAPS} th:nth-child(3)").get_attribute("aria-sort") == "ascending"
    sight.page.keyboard.press("Space")
    assert sight.page.locator(f"{GAPS} th:nth-child(3)").get_attribute("aria-sort") == "descending"
    sight.page.focus("summary")
    sight.page.keyboard.press("Enter")
    assert sight.page.locator("#bars-table").is_visible()


def test_a_region_that_scrolls_does_so_by_the_keyboard(sight: Sight, full_page: str) -> None:
    sight.open(full_page, PHONE)
    sight.page.focus("#all_gaps-table")
    sight.page.keyboard.press("ArrowRight")
    sight.page.wait_for_function("document.querySelector('#all_gaps-table').scrollLeft > 0")


@pytest.mark.parametrize("state", [just_opened, opened, filtered, zoomed], ids=lambda state: state.__name__)
def test_a_page_of_320_pixels_scrolls_to_no_side(sight: Sight, full_page: str, state: Callable[[Sight], None]) -> None:
    sight.open(full_page, PHONE)
    state(sight)
    sight.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert sight.run("document.documentElement.scrollWidth") <= PHONE[0]
    # Nothing but what lies in a region that scrolls by itself may be wider than the screen.
    assert (
        sight.run(
            """(width) => [...document.querySelectorAll("body *")]
          .filter((one) => one.closest(".scroll") === null && one.getBoundingClientRect().right > width + 0.5)
          .map((one) => `${one.tagName} ${one.className}`)""",
            PHONE[0],
        )
        == []
    )


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_whatever_is_clicked_is_at_least_24_pixels_wide_and_high(
    sight: Sight, full_page: str, size: tuple[int, int]
) -> None:
    sight.open(full_page, size)
    assert sight.run(SMALL) == []


def test_lines_are_no_longer_than_some_75_characters(sight: Sight) -> None:
    longest = sight.run(
        """() => Math.max(...[...document.querySelectorAll("main p, main li")].map((one) => {
          const range = document.createRange();
          range.selectNodeContents(one);
          const height = parseFloat(getComputedStyle(one).lineHeight);
          return one.textContent.trim().length / Math.max(1, Math.round(one.getBoundingClientRect().height / height));
        }))"""
    )
    assert 40 < longest <= 80


def test_texts_that_readers_space_out_are_not_cut_off(sight: Sight, full_page: str) -> None:
    sight.open(full_page, PHONE)
    sight.run(
        """() => { for (const one of document.querySelectorAll("*")) Object.assign(one.style,
          { lineHeight: "1.5", letterSpacing: "0.12em", wordSpacing: "0.16em" }); }"""
    )
    assert sight.run("document.documentElement.scrollWidth") <= PHONE[0]


def test_the_own_font_is_used(sight: Sight) -> None:
    sight.page.wait_for_function("document.fonts.status === 'loaded'")
    assert sight.run("[...document.fonts].map((face) => `${face.family} ${face.weight} ${face.status}`)") == [
        "Arimo 400 loaded",
        "Arimo 700 loaded",
    ]


def test_the_page_on_disk_is_the_one_that_is_shown(full_page: str) -> None:
    assert Path(full_page.removeprefix("file://")).stat().st_size < 1_000_000
