"""Damage that files take on their way: to bytes, lines, cells, the header, the whole file."""

from collections.abc import Callable, Sequence
from random import Random

# Stands in cells, and so mustn't stand in any sentence.
CANARY = "zqcanary"

# What stands in a cell by accident or malice.
NASTY = [
    *("", " ", '"', '""', '"a', 'a"b', '"a"b', "a,b", '"a,b"', '"a\nb"', "\0", "\t", "\r", "\x1a", "\x0b", "\x85"),
    *("\ufeff", "\ufffd", "\u2028", "\xa0", "é", "9", "-1", "1e308", "9" * 40, "0." + "1" * 30, "NaN", "inf", "1,234"),
    *("=1+1", "2026-02-30", "0001-01-01", "99999-01-01", "null", "NULL", "x" * 5000, "'; drop table staff; --", "$(x)"),
    *("All", "z", "c", "-8", "RZZ9", "{batch}", "%s", "\\", "\\N", "\U0001f469", "e\u0301", "\u202e"),
]
BYTES = [
    b"\0",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\xff",
    b"\x81",
    b"\xc3",
    b"\xef\xbb\xbf",
    b";",
    b"\t",
    b"\x1a",
    b"'",
]


def flip(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]


def delete(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + content[place + random.choice([1, 1, 2, 5, 40]) :]


def insert(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.choice(BYTES) + content[place:]


def cut_off(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def on_lines(change: Callable[[Random, list[bytes]], None]) -> Callable[[Random, bytes], bytes]:
    def changed(random: Random, content: bytes) -> bytes:
        lines = content.split(b"\n")
        change(random, lines)
        return b"\n".join(lines)

    changed.__name__ = change.__name__
    return changed


def place_of(random: Random, lines: Sequence[bytes]) -> int:
    """Any line, and the first more often than others."""
    return max(0, random.randrange(-1, len(lines)))


@on_lines
def duplicate_line(random: Random, lines: list[bytes]) -> None:
    lines.insert(random.randrange(len(lines) + 1), lines[place_of(random, lines)])


@on_lines
def swap_lines(random: Random, lines: list[bytes]) -> None:
    one, other = place_of(random, lines), place_of(random, lines)
    lines[one], lines[other] = lines[other], lines[one]


@on_lines
def drop_line(random: Random, lines: list[bytes]) -> None:
    del lines[place_of(random, lines)]


@on_lines
def cut_line(random: Random, lines: list[bytes]) -> None:
    place = place_of(random, lines)
    lines[place] = lines[place][: random.randrange(len(lines[place]) + 1)]


@on_lines
def break_line(random: Random, lines: list[bytes]) -> None:
    place = place_of(random, lines)
    at = random.randrange(len(lines[place]) + 1)
    lines[place : place + 1] = [lines[place][:at], lines[place][at:]]


@on_lines
def join_lines(random: Random, lines: list[bytes]) -> None:
    place = place_of(random, lines)
    lines[place : place + 2] = [b"".join(lines[place : place + 2])]


@on_lines
def blank_line(random: Random, lines: list[bytes]) -> None:
    lines.insert(random.randrange(len(lines) + 1), random.choice([b"", b" ", b"\t", b"\r", b",,,", b"\x0c", b" , , "]))


@on_lines
def titles(random: Random, lines: list[bytes]) -> None:
    lines[:0] = random.choice([[b"A title"], [b"A title", b""], [b"A title,,,", b"", b"Table 1"], [b""] * 45])


@on_lines
def notes_below(random: Random, lines: list[bytes]) -> None:
    lines += random.choice([[b"", b"Source: nobody"], [b"", b"Note 1", b"Note 2"], [b"Source: nobody,,,,,,,,"]])


@on_lines
def nasty_cell(random: Random, lines: list[bytes]) -> None:
    place = random.randrange(1, len(lines)) if len(lines) > 1 else 0
    cells = lines[place].split(b",")
    cells[random.randrange(len(cells))] = random.choice(NASTY).encode()
    lines[place] = b",".join(cells)


@on_lines
def canaries(random: Random, lines: list[bytes]) -> None:
    """Put the word into a column's cells; done before the header can have moved."""
    column = random.randrange(lines[0].count(b",") + 1)
    for place, line in enumerate(lines[1:], start=1):
        cells = line.split(b",")
        if len(cells) > column and random.random() < 0.5:
            cells[column] = CANARY.encode()
            lines[place] = b",".join(cells)


@on_lines
def swap_cells(random: Random, lines: list[bytes]) -> None:
    place = place_of(random, lines)
    cells = lines[place].split(b",")
    random.shuffle(cells)
    lines[place] = b",".join(cells)


@on_lines
def rename_column(random: Random, lines: list[bytes]) -> None:
    cells = lines[0].split(b",")
    name = random.choice([b"", b" ", b"x", b"NI number", b"source_line", cells[0].upper(), cells[-1], b"Name", b'"'])
    cells[random.randrange(len(cells))] = name
    lines[0] = b",".join(cells)


@on_lines
def swap_columns(random: Random, lines: list[bytes]) -> None:
    count = lines[0].count(b",") + 1
    one, other = random.randrange(count), random.randrange(count)
    for place, line in enumerate(lines):
        cells = line.split(b",")
        if len(cells) == count:
            cells[one], cells[other] = cells[other], cells[one]
            lines[place] = b",".join(cells)


@on_lines
def mixed_ends(random: Random, lines: list[bytes]) -> None:
    lines[:] = [line + b"\r" if random.random() < 0.5 else line for line in lines]


def windows_ends(_: Random, content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def old_ends(_: Random, content: bytes) -> bytes:
    return content.replace(b"\n", b"\r")


def other_encoding(random: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", errors="replace")
    return text.encode(random.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]), errors="replace")


def other_separator(random: Random, content: bytes) -> bytes:
    return content.replace(b",", random.choice([b";", b"\t", b"|", b", ", b",,"]))


def no_last_end(_: Random, content: bytes) -> bytes:
    return content.rstrip(b"\n")


ON_CELLS = [nasty_cell, blank_line, duplicate_line, swap_lines, drop_line, notes_below, titles]
ON_TEXT = [
    *(nasty_cell, nasty_cell, nasty_cell, flip, flip, delete, insert, insert, duplicate_line),
    *(swap_lines, drop_line, cut_line, break_line, join_lines, blank_line, titles, notes_below, swap_cells),
    *(mixed_ends, windows_ends, no_last_end),
]
# These change the header or the whole file: fewer, as most are refused at once, or cost a query of their own.
SELDOM = [cut_off, rename_column, swap_columns, old_ends, other_encoding, other_separator]
