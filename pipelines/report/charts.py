"""Charts: Vega-Lite of what is printed. Each draws rounded figures only, and tells nothing by colour alone."""

from collections.abc import Mapping, Sequence
from typing import Any

Specification = dict[str, Any]
Datum = Mapping[str, Any]

# Analysis Function palette; the second is only for areas beside which a label stands.
BLUE, ORANGE, PINK, GREY = "#12436D", "#F46A25", "#801650", "#3D3D3D"
LINES: tuple[tuple[str, list[int], str], ...] = (
    (BLUE, [], "circle"),
    (ORANGE, [6, 3], "square"),
    (PINK, [2, 2], "triangle-up"),
    (GREY, [8, 3, 2, 3], "diamond"),
)
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 560
ROW = 34


def _layered(layers: Sequence[Specification], **more: Any) -> Specification:
    return {"$schema": SCHEMA, "width": WIDTH, "layer": list(layers), **more}


def _percent_axis(top: int, title: str) -> Specification:
    return {
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0, top], "nice": False},
        "axis": {"values": list(range(0, top + 1, 10 if top <= 60 else 20))},
    }


def top_of(shares: Sequence[float]) -> int:
    """Return where an axis of shares in percent ends: the next ten above the largest."""
    return min(100, (int(max(shares, default=0)) // 10 + 1) * 10)


def ranges(data: Sequence[Datum], title: str) -> Specification:
    """Return shares with their intervals by group of grades, and a line across each row where residents stand.

    Args:
        data: in order, each ``who``, ``share``, ``lower``, ``upper`` and ``residents`` (None for none), in percent.
        title: of the axis.
    """
    values = [dict(one) for one in data]
    top = top_of([float(one[name]) for one in data for name in ("upper", "residents") if one[name] is not None])
    y = {"field": "who", "type": "nominal", "sort": None, "title": None}
    x = _percent_axis(top, title)
    return _layered(
        [
            {
                "transform": [{"filter": "datum.residents !== null"}],
                "mark": {"type": "tick", "color": PINK, "thickness": 4, "size": ROW - 8},
                "encoding": {"x": {"field": "residents", **x}, "y": y},
            },
            {
                "mark": {"type": "rule", "color": BLUE, "strokeWidth": 3},
                "encoding": {"x": {"field": "lower", **x}, "x2": {"field": "upper"}, "y": y},
            },
            {
                "mark": {"type": "point", "filled": True, "color": BLUE, "size": 110, "opacity": 1},
                "encoding": {"x": {"field": "share", **x}, "y": y},
            },
        ],
        data={"values": values},
        height={"step": ROW},
    )


def bars(data: Sequence[Datum], sides: Sequence[str], residents: float | None, title: str) -> Specification:
    """Return bars of a group's share by grade, for each side (clinical, not) a panel, and a line where residents stand.

    Args:
        data: in order, each ``grade``, ``side``, ``share`` in percent and ``label``; share None where there is none.
        sides: the panels, in order.
        residents: in percent; None for none.
        title: of the axis.
    """
    top = top_of([float(one["share"]) for one in data if one["share"] is not None] + ([residents] if residents else []))
    # Labels stand in a column of their own, right of the longest bar.
    x = _percent_axis(top, title)
    x["scale"] = {"domain": [0, top * 1.25], "nice": False}
    grades = list(dict.fromkeys(one["grade"] for one in data))
    y = {"field": "grade", "type": "nominal", "sort": grades, "title": None}
    layers: list[Specification] = [
        {
            "transform": [{"filter": "datum.share !== null"}],
            "mark": {"type": "bar", "color": BLUE, "height": {"band": 0.7}},
            "encoding": {"x": {"field": "share", **x}, "y": y},
        },
        {
            "mark": {"type": "text", "align": "right"},
            "encoding": {"x": {"datum": top * 1.24, **x}, "y": y, "text": {"field": "label"}},
        },
    ]
    if residents is not None:
        layers.append(
            {
                "mark": {"type": "rule", "color": PINK, "strokeDash": [6, 3], "strokeWidth": 2},
                "encoding": {"x": {"datum": residents, **x}},
            }
        )
    return {
        "$schema": SCHEMA,
        "data": {"values": [dict(one) for one in data]},
        "facet": {"column": {"field": "side", "type": "nominal", "sort": list(sides), "title": None}},
        "spec": {"width": 300 if len(sides) > 1 else WIDTH, "height": {"step": 24}, "layer": layers},
    }


def lines(data: Sequence[Datum], names: Sequence[str], breaks: Sequence[str], title: str) -> Specification:
    """Return shares over time, a line for each group of grades, and a dotted line at each break.

    Args:
        data: each ``date`` (YYYY-MM-DD), ``who`` and ``share`` in percent.
        names: the groups of grades, in order.
        breaks: dates from which others reported.
        title: of the axis.
    """
    looks = LINES[: len(names)]
    top = top_of([float(one["share"]) for one in data])
    dates = sorted({one["date"] for one in data})
    x = {
        "field": "date",
        "type": "temporal",
        "title": None,
        "axis": {"format": "%b %Y", "values": dates[:: max(1, -(-len(dates) // 6))], "grid": False},
    }
    y = _percent_axis(top, title)
    domain = list(names)
    scales: dict[str, Specification] = {
        "color": {"field": "who", "scale": {"domain": domain, "range": [one[0] for one in looks]}},
        "strokeDash": {"field": "who", "scale": {"domain": domain, "range": [one[1] or [1, 0] for one in looks]}},
        "shape": {"field": "who", "scale": {"domain": domain, "range": [one[2] for one in looks]}},
    }
    for one in scales.values():
        one |= {"type": "nominal", "sort": None, "legend": {"title": None, "orient": "top", "symbolSize": 120}}
    drawn: list[Specification] = [
        {
            "mark": {"type": "line", "strokeWidth": 2},
            "encoding": {
                "x": x,
                "y": {"field": "share", **y},
                "color": scales["color"],
                "strokeDash": scales["strokeDash"],
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {"x": x, "y": {"field": "share", **y}, "color": scales["color"], "shape": scales["shape"]},
        },
    ]
    if breaks:
        drawn.append(
            {
                "data": {"values": [{"date": one} for one in breaks]},
                "mark": {"type": "rule", "color": GREY, "strokeDash": [2, 4], "strokeWidth": 2},
                "encoding": {"x": x},
            }
        )
    return _layered(drawn, data={"values": [dict(one) for one in data]}, height=280)


def funnel(data: Sequence[Datum], limits: Sequence[Datum], centre: float, title: str) -> Specification:
    """Return organisations by size and share, within the limits that chance keeps them in.

    Args:
        data: each ``name``, ``known`` people and ``share`` in percent.
        limits: in order of size, each ``known``, ``lower_95``, ``upper_95``, ``lower_998``, ``upper_998`` in percent.
        centre: the share of all together, in percent.
        title: of the axis.
    """
    shares = [float(one["share"]) for one in data] + [centre]
    x = {
        "field": "known",
        "type": "quantitative",
        "title": "More people with a known answer →",
        "scale": {"domain": [0, float(limits[-1]["known"])], "nice": False},
        "axis": {"labels": False, "ticks": False, "grid": False},
    }
    y = _percent_axis(100, title)
    # A dot may stand on an axis that begins elsewhere; a bar mayn't.
    y["scale"] = {
        "domain": [max(0, int(min(shares) - 5) // 10 * 10), min(100, top_of([max(shares) + 5]))],
        "nice": False,
    }
    y["axis"] = {"values": list(range(0, 101, 10))}
    edges = [
        {
            "data": {"values": [dict(one) for one in limits]},
            "mark": {"type": "line", "color": color, "strokeDash": dash, "strokeWidth": 2, "clip": True},
            "encoding": {"x": x, "y": {"field": name, **y}},
        }
        for color, dash, kind in ((GREY, [6, 3], "95"), (GREY, [], "998"))
        for name in (f"lower_{kind}", f"upper_{kind}")
    ]
    return _layered(
        [
            *edges,
            {
                "data": {"values": [{"centre": centre}]},
                "mark": {"type": "rule", "color": PINK, "strokeWidth": 2},
                "encoding": {"y": {"field": "centre", **y}},
            },
            {
                "data": {"values": [dict(one) for one in data]},
                "mark": {"type": "point", "filled": True, "color": BLUE, "size": 90, "opacity": 1},
                "encoding": {"x": x, "y": {"field": "share", **y}},
            },
            {
                "data": {"values": [dict(one) for one in data]},
                "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 12},
                "encoding": {"x": x, "y": {"field": "share", **y}, "text": {"field": "name"}},
            },
        ],
        height=320,
    )
