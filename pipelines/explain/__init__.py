"""Explain: how one number of a release came about, so that a board member can follow it and an auditor can check it.

What is told is worked out again from the release's own cube by the SQL that made it, never read from the mart alone.
Aggregates only; no row of a person is opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines import database, inventory, seal
from pipelines.approval import Standing
from pipelines.database import Connection
from pipelines.explain import choose, counts, gap, public, recount, release, trace
from pipelines.explain.choose import AskedWronglyError as AskedWronglyError
from pipelines.explain.recount import Check
from pipelines.explain.release import Made
from pipelines.explain.words import Row, figure, unit
from pipelines.figures import day
from pipelines.places import DataFolder
from pipelines.publish import provenance
from pipelines.report.words import SYNTHETIC
from pipelines.terminal import visible

EXACT = "EXACT AND INTERNAL: a small count can point to a person. Not to be passed on, and not to be published."

PROTECTION = "Nothing was done: the number is exact and internal. Without --internal the public number is explained."

# Marts whose rows are gaps.
GAPS = ("representation_gap", "trend")


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, a paragraph or a table's row each; a wide table leaves no room to indent."""

    heading: str
    lines: tuple[str, ...]
    is_wide: bool = False


@dataclass(frozen=True)
class Explanation:
    """What is told of a number; ``differing`` says what of it isn't as the mart says, and is empty where all agrees."""

    sections: tuple[Section, ...]
    differing: tuple[str, ...]


def explain(
    folder: DataFolder, mart: str, key: Sequence[str], *, asked: str | None = None, internal: bool = False
) -> Explanation:
    """Tell how a number came about.

    Args:
        folder: the data folder.
        mart: one of ``choose.KEYS``.
        key: cells of the mart's key, ``column=value``, as many as are needed to mean one row.
        asked: the id of a release, or of its snapshot, or how it begins; None for the current release.
        internal: explain the exact mart; otherwise the public one.

    Raises:
        AskedWronglyError: no one row is meant.
        ApprovalError: no one release is meant.
        ValueError: the public part holds no such mart, or the exact one is gone.
        DamagedError: the snapshot, or what says what made the release, isn't there or isn't what it was.
    """
    wanted = choose.parse(mart, key)
    standing = inventory.find(folder, asked)
    if not internal:
        return _public(folder, mart, wanted, standing)
    made = release.open_release(folder, standing)
    for name in dict.fromkeys((mart, *recount.READ)):
        if not (made.internal / f"{name}.parquet").is_file():
            raise ValueError(f"{made.internal / name}.parquet isn't there; put it back from a backup")
    with database.connect() as con:
        row = choose.row(con, mart, made.internal / f"{mart}.parquet", wanted, made.snapshot.as_at_date.isoformat())
        return _explained(con, folder, made, mart, row)


def _public(folder: DataFolder, mart: str, wanted: Mapping[str, str], standing: Standing) -> Explanation:
    """Tell of a public number from the public tables of its release, and from nothing else."""
    path = folder.marts / standing.release_id
    if not (path / f"{mart}.parquet").is_file():
        raise ValueError(
            f"release {standing.release_id} has no public {mart}, as those of earlier versions have none; those "
            "who may see exact counts add --internal"
        )
    with database.connect() as con:
        row = choose.row(con, mart, path / f"{mart}.parquet", wanted, standing.release_id[:10])
        compared, wrong = public.differing(row)
        wrong += seal.problems(path, standing.sums)
        agrees = f"Shares worked out again from the counts beside them: {compared}. Nothing disagrees."
        synthetic = [SYNTHETIC] if (path / "SYNTHETIC.txt").is_file() else []
        sections = [
            Section("", (_state(standing), *synthetic)),
            Section(f"public {mart}, release {standing.release_id}", (_key(mart, row),)),
            *_disagreement(wrong, []),
            Section("The number", tuple(public.number(row, choose.KEYS[mart]))),
            Section("How it is protected", tuple(public.rounding(con, path, row))),
            Section("Where it comes from", tuple(public.made_by(path))),
            Section("Checked", (f"{len(wrong)} of what was compared DOES NOT AGREE." if wrong else agrees,)),
        ]
    return Explanation(tuple(sections), tuple(wrong))


