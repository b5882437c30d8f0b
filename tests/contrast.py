"""Contrast of a drawing's texts and marks, which no checker of pages judges: WCAG 2.2, 1.4.3 and 1.4.11.

A text is set against the topmost area beneath it, a mark against the white that charts stand on. What a colour is must
be known: one that can't be read, such as a gradient, is an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import cos, radians, sin

from lxml import etree

TEXT_LEAST, MARK_LEAST = 4.5, 3.0
# Of large text 3 is enough: 24 px, or 18.66 px bold.
LARGE, LARGE_BOLD = 24, 18.66
WHITE = (255.0, 255.0, 255.0)
NAMES = {"white": "#ffffff", "black": "#000000", "gray": "#808080", "grey": "#808080"}

Colour = tuple[float, float, float]
Point = tuple[float, float]
# a, b, c, d, e, f of SVG's matrix.
Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True)
class Drawn:
    """How an element is drawn: where, with what fill and stroke, how opaque, and within which groups."""

    matrix: Matrix = IDENTITY
    fill: str = "black"
    stroke: str = "none"
    opacity: float = 1
    groups: str = ""


@dataclass(frozen=True)
class Area:
    """A filled outline in the drawing's own coordinates."""

    corners: tuple[Point, ...]
    colour: Colour
    opacity: float

    def holds(self, point: Point) -> bool:
        """Tell whether a point lies within."""
        inside = False
        for (x1, y1), (x2, y2) in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            if (y1 > point[1]) != (y2 > point[1]) and point[0] < (x2 - x1) * (point[1] - y1) / (y2 - y1) + x1:
                inside = not inside
        return inside


def colour(said: str) -> Colour:
    """Return a colour's red, green and blue.

    Raises:
        ValueError: it isn't one of those that charts are drawn with.
    """
    written = NAMES.get(said.strip().lower(), said.strip().lower())
    if found := re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", written):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))
    if found := re.fullmatch(r"rgb\(\s*(\d+)[,\s]+(\d+)[,\s]+(\d+)\s*\)", written):
        return (float(found[1]), float(found[2]), float(found[3]))
    raise ValueError(f"a contrast can't be told of the colour {said!r}: write it as #rrggbb")


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(of: Colour) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (value / 255 for value in of)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _over(top: Colour, opacity: float, beneath: Colour) -> Colour:
    """Return what is seen of a colour that lets another through."""
    red, green, blue = (above * opacity + below * (1 - opacity) for above, below in zip(top, beneath, strict=True))
    return (red, green, blue)


def weak(svg: str) -> list[str]:
    """Return a sentence for each text and mark of a drawing whose contrast is too small."""
    areas: list[Area] = []
    found = []
    for element, drawn in _walk(etree.fromstring(svg), Drawn()):
        name = etree.QName(element).localname
        if name == "text":
            found += _weak_texts(element, drawn, areas)
        elif name in ("rect", "path", "line", "circle"):
            corners = () if name == "line" else _corners(element, name, drawn.matrix)
            if "role-mark" in drawn.groups and element.get("class") not in ("background", "foreground"):
                found += _weak_mark(element, drawn, name)
            if drawn.fill not in ("none", "transparent") and len(corners) > 2:
                opacity = drawn.opacity * float(element.get("fill-opacity", 1))
                areas.append(Area(corners, colour(drawn.fill), opacity))
    return found


def _walk(element: etree._Element, above: Drawn) -> Iterator[tuple[etree._Element, Drawn]]:
    """Yield every element that is drawn, in the order of painting, with what its groups hand on."""
    if not isinstance(element.tag, str) or etree.QName(element).localname in ("defs", "title", "desc"):
        return
    if element.get("display") == "none":
        return
    drawn = replace(
        above,
        matrix=_times(above.matrix, _matrix(element.get("transform", ""))),
        fill=element.get("fill", above.fill),
        stroke=element.get("stroke", above.stroke),
        opacity=above.opacity * float(element.get("opacity", 1)),
        groups=f"{above.groups} {element.get('class', '')}",
    )
    yield element, drawn
    if etree.QName(element).localname != "text":
        for child in element:
            yield from _walk(child, drawn)


def _matrix(transform: str) -> Matrix:
    made = IDENTITY
    for name, said in re.findall(r"(\w+)\(([^)]*)\)", transform):
        values = [float(value) for value in re.split(r"[,\s]+", said.strip())]
        match name:
            case "translate":
                step: Matrix = (1, 0, 0, 1, values[0], values[1] if len(values) > 1 else 0)
            case "rotate":
                turn = radians(values[0])
                step = (cos(turn), sin(turn), -sin(turn), cos(turn), 0, 0)
            case "scale":
                step = (values[0], 0, 0, values[-1], 0, 0)
            case _:
                raise ValueError(f"a drawing is {name}ed, which nobody has thought of here")
        made = _times(made, step)
    return made


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    u, v, w, x, y, z = other
    return (a * u + c * v, b * u + d * v, a * w + c * x, b * w + d * x, a * y + c * z + e, b * y + d * z + f)


