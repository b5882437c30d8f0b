"""Plain text for files: what no file may hold, and archives of files that are the same bytes each time."""

import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO

# Characters that XML can't hold, so that neither a workbook nor a paper can: they would not open.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
BLANKS = re.compile("[\t\n\r\x85\u2028\u2029 ]+")
# Characters that turn round what follows them: a name with them would read as another, and so might its sentence.
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# The earliest date that an archive can say: the clock of the machine is no part of a file.
EARLIEST = (1980, 1, 1, 0, 0, 0)

# What stands above a table of nothing but heads.
NO_ROWS = "This table has no rows."

Edit = Callable[[bytes], bytes]


def plain(text: str) -> str:
    """Return a text in one line, without what a file can't hold; what turns letters round is named by its code."""
    return BLANKS.sub(" ", TURNING.sub(coded, FORBIDDEN.sub(REPLACEMENT, text))).strip(" ")


def coded(character: str | re.Match[str]) -> str:
    """Return a character as its code."""
    return f"[U+{ord(character if isinstance(character, str) else character[0]):04X}]"


def midnight(stamp: str) -> datetime:
    """Return the beginning of the day that a pack is of: the one time that stands in its files."""
    return datetime.strptime(stamp, "%Y-%m-%d").replace(tzinfo=UTC)


def repacked(archive: bytes, edits: Mapping[str, Edit]) -> bytes:
    """Return a zip archive with its members as they were, all of one date, some of them edited.

    Raises:
        KeyError: a member that is to be edited isn't there.
    """
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        if missing := sorted(edits.keys() - set(names)):
            raise KeyError(", ".join(missing))
        for name in names:
            content = old.read(name)
            member = zipfile.ZipInfo(name, EARLIEST)
            member.compress_type = zipfile.ZIP_DEFLATED
            # Otherwise it would be of the system that it was made on.
            member.create_system, member.external_attr = 3, 0o600 << 16
            new.writestr(member, edits[name](content) if name in edits else content)
    return made.getvalue()