def _explained(con: Connection, folder: DataFolder, made: Made, mart: str, row: Row) -> Explanation:
    lost = release.load(con, folder, made)
    snapshot, gone = release.without_gone(made.snapshot)
    recount.prepare(con, made, snapshot)
    check, named = Check(), gap.names(con, row)
    sql, changed = trace.sql(mart, provenance.read(made.path).program)
    told = _gap(con, folder, made, row, named, check) if mart in GAPS else _plain(con, mart, row, named, check)
    since = [*changed, *lost, *(f"population extract {one[:12]}, gone" for one in gone)]
    check.differing += seal.problems(made.path, made.standing.sums)
    sections = [
        Section("", (EXACT, _state(made.standing), *([SYNTHETIC] if made.snapshot.synthetic else []))),
        Section(f"{mart}, release {made.standing.release_id}", (_key(mart, row),)),
        *_disagreement(check.differing, since),
        *told,
        Section("The SQL", tuple(sql)),
        Section("The files", tuple(trace.extracts(con, folder, made))),
        Section("The senders' own totals, all grades", tuple(counts.reconciliation(con))),
        Section("Protection", (PROTECTION,)),
        Section("Checked", _checked(check, since)),
    ]
    return Explanation(tuple(sections), tuple(check.differing))


def _state(standing: Standing) -> str:
    """Say in which state the release is."""
    if one := standing.withdrawn:
        return f"WITHDRAWN on {one['at'][:10]}: {visible(one['reason'])}. Let nothing rest on this number."
    if one := standing.approved:
        return f"Approved by {visible(one['name'])}, {visible(one['role'])}, on {one['on']}."
    return "DRAFT: nobody has approved this release."


def _key(mart: str, row: Row) -> str:
    return " ".join(
        f"{column}={'' if row[column] is None else row[column]}" for column in choose.KEYS[mart] if column in row
    )


def _gap(con: Connection, folder: DataFolder, made: Made, row: Row, named: gap.Names, check: Check) -> list[Section]:
    again = recount.counted(con)
    statistics = recount.worked_out(con)
    sources = trace.residents(folder, made, again)
    return [
        Section("The number", tuple(gap.number(row, named, again, statistics))),
        Section("What was counted", (*counts.of_group(con, row, check), *counts.members(con, row), *_waivers(row))),
        Section("", tuple(counts.waterfall(con)), is_wide=True),
        Section("Held against", tuple(gap.comparator(con, row, again, sources))),
        Section("The formula, with the numbers in it", tuple(gap.formula(con, row, again, statistics, check))),
    ]


def _waivers(row: Row) -> list[str]:
    return [f"It rests on waivers: {row['waivers']}."] if row.get("waivers") else []


def _plain(con: Connection, mart: str, row: Row, named: gap.Names, check: Check) -> list[Section]:
    values = [
        f"{column:<28}{figure(value):>20}  {unit(column)}".rstrip()
        for column, value in row.items()
        if column not in choose.KEYS[mart] and column not in ("waivers", "marker", "coverage")
    ]
    for name, in_mart, again in recount.worked_out_plainly(con, mart, row):
        if not check.agrees(name, in_mart, again):
            values.append(f"{name:<28}{figure(again):>20}  worked out again: DIFFERS")
    of_grades = {"grade_profile": counts.of_group, "declaration_rate": counts.of_answers}.get(mart)
    counted = of_grades(con, row, check) if of_grades else ["A row of the cube itself: of one grade and staff group."]
    said = f"{gap.who(row, named)}, at {day(row['as_at_date'])}:"
    return [
        Section("The number", (said[0].upper() + said[1:], *values, gap.marker(row))),
        Section("What was counted", (*counted, *counts.members(con, row), *_waivers(row))),
        Section("", tuple(counts.waterfall(con)), is_wide=True),
    ]


def _disagreement(differing: Sequence[str], since: Sequence[str]) -> list[Section]:
    if not differing:
        return []
    why = (
        f"Since the release these have changed, which may be why: {', '.join(since)}."
        if since
        else "Neither the SQL nor the reference data are known to have changed: the mart, the cube or the snapshot was "
        "changed after it was made. Let nothing rest on this number before that is cleared up."
    )
    return [Section("THIS NUMBER DOES NOT AGREE", (*(f"{one}." for one in differing), why))]


def _checked(check: Check, since: Sequence[str]) -> tuple[str, ...]:
    changed = [f"Not as they were at the release: {', '.join(since)}."] if since else []
    if not check.compared:
        return (*changed, "The row is a count as it was added up at the release; nothing is worked out of it.")
    if check.differing:
        return (*changed, f"{len(check.differing)} of what was compared DOES NOT AGREE: see above.")
    return (*changed, f"{check.compared} values were worked out again from the counts, and each agrees with the mart.")
