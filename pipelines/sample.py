"""Synthetic staff extracts: the shape of a real workforce, and nobody in it.

Posts are laid out first (employer, staff group, grade, from published figures), then people fill them one after
another, month by month. Every draw is a choice from a row of weights, so the same arguments give the same bytes. The
weights stand in ``data/reference/sample_*``, where an analyst can read and change them.
"""

import calendar
import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from pipelines import declared, sidecar
from pipelines.places import REFERENCE

ANSWERS = ("ethnicity", "disability", "religion", "sexual_orientation", "marital_status")
BEFORE_ANSWERS = (
    *("as_at_date", "org_code", "person_key", "assignment_key", "employment_type", "assignment_category"),
    *("assignment_status", "primary_assignment", "grade", "staff_group", "fte", "sex", "age_band"),
)
COLUMNS = (*BEFORE_ANSWERS, *ANSWERS, "extracted_on", "synthetic")
EMPLOYMENT_TYPES = ("substantive", "bank", "other")
SUBSTANTIVE, BANK, OTHER = range(3)
SEXES = ("Female", "Male")
ETHNIC_GROUPS = ("white", "mixed", "asian", "black", "chinese", "other")
LONGEST_PANEL_MONTHS = 240

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]
Rows = list[dict[str, str]]
Staff = dict[str, npt.NDArray[Any]]  # a row per spell of one person in one post, ordered by employer and key


@dataclass(frozen=True)
class Profile:
    """The reference tables, and the code lists in the order that numbers them."""

    settings: dict[str, Any]
    employers: Rows
    bands: Rows
    england: Rows
    councils: Rows
    staff_groups: list[str]
    grades: list[str]  # the promotion ladder first
    labels: dict[str, list[str]]  # the answers of each characteristic, the undisclosed last

    def by_employer(self, column: str) -> Floats:
        """A numeric column of sample_employers.csv."""
        return np.array([float(employer[column]) for employer in self.employers])

    def by_grade(self, section: str) -> Floats:
        """A section of sample_profile.yaml that names some grades; the others have 1."""
        return np.array([float(self.settings[section].get(grade, 1)) for grade in self.grades])

    def employs(self, *kinds: str) -> npt.NDArray[np.bool_]:
        """Which employers are of these kinds."""
        return np.array([employer["kind"] in kinds for employer in self.employers])


