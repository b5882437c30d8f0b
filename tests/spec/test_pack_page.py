"""A board pack's page: everything that the pack says, nothing that runs or is fetched, in a shape that can be heard."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from lxml import etree, html

from pipelines import places
from pipelines.figures import Points
from pipelines.report.forms import drawing
from pipelines.report.forms.page import page
from pipelines.report.pack import Pack, Section, Table
from tests.conftest import PROJECT_ROOT
from tests.full_pack import full
from tests.packs import HOSTILE, pack
from tests.pages import said, texts

# What text in a drawing may look like without being it.
LOOKS_LIKE_ATTRIBUTES = 'x role="a" id="b" href="#c" url(#d) (-0) aria-label="e"'


def hostile_chart(name: str) -> Pack:
    """A pack whose chart has a name in its marks, axes, legend and titles."""
    made = pack(name)
    (chart,) = made.charts
    specification = {
        "data": {"values": [{"name": name, "value": 1}]},
        "title": name,
        "mark": {"type": "text", "tooltip": True},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "title": name},
            "text": {"field": "name"},
            "color": {"field": "name", "type": "nominal"},
        },
    }
    drawn = replace(chart, title=name, description=name, specification=specification)
    return replace(made, sections=(Section("drawn", name, (drawn,)),))


def census(root: etree._Element) -> Counter[tuple[str, tuple[str, ...]]]:
    """Count the elements of a page by their names and those of their attributes."""
    return Counter((str(element.tag), tuple(sorted(element.keys()))) for element in root.iter())


def parsed(made: Pack) -> etree._Element:
    return html.document_fromstring(page(made))


@pytest.mark.parametrize("made", [pack(), full(), *map(pack, HOSTILE)], ids=lambda made: made.title[:20])
def test_a_page_says_everything_that_its_pack_says_in_its_order_and_nothing_else(made: Pack) -> None:
    assert texts(page(made)) == said(made)


def test_a_pack_without_status_and_warning_says_neither() -> None:
    made = replace(pack(), status="", warning="", facts=())
    assert texts(page(made)) == said(made)
    assert "DRAFT" not in page(made)
    assert "SYNTHETIC" not in page(made)


def test_status_and_warning_stand_at_the_head_and_in_the_title() -> None:
    root = parsed(pack())
    assert texts(page(pack()))[:2] == [pack().status, pack().warning]
    assert pack().status in root.findtext(".//title")
    assert pack().warning in root.findtext(".//title")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_makes_no_element_and_no_attribute(name: str) -> None:
    assert census(parsed(pack(name))) == census(parsed(pack()))


@pytest.mark.parametrize("name", [*HOSTILE, LOOKS_LIKE_ATTRIBUTES])
def test_a_hostile_name_in_a_drawing_is_text(name: str) -> None:
    made = hostile_chart(name)
    (chart,) = made.charts
    drawn = etree.fromstring(drawing.svg(chart))
    local = {etree.QName(element).localname for element in drawn.iter()}
    assert local <= {"svg", "title", "desc", "rect", "g", "path", "text", "line"}
    # Its title, its description, the chart's title, an axis with its title, a mark, a legend.
    assert list(drawn.itertext()).count(name) >= 6
    assert not [key for element in drawn.iter() for key in element.attrib if key.startswith("on") or key == "style"]


def test_ids_are_unique_and_whatever_refers_to_one_finds_it() -> None:
    for made in (pack(), full()):
        root = parsed(made)
        ids = root.xpath("//@id")
        assert len(ids) == len(set(ids))
        links = [link.removeprefix("#") for link in root.xpath("//a/@href")]
        named = " ".join(root.xpath("//@aria-labelledby | //@aria-describedby")).split()
        assert links
        assert named
        assert set(links) | set(named) <= set(ids)


def test_headings_never_skip_a_level() -> None:
    levels = [int(element.tag[1]) for element in parsed(full()).xpath("//h1|//h2|//h3|//h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_heads_of_columns_and_heads_of_rows() -> None:
    tables = parsed(full()).xpath("//table")
    assert len(tables) == len(list(full().tables))
    for table in tables:
        assert [child.tag for child in table] == ["caption", "thead", "tbody"]
        assert set(table.xpath("thead/tr/th/@scope")) == {"col"}
        for row in table.xpath("tbody/tr"):
            assert row.xpath("th/@scope") == ["row"]
            assert row[0].tag == "th"


def test_a_table_lies_in_a_region_with_its_name_that_the_keyboard_reaches() -> None:
    root = parsed(full())
    for table in root.xpath("//table"):
        region = table.getparent()
        assert region.get("tabindex") == "0"
        assert region.get("aria-labelledby") == table.find("caption").get("id")


def test_the_policy_names_the_one_style_and_the_one_script_by_their_hashes() -> None:
    made = page(full())
    policy = html.document_fromstring(made).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = re.findall(r"<style>(.*?)</style>", made, flags=re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", made, flags=re.DOTALL)
    hashed = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in (style, script)]
    assert policy == [
        "default-src 'none'; img-src data:; font-src data:; "
        f"style-src 'sha256-{hashed[0]}'; script-src 'sha256-{hashed[1]}'; base-uri 'none'; form-action 'none'"
    ]


def test_nothing_on_a_page_says_its_style_or_script_by_an_attribute() -> None:
    for made in (pack(), full()):
        for element in parsed(made).iter():
            assert not [key for key in element.attrib if key == "style" or key.startswith("on")]


def test_nothing_is_fetched_from_elsewhere() -> None:
    made = page(full())
    root = html.document_fromstring(made)
    fetched = root.xpath("//@src | //@href | //@action | //@data | //@poster | //@srcset | //*[local-name()='image']")
    assert fetched
    assert all(link.startswith("#") for link in fetched)
    called = re.findall(r"url\(([^)]{0,20})", made)
    assert called
    assert all(one.startswith(("data:", "#")) for one in called)
    assert "@import" not in made


def test_no_cell_is_more_exact_than_what_is_printed() -> None:
    exact = Table("t", "Gaps", ("Group", "Gap"), (("BME", Points(Decimal("-14.8637"), places=1)),))
    made = page(replace(pack(), sections=(Section("s", "S", (exact,)),)))
    assert 'data-number="-14.9"' in made
    assert "14.86" not in made


def test_digits_and_their_unit_stay_on_one_line() -> None:
    for told in (page(pack()), page(full())):
        body = re.sub(r"<(title|desc)[ >].*?</\1>|<svg.*?</svg>", "", told, flags=re.DOTALL)
        assert "16.7\N{NO-BREAK SPACE}%" in body or "16.5\N{NO-BREAK SPACE}%" in body
        assert not re.findall(r"\d (?:%|pp\b)", body)


def test_figures_and_ranges_are_marked_to_stand_right() -> None:
    root = parsed(full())
    heads = root.xpath("//table[@data-name='all_gaps']/thead/tr/th")
    assert ["figure" in head.get("class", "") for head in heads] == [False] * 2 + [True] * 6 + [False]


def test_a_page_stays_below_a_megabyte() -> None:
    assert len(page(full()).encode()) < 1_000_000


def test_another_process_makes_the_same_page() -> None:
    code = "import sys; from tests.full_pack import full; from pipelines.report.forms.page import page; "
    code += "sys.stdout.buffer.write(page(full()).encode())"
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    made = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, env=environment, capture_output=True)
    assert made.returncode == 0, made.stderr.decode()
    assert made.stdout.decode() == page(full())


def _classes(said_in: Iterable[str]) -> set[str]:
    return {name for told in said_in for name in re.findall(r"nhsuk-[a-z_-]*[a-z]", told)}


def test_of_nhsuk_frontend_there_is_what_the_page_uses_and_no_more() -> None:
    sheet = (places.REPORTS / "nhsuk" / "nhsuk.css").read_text(encoding="utf-8")
    head, _, rules = sheet.partition("*/")
    assert "nhsuk-frontend 10.6.1" in head
    assert (places.REPORTS / "nhsuk" / "licence.txt").is_file()
    for unwanted in ("Frutiger", "url(", "@font-face", "@import"):
        assert unwanted not in rules
    used = _classes((places.REPORTS / name).read_text(encoding="utf-8") for name in ("pack.html.j2", "pack.js"))
    kept = {name.removeprefix(".") for name in re.findall(r"\.nhsuk-[a-z_-]*[a-z]", rules)}
    # The purge keeps a compound selector by the names in it; those in :not() and :has() are conditions.
    conditions = set(re.findall(r"nhsuk-[a-z_-]*[a-z]", " ".join(re.findall(r":(?:not|has)\([^)]*\)", rules))))
    # Lists are made in the template by their kind: nhsuk-list--number, nhsuk-list--bullet.
    used |= {"nhsuk-list--number", "nhsuk-list--bullet"}
    assert kept - conditions <= used
    assert used - {"nhsuk-list-"} <= kept


def test_the_script_makes_no_markup_from_text() -> None:
    script = (places.REPORTS / "pack.js").read_text(encoding="utf-8")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch("):
        assert way not in script
