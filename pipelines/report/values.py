"""Values: a row of the gaps as figures. What rounding may move by half a point or more is printed without decimals."""

from decimal import Decimal

from pipelines.figures import Count, Error, People, Points, Ratio, Share, places
from pipelines.report.source import Row, Told
from pipelines.report.words import VERDICTS

# What stands where there is no rate, and where there is nothing to hold one against.
THIN, NONE = "[u]", "[x]"


def count(told: Told, people: int | None, marker: str | None = None) -> Count:
    """Return people, as rounded."""
    return Count(people, marker or "", base=told.base)


def is_rough(told: Told, row: Row) -> bool:
    """Tell whether rounding may have moved a share by as much as a gap that matters."""
    error: Decimal | None = row["share_rounding_error_pp"]
    return error is not None and error >= Decimal(str(told.method["material_gap_pp"]))


def share(told: Told, row: Row | None) -> Share:
    """Return the share of a group; of a row that isn't there its marker, a weak base."""
    if row is None:
        return Share(None, THIN)
    return Share(row["workforce_share"], _marker(told, row), places(row["share_rounding_error_pp"]))


def share_limits(told: Told, row: Row | None) -> tuple[Share, Share]:
    """Return the 95 % limits of the share of a group."""
    if row is None:
        return Share(None, THIN), Share(None, THIN)
    marker, bear = _marker(told, row), places(row["share_rounding_error_pp"])
    return Share(row["share_lower_95"], marker, bear), Share(row["share_upper_95"], marker, bear)


def comparator(row: Row | None) -> Share:
    """Return the share that a group is held against: of residents to one decimal, of staff as that of the group."""
    if row is None:
        return Share(None, NONE)
    of_staff = row["comparator"] in ("workforce", "previous")
    return Share(row["comparator_share"], places=places(row["share_rounding_error_pp"]) if of_staff else 1)


def gap(told: Told, row: Row | None) -> Points:
    """Return a gap; of a row that isn't there that it isn't available."""
    if row is None:
        return Points(None, NONE)
    return Points(row["gap_pp"], _marker(told, row), places(row["share_rounding_error_pp"]))


def gap_limits(told: Told, row: Row | None) -> tuple[Points, Points]:
    """Return the 95 % limits of a gap."""
    if row is None:
        return Points(None, NONE), Points(None, NONE)
    marker, bear = _marker(told, row), places(row["share_rounding_error_pp"])
    return Points(row["gap_lower_95_pp"], marker, bear), Points(row["gap_upper_95_pp"], marker, bear)


def ratio(told: Told, row: Row | None) -> Ratio:
    """Return the share by that of the comparator."""
    if row is None:
        return Ratio(None, NONE)
    return Ratio(row["representation_ratio"], _marker(told, row), 1 if row["share_rounding_error_pp"] else 2)


def error(row: Row | None) -> Error:
    """Return what rounding may have moved a share by."""
    return Error(None, THIN) if row is None else Error(row["share_rounding_error_pp"], places=1)


def more_people(told: Told, row: Row | None) -> People:
    """Return how many more people there would be at the comparator's share, at today's size."""
    return People(None, NONE) if row is None else People(row["shortfall_headcount"], _marker(told, row))


def verdict(row: Row | None) -> str:
    """Return the verdict on a gap in a word or two."""
    return VERDICTS[row["verdict"] or ""] if row else VERDICTS[""]


def undisclosed(row: Row | None) -> Share:
    """Return the share of people whose answer isn't known."""
    return Share(None, NONE) if row is None else Share(row["undisclosed_share"], places=1)


def material(told: Told) -> Points:
    """Return the size of a gap that matters."""
    return Points(Decimal(str(told.method["material_gap_pp"])))


def _marker(told: Told, row: Row) -> str:
    """Return a row's marker; a share that rounding may have moved by as much as matters is weak as well."""
    return row["marker"] or (THIN if is_rough(told, row) else "")