def write_sample(
    landing: Path,
    people: int = 60_000,
    months: int = 13,
    seed: int = 1,
    last_month: date = date(2026, 3, 31),
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write synthetic staff extracts, one CSV per employer and month-end, into a landing folder.

    Grain: a row per assignment. Beside each file stands a sidecar with the day that it was taken and the employer's own
    totals, which a few employers count in their own way. One employer's extract comes late and another's is absent
    (sample_profile.yaml says who and when). In a panel shorter than that, both fall on its first month; a single month
    is complete and punctual.

    Args:
        landing: Folder for the files; made if missing. Files of the same name are replaced.
        people: People in post each month over all employers, bank-only staff included. Posts fall vacant at random, so
            that a month may differ by one or two in a hundred.
        months: Number of consecutive month-ends.
        seed: The same arguments give the same bytes; another seed gives other people.
        last_month: The last month-end.
        progress: Called once per month with a sentence.

    Returns:
        The extracts, by month and then in the order of sample_employers.csv.

    Raises:
        ValueError: There are fewer people than employers, months are not between 1 and 240, the seed is negative, or
            ``last_month`` is not the last day of a month.
    """
    profile = load_profile()
    _refuse_nonsense(people, months, seed, last_month, len(profile.employers))
    staff = _hire(profile, people, months, np.random.Generator(np.random.PCG64(seed)))
    landing.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for month, as_at in enumerate(_month_ends(last_month, months)):
        extract = _assignments(profile, staff, month)
        files = _write_month(landing, profile, extract, as_at, months - 1 - month, months)
        written += files
        if progress:
            progress(f"{as_at.isoformat()}: {len(files)} extracts, {extract.num_rows:,} assignments")
    return written


def load_profile(reference: Path = REFERENCE) -> Profile:
    """Read the ``sample_*`` files of a reference folder."""
    settings = declared.read(reference / "sample_profile.yaml")
    employers, bands, england, councils = (
        _read(reference / f"sample_{name}.csv") for name in ("employers", "band_mix", "grade_mix", "council_mix")
    )
    grades = [*settings["promotion_ladder"], *(row["grade"] for row in (*england, *councils))]
    groups = [*(row["staff_group"] for row in bands), "medical_and_dental", "social_care"]
    systems = settings["ethnicity"].values()
    answers = {name: [answer for row in settings[name] for answer in row["weights"]] for name in ANSWERS[2:]}
    answers["ethnicity"] = [code for system in systems for codes in system.values() for code in codes]
    answers["disability"] = ["Yes", "No"]
    untold = settings["undisclosed"]
    labels = {name: _unique([*answers[name], *untold[name]["declined"], *untold[name]["missing"]]) for name in ANSWERS}
    return Profile(settings, employers, bands, england, councils, _unique(groups), _unique(grades), labels)


def _post_weights(profile: Profile) -> Floats:
    """Posts by employer × (staff group, grade), in FTE: bands as published, medical grades and councils added."""
    orgs = [employer["org_code"] for employer in profile.employers]
    groups, grades = profile.staff_groups, profile.grades
    posts = np.zeros((len(orgs), len(groups), len(grades)))
    for row in profile.bands:
        cell = orgs.index(row["org_code"]), groups.index(row["staff_group"]), grades.index(row["grade"])
        posts[cell] = float(row["fte"])
    moved = posts[:, :, grades.index("band_1")] * (1 - profile.settings["band_1_kept_share"])
    posts[:, :, grades.index("band_1")] -= moved
    posts[:, :, grades.index("band_2")] += moved
    medical = _row({row["grade"]: _counts(row).sum() for row in profile.england if row["medical"] == "yes"}, grades)
    share = profile.by_employer("medical_share")
    wanted = posts.sum(axis=(1, 2)) * share / (1 - share)
    posts[:, groups.index("medical_and_dental"), :] = wanted[:, None] * medical
    for row in profile.councils:
        cell = orgs.index(row["org_code"]), groups.index("social_care"), grades.index(row["grade"])
        posts[cell] = _counts(row).sum()
    return posts.reshape(len(orgs), -1)


def _ethnicity_weights(profile: Profile) -> Floats:
    """Ethnicities by (employer, grade): England's mix at the grade, bent to the employer; councils as published."""
    settings, grades, codes = profile.settings, profile.grades, profile.labels["ethnicity"]
    england = np.ones((len(grades), len(ETHNIC_GROUPS)))
    for row in profile.england:
        england[grades.index(row["grade"])] = _counts(row)
    weights = np.empty((len(profile.employers), len(grades), len(codes)))
    for at, employer in enumerate(profile.employers):
        group_odds = {"white": 1 / float(employer["bme_odds"]), **settings["group_odds"][employer["system"]]}
        own = england * np.array([group_odds[group] for group in ETHNIC_GROUPS])
        roles = [row for row in profile.councils if row["org_code"] == employer["org_code"]]
        everybody = np.sum([_counts(row) for row in roles], axis=0)
        for row in roles:
            smoothing = settings["council_role_smoothing"] * everybody / everybody.sum()
            own[grades.index(row["grade"])] = _counts(row) + smoothing
        detail = np.array([_row(settings["ethnicity"][employer["system"]][group], codes) for group in ETHNIC_GROUPS])
        weights[at] = (own[:, :, None] * detail).sum(axis=1)  # no BLAS: its sums depend on the machine
    return weights.reshape(-1, len(codes))


def _hire(profile: Profile, people: int, months: int, rng: np.random.Generator) -> Staff:
    """Lay out the posts and fill them for the whole panel; months count from the first as-at date."""
    settings = profile.settings
    posts = _posts(profile, people, rng)
    post, first, end = _spells(settings, posts["never_vacant"], months, rng)
    staff = {name: column[post] for name, column in posts.items()} | {"first_month": first, "end_month": end}
    key = rng.integers(0, 2**64, post.size, dtype=np.uint64)
    order = np.lexsort((key, staff["org"]))
    staff = {name: column[order] for name, column in staff.items()}
    staff["person_key"] = np.array([f"synthetic-{number:016x}" for number in key[order].tolist()])
    staff |= _characteristics(profile, staff, rng)
    staff |= _contracts(profile, staff, rng)
    staff |= _statuses(profile, staff, rng)
    white = np.isin(_letters(profile), ["A", "B", "C"])[staff["ethnicity"]]
    promotion = np.array([_waiting(settings["promotion_rate"][group], months) for group in ("white", "bme")])
    staff["promoted_in"] = staff["first_month"] + 1 + _draw(rng, promotion, np.where(white, 0, 1))
    later = _waiting(settings["answer_later_rate"], months)
    staff["answers_in"] = staff["first_month"] + 1 + _draw(rng, later, np.zeros_like(post))
    return staff | _answers(profile, staff, rng)


def _posts(profile: Profile, people: int, rng: np.random.Generator) -> Staff:
    """A row per post. Each employer's first one is substantive and never vacant: none is ever without people."""
    settings, weights = profile.settings, _post_weights(profile)
    wanted = round(people / (1 - settings["vacant_share"])) if people > len(profile.employers) else people
    org = np.repeat(np.arange(len(profile.employers)), _apportion(wanted, weights.sum(axis=1)))
    staff_group, grade = np.divmod(_draw(rng, weights, org), len(profile.grades))
    senior = np.isin(profile.grades, settings["senior_grades"])[grade]
    bank = np.where(senior | ~profile.employs("trust")[org], 0, settings["bank_share"])
    other = np.where(profile.employs("trust", "icb")[org], settings["other_share"], 0)
    chance = rng.random(org.size)
    employment_type = np.where(chance < bank, BANK, np.where(chance < bank + other, OTHER, SUBSTANTIVE))
    anchor = np.diff(org, prepend=-1) > 0
    employment_type[anchor] = SUBSTANTIVE
    category = _choose(rng, settings["assignment_category"]["other"], org.size)
    category = np.where(employment_type == OTHER, category, "")
    on_board = category == "non_executive"
    board = settings["non_executive"]
    return {
        "org": org,
        "staff_group": np.where(on_board, profile.staff_groups.index(board["staff_group"]), staff_group),
        "grade": np.where(on_board, profile.grades.index(board["grade"]), grade),
        "employment_type": employment_type,
        "assignment_category": category,
        "never_vacant": anchor,
    }


def _spells(
    settings: dict[str, Any], never_vacant: npt.NDArray[np.bool_], months: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Post, first month and end month (the first without them) of all people; leavers are replaced a month later."""
    leaving = _waiting(settings["leaving_rate"], months)
    post = np.arange(never_vacant.size)
    first = (~never_vacant & (rng.random(post.size) < settings["vacant_share"])).astype(np.int64)
    spells: list[tuple[Ints, Ints, Ints]] = []
    while post.size:
        end = first + 1 + _draw(rng, leaving, np.zeros_like(post))
        spells.append((post, first, end))
        next_first = end + ~never_vacant[post]
        post, first = post[next_first < months], next_first[next_first < months]
    posts, firsts, ends = (np.concatenate(column) for column in zip(*spells, strict=True))
    return posts, firsts, ends


def _characteristics(profile: Profile, staff: Staff, rng: np.random.Generator) -> Staff:
    """What is true of each person; the age is in months, in the first month of the spell."""
    settings, labels, letters = profile.settings, profile.labels, _letters(profile)
    org, grade = staff["org"], staff["grade"]
    ethnicity = _draw(rng, _ethnicity_weights(profile), org * len(profile.grades) + grade)
    women = np.array([settings["women_share"][name] for name in profile.staff_groups])
    odds = (women / (1 - women))[staff["staff_group"]] * profile.by_grade("women_odds")[grade]
    odds *= profile.by_employer("women_odds")[org]
    odds *= np.where(np.isin(letters, ["A", "B", "C"])[ethnicity], 1, settings["women_odds_bme"])
    bands: list[str] = settings["age_bands"]
    starts = np.array(settings["age_band_starts"]) * 12
    age = _draw(rng, _table(settings["age"], profile.grades, bands), grade)
    disabled = np.array([settings["disabled_share"][band] for band in bands])[age]
    return {
        "ethnicity": ethnicity,
        "sex": np.where(rng.random(org.size) < odds / (1 + odds), 0, 1),
        "age_months": starts[age] + (rng.random(org.size) * np.diff(starts)[age]).astype(np.int64),
        "disability": np.where(rng.random(org.size) < disabled * profile.by_grade("disabled_odds")[grade], 0, 1),
        "religion": _draw(rng, _table(settings["religion"], letters, labels["religion"]), ethnicity),
        "sexual_orientation": _draw(
            rng, _table(settings["sexual_orientation"], bands, labels["sexual_orientation"]), age
        ),
        "marital_status": _draw(rng, _table(settings["marital_status"], bands, labels["marital_status"]), age),
    }


def _answers(profile: Profile, staff: Staff, rng: np.random.Generator) -> Staff:
    """What the record says at first, and (``_later``) once those who were never asked have answered."""
    org, told = staff["org"], {}
    rates = {name: profile.by_employer(f"{name}_undisclosed") for name in ANSWERS}
    silent_share = profile.settings["silent_share"] * np.min(list(rates.values()), axis=0)
    silent = rng.random(org.size) < silent_share[org]
    for name in ANSWERS:
        untold, labels = profile.settings["undisclosed"][name], profile.labels[name]
        missing = labels.index(next(iter(untold["missing"])))
        withheld = rng.random(org.size) < ((rates[name] - silent_share) / (1 - silent_share))[org]
        withheld_as = _draw(rng, _row({**untold["declined"], **untold["missing"]}, labels), np.zeros_like(org))
        told[name] = np.where(silent, missing, np.where(withheld, withheld_as, staff[name]))
        told[f"{name}_later"] = np.where(told[name] == missing, staff[name], told[name])
    return told


def _contracts(profile: Profile, staff: Staff, rng: np.random.Generator) -> Staff:
    """Contracted FTE of the first and second assignment (empty: has none), and who works for the bank besides."""
    settings, size = profile.settings, staff["org"].size
    substantive = staff["employment_type"] == SUBSTANTIVE
    full_time = rng.random(size) < np.array([settings["full_time_share"][sex] for sex in SEXES])[staff["sex"]]
    fte = np.where(full_time, "1.0000", _choose(rng, settings["part_time_fte"], size))
    pair = np.char.partition(_choose(rng, settings["two_assignments_fte"], size), " ")
    two = substantive & (rng.random(size) < settings["two_assignments_share"])
    also_bank = substantive & profile.employs("trust")[staff["org"]] & (rng.random(size) < settings["also_bank_share"])
    fte = np.where(two, pair[:, 0], np.where(staff["employment_type"] == BANK, "0.0000", fte))
    return {"fte": fte, "second_fte": np.where(two, pair[:, 2], ""), "also_bank": also_bank}


def _statuses(profile: Profile, staff: Staff, rng: np.random.Generator) -> Staff:
    """What the assignments are, and who is away or without hours: never an employer's first, so that it has people."""
    settings, size = profile.settings, staff["org"].size
    substantive = staff["employment_type"] == SUBSTANTIVE
    may_be_away = substantive & ~staff["never_vacant"]
    category = np.where(
        substantive,
        _choose(rng, settings["assignment_category"]["substantive"], size),
        np.where(staff["employment_type"] == BANK, "bank", staff["assignment_category"]),
    )
    status = np.where(may_be_away, _choose(rng, settings["assignment_status"], size), "active")
    one = may_be_away & (staff["second_fte"] == "")
    no_fte = (one & (rng.random(size) < settings["no_fte_share"])) | np.isin(category, settings["without_fte"])
    return {
        "assignment_category": category,
        "assignment_status": status,
        "fte": np.where(no_fte, "0.0000", staff["fte"]),
    }


def _assignments(profile: Profile, staff: Staff, month: int) -> pa.Table:
    """One month's assignments of all employers, ordered by employer and assignment."""
    in_post = np.flatnonzero((staff["first_month"] <= month) & (month < staff["end_month"]))
    second, bank = in_post[staff["second_fte"][in_post] != ""], in_post[staff["also_bank"][in_post]]
    row = np.concatenate((in_post, second, bank))
    role = np.repeat([0, 1, 2], [in_post.size, second.size, bank.size])
    order = np.argsort(row, kind="stable")
    role = role[order]
    person = {name: column[row[order]] for name, column in staff.items()}
    number = np.where((role == 2) & (person["second_fte"] == ""), 2, role + 1)
    top = len(profile.settings["promotion_ladder"]) - 1
    climbs = (person["grade"] < top) & (month >= person["promoted_in"])
    age_years = (person["age_months"] + month - person["first_month"]) // 12
    age = np.searchsorted(profile.settings["age_band_starts"][1:-1], age_years, side="right")
    key = pa.array(person["person_key"])
    columns = {
        "org_code": _named([employer["org_code"] for employer in profile.employers], person["org"]),
        "person_key": key,
        "assignment_key": pc.binary_join_element_wise(key, _named(["", "1", "2", "3"], number), "-"),
        "employment_type": _named(EMPLOYMENT_TYPES, np.where(role == 2, BANK, person["employment_type"])),
        "assignment_category": pa.array(np.where(role == 2, "bank", person["assignment_category"])),
        "assignment_status": pa.array(np.where(role == 2, "active", person["assignment_status"])),
        # Bank staff are a population of their own: a bank assignment is the primary one within it.
        "primary_assignment": _named(("yes", "no", "yes"), role),
        "grade": _named(profile.grades, person["grade"] + climbs),
        "staff_group": _named(profile.staff_groups, person["staff_group"]),
        "fte": pa.array(np.choose(role, (person["fte"], person["second_fte"], "0.0000"))),
        "sex": _named(SEXES, person["sex"]),
        "age_band": _named(profile.settings["age_bands"], age),
    }
    for name in ANSWERS:
        told = np.where(month >= person["answers_in"], person[f"{name}_later"], person[name])
        columns[name] = _named(profile.labels[name], told)
    return pa.table(columns)


def _write_month(
    landing: Path, profile: Profile, extract: pa.Table, as_at: date, months_before_last: int, months: int
) -> list[Path]:
    def falls_here(event: dict[str, Any]) -> bool:
        # Never on the last month, so that the shortest panel still has a complete end.
        when = min(event["months_before_last"], months - 1)
        return bool(org_code == event["org_code"] and months_before_last == when > 0)

    late, files = profile.settings["late"], []
    for employer in profile.employers:
        org_code = employer["org_code"]
        if falls_here(profile.settings["absent"]):
            continue
        days = late["after_days"] if falls_here(late) else profile.settings["extracted_after_days"]
        rows = extract.filter(pc.equal(extract["org_code"], org_code))
        same = {"as_at_date": as_at.isoformat(), "synthetic": "yes"}
        same["extracted_on"] = (as_at + timedelta(days=days)).isoformat()
        for name, value in same.items():
            rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
        path = landing / f"synthetic_staff_{org_code}_{as_at.isoformat()}.csv"
        with path.open("wb") as file:
            file.write((",".join(COLUMNS) + "\n").encode())  # pyarrow would quote the header
            options = pa_csv.WriteOptions(include_header=False, quoting_style="none")
            pa_csv.write_csv(rows.select(COLUMNS), file, options)
        sidecar.beside(path).write_text(_sidecar(profile, rows, same), encoding="utf-8", newline="\n")
        files.append(path)
    return files


def _sidecar(profile: Profile, rows: pa.Table, same: Mapping[str, str]) -> str:
    """What an employer says of its own file: when it was taken, and the totals as that employer counts them."""
    org_code = rows["org_code"][0].as_py()
    lines = [f"extracted_on: {same['extracted_on']}"]
    if org_code in profile.settings["sends_no_totals"]:
        return "\n".join(lines) + "\n"
    if org_code in profile.settings["counts_only_substantive"]:
        rows = rows.filter(pc.equal(rows["employment_type"], EMPLOYMENT_TYPES[SUBSTANTIVE]))
    people = pc.count_distinct(rows["person_key"]).as_py()
    if org_code in profile.settings["counts_assignments_as_people"]:
        people = rows.num_rows
    fte = pc.sum(pc.cast(rows["fte"], pa.decimal128(18, 4))).as_py()
    lines += [
        "control_totals:",
        f"- organisation: {org_code}",
        f"  as_at: {same['as_at_date']}",
        f"  people: {people}",
        f"  assignments: {rows.num_rows}",
        f"  fte: {fte}",
    ]
    return "\n".join(lines) + "\n"


def _draw(rng: np.random.Generator, weights: Floats, row: Ints) -> Ints:
    """One column per element of ``row``, chosen by the weights of that row of the table."""
    ends = np.cumsum(np.atleast_2d(weights), axis=1)
    rows, width = ends.shape
    # Rows without any weight are never asked for; ones in their place keep the search sorted.
    ends = np.divide(ends, ends[:, -1:], out=np.ones_like(ends), where=ends[:, -1:] > 0)
    found = np.searchsorted((ends + np.arange(rows)[:, None]).ravel(), rng.random(row.size) + row, side="right")
    return np.asarray(np.minimum(found - row * width, width - 1), dtype=np.int64)


def _choose(rng: np.random.Generator, weights: Mapping[str, float], size: int) -> Texts:
    names = list(weights)
    return np.array(names)[_draw(rng, _row(weights, names), np.zeros(size, dtype=np.int64))]


def _waiting(rate: float, months: int) -> Floats:
    """Weights of waiting 1, 2, … ``months`` months for what has this monthly rate; the last: longer than the panel."""
    still = np.cumprod(np.full(months, 1 - rate))
    return np.append(np.append(1.0, still[:-1]) * rate, still[-1])


def _table(rows: Iterable[Mapping[str, Any]], keys: Sequence[str], answers: Sequence[str]) -> Floats:
    """A row of weights per key, from the ``for`` and ``weights`` of a section of sample_profile.yaml."""
    weights = {key: _row(row["weights"], answers) for row in rows for key in row["for"]}
    return np.array([weights.get(key, np.zeros(len(answers))) for key in keys])


def _row(weights: Mapping[str, float], answers: Sequence[str]) -> Floats:
    row = np.array([float(weights.get(answer, 0)) for answer in answers])
    return np.asarray(row / row.sum(), dtype=np.float64)


def _apportion(people: int, weights: Floats) -> Ints:
    """People by employer in proportion to the weights, at least one each: largest remainders."""
    exact = (people - weights.size) * weights / weights.sum()
    whole = exact.astype(np.int64)
    left = people - weights.size - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:left]] += 1
    return np.asarray(whole + 1, dtype=np.int64)


