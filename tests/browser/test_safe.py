"""Nothing in a pack runs, is fetched, or changes a page: names that try to are shown as they are written."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from pipelines.report.forms.page import page
from pipelines.report.pack import Pack
from tests.browser.sight import Sight
from tests.packs import HOSTILE, pack
from tests.pages import LEAVES, plain, said

# Every text as a browser reads the page, without what the script adds.
TEXTS = f"""() => [...document.querySelectorAll("{", ".join(sorted(LEAVES))}")]
  .filter((one) => !one.closest("nav, svg, .tools") && !one.matches(".showing, #page-contents"))
  .map((one) => one.textContent.replace(/[↕↑↓]$/, ""))"""


def hostile(name: str) -> Pack:
    """A pack that says a name wherever it can, in a table that rows are chosen of by it too."""
    made = pack(name)
    sections = tuple(
        replace(
            section,
            title=name,
            blocks=tuple(replace(one, filters=(1,)) if one is next(made.tables) else one for one in section.blocks),
        )
        for section in made.sections
    )
    return replace(made, subtitle=name, as_at=name, status=name, warning=name, sections=sections)


def write(folder: Path, made: Pack) -> str:
    file = folder / "hostile.html"
    file.write_text(page(made), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_and_does_nothing(shown: Sight, folder: Path, name: str) -> None:
    address = write(folder, hostile(name))
    shown.open(address)
    assert [plain(one) for one in shown.run(TEXTS)] == said(hostile(name))
    option = plain(name)
    shown.page.select_option("#gaps-filter-1", index=2)
    assert option == plain(shown.page.input_value("#gaps-filter-1"))
    shown.open(f"{address}#gaps.1={quote(name)}&gaps.sort=1.ascending")
    assert shown.column("gaps", 1) == [option]
    assert shown.requests == [address]
    assert shown.complaints == []


def test_a_script_of_somebody_else_is_refused(shown: Sight, folder: Path) -> None:
    marks = "<p id=mark>untouched</p><script>document.getElementById('mark').textContent = 'ran'</script>"
    file = folder / "broken.html"
    told = page(pack()).replace("</main>", f"{marks}<img src=x onerror=alert(1)><p style='color:red'>red</p></main>")
    file.write_text(told, encoding="utf-8")
    shown.open(file.as_uri())
    assert shown.page.inner_text("#mark") == "untouched"
    assert len([one for one in shown.complaints if "Content Security Policy" in one]) >= 3
    assert not [one for one in shown.complaints if one.startswith("dialog")]