def _at(matrix: Matrix, point: Point) -> Point:
    a, b, c, d, e, f = matrix
    return (a * point[0] + c * point[1] + e, b * point[0] + d * point[1] + f)


def _corners(element: etree._Element, name: str, matrix: Matrix) -> tuple[Point, ...]:
    """Return an outline; one with curves as the box around the ends of its curves and their radii."""
    if name == "rect":
        left, top = float(element.get("x", 0)), float(element.get("y", 0))
        outline = _box([(left, top), (left + float(element.get("width", 0)), top + float(element.get("height", 0)))])
    elif name == "circle":
        x, y, r = (float(element.get(key, 0)) for key in ("cx", "cy", "r"))
        outline = _box([(x - r, y - r), (x + r, y + r)])
    else:
        outline = _outline(element.get("d", ""))
    return tuple(_at(matrix, point) for point in outline)


def _box(points: list[Point]) -> list[Point]:
    if not points:
        return []
    left, right = (pick(x for x, _ in points) for pick in (min, max))
    top, bottom = (pick(y for _, y in points) for pick in (min, max))
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _outline(path: str) -> list[Point]:
    points: list[Point] = []
    x = y = 0.0
    is_curved = False
    # An e is no command, but stands within a number.
    for command, said in re.findall(r"([a-df-zA-DF-Z])([^a-df-zA-DF-Z]*)", path):
        values = [float(value) for value in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", said)]
        is_relative = command.islower()
        width = {"m": 2, "l": 2, "t": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "a": 7, "z": 0}[command.lower()]
        for start in range(0, len(values), width or 1):
            part = values[start : start + width]
            before = (x, y) if is_relative else (0.0, 0.0)
            match command.lower():
                case "h":
                    x = before[0] + part[0]
                case "v":
                    y = before[1] + part[0]
                case _:
                    x, y = before[0] + part[-2], before[1] + part[-1]
            if command.lower() == "a":
                is_curved = True
                points += [(x, y - part[1]), (x, y + part[1])]
            is_curved = is_curved or command.lower() in "csqt"
            points.append((x, y))
    return _box(points) if is_curved else points


def _weak_mark(element: etree._Element, drawn: Drawn, name: str) -> list[str]:
    """Return a sentence if neither the fill nor the outline of a mark stands out from white."""
    parts = []
    if drawn.fill not in ("none", "transparent") and name != "line":
        parts.append((drawn.fill, drawn.opacity * float(element.get("fill-opacity", 1))))
    if drawn.stroke not in ("none", "transparent"):
        parts.append((drawn.stroke, drawn.opacity * float(element.get("stroke-opacity", 1))))
    ratios = [(contrast(_over(colour(said), opacity, WHITE), WHITE), said) for said, opacity in parts]
    if not ratios or max(ratios)[0] >= MARK_LEAST:
        return []
    ratio, said = max(ratios)
    return [f"a mark in {said} on white has a contrast of {ratio:.2f}, less than {MARK_LEAST:.0f}"]


def _weak_texts(element: etree._Element, drawn: Drawn, areas: list[Area]) -> Iterator[str]:
    size = float(element.get("font-size", "16").removesuffix("px"))
    is_bold = element.get("font-weight", "normal") in ("bold", "600", "700", "800", "900")
    least = MARK_LEAST if size >= LARGE or (is_bold and size >= LARGE_BOLD) else TEXT_LEAST
    opacity = drawn.opacity * float(element.get("fill-opacity", 1))
    lines = [child for child in element if etree.QName(child).localname == "tspan"] or [element]
    y = 0.0
    for line in lines:
        told = "".join(line.itertext())
        y += float(line.get("dy", 0) or 0)
        if not told.strip():
            continue
        worst = min(
            contrast(_over(colour(drawn.fill), opacity, beneath), beneath)
            for beneath in (_beneath(_at(drawn.matrix, point), areas) for point in _samples(told, element, size, y))
        )
        if worst < least:
            yield f"{told!r} in {drawn.fill} has a contrast of {worst:.2f}, less than {least:.1f}"


def _samples(told: str, element: etree._Element, size: float, y: float) -> list[Point]:
    """Return points of a text at the height of its small letters: near its ends, and in its middle."""
    width = size * 0.5 * len(told)
    start = {"start": 0.0, "middle": -width / 2, "end": -width}[element.get("text-anchor", "start")]
    return [(start + width * part, y - size * 0.35) for part in (0.1, 0.5, 0.9)]


def _beneath(point: Point, areas: list[Area]) -> Colour:
    seen = WHITE
    for area in areas:
        if area.holds(point):
            seen = _over(area.colour, area.opacity, seen)
    return seen
