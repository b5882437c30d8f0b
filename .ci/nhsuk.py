"""Purges the stylesheet of nhsuk-frontend to what the board pack's page uses: reports/nhsuk/nhsuk.css.

Run it with the path of nhsuk-frontend-VERSION.min.css from the npm package. A rule stays if each of its classes is in
KEPT and each of its elements in ELEMENTS; fonts and whatever would be fetched go, and Arimo stands for Frutiger.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "reports" / "nhsuk" / "nhsuk.css"

KEPT = frozenset(
    f"nhsuk-{name}"
    for name in (
        *("width-container", "skip-link", "u-visually-hidden"),
        *("heading-l", "heading-m", "list", "list--bullet", "list--number"),
        *("button", "button--secondary", "form-group", "label", "select"),
        *("contents-list__item", "contents-list__link", "contents-list__list"),
        *("details", "details__summary", "details__summary-text", "details__text"),
    )
)
ELEMENTS = frozenset(("html", "body", "a", "button", "select", "b", "strong", "h1", "h2", "h3", "p", "ul", "ol", "li"))

HEAD = """\
/* nhsuk-frontend {version}, from its npm package, by NHS England under the MIT licence (licence.txt beside this file).
   Purged by .ci/nhsuk.py, which lists the components that are kept; not to be edited by hand. Without Frutiger, the NHS
   logo, and everything that is fetched. */
"""


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Yield each rule of a stylesheet as its selector and what stands in its braces; statements go."""
    start = 0
    while found := re.compile(r"[^{};]*[{;]").match(css, start):
        start = found.end()
        if found[0].endswith(";"):
            continue
        depth = 1
        end = start
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield found[0][:-1].strip(), css[start : end - 1]
        start = end


def is_kept(selector: str) -> bool:
    """Tell whether all that a selector names can be on a page."""
    bare, found = selector, 1
    while found:
        # What stands in parentheses says when a rule applies, and not to what.
        bare, found = re.subn(r"\([^()]*\)", "", bare)
    bare = re.sub(r"\[[^\]]*\]|::?[a-z-]+", "", bare)
    classes = re.findall(r"\.([A-Za-z0-9_-]+)", bare)
    elements = re.findall(r"(?<![A-Za-z0-9_.-])[a-z][a-z0-9]*", bare)
    return set(classes) <= KEPT and set(elements) <= ELEMENTS


def purged(css: str) -> str:
    """Return a stylesheet, or what stands within @media and @supports, with the rules that are kept."""
    kept = []
    for selector, body in rules(css):
        if selector == ":root" or "\\0" in selector:
            # Properties that no rule uses, and rules for Internet Explorer.
            continue
        if selector.startswith(("@media", "@supports")):
            if inner := purged(body):
                kept.append(f"{selector}{{\n{inner}}}\n")
        elif not selector.startswith("@") and "url(" not in body:
            chosen = [one for one in split(selector) if is_kept(one)]
            if chosen:
                kept.append(f"{','.join(chosen)}{{{body}}}\n")
    return "".join(kept)


def split(selectors: str) -> list[str]:
    """Return the selectors of a list; a comma in parentheses parts none."""
    return re.findall(r"(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|[^,(])+", selectors)


def main() -> None:
    """Purge the file that is named, and say what is left."""
    (source,) = map(Path, sys.argv[1:])
    version = re.search(r"(\d+\.\d+\.\d+)\.min\.css$", source.name)
    if version is None:
        raise SystemExit("name the file nhsuk-frontend-VERSION.min.css of the npm package")
    css = re.sub(r"/\*.*?\*/", "", source.read_text(encoding="utf-8"), flags=re.DOTALL)
    left = HEAD.format(version=version[1]) + purged(css).replace("Frutiger W01", "Arimo")
    TARGET.write_text(left, encoding="utf-8")
    print(f"{TARGET.name}: {len(css):,} characters, {len(left):,} left")


if __name__ == "__main__":
    main()
