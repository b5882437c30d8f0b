"""Tables of gaps: each characteristic beside its residents, and groups of grades with comparators side by side."""

from collections.abc import Iterable, Iterator, Sequence

from pipelines.figures import Points
from pipelines.report import values, words
from pipelines.report.pack import Block, Cell, Chart, Paragraph, Section, Table
from pipelines.report.source import Key, Row, Told

# Of several classifications of a characteristic these are shown: the standard's two groups, five, and the detail.
CLASSIFICATIONS = (
    *("wres", "ons_5", "esr_16", "sex", "esr_age_bands", "equality_act_2010", "census_2021_religion"),
    *("census_2021_sexual_orientation", "esr_marital_status"),
)
# Those with every comparator side by side; the longer lists are held against residents, in the first tables.
COMPARED = (
    *("wres", "ons_5", "sex", "equality_act_2010", "census_2021_religion"),
    "census_2021_sexual_orientation",
)
EXCLUDES = "Bands 8a and above, and 8c and above, exclude doctors and dentists, who stand by themselves."
THIN = (
    "[u] = too few people with a known answer: no share, or one that rounding may have moved by as much as matters. "
    "[x] = nothing is held that it may be compared with. [z] = of the whole workforce itself."
)
SHORT = {
    ("all", "all"): "All NHS staff",
    ("afc", "afc_8a_plus"): "8a and above",
    ("afc", "afc_8c_plus"): "8c and above",
    ("medical", "all"): "Doctors and dentists",
    ("social_care", "all"): "Social care",
}


def representation(told: Told, charts: Iterable[Chart]) -> Section:
    """Return each group overall, in senior bands and among doctors, after charts of those that are followed."""
    blocks: list[Block] = [Paragraph(f"{EXCLUDES} Verdicts are against residents of the area served.", is_note=True)]
    blocks += charts
    for family in told.families:
        for classification in CLASSIFICATIONS:
            blocks += _representation(told, family, classification)
    return Section("representation", "Who works here, beside who lives here", tuple(blocks))


def _representation(told: Told, family: str, classification: str) -> Iterator[Table]:
    beside = [
        one for one in words.BESIDE if (one[0] == "social_care") == (family == "social_care") and told.people(*one)
    ]
    groups = categories(told, family, classification)
    if not groups:
        return
    first = _row(told, family, "all", classification, groups[0], "workforce")
    name = words.CHARACTERISTICS[first["characteristic"]]
    who = f", {words.staff(family, 'all')}" if len(told.families) > 1 else ""
    yield Table(
        identifier=f"groups_{family}_{words.named(classification)}",
        caption=f"{name}{_which(classification)}{who}: share of people with a known answer, in percent",
        heads=(
            "Group",
            "Residents",
            *(head for one in beside for head in _heads(one)),
        ),
        rows=tuple(tuple(_representation_row(told, family, classification, group, beside)) for group in groups),
        notes=(f"{unknown(first, words.staff(family, 'all'))} {THIN}",),
    )


def _heads(one: tuple[str, str]) -> tuple[str, ...]:
    name = SHORT[one]
    if one[1] == "all" and one[0] != "medical":
        return (f"{name}: people", f"{name}: share", "Against residents", "Holds whoever didn’t answer")
    return (f"{name}: share", f"{name}: against residents")


def _representation_row(
    told: Told, family: str, classification: str, group: str, beside: Sequence[tuple[str, str]]
) -> Iterator[Cell]:
    whole = _row(told, family, "all", classification, group, "workforce")
    residents = told.gaps.get((family, "all", "all", classification, group, "population"))
    yield words.group(group, whole["category_label"])
    yield values.comparator(residents)
    for one in beside:
        share = told.gaps.get((one[0], "all", one[1], classification, group, "workforce"))
        against = told.gaps.get((one[0], "all", one[1], classification, group, "population"))
        if one == (family, "all"):
            yield values.count(told, whole["headcount"])
            yield values.share(told, share)
            yield values.verdict(against) if against else "–"
            yield {True: "yes", False: "no", None: "–"}[against["sign_is_robust"] if against else None]
        else:
            yield values.share(told, share)
            yield values.verdict(against) if against else "–"


def categories(told: Told, family: str, classification: str) -> list[str]:
    """Return the groups of a classification that anything is published of for a whole family, in their order."""
    found = [
        row
        for (one, _, grade_group, of, _, comparator), row in told.gaps.items()
        if (one, grade_group, of, comparator) == (family, "all", classification, "workforce")
    ]
    return [row["category"] for row in sorted(found, key=lambda row: (row["category_order"], row["category"]))]


def _row(told: Told, family: str, grade_group: str, classification: str, category: str, comparator: str) -> Row:
    return told.gaps[(family, "all", grade_group, classification, category, comparator)]


def _which(classification: str) -> str:
    return {"wres": " (two groups)", "ons_5": " (five groups)", "esr_16": " (sixteen groups)"}.get(classification, "")


