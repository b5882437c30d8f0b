"""Standing: each followed group overall and in senior grades, with its interval, beside the residents."""

from collections.abc import Iterator

from pipelines.figures import Figure, day
from pipelines.report import charts, values, words
from pipelines.report.pack import Chart, Table, text
from pipelines.report.source import Told
from pipelines.report.tables import EXCLUDES, SHORT, THIN


def standings(told: Told) -> Iterator[Chart]:
    """Yield a chart with its table for each group that is followed."""
    for classification, category in told.groups():
        beside = [one for one in words.BESIDE if told.people(*one)]
        rows = {one: told.gaps.get((one[0], "all", one[1], classification, category, "workforce")) for one in beside}
        there = [one for one in beside if rows[one] is not None]
        if there:
            yield _standing(told, classification, category, there)


def _standing(told: Told, classification: str, category: str, beside: list[tuple[str, str]]) -> Chart:
    own = {one: told.gaps[one[0], "all", one[1], classification, category, "workforce"] for one in beside}
    residents = {one: told.gaps.get((one[0], "all", one[1], classification, category, "population")) for one in beside}
    group = words.group(category, own[beside[0]]["category_label"])
    lines = [
        (
            SHORT[one],
            values.share(told, own[one]),
            *values.share_limits(told, own[one]),
            values.comparator(residents[one]),
            values.gap(told, residents[one]),
            *values.gap_limits(told, residents[one]),
            values.ratio(told, residents[one]),
            values.more_people(told, residents[one]),
            values.verdict(residents[one]),
        )
        for one in beside
    ]
    named = list(dict.fromkeys(words.against(row) for row in residents.values() if row))
    table = Table(
        identifier=f"standing_{words.named(classification)}_{category.lower().replace(' ', '_')}",
        caption=f"{group}: share, gap and difference in people",
        heads=(
            *("Grades", "Share", "Share from", "Share to", "Residents", "Gap", "Gap from", "Gap to", "Ratio"),
            *("Difference in people, not a target", "Against residents"),
        ),
        rows=tuple(lines),
        notes=(
            f"From and to: the range that chance alone could put it in. {EXCLUDES}",
            *(f"Residents: {one}." for one in named),
            THIN,
        ),
    )
    data = [
        dict(zip(("who", "share", "lower", "upper", "residents"), (line[0], *map(_number, line[1:5])), strict=True))
        for line in lines
    ]
    return Chart(
        identifier=f"{table.identifier}_chart",
        title=f"{group} overall and in senior grades, {day(told.as_at_date)}",
        description="Dots of the share with its range by chance, and an upright mark for the residents: "
        + "; ".join(f"{line[0]} {text(line[1])}, residents {text(line[4])}, {line[10]}" for line in lines)
        + ".",
        specification=charts.ranges(
            [one for one in data if one["share"] is not None], "% of people with a known answer"
        ),
        table=table,
    )


def _number(figure: Figure) -> float | None:
    return None if figure.shown is None else float(figure.shown)
