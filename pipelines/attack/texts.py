"""Numbers in the public texts: in what is written, in alternative texts and titles, and in the data of charts.

Each has to be a number that a public table prints, or one of the method, a date, or a part of a name. Positions in
drawings aren't read: what draws has to draw from what is printed.
"""

import json
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import database, describe, disk, figures, loss, seal
from pipelines.database import Connection, identifier
from pipelines.gate import COUNTED, WITHOUT_COUNTS
from pipelines.report import forms
from pipelines.report.forms import reading
from pipelines.report.pack import Pack

# Of one text so many numbers are named.
NAMED = 3

DESCRIPTOR, PROVENANCE = "datapackage.json", "provenance.intoto.json"
TEXT_FILES = (".txt", ".md", ".html", ".svg", ".json")
# What the pages of a PDF are numbered with.
PAGES = re.compile(r"^Page \d+ of \d+$|\.{4,} *\d+", re.MULTILINE)

# The words of a descriptor and of a provenance statement, beside those under `method` and `libraries`.
DESCRIPTOR_KEYS = frozenset(
    (
        *("$schema", "name", "title", "description", "version", "keywords", "licenses", "resources", "path", "type"),
        *("format", "mediatype", "encoding", "dialect", "header", "delimiter", "lineTerminator", "quoteChar"),
        *("doubleQuote", "bytes", "hash", "contentHash", "schema", "fields", "unit", "categories", "constraints"),
        *("value", "label", "required", "enum", "minimum", "maximum", "primaryKey", "uniqueKeys", "missingValues"),
    )
)
PROVENANCE_KEYS = frozenset(
    (
        *("_type", "subject", "name", "digest", "sha256", "hmac-sha256", "predicateType", "predicate"),
        *("buildDefinition", "buildType", "externalParameters", "snapshot_id", "as_at_date", "method"),
        *("disclosure_key", "internalParameters", "libraries", "resolvedDependencies", "runDetails", "builder", "id"),
        *("version", "workforce-edi"),
    )
)

# Shares are printed to nine places, and so to seven of a per cent.
PLACES = 11
SMALLEST, LARGEST = Decimal(1).scaleb(-PLACES), Decimal(10) ** 16

NUMBERED = frozenset(("bytes", "minimum", "maximum"))

# What isn't read of a page: its looks, and where things stand in a drawing.
LOOKS = re.compile(
    r"<style\b.*?</style>|\bstyle=\"[^\"]*\"|<!--.*?-->|&#\w+;|#[0-9a-fA-F]{3,8}\b"
    r"|\s(?:x|y|x1|x2|y1|y2|cx|cy|r|rx|ry|d|dx|dy|points|width|height|viewBox|transform|id|class|for|href|src|xmlns"
    r"|aria-labelledby|aria-describedby|font-size|stroke-width|stroke-dasharray|colspan|rowspan|tabindex|lang|charset"
    r"|content)=\"[^\"]*\"",
    re.DOTALL,
)
# What an image may be made of: a note in it would be text that nobody sees.
PNG_PARTS = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs", b"sRGB", b"gAMA", b"sBIT"))


