"""A small release that passes the attack, made by hand: one trust, one date, four slabs; what a test changes in it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import database, declared, describe, places
from pipelines.attack import Result, Seen, attack_files
from pipelines.database import identifier

DAY, TRUST = "2026-03-31", "RNA"
Cell = tuple[str, str, str, str, str]

# Grade, clinical, characteristic, category (or what became of the question): the true count and what it is rounded to.
CELLS: dict[Cell, tuple[int, int]] = {
    ("band_5", "clinical", "total", "all", "known"): (23, 25),
    ("band_5", "clinical", "sex", "Female", "known"): (20, 20),
    ("band_5", "clinical", "sex", "Male", "known"): (3, 5),
    ("band_5", "clinical", "ethnicity", "A", "known"): (18, 15),
    ("band_5", "clinical", "ethnicity", "H", "known"): (4, 5),
    ("band_5", "clinical", "ethnicity", "", "missing"): (1, 5),
    ("band_5", "non_clinical", "total", "all", "known"): (12, 10),
    ("band_5", "non_clinical", "sex", "Female", "known"): (7, 5),
    ("band_5", "non_clinical", "sex", "Male", "known"): (5, 5),
    ("band_5", "non_clinical", "ethnicity", "A", "known"): (9, 10),
    ("band_5", "non_clinical", "ethnicity", "H", "known"): (2, 0),
    ("band_5", "non_clinical", "ethnicity", "", "missing"): (1, 0),
    ("band_6", "clinical", "total", "all", "known"): (16, 15),
    ("band_6", "clinical", "sex", "Female", "known"): (14, 15),
    ("band_6", "clinical", "sex", "Male", "known"): (2, 0),
    ("band_6", "clinical", "ethnicity", "A", "known"): (13, 15),
    ("band_6", "clinical", "ethnicity", "H", "known"): (2, 0),
    ("band_6", "clinical", "ethnicity", "", "missing"): (1, 0),
    ("band_6", "non_clinical", "total", "all", "known"): (8, 10),
    ("band_6", "non_clinical", "sex", "Female", "known"): (6, 5),
    ("band_6", "non_clinical", "sex", "Male", "known"): (2, 5),
    ("band_6", "non_clinical", "ethnicity", "A", "known"): (7, 10),
    ("band_6", "non_clinical", "ethnicity", "H", "known"): (1, 0),
}
CLASSIFICATIONS = {"total": "total", "sex": "sex", "ethnicity": "esr_16"}


def rows(cells: Mapping[Cell, tuple[int, int]], place: int, day: str = DAY) -> list[dict[str, Any]]:
    """Rows of a cube, with the true counts (place 0) or the rounded ones (place 1), of which a 0 has no row."""
    return [
        {
            "as_at_date": day,
            "org_code": TRUST,
            "employment_type": "substantive",
            "grade_family": "afc",
            "clinical": clinical,
            "grade": grade,
            "characteristic": characteristic,
            "answer_status": status,
            "classification": CLASSIFICATIONS[characteristic],
            "category": category or None,
            "headcount": counts[place],
            "staff_group": "estates",
            "source_level": "organisation",
        }
        for (grade, clinical, characteristic, category, status), counts in cells.items()
        if counts[place]
    ]


def rule(day: str = DAY, base: int = 5) -> dict[str, Any]:
    return {"as_at_date": day, "org_code": TRUST, "base": base, "bound_held": 4, "bound_other": 9}


def gap(category: str, headcount: int, known: int, **changed: Any) -> dict[str, Any]:
    """A row of representation_gap as the release prints it: of a wres category, in the whole ladder."""
    return {
        "as_at_date": DAY,
        "org_level": "organisation",
        "org_code": TRUST,
        "org_type": "trust",
        "employment_type": "substantive",
        "grade_family": "afc",
        "clinical": "all",
        "grade_group": "all",
        "characteristic": "ethnicity",
        "classification": "wres",
        "category": category,
        "comparator": "population",
        "is_detail": False,
        "headcount": headcount,
        "known_headcount": known,
        "total_headcount": 60,
        "workforce_share": round(headcount / known, 9),
        "coverage": "1 of 1",
        "rests_on_waiver": False,
        **changed,
    }


GAPS = (gap("White", 50, 55), gap("BME", 5, 55))


def write(
    folder: Path,
    cells: Mapping[str, Mapping[Cell, tuple[int, int]]] | None = None,
    gaps: tuple[dict[str, Any], ...] = GAPS,
    texts: Mapping[str, str] | None = None,
) -> Path:
    """Write a release of some dates' cells, their gaps and texts; return its folder."""
    days = cells or {DAY: CELLS}
    internal = folder / "internal"
    internal.mkdir(parents=True)
    table(internal, "headcount", [row for day, one in days.items() for row in rows(one, 0, day)], is_protected=False)
    table(folder, "headcount", [row for day, one in days.items() for row in rows(one, 1, day)])
    table(folder, "rounding", [rule(day) for day in days])
    table(folder, "representation_gap", gaps)
    for name, text in (texts or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def table(folder: Path, name: str, said: Any, *, is_protected: bool = True) -> None:
    """Write a table as its description has it, with its twin where it is public."""
    types = {"string": pa.string(), "integer": pa.int64(), "boolean": pa.bool_(), "date": pa.string()}
    columns = describe.load(name, is_protected=is_protected).columns
    values = {one: [row.get(one) for row in said] for one in columns}
    held = pa.table({one: pa.array(values[one], types.get(columns[one].type, pa.float64())) for one in columns})
    casts = {"date": "date", "number": "decimal(18, 9)"}
    typed = ", ".join(
        f"{identifier(one)}::{casts[described.type]} as {identifier(one)}"
        if described.type in casts
        else identifier(one)
        for one, described in columns.items()
    )
    writer = _writer()
    writer.register("held", held)
    database.export(writer, f"select {typed} from held", folder / f"{name}.parquet", {})
    writer.unregister("held")
    if is_protected:
        database.twin(writer, folder / f"{name}.parquet", folder / f"{name}.csv")


@cache
def _writer() -> database.Connection:
    return database.connect(threads=1)


def method() -> dict[str, Any]:
    said: dict[str, Any] = declared.read(places.REFERENCE / "method.yaml")
    return said


def attacked(con: database.Connection, release: Path, *earlier: Path, knowledge: Path | None = None) -> Result:
    """Attack a release with all that a stranger has at hand."""
    return attack_files(con, release, method(), Seen(earlier, knowledge))
