"""What a file is by its first bytes, whatever its name: a table, or something that no table can be read from."""

import codecs
from pathlib import Path
from typing import Literal

Kind = Literal["csv", "xlsx", "parquet"]

BYTES_PER_BLOCK = 1 << 20

# Microsoft's container of files in a file; each entry of its directory begins at a multiple of so many bytes.
CONTAINER = b"\xd0\xcf\x11\xe0"
ENTRY_BYTES = 128
LOCKED = "it has a password; send it without one, in a way that is fit for personal data"
OLD_WORKBOOK = (
    "it is an old Excel workbook (.xls); save it as 'Excel workbook (.xlsx)' without a password, or as 'CSV UTF-8', "
    "and send it again"
)
# The part of a container that shows what it is, in the order in which they are looked for.
PARTS = {"EncryptedPackage": LOCKED, "Workbook": OLD_WORKBOOK, "Book": OLD_WORKBOOK}
# A report that is called a workbook may be a page or an XML document; more than its beginning isn't looked at.
START_BYTES = 64
NOT_A_TABLE = {
    b"%pdf": "a PDF document",
    **dict.fromkeys((b"\x1f\x8b", b"7z\xbc\xaf", b"rar!", b"\xfd7zxz"), "a compressed file"),
    b"\x89png": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{\\rtf": "a text document (RTF)",
    b"sqlite format 3": "a database",
    b"mime-version:": "a saved e-mail or web page",
    **dict.fromkeys((b"<!--", b"<!do", b"<bod", b"<div", b"<hea", b"<htm", b"<met", b"<sty", b"<tab"), "a web page"),
    b"<?xm": "an XML document",
}


class UnreadableFileError(ValueError):
    """A file that no table can be read from; the message says what it is and what to do."""


def kind(path: Path) -> Kind:
    """Return how a file has to be opened.

    Raises:
        UnreadableFileError: it is something that no table can be read from.
    """
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if start.startswith(b"PK"):
        return "xlsx"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(CONTAINER):
        raise UnreadableFileError(_contained(path))
    for signature, what in NOT_A_TABLE.items():
        if start.lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower().startswith(signature):
            raise UnreadableFileError(f"it is {what}, whatever its name; send the table as 'CSV UTF-8' or .xlsx")
    return "csv"


def _contained(path: Path) -> str:
    """Say what Microsoft's container holds: a workbook with a password, an old one, or something else."""
    for part, sentence in PARTS.items():
        if _has_part(path, (part + "\0").encode("utf-16-le")):
            return sentence
    return (
        "it is an old Office document, an e-mail or damaged, whatever its name; send the table as 'CSV UTF-8' or .xlsx"
    )


def _has_part(path: Path, name: bytes) -> bool:
    """Tell whether a container's directory has an entry of a name; blocks are multiples of an entry."""
    with path.open("rb") as file:
        while block := file.read(BYTES_PER_BLOCK):
            place = block.find(name)
            while place >= 0:
                if place % ENTRY_BYTES == 0:
                    return True
                place = block.find(name, place + 1)
    return False
