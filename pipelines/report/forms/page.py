"""The page: a board pack as one HTML file that fetches nothing, and that a browser shows with or without its script.

Whatever stands in a pack is text here: names and notes can't become elements, styles or scripts. The page's policy lets
only the style and the script run that the project ships.
"""

import base64
import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from pipelines import places
from pipelines.figures import Figure
from pipelines.report.forms import drawing
from pipelines.report.pack import Block, Cell, Pack, Table, text
from pipelines.report.words import SIGNS

if TYPE_CHECKING:
    from jinja2 import Template

WEIGHTS = (400, 700)
FACE = (
    "@font-face{{font-family:Arimo;font-weight:{weight};font-display:swap;"
    'src:url(data:font/woff2;base64,{data}) format("woff2")}}'
)

# Between digits and their unit no line ends.
BREAK = re.compile(r"(?<=\d) (?=%|pp\b)")
NO_BREAK = "\N{NO-BREAK SPACE}"

# A range of two figures, as pipelines.figures.interval writes it.
RANGE = re.compile(r"[+−]?[\d,.]+ to [+−]?[\d,.]+")

# Tables with more columns are set smaller in print.
WIDE_FROM = 9


def page(pack: Pack) -> str:
    """Return a pack as one HTML file, the same for the same pack."""
    return _template().render(pack=pack, style=_style(), script=_script(), policy=policy(_style(), _script()))


def policy(style: str, script: str) -> str:
    """Return the Content Security Policy of a page with one style and one script, each by its hash."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            "font-src data:",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def unbroken(said: object) -> object:
    """Return text with a no-break space before its units; what isn't text, or is markup of ours, as it is."""
    return BREAK.sub(NO_BREAK, said) if isinstance(said, str) and not isinstance(said, Markup) else said


def numeric(table: Table) -> frozenset[int]:
    """Return the places of the columns that hold figures or ranges, without the first: it is the rows' heading."""
    return frozenset(
        place
        for row in table.rows
        for place, cell in enumerate(row)
        if place and (isinstance(cell, Figure) or RANGE.fullmatch(cell))
    )


def number(cell: Cell) -> str:
    """Return what a cell is sorted by, as it is printed and never more exactly; empty where it has no number."""
    shown = cell.shown if isinstance(cell, Figure) else None
    return "" if shown is None else str(shown)


def _kind(block: Block) -> str:
    return type(block).__name__


def _hash(inlined: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(inlined.encode()).digest()).decode()}"


@cache
def _style() -> str:
    faces = (
        FACE.format(weight=weight, data=base64.b64encode(file.read_bytes()).decode())
        for weight in WEIGHTS
        for file in (places.REPORTS / "fonts" / f"arimo_latin_{weight}.woff2",)
    )
    sheets = (places.REPORTS / "nhsuk" / "nhsuk.css", places.REPORTS / "pack.css")
    return "\n".join((*faces, *(sheet.read_text(encoding="utf-8") for sheet in sheets)))


@cache
def _script() -> str:
    return (places.REPORTS / "pack.js").read_text(encoding="utf-8")


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(places.REPORTS),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=unbroken,
    )
    made.globals |= {
        "kind": _kind,
        "number": number,
        "numeric": numeric,
        "signs": SIGNS,
        "svg": drawing.svg,
        "text": text,
        "wide_from": WIDE_FROM,
    }
    return made.get_template("pack.html.j2")
