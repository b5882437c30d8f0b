"""What is told of a made-up unit, by hand: rows as the public tables have them, and the pack made of them."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines import reference
from pipelines.places import PROJECT, DataFolder
from pipelines.report import source
from pipelines.report.source import Followed, Row, Told

DAY = date(2026, 3, 31)
METHOD = reference.method(DataFolder(PROJECT / "no such folder"))
UNIT = {"org_code": "RXX", "org_name": "A trust", "org_level": "organisation", "sector": "nhs", "system_code": "E54"}
SENIOR = Followed("afc", "afc_8a_plus", "wres", "BME", "population")
LABELS = {
    "all": "All grades",
    "afc_8a_plus": "Bands 8a and above",
    "afc_8c_plus": "Bands 8c and above",
    "band_5": "Band 5",
}


def gap(share: str, against: str, verdict: str | None, **cells: Any) -> Row:
    """A gap of BME staff in bands 8a and above: shares in 0-1, limits three points either side, or as told."""
    own, other = Decimal(share), Decimal(against)
    row: dict[str, Any] = {
        "as_at_date": DAY,
        "org_code": "RXX",
        "grade_family": "afc",
        "clinical": "all",
        "grade_group": "afc_8a_plus",
        "characteristic": "ethnicity",
        "classification": "wres",
        "category": "BME",
        "comparator": "population",
        "is_detail": False,
        "headcount": 70,
        "known_headcount": 410,
        "total_headcount": 430,
        "undisclosed_share": Decimal("0.05"),
        "workforce_share": own,
        "share_rounding_error_pp": Decimal("1.2"),
        "comparator_share": other,
        "gap_pp": 100 * (own - other),
        "gap_lower_95_pp": 100 * (own - other) - 3,
        "gap_upper_95_pp": 100 * (own - other) + 3,
        "representation_ratio": own / other if other else None,
        "share_lower_95": own - Decimal("0.03"),
        "share_upper_95": own + Decimal("0.03"),
        "share_lower_998": own - Decimal("0.05"),
        "share_upper_998": own + Decimal("0.05"),
        "verdict": verdict,
        "shortfall_headcount": 60 if verdict == "lower" else 0,
        "sign_is_robust": True,
        "coverage": "1 of 1",
        "population_vintage": "2021-03-21",
        "age_range": "all",
        "rests_on_waiver": False,
        "marker": None,
        "category_label": "Black and minority ethnic (BME)",
        "category_order": 2,
        "family_label": "Agenda for Change",
        "grade_order": 1,
    } | cells
    row["grade_label"] = LABELS.get(row["grade_group"], row["grade_group"])
    if row["comparator"] in ("workforce", "previous"):
        row |= {"population_vintage": None, "age_range": None}
    return row


def people(headcount: int, grade_family: str = "afc", grade_group: str = "afc_8a_plus", **cells: Any) -> Row:
    """Everybody in a grade group."""
    total = {"characteristic": "total", "classification": "total", "category": "all", "category_label": "All"}
    row = gap("1", "1", None, headcount=headcount, grade_family=grade_family, grade_group=grade_group, **total)
    return {**row, "comparator": "workforce", "workforce_share": None, "gap_pp": None} | cells


def told(rows: Iterable[Row], followed: Sequence[Followed] = (SENIOR,), **more: Any) -> Told:
    """What is told of a unit with these gaps; everything else there is none of."""
    nothing: dict[str, Any] = {
        "thin": {},
        **{name: [] for name in ("members", "grades", "trend", "declared", "answerable", "submissions")},
    }
    given = {
        "unit": UNIT,
        "as_at_date": DAY,
        "method": METHOD,
        "base": 5,
        "bound": 4,
        "followed": tuple(followed),
        "gaps": {source.key_of(row): row for row in rows},
    }
    return Told(**{**nothing, **given, **more})