def unexplained(con: Connection, release: Path, method: Mapping[str, Any]) -> list[str]:
    """Say which public texts have a number, or a key, that isn't explained; a line each, and never the number.

    Args:
        con: database with the views of ``files.views``.
        release: the release's folder.
        method: the method in force.
    """
    found: list[str] = []
    told: dict[str, str] = {}
    for path in seal.held(release):
        name = path.relative_to(release).as_posix()
        if path.suffix == ".png" and not _is_image_alone(path.read_bytes()):
            found.append(f"{name}: it holds more than an image")
        if path.suffix not in (*TEXT_FILES, *reading.FORMS):
            continue
        if path.name in (DESCRIPTOR, PROVENANCE):
            found += [f"{name}: {line}" for line in _json_problems(path, method)]
        elif path.name != loss.SUMMARY or not _is_summary(con, path):
            # Of a release's name the digits are no number, even where they stand by themselves.
            told[name] = _read(path).replace(release.name, " ")
    by_text = {name: _told(name, text) for name, text in told.items()}
    named = set(_numbers_of(method)) | set(_names()) | _labels(con, release) | _axes(method) if told else set()
    if any(Path(name).suffix in reading.FORMS for name in told):
        named |= _of_forms()
    printed = _printed(con, {one for of_text in by_text.values() for each in of_text for one in each} - named)
    for name, of_text in by_text.items():
        unknown = [each[0] for each in of_text if not any(one in named or one in printed for one in each)]
        if unknown:
            how_many = "a number" if len(unknown) == 1 else f"{len(unknown):,} numbers"
            line = _line(told[name], unknown[0])
            found.append(f"{name}: {how_many} that no public table prints, the first in line {line}")
    return found


def _told(name: str, text: str) -> list[tuple[Decimal, ...]]:
    """Return the numbers of a text, each with what it may be: a workbook stores in binary, and shares as fractions."""
    if not name.endswith(".xlsx"):
        return [(one,) for one in numbers(text)]
    return [
        (one, *((factor * one).quantize(SMALLEST, ROUND_HALF_UP) for factor in (1, 100) if one < 1000))
        for one in numbers(text)
    ]


def _read(path: Path) -> str:
    """Return whatever a stranger can read of a file: what is packed in it, and its properties, too."""
    if path.suffix in reading.FORMS:
        return "\n".join(PAGES.sub(" ", one) for one in reading.texts(path))
    return path.read_text(encoding="utf-8", errors="replace")


@cache
def _of_forms() -> frozenset[Decimal]:
    """Return the numbers that a pack without a word in it has in its forms: of versions, styles and sizes."""
    blank = Pack("X", "", "", "", "2000-01-01", "", "", sections=())
    with disk.passing_folder() as place:
        for name, content in forms.of(blank):
            disk.write_whole(place / name, content)
        return frozenset(number for path in sorted(place.iterdir()) for number in numbers(_read(path)))


def _is_image_alone(content: bytes) -> bool:
    """Tell whether a PNG has no part but those of the picture, and nothing behind it."""
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        return False
    at, part = 8, b""
    while at + 12 <= len(content):
        (length,), part = struct.unpack_from(">I", content, at), content[at + 4 : at + 8]
        if part not in PNG_PARTS:
            return False
        at += 12 + length
    return at == len(content) and part == b"IEND"


def _labels(con: Connection, release: Path) -> set[Decimal]:
    """Return the numbers in names that the public tables without counts give: of ages, bands, employers."""
    found: set[Decimal] = set()
    for path in (release / f"{name}.parquet" for name in WITHOUT_COUNTS):
        if path.is_file():
            table = con.execute(f"select columns(*)::varchar from {database.parquet(path)}").fetchall()
            found |= {number for row in table for text in row if text for number in numbers(text)}
    return found


def _axes(method: Mapping[str, Any]) -> set[Decimal]:
    """Return the marks of axes, every ten percent, and the largest number that a printed 0 may stand for."""
    return {*map(Decimal, range(0, 101, 10)), Decimal(int(method["disclosure"]["base"]) - 1)}


def numbers(text: str) -> Iterator[Decimal]:
    """Return the numbers of a text or page, without signs; dates, looks and positions aren't any."""
    return figures.numbers(LOOKS.sub(" ", text))


def _line(text: str, number: Decimal) -> int:
    for place, line in enumerate(text.splitlines(), start=1):
        if number in set(numbers(line)):
            return place
    return 1


