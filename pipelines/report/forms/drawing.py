"""Drawing: the charts of a pack as SVG and PNG, without a browser and with the project's own font.

The same chart gives the same bytes on one platform: the renderer and the font come with the lock file and the project.
"""

import html
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

from pipelines import places
from pipelines.report.pack import Chart

FONT = "Arimo"
TEXT = "#000000"
GRID = "#d8dde0"

# What every chart has in common; a chart's own specification says what is drawn.
LOOK: dict[str, Any] = {
    "background": "#ffffff",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": TEXT,
        "titleColor": TEXT,
        "labelFontSize": 14,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "domainColor": "#4c6272",
        "tickColor": "#4c6272",
        "labelLimit": 400,
    },
    "legend": {"labelFontSize": 14, "titleFontSize": 14, "labelColor": TEXT, "titleColor": TEXT, "labelLimit": 400},
    "header": {"labelFontSize": 14, "labelColor": TEXT, "titleColor": TEXT},
    "text": {"fontSize": 14, "color": TEXT},
}

# What the renderer says of each part of a drawing: a screen reader would read every mark, so the whole has the words.
INNER_WORDS = re.compile(r'\s(?:role|aria-[a-z]+|tabindex)="[^"]*"')
# A minus before a rounded zero would make two drawings of one.
MINUS_ZERO = re.compile(r"(?<=[\s(,\"])-0(?=[\s),\"])")
NAMED = re.compile(r'(\bid="|url\(#|href="#)([^")]*)')
# An element's opening, its attributes with it: what stands between two is text, and stays as somebody wrote it.
OPENING = re.compile(r'<[A-Za-z](?:[^<>"]|"[^"]*")*>')


@cache
def _fonts() -> None:
    """Make the project's font known to the renderer, once in a process."""
    import vl_convert

    vl_convert.register_font_directory(str(places.REPORTS / "fonts"))


def svg(chart: Chart) -> str:
    """Return a chart as one element for a page, with its title and description for those who hear it."""
    import vl_convert

    _fonts()
    # The renderer counts the names within drawings on from one to the next: here they begin anew.
    names: dict[str, str] = defaultdict(lambda: f"{chart.identifier}-{len(names) + 1}")
    drawn = OPENING.sub(lambda found: _own(found[0], names), vl_convert.vegalite_to_svg(vl_spec=_whole(chart)))
    title, description = f"{chart.identifier}-title", f"{chart.identifier}-description"
    told = (
        f'<title id="{title}">{html.escape(chart.title)}</title>'
        f'<desc id="{description}">{html.escape(chart.description)}</desc>'
    )
    opening = f'<svg role="img" aria-labelledby="{title}" aria-describedby="{description}"'
    return drawn.replace("<svg", opening, 1).replace(">", f">{told}", 1)


def _own(opening: str, names: Mapping[str, str]) -> str:
    """Return an element's opening without what would be read of it; its names are its drawing’s own."""
    plain = MINUS_ZERO.sub("0", INNER_WORDS.sub("", opening))
    return NAMED.sub(lambda found: found[1] + names[found[2]], plain)


def png(chart: Chart, scale: float = 2) -> bytes:
    """Return a chart as an image, on white, ``scale`` times as large as on a page."""
    import vl_convert

    _fonts()
    return bytes(vl_convert.vegalite_to_png(vl_spec=_whole(chart), scale=scale))


def _whole(chart: Chart) -> dict[str, Any]:
    return {**chart.specification, "config": LOOK}