def gaps(told: Told) -> Section:
    """Return the gaps of each group of grades with every comparator side by side, and which of them disagree."""
    blocks: list[Block] = [
        Paragraph(
            "Gap = share minus the comparator’s, in percentage points. “Flips” says where a group is below one "
            "comparator and above another. Sixteen ethnic groups, age and marriage are held against residents in the "
            f"tables before; every gap is in the release’s table representation_gap. {EXCLUDES}",
            is_note=True,
        ),
        _gap_table(told, "comparators", "Gaps by group of grades, with comparators side by side", _own(told)),
    ]
    if told.members:
        name = "Gaps of each organisation, for the groups that are followed; in the order of their names"
        blocks.append(_gap_table(told, "comparators_by_organisation", name, _members(told)))
    return Section("gaps", "Gaps, comparators side by side", tuple(blocks))


def _own(told: Told) -> list[tuple[tuple[str, ...], dict[str, Row]]]:
    found: dict[Key, dict[str, Row]] = {}
    heads: dict[Key, tuple[str, ...]] = {}
    for (family, clinical, grade_group, classification, category, comparator), row in told.gaps.items():
        if classification not in COMPARED or (family, grade_group) not in words.BESIDE:
            continue
        key = (family, clinical, grade_group, classification, category, "")
        found.setdefault(key, {})[comparator] = row
        heads[key] = (
            SHORT[family, grade_group],
            words.CHARACTERISTICS[row["characteristic"]] + _which(classification),
            words.group(category, row["category_label"]),
        )
    order = {one: place for place, one in enumerate(words.BESIDE)}
    kinds = {one: place for place, one in enumerate(CLASSIFICATIONS)}
    ranked = sorted(
        found,
        key=lambda key: (
            kinds[key[3]],
            next(iter(found[key].values()))["category_order"],
            key[4],
            order[key[0], key[2]],
        ),
    )
    return [(heads[key], found[key]) for key in ranked]


def _members(told: Told) -> list[tuple[tuple[str, ...], dict[str, Row]]]:
    found: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in told.members:
        head = (
            row["org_name"],
            SHORT[row["grade_family"], row["grade_group"]],
            words.group(row["category"], row["category_label"]),
        )
        found.setdefault(head, {})[row["comparator"]] = row
    order = {one: place for place, one in enumerate(SHORT.values())}
    names = {head[0]: place for place, head in reversed(list(enumerate(found)))}
    return sorted(found.items(), key=lambda line: (names[line[0][0]], order[line[0][1]]))


def unknown(row: Row, who: str) -> str:
    """Return of how many people the answer isn't known."""
    share = values.undisclosed(row)
    return f"Of {share.text} of all {who} no answer is known." if share.shown else f"Of nearly all {who} it is known."


def _gap_table(
    told: Told, identifier: str, caption: str, lines: Sequence[tuple[tuple[str, ...], dict[str, Row]]]
) -> Table:
    there = [one for one in words.COMPARATORS if any(one in rows for _, rows in lines)]
    names = (
        ("Organisation", "Grades", "Group") if identifier != "comparators" else ("Grades", "Characteristic", "Group")
    )
    return Table(
        identifier=identifier,
        caption=caption,
        heads=(*names, "People known", "Share", *(words.COMPARATORS[one] for one in there), "Reading"),
        rows=tuple((*head, *_gap_cells(told, rows, there)) for head, rows in lines),
        notes=(f"{_comparators(lines)} {THIN}",),
        filters=(0, 1, 2),
        is_detail=tuple(bool(rows["workforce"]["is_detail"]) for _, rows in lines),
    )


def _comparators(lines: Sequence[tuple[tuple[str, ...], dict[str, Row]]]) -> str:
    """Name what each column of comparators is: residents with their ages and date, where all rows have the same."""
    said = []
    for one, head in words.COMPARATORS.items():
        named = list(dict.fromkeys(words.against(rows[one]) for _, rows in lines if one in rows))
        if named:
            said.append(f"{head}: {' or '.join(named)}.")
    return " ".join(said)


def _gap_cells(told: Told, rows: dict[str, Row], there: Sequence[str]) -> Iterator[Cell]:
    own = rows["workforce"]
    yield values.count(told, own["known_headcount"])
    yield values.share(told, own)
    for one in there:
        row = rows.get(one)
        yield Points(None, "[z]") if one == "workforce" and own["grade_group"] == "all" else values.gap(told, row)
    yield reading(rows)


def reading(rows: dict[str, Row]) -> str:
    """Return the verdicts against each comparator in words, and whether they flip."""
    said = {
        one: rows[one]["verdict"]
        for one in words.COMPARATORS
        if one in rows and rows[one]["verdict"] and not (one == "workforce" and rows[one]["grade_group"] == "all")
    }
    alike: dict[str, list[str]] = {}
    for one, verdict in said.items():
        alike.setdefault(words.VERDICTS[verdict], []).append(
            words.COMPARATORS[one].lower().replace("england", "England")
        )
    flips = "Flips. " if {"lower", "higher"} <= {verdict for one, verdict in said.items() if one != "previous"} else ""
    return words.capital(flips + "; ".join(f"{verdict}: {', '.join(ones)}" for verdict, ones in alike.items()))