def _printed(con: Connection, told: Iterable[Decimal]) -> set[Decimal]:
    """Return which numbers a public table prints, as they may stand in a text.

    These are counts, and shares and gaps as they are, to one place, and without any.
    """
    # What has more digits than these stands in no table.
    asked = [one for one in told if one < LARGEST and one == one.quantize(SMALLEST)]
    if not asked:
        return set()
    con.register("told_number", pa.table({"number": pa.array(asked, pa.decimal128(38, PLACES))}))
    found: set[Decimal] = set()
    for name in COUNTED:
        for column, described in describe.load(name, is_protected=True).columns.items():
            if column == "coverage":
                covered = con.execute(f"select distinct coalesce(coverage, '') from printed_{name}").fetchall()
                found |= {number for (text,) in covered for number in numbers(text)}
            if not described.unit or described.type not in ("integer", "number"):
                continue
            factor = 100 if described.unit.startswith("share") else 1
            digits = 2 if described.unit == "ratio" else 0
            value, kind = identifier(column), f"decimal(38, {PLACES})"
            query = (
                f"with printed as (select distinct ({factor} * abs({value}))::{kind} as value from printed_{name}) "
                "select number from told_number "
                f"where number in (select unnest([value, round(value, 1), round(value, {digits})]) from printed)"
            )
            found |= {value for (value,) in con.execute(query).fetchall()}
    con.unregister("told_number")
    return found


def _is_summary(con: Connection, path: Path) -> bool:
    """Tell whether a text is the summary of what rounding costs, as the public tables alone give it once more."""
    try:
        build = json.loads((path.parent / PROVENANCE).read_text(encoding="utf-8"))["predicate"]["buildDefinition"]
        made = build["externalParameters"]
        again = loss.summary(con, path.parent, date.fromisoformat(made["as_at_date"]), str(made["disclosure_key"]))
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return path.read_bytes() == again.encode()


def _numbers_of(value: Any) -> Iterator[Decimal]:
    """Yield the numbers of the method, and what they are in percent."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _numbers_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _numbers_of(one)
    elif isinstance(value, str):
        yield from numbers(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield abs(Decimal(str(value)))
        if abs(value) < 1:
            yield abs(Decimal(str(value)) * 100).normalize()


def _names() -> Iterator[Decimal]:
    """Yield the numbers in what describes the public tables: percentages of intervals, and the like."""
    for name in (*WITHOUT_COUNTS, *COUNTED):
        table = describe.load(name, is_protected=True)
        yield from numbers(f"{table.title} {table.description}")
        for column in table.columns.values():
            yield from numbers(column.description)


def _json_problems(path: Path, method: Mapping[str, Any]) -> list[str]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return ["it isn't JSON"]
    known = DESCRIPTOR_KEYS if path.name == DESCRIPTOR else PROVENANCE_KEYS
    found = list(_unknown(said, known, set(method)))
    if path.name == DESCRIPTOR:
        found += _wrong_sizes(said, path.parent)
    return list(dict.fromkeys(found))[:NAMED]


def _unknown(value: Any, known: frozenset[str], settings: Iterable[str], key: str = "") -> Iterator[str]:
    """Yield what of a JSON file nobody describes: a key, or a number where none belongs."""
    if isinstance(value, Mapping):
        free = key in ("method", "libraries")
        for name, one in value.items():
            if not free and name not in known:
                yield f"the key '{name}' isn't one of those that are known"
            elif key == "method" and name not in settings:
                yield f"the method has no setting '{name}'"
            elif key != "method":
                yield from _unknown(one, known, settings, name)
    elif isinstance(value, list):
        for one in value:
            yield from _unknown(one, known, settings, key)
    elif isinstance(value, int | float) and not isinstance(value, bool) and key not in NUMBERED:
        yield f"a number stands under '{key}', where none belongs"


def _wrong_sizes(said: Any, folder: Path) -> list[str]:
    resources = said.get("resources", []) if isinstance(said, Mapping) else []
    return [
        f"the size of {one.get('path')} isn't that of the file"
        for one in resources
        if isinstance(one, Mapping)
        and not (
            (folder / str(one.get("path"))).is_file() and (folder / str(one["path"])).stat().st_size == one.get("bytes")
        )
    ]
