"""Reading: every text that somebody could find in a PDF, a workbook or a paper, however it lies hidden there.

Nothing is rendered: a test or an attack sees at least what a stranger sees who looks behind the pages. Numbers of a
workbook come as they are stored; ``pipelines.report.forms.pdftext`` reads the pages of a PDF.
"""

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from pipelines.report.forms import pdftext

# Attributes in which a file keeps words: alternative texts, names, formats of numbers, headings, targets of links.
WORDED = frozenset(
    {
        "descr",
        "title",
        "name",
        "displayName",
        "totalsRowLabel",
        "formatCode",
        "Target",
        "tooltip",
        "location",
        "display",
    }
    | {"author", "prompt", "promptTitle", "error", "errorTitle", "comment", "description", "caption"}
    # What a pivot table keeps of the rows that it was made from.
    | {"v"}
)
# In a paper also the value of these elements: a table's title and description, a document's own variables.
VALUED = frozenset({"tblCaption", "tblDescription", "alias", "tag", "docVar", "placeholder"})
# A workbook writes a character that XML can't hold as _x0007_.
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass
class Element:
    """An element of XML without the prefix of its name."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        """Yield this element and all within it in their order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name: str) -> Iterator["Element"]:
        """Yield the elements of a name, in their order."""
        return (element for element in self.walk() if element.name == name)


FORMS = (".pdf", ".xlsx", ".docx")


def texts(path: Path) -> Iterator[str]:
    """Yield every text of a PDF, a workbook or a paper.

    Raises:
        ValueError: the file's name doesn't end as one of these, or it holds what can't be read.
    """
    readers: dict[str, Callable[[Path], Iterator[str]]] = {
        ".pdf": pdftext.texts,
        ".xlsx": _workbook_texts,
        ".docx": _paper_texts,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{path.name}: only {', '.join(readers)} are read")
    yield from reader(path)


def parsed(content: bytes) -> Element:
    """Return the root of an XML document.

    Raises:
        ValueError: it declares a type: entities could make a small file fill a machine.
    """
    root = Element("", {})
    open_ones = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        open_ones[-1].children.append(element)
        open_ones.append(element)

    def end(_: str) -> None:
        open_ones.pop()

    def words(content: str) -> None:
        open_ones[-1].text += content

    def refuse(*_: object) -> None:
        raise ValueError("the XML declares a type of document")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = words, refuse
    parser.Parse(content, True)
    return root.children[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _members(path: Path) -> dict[str, Element | None]:
    """Return the members of an archive by name; None is one that is no XML."""
    with zipfile.ZipFile(path) as archive:
        return {
            name: parsed(archive.read(name)) if name.endswith((".xml", ".rels", ".vml")) else None
            for name in archive.namelist()
        }


def _rest(members: dict[str, Element | None], read: set[str]) -> Iterator[str]:
    """Yield the texts of what hasn't been read otherwise, and the names of what can't be read."""
    for name, root in members.items():
        if root is None:
            yield name
        elif name not in read:
            for element in root.walk():
                if element.text.strip():
                    yield element.text
                yield from _attributes(element)


def _attributes(element: Element) -> Iterator[str]:
    for name, value in element.attributes.items():
        if value.strip() and (name in WORDED or (name == "val" and element.name in VALUED)):
            yield value


def _workbook_texts(path: Path) -> Iterator[str]:
    """Yield each sheet's name, cells, formulas and comments in order; then all else: properties, formats, links."""
    members = _members(path)
    book = members.get("xl/workbook.xml")
    if book is None:
        raise ValueError(f"{path.name}: it is no workbook")
    shared = _shared(members.get("xl/sharedStrings.xml"))
    targets = _targets(members.get("xl/_rels/workbook.xml.rels"))
    # What lies in the list of shared texts and in no cell can be found all the same.
    unused = dict.fromkeys(shared)
    read = {"xl/sharedStrings.xml"}
    for sheet in book.find("sheet"):
        yield sheet.attributes["name"]
        name = posixpath.normpath(posixpath.join("xl", targets[sheet.attributes["id"]].lstrip("/").removeprefix("xl/")))
        read.add(name)
        root = members.get(name)
        for element in root.walk() if root else ():
            if element.name == "c":
                for said in _cell(element, shared):
                    unused.pop(said, None)
                    yield said
            else:
                yield from _attributes(element)
                if element.name not in {"v", "f", "t"} and element.text.strip():
                    yield element.text
    yield from unused
    yield from (_unescaped(said) for said in _rest(members, read))


def _cell(cell: Element, shared: list[str]) -> Iterator[str]:
    kind = cell.attributes.get("t", "n")
    for element in cell.walk():
        if element.name == "v" and element.text:
            yield shared[int(element.text)] if kind == "s" else _unescaped(element.text)
        elif element.name in {"f", "t"} and element.text:
            yield _unescaped(element.text)


def _shared(root: Element | None) -> list[str]:
    if root is None:
        return []
    return [_unescaped("".join(text.text for text in item.find("t"))) for item in root.find("si")]


def _targets(root: Element | None) -> dict[str, str]:
    if root is None:
        return {}
    return {element.attributes["Id"]: element.attributes["Target"] for element in root.find("Relationship")}


def _unescaped(words: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), words)


def _paper_texts(path: Path) -> Iterator[str]:
    """Yield the paragraphs of the body in order, then those of headers, footers, comments; then all else."""
    members = _members(path)
    if "word/document.xml" not in members:
        raise ValueError(f"{path.name}: it is no Word document")
    worded = [name for name in members if re.fullmatch(r"word/[a-z]+[0-9]*\.xml", name)]
    read = set()
    for name in sorted(worded, key=lambda name: name != "word/document.xml"):
        root = members[name]
        if root is not None and any(root.find("p")):
            read.add(name)
            yield from _paragraphs(root)
    yield from _rest(members, read)


def _paragraphs(root: Element) -> Iterator[str]:
    """Yield each paragraph in one text, what was deleted and the fields too, and the words in attributes."""
    for element in root.walk():
        yield from _attributes(element)
        if element.name == "p":
            said = "".join(
                "\t" if part.name in {"tab", "br"} else part.text
                for part in element.walk()
                if part.name in {"t", "delText", "instrText", "tab", "br"}
            )
            if said.strip():
                yield said
