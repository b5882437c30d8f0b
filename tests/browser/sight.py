"""What a browser makes of a page: what is to be seen, what axe finds, what was fetched, and what was complained of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

DESKTOP = (1280, 900)
PHONE = (320, 640)
# What WCAG 2.2 AA asks for, and what axe's authors think good practice.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
RUN = """async (tags) => (await axe.run(document, {
  runOnly: { type: "tag", values: tags }, resultTypes: ["violations"], rules: { "target-size": { enabled: true } },
})).violations.flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target}: ${node.failureSummary}`))"""


@cache
def axe() -> str:
    """Return axe's source."""
    return (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")


@dataclass
class Sight:
    """A page of the browser, with what it fetched since it was opened and what went wrong."""

    page: "Page"
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def opened(cls, browser: "Browser", **context: Any) -> "Iterator[Sight]":
        """Open a page with a context of its own, such as one without scripts."""
        made = browser.new_context(**context)
        made.set_default_timeout(10_000)
        page = made.new_page()
        sight = cls(page)
        page.on("request", lambda request: sight.requests.append(request.url.split("#")[0]))
        page.on("pageerror", lambda error: sight.complaints.append(str(error)))
        page.on("dialog", sight._dismiss)
        page.on("console", sight._hear)
        yield sight
        made.close()

    def open(self, address: str, size: tuple[int, int] = DESKTOP) -> None:
        """Open a page anew on a screen of a size, with no preference set."""
        self.page.emulate_media(media="screen", forced_colors="none", reduced_motion="no-preference")
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        # The same address with another hash would only be a jump within the page.
        self.page.goto("about:blank")
        self.requests.clear()
        self.complaints.clear()
        self.page.goto(address)

    def violations(self) -> list[str]:
        """Return what axe finds on the page as it now is."""
        if not self.run("typeof axe === 'object'"):
            # The page's own policy lets no script in: this one comes by the debugger's door.
            self.run(f"() => {{ {axe()} }}")
        found: list[str] = self.page.evaluate(RUN, list(RULES))
        return found

    def run(self, script: str, argument: Any = None) -> Any:
        """Return what an expression or function of JavaScript says."""
        return self.page.evaluate(script, argument)

    def column(self, table: str, place: int) -> Sequence[str]:
        """Return the cells of a table's column that are to be seen, from above."""
        cells = f"table[data-name={table}] tbody tr:not([hidden]) > :nth-child({place + 1})"
        return [" ".join(told.split()) for told in self.page.locator(cells).all_inner_texts()]

    def _dismiss(self, dialog: "Dialog") -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _hear(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)
