"""The internal pack: exact counts of one organisation or system, for its own private session; made on request only.

Counts below ``disclosure.internal_threshold`` aren't printed, and neither is what would give them away within the page:
the masks are no disclosure control, and a pack is never published (docs/internal.md).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import database, places
from pipelines.disk import write_whole
from pipelines.freeze import Snapshot
from pipelines.seal import INTERNAL

if TYPE_CHECKING:
    from jinja2 import Template

NAME = "internal-pack.html"
MARKING = (
    "OFFICIAL-SENSITIVE: PERSONAL. Exact counts for a private session of {}. Not for publication, not to be forwarded."
)

# A count that isn't printed because it would give another one away.
HIDDEN = "[c]"

# A code names a folder.
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

TABLES = ("unit", "category", "grade_group")
TOTAL = ("total", "all")
UNKNOWN = ""

Row = Mapping[str, Any]
# A grade group with its family, a characteristic and a category; everybody in the grade group is TOTAL.
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Sum:
    """A count that others add up to: where all of them but one are printed, anybody can work that one out."""

    whole: Key
    parts: tuple[Key, ...]


@dataclass(frozen=True)
class Line:
    """A grade group in a table of the pack: its label, and its cells as they are printed, everybody last."""

    label: str
    is_detail: bool
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One characteristic of a unit, by grade group: the heads of its columns, and its lines."""

    characteristic: str
    classification: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


def threshold(method: Mapping[str, Any]) -> int:
    """Return the count from which on counts are printed in an internal pack; 1 prints every count.

    Raises:
        ValueError: the method's is no whole number, less than 1, or 2.
    """
    said = method["disclosure"]["internal_threshold"]
    # Below 2 there is only 1.
    if isinstance(said, bool) or not isinstance(said, int) or said < 1 or said == 2:
        raise ValueError(
            f"method.yaml: disclosure.internal_threshold is {said!r}, but must be a whole number from 3 on, below "
            "which no count is printed in an internal pack, or 1, which prints every count; write 5, or what "
            "information governance has approved"
        )
    return said


def write(release: Path, snapshot: Snapshot, synthetic: str) -> list[Path]:
    """Write the pack of each organisation and system into ``internal/report/<org_code>``, if the method asks for packs.

    Args:
        release: a release's folder, with its tables in it.
        snapshot: what it was made from.
        synthetic: what is said of data that describe nobody; empty where they describe people.

    Returns:
        the pages, by code; none where none are asked for.

    Raises:
        ValueError: the threshold can't be meant, or a unit's code can name no folder.
    """
    least = threshold(snapshot.method)
    if not snapshot.method["disclosure"]["internal_pack"]:
        return []
    pages = []
    for code, group in groupby(_rows(release, snapshot), key=lambda row: str(row["org_code"])):
        if not CODE.fullmatch(code):
            raise ValueError(
                f"the internal pack of '{code}' would lie in a folder of that name, and can't: use letters, digits, - "
                "and _ in the code in organisations.csv"
            )
        rows = list(group)
        page = _template().render(
            marking=MARKING.format(rows[0]["org_name"]),
            org_name=rows[0]["org_name"],
            org_code=code,
            as_at=f"{snapshot.as_at_date.day} {snapshot.as_at_date:%B %Y}",
            snapshot_id=snapshot.snapshot_id[:12],
            synthetic=synthetic,
            threshold=least,
            hidden=HIDDEN,
            tables=tables(rows, least),
        )
        path = release / INTERNAL / "report" / code / NAME
        path.parent.mkdir(parents=True)
        write_whole(path, page)
        pages.append(path)
    return pages


def _rows(release: Path, snapshot: Snapshot) -> list[Row]:
    """Return what the packs print of a release's own tables, unit by unit."""
    with database.connect() as con:
        con.execute("create table run as select ?::date as as_at_date", [snapshot.as_at_date])
        database.view(con, "grade_profile", [release / INTERNAL / "grade_profile.parquet"])
        for name in TABLES:
            database.view(con, name, [release / f"{name}.parquet"])
        result = con.execute(database.read_sql("report/internal_pack"))
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def tables(rows: Sequence[Row], least: int) -> list[Table]:
    """Return the tables of one unit, with its small counts masked.

    Args:
        rows: the unit's rows of ``sql/report/internal_pack``, in their order.
        least: counts from 1 to below it aren't printed.
    """
    counts = {_key(row): row["headcount"] for row in rows}
    markers = {_key(row): str(row["marker"]) for row in rows}
    grades = {key[:2]: row for row in rows if (key := _key(row))[2:] == TOTAL and row["headcount"] != 0}
    heads: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["characteristic"] != TOTAL[0]:
            heads.setdefault(row["characteristic"], {}).setdefault(row["category"], row)
    for characteristic, categories in heads.items():
        for grade in grades:
            known = [counts.get((*grade, characteristic, category)) for category in categories]
            everybody = counts[(*grade, *TOTAL)]
            # Whoever has no known answer, and where the source can't tell a category, nobody knows how many.
            is_told = everybody is not None and None not in known
            rest = everybody - sum(filter(None, known)) if is_told and everybody is not None else None
            counts[(*grade, characteristic, UNKNOWN)] = rest
    masked = mask(counts, _sums(counts, grades, heads), least)

    def cell(key: Key) -> str:
        count = counts.get(key)
        return markers.get(key, "[x]") if count is None else masked.get(key, f"{count:,}")

    return [
        Table(
            characteristic,
            str(next(iter(categories.values()))["classification_title"]),
            (*(str(row["category_label"]) for row in categories.values()), "Not known", "Everybody"),
            tuple(
                Line(
                    _label(row),
                    bool(row["is_detail"]),
                    (
                        *(cell((*grade, characteristic, category)) for category in (*categories, UNKNOWN)),
                        cell((*grade, *TOTAL)),
                    ),
                )
                for grade, row in grades.items()
            ),
        )
        for characteristic, categories in heads.items()
    ]


