"""Tags of a PDF that its maker leaves out: heads of rows, and a summary for each table.

Typst marks the heads of columns, and says of each cell under which it stands. A screen reader also has to know whose
row it is in: the first cell of each row of a table's body becomes its head, and the other cells name it.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pikepdf

# Attributes of a cell are owned by this.
TABLE = "/Table"


def with_row_heads(document: bytes, summaries: Sequence[str]) -> bytes:
    """Return a PDF whose tables have heads of rows, and the summaries in their order.

    Raises:
        ValueError: there are more or fewer tables than summaries.
    """
    import pikepdf

    made = BytesIO()
    with pikepdf.open(BytesIO(document)) as pdf:
        root = pdf.Root.StructTreeRoot
        tables = [element for element in elements(root) if element.S == "/Table"]
        if len(tables) != len(summaries):
            raise ValueError(f"the document has {len(tables)} tables instead of {len(summaries)}")
        named = []
        for number, (table, summary) in enumerate(zip(tables, summaries, strict=True)):
            _attributes(table)["/Summary"] = pikepdf.String(summary)
            rows = [row for body in table.K if body.S == "/TBody" for row in body.K if row.S == "/TR"]
            for place, row in enumerate(rows):
                _head(row, pikepdf.String(f"R{number}x{place}"))
                named.append(row.K[0])
        _index(root, named)
        pdf.save(made, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return made.getvalue()


def elements(node: Any) -> Iterator[Any]:
    """Yield the elements of the tree of tags in their order of reading."""
    import pikepdf

    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from elements(child)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from elements(node.K)


def _head(row: "pikepdf.Object", name: "pikepdf.String") -> None:
    """Make the first cell of a row its head, and have the other cells name it."""
    import pikepdf

    first, *others = row.K
    first.S, first.ID = pikepdf.Name.TH, name
    _attributes(first)["/Scope"] = pikepdf.Name.Row
    for cell in others:
        attributes = _attributes(cell)
        attributes["/Headers"] = pikepdf.Array([name, *attributes.get("/Headers", [])])


def _attributes(element: Any) -> Any:
    """Return an element's attributes as a part of a table, new ones where there are none."""
    import pikepdf

    given = element.get("/A", pikepdf.Array())
    listed = given if isinstance(given, pikepdf.Array) else pikepdf.Array([given])
    for attributes in listed:
        if isinstance(attributes, pikepdf.Dictionary) and attributes.get("/O") == TABLE:
            return attributes
    listed.append(pikepdf.Dictionary(O=pikepdf.Name(TABLE)))
    element.A = listed
    return element.A[-1]


def _index(root: Any, named: Sequence[Any]) -> None:
    """Enter elements into the tree's list of names, which is in the order of their bytes."""
    import pikepdf

    entries = {bytes(element.ID): element for element in (*_entered(root.get("/IDTree")), *named)}
    listed = pikepdf.Array()
    for name, element in sorted(entries.items()):
        listed.append(pikepdf.String(name.decode("latin-1")))
        listed.append(element)
    root.IDTree = pikepdf.Dictionary(Names=listed)


def _entered(node: Any) -> Iterator[Any]:
    if node is not None:
        yield from list(node.get("/Names", []))[1::2]
        for child in node.get("/Kids", []):
            yield from _entered(child)
