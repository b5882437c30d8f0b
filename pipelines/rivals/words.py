"""Words: a comparison of methods as lines of text, 80 columns wide."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from pipelines.rivals import SHARE_UNIT, Compared, Found, spread

HEADING = (
    f"{'':<27}{'cells':>6}{'cells':>7}{'small cells known':>18}{'error of':>11}{'error of':>11}",
    f"{'':<27}{'changed':>7}{'hidden':>7}{'exactly':>9}{'as 1–4':>8}{'a count':>11}{'a share':>11}{'s':>6}",
)


def summary(compared: Compared) -> str:
    """Say what was compared."""
    first = compared.found[0]
    return (
        f"{len(compared.found)} methods on {first.cells:,} cells of {compared.organisations:,} organisations, "
        f"{first.small:,} of them 1 to 4 people"
    )


def lines(compared: Compared) -> Iterator[str]:
    """Yield the table, a line for each method, and what its columns say."""
    yield ""
    yield from HEADING
    yield from (line(one) for one in compared.found)
    first = compared.found[0]
    yield ""
    yield (
        f"Compared    as at {compared.as_at}, every number that is published: each grade by answer, its total, and "
        "each group of grades, clinical or not, by category, by whether the answer is known, and in all"
    )
    yield "Changed     printed otherwise than it is, or hidden"
    yield f"Known       certain for anybody who has the printed numbers and the rule. {_tried(first, compared.every)}"
    yield (
        "Errors      mean / what 95 in 100 don't exceed, of what isn't hidden; of a share in percentage points, where "
        f"{compared.min_known} or more answers are known, as printed"
    )
    if compared.left_out:
        yield f"Left out    as their publisher made the counts public or withheld some: {', '.join(compared.left_out)}"


def _tried(one: Found, every: int) -> str:
    which = "" if every == 1 else f", those of one table in {every}"
    return f"Small cells tried: {one.tried:,} of {one.small:,}{which}"


def line(one: Found) -> str:
    """Return a method's line under ``HEADING``."""
    count_mean, count_most = spread(one.count_errors)
    share_mean, share_most = (value * 100 / SHARE_UNIT for value in spread(one.share_errors))
    counts, shares = f"{_to(count_mean, '0.1')} / {count_most}", f"{_to(share_mean, '0.1')} / {_to(share_most, '0.1')}"
    return (
        f"{one.method:<27}{percent(one.altered, one.cells):>7}{percent(one.hidden, one.cells):>7}"
        f"{one.determined:>9,}{one.proven_small:>8,}{counts:>11}{shares:>11}{one.seconds:>6.0f}"
    )


def percent(part: int, whole: int) -> str:
    """Return a part as a whole percentage, rounded half up."""
    return f"{_to(Decimal(100 * part) / whole, '1')} %" if whole else "–"


def _to(value: Decimal, step: str) -> Decimal:
    return value.quantize(Decimal(step), ROUND_HALF_UP)
