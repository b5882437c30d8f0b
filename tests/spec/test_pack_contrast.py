"""Contrast of charts: texts of 4.5 to what is beneath them, marks of 3 to white, and what is too weak is named."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pipelines.report.forms import drawing
from tests.contrast import colour, contrast, weak
from tests.full_pack import full
from tests.packs import pack


def drawn(specification: Mapping[str, Any]) -> str:
    """A chart of two bars or cells, as it is drawn."""
    (chart,) = pack().charts
    data = {"values": [{"name": "one", "value": 40}, {"name": "two", "value": 80}]}
    return drawing.svg(replace(chart, specification={"data": data, "width": 300, **specification}))


def bars(mark: str, text: str | None = None, align: str = "right", **more: Any) -> str:
    """Bars in one colour with their values in another, inside them where ``align`` is right."""
    layer: list[dict[str, Any]] = [{"mark": {"type": "bar", "color": mark, **more}}]
    if text is not None:
        label = {"type": "text", "align": align, "dx": -6 if align == "right" else 6, "color": text}
        layer.append({"mark": label, "encoding": {"text": {"field": "value"}}})
    encoding = {"y": {"field": "name", "type": "nominal"}, "x": {"field": "value", "type": "quantitative"}}
    return drawn({"layer": layer, "encoding": encoding})


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#fff", 4.48), ("rgb(118, 118, 118)", "white", 4.54), ("#123", "#123", 1)],
)
def test_the_contrast_of_two_colours_is_what_wcag_says(one: str, other: str, ratio: float) -> None:
    assert contrast(colour(one), colour(other)) == pytest.approx(ratio, abs=0.005)


def test_a_colour_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="gradient"):
        colour("url(#gradient)")


@pytest.mark.parametrize("made", [pack(), full()], ids=["small", "full"])
def test_the_charts_of_made_up_packs_have_contrast_enough(made: Any) -> None:
    for chart in made.charts:
        assert weak(drawing.svg(chart)) == []


def test_a_white_figure_is_readable_in_a_dark_bar_and_not_in_an_orange_one() -> None:
    assert weak(bars("#12436D", "#ffffff")) == []
    assert weak(bars("#F46A25", "#ffffff")) == [
        "'40' in #ffffff has a contrast of 3.03, less than 4.5",
        "'80' in #ffffff has a contrast of 3.03, less than 4.5",
    ]


def test_a_black_figure_is_not_readable_in_a_dark_bar_but_beside_it() -> None:
    assert [told.split(" has")[0] for told in weak(bars("#12436D", "#000000"))] == [
        "'40' in #000000",
        "'80' in #000000",
    ]
    assert weak(bars("#12436D", "#000000", align="left")) == []


def test_a_white_figure_beside_its_bar_is_not_readable() -> None:
    assert len(weak(bars("#12436D", "#ffffff", align="left"))) == 2


def test_a_pale_bar_is_too_weak_unless_it_has_a_dark_outline() -> None:
    assert weak(bars("#6BACE6")) == ["a mark in #6BACE6 on white has a contrast of 2.42, less than 3"] * 2
    assert weak(bars("#6BACE6", stroke="#12436D")) == []


def test_what_lets_white_through_is_weaker() -> None:
    assert weak(bars("#F46A25")) == []
    assert len(weak(bars("#F46A25", opacity=0.8))) == 2
    assert len(weak(bars("#F46A25", fillOpacity=0.8))) == 2


def test_the_cells_of_a_heat_map_are_judged_each_by_its_own_colour() -> None:
    encoding = {"x": {"field": "name", "type": "nominal"}}
    colours = {"field": "name", "type": "nominal", "scale": {"range": ["#12436D", "#6BACE6"]}, "legend": None}
    label = {"mark": {"type": "text", "color": "#ffffff"}, "encoding": {"text": {"field": "value"}}}
    cells = {"mark": {"type": "rect", "stroke": "#12436D"}, "encoding": {"color": colours}}
    assert weak(drawn({"layer": [cells, label], "encoding": encoding})) == [
        "'80' in #ffffff has a contrast of 2.42, less than 4.5"
    ]


@pytest.mark.parametrize("mark", ["point", "circle", "line", "rule", "tick"])
def test_dots_and_lines_are_marks_too(mark: str) -> None:
    encoding = {"y": {"field": "name", "type": "nominal"}, "x": {"field": "value", "type": "quantitative"}}
    strong = {"type": mark, "color": "#12436D", "opacity": 1}
    assert weak(drawn({"mark": strong, "encoding": encoding})) == []
    told = weak(drawn({"mark": strong | {"color": "#BFBFBF"}, "encoding": encoding}))
    assert told
    assert set(told) == {"a mark in #BFBFBF on white has a contrast of 1.84, less than 3"}


def test_a_text_on_a_dot_is_judged_against_the_dot() -> None:
    encoding = {"y": {"field": "name", "type": "nominal"}, "x": {"field": "value", "type": "quantitative"}}
    dots = {"mark": {"type": "circle", "size": 900, "color": "#12436D", "opacity": 1}}
    label = {"mark": {"type": "text", "color": "#000000"}, "encoding": {"text": {"field": "value"}}}
    assert len(weak(drawn({"layer": [dots, label], "encoding": encoding}))) == 2


def test_pale_axis_labels_and_turned_ones_are_found() -> None:
    axis = {"labelColor": "#999999", "labelAngle": -90}
    encoding = {
        "x": {"field": "name", "type": "nominal", "axis": axis},
        "y": {"field": "value", "type": "quantitative"},
    }
    assert [told.split(" in ")[0] for told in weak(drawn({"mark": "bar", "encoding": encoding}))] == ["'one'", "'two'"]


def test_the_lines_of_a_text_are_judged_one_by_one() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><rect y="14" width="90" height="20" fill="#12436D"/>'
        '<g transform="scale(1)"><text font-size="12px" transform="translate(0,10)">'
        '<tspan x="0">above</tspan><tspan x="0" dy="16">within</tspan></text></g></svg>'
    )
    assert [told.split(" in ")[0] for told in weak(svg)] == ["'within'"]


def test_large_text_may_be_weaker() -> None:
    for size, is_weak in ((23, True), (24, False)):
        svg = f'<svg xmlns="http://www.w3.org/2000/svg"><text font-size="{size}px" fill="#F46A25">Big</text></svg>'
        assert bool(weak(svg)) is is_weak


def written(*elements: str) -> list[str]:
    """What is too weak in a drawing of a dark bar 100 wide and of what stands on it."""
    return weak(f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(elements)}</svg>')


def test_a_text_that_reaches_out_of_its_bar_is_judged_where_it_is_weakest() -> None:
    bar = '<rect width="100" height="20" fill="#12436D"/>'
    for place, anchor, is_weak in (
        (30, "start", False),
        (80, "start", True),
        (50, "middle", False),
        (95, "middle", True),
    ):
        text = (
            f'<text font-size="10" fill="#fff" text-anchor="{anchor}" transform="translate({place},12)">1234567</text>'
        )
        assert bool(written(bar, text)) is is_weak, (place, anchor)
    assert written(
        bar, '<text font-size="10" fill="#fff" text-anchor="middle" transform="translate(10,12)">1234567</text>'
    )


def test_a_bar_that_lets_white_through_is_a_weaker_ground() -> None:
    text = '<text font-size="10" fill="#fff" transform="translate(10,12)">123</text>'
    for opacity, is_weak in ((1, False), (0.5, True)):
        bar = f'<rect width="100" height="20" fill="#12436D" fill-opacity="{opacity}"/>'
        assert bool(written(bar, text)) is is_weak