def _key(row: Row) -> Key:
    return (row["grade_family"], row["grade_group"], row["characteristic"], row["category"])


def _label(row: Row) -> str:
    return str(row["family_label"] if row["grade_group"] == "all" else row["grade_label"])


def _sums(
    counts: Mapping[Key, int | None],
    grades: Mapping[tuple[str, str], Row],
    heads: Mapping[str, Mapping[str, Row]],
) -> list[Sum]:
    """Return every sum that a reader can check on the page: along each line, and down each column."""
    columns = [TOTAL, *((name, category) for name, categories in heads.items() for category in (*categories, UNKNOWN))]
    of_grade = {str(row["grades"]): grade for grade, row in grades.items() if row["is_detail"]}
    found = [
        Sum((*grade, *TOTAL), tuple((*grade, name, category) for category in (*categories, UNKNOWN)))
        for grade in grades
        for name, categories in heads.items()
    ]
    for grade, row in grades.items():
        if not row["is_detail"]:
            members = [of_grade[name] for name in str(row["grades"]).split("; ") if name in of_grade]
            found += [
                Sum((*grade, *column), tuple((*member, *column) for member in members if (*member, *column) in counts))
                for column in columns
            ]
    return found


def mask(counts: Mapping[Key, int | None], sums: Iterable[Sum], least: int) -> dict[Key, str]:
    """Return the counts that aren't printed, and what is printed instead: ``<5`` for small ones, HIDDEN for others.

    Small counts, and next smallest ones until no sum leaves only one value for any of them. Where there is nothing more
    to mask in a sum, its small ones are HIDDEN too. That is all that is promised: several sums together, or two pages,
    may still give a count away.

    Args:
        counts: by cell; None is printed as its marker, and as unknown to a reader as what is masked.
        sums: what a reader can check.
        least: counts from 1 to below it are small.
    """
    small = {key: f"<{least}" for key, count in counts.items() if count is not None and 0 < count < least}
    masked = small | {key: HIDDEN for key, count in counts.items() if count is None}
    limits: dict[Key, tuple[float, float]] = dict.fromkeys(small, (1, least - 1))
    limits |= dict.fromkeys(masked.keys() - small.keys(), (0, inf))
    checked = list(sums)
    again = True
    while again:
        again = False
        for one in checked:
            cells = (*one.parts, one.whole)
            if not _gives_away(one, counts, limits):
                continue
            if left := [key for key in cells if key not in masked and counts.get(key)]:
                next_smallest = min(left, key=lambda key: (counts[key] or 0, key == one.whole, key))
                masked[next_smallest], limits[next_smallest] = HIDDEN, (least, inf)
                again = True
            elif told := [key for key in cells if key in masked and limits[key] != (0, inf)]:
                masked |= dict.fromkeys(told, HIDDEN)
                limits |= dict.fromkeys(told, (0, inf))
                again = True
    return masked


def _gives_away(one: Sum, counts: Mapping[Key, int | None], limits: Mapping[Key, tuple[float, float]]) -> bool:
    """Tell whether a sum leaves only one value for a count that is masked in it.

    Args:
        one: the sum.
        counts: by cell.
        limits: between what a reader knows each masked count to lie, from how it is printed.
    """
    # What is printed, and what is masked, all on one side: the parts less the whole are nothing.
    printed = sum(counts.get(key) or 0 for key in one.parts if key not in limits)
    printed -= 0 if one.whole in limits else counts[one.whole] or 0
    hidden = {key: limits[key] for key in one.parts if key in limits}
    if one.whole in limits:
        lowest, highest = limits[one.whole]
        hidden[one.whole] = (-highest, -lowest)
    for key, (lowest, highest) in hidden.items():
        others = [both for other, both in hidden.items() if other != key]
        least = max(lowest, -printed - sum(high for _, high in others))
        most = min(highest, -printed - sum(low for low, _ in others))
        if least == most and counts[key] is not None:
            return True
    return False


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=FileSystemLoader(places.REPORTS),
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return made.get_template("internal.html.j2")