def _letters(profile: Profile) -> list[str]:
    return [code[0] for code in profile.labels["ethnicity"]]


def _named(names: Sequence[str], codes: Ints) -> pa.StringArray:
    return pa.array(names, pa.string()).take(pa.array(codes))


def _counts(row: dict[str, str]) -> Floats:
    return np.array([float(row.get(group, 0)) for group in ETHNIC_GROUPS])


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _month_ends(last: date, months: int) -> list[date]:
    count = last.year * 12 + last.month - 1
    ends = [divmod(count - back, 12) for back in reversed(range(months))]
    return [date(year, month + 1, calendar.monthrange(year, month + 1)[1]) for year, month in ends]


def _refuse_nonsense(people: int, months: int, seed: int, last_month: date, employers: int) -> None:
    month_end = _month_ends(last_month, 1)[0]
    if people < employers:
        raise ValueError(f"people is {people}, but each of the {employers} employers needs somebody: ask for more")
    if not 1 <= months <= LONGEST_PANEL_MONTHS:
        raise ValueError(f"months is {months}, but a panel has between 1 and {LONGEST_PANEL_MONTHS} month-ends")
    if seed < 0:
        raise ValueError(f"seed is {seed}, but it must be zero or more")
    if last_month != month_end:
        raise ValueError(f"last_month is {last_month}, which is not a month-end: did you mean {month_end}?")
