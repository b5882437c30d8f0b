"""Every value of a real Electronic Staff Record ends on purpose: as a category, declined, missing, unknown or refused.

The table below is the specification; the file says which values there are, and how often.
"""

import csv
from collections import Counter, defaultdict
from itertools import cycle, islice
from pathlib import Path

import pytest

from pipelines import reference
from pipelines.ingest import ingest
from pipelines.places import DataFolder
from pipelines.validate import validate

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"

LISTS = {
    "Gender": "esr_sex",
    "Ethnic Origin": "esr_ethnicity",
    "Disability": "esr_disability",
    "Sexual Orientation": "esr_sexual_orientation",
    "Religious Belief": "esr_religion",
    "Age Band": "esr_age_bands",
    "Marital Status": "esr_marital_status",
    "AfC Pay Band": "esr_grade",
}
# Per field: the outcome of each value. An outcome in brackets is an answer status or a rejection, any other a category.
OUTCOMES = {
    "Gender": {"Female": "Female", "Male": "Male", "Missing": "(missing)"},
    "Ethnic Origin": {
        "0 White": "(unknown)",
        "A White - British": "A",
        "B White - Irish": "B",
        "C White - Any other White background": "C",
        "CA White English": "C",
        "CB White Scottish": "C",
        "CK White Italian": "C",
        "CP White Polish": "C",
        "CY White Other European": "C",
        "D Mixed - White & Black Caribbean": "D",
        "E Mixed - White & Black African": "E",
        "F Mixed - White & Asian": "F",
        "GA Mixed - Black & Asian": "G",
        "GC Mixed - Black & White": "G",
        "GE Mixed - Asian & Chinese": "G",
        "H Asian or Asian British - Indian": "H",
        "J Asian or Asian British - Pakistani": "J",
        "K Asian or Asian British - Bangladeshi": "K",
        "L Asian or Asian British - Any other Asian background": "L",
        "LA Asian Mixed": "L",
        "LC Asian Kashmiri": "L",
        "LF Asian Tamil": "L",
        "LH Asian British": "L",
        "LK Asian Unspecified": "L",
        "M Black or Black British - Caribbean": "M",
        "N Black or Black British - African": "N",
        "S Any Other Ethnic Group": "S",
        "SC Filipino": "S",
        "Z Not Stated": "(declined)",
        "Unspecified": "(missing)",
        "Missing": "(missing)",
    },
    "Disability": {
        "Yes": "Disabled",
        "No": "Not disabled",
        "Not Declared": "(declined)",
        "Prefer Not To Answer": "(declined)",
        "Unspecified": "(missing)",
        "Missing": "(missing)",
    },
    "Sexual Orientation": {
        "Heterosexual or Straight": "Heterosexual or Straight",
        "Gay or Lesbian": "Gay or Lesbian",
        "Bisexual": "Bisexual",
        "Undecided": "Undecided",
        "Not stated (person asked but declined to provide a response)": "(declined)",
        "Missing": "(missing)",
    },
    "Religious Belief": {
        **{
            belief: belief
            for belief in ("Atheism", "Buddhism", "Christianity", "Hinduism", "Islam", "Jainism", "Other", "Sikhism")
        },
        "I do not wish to disclose my religion/belief": "(declined)",
        "Missing": "(missing)",
    },
    "Age Band": {
        "<=20 Years": "<=20",
        **{f"{age}-{age + 4}": f"{age}-{age + 4}" for age in range(21, 71, 5)},
        ">=71 Years": ">=71",
        "Missing": "(missing)",
    },
    "Marital Status": {
        **{
            status: status
            for status in ("Single", "Married", "Civil Partnership", "Divorced", "Legally Separated", "Widowed")
        },
        "Unknown": "(missing)",
        "Missing": "(missing)",
    },
    "AfC Pay Band": {
        **{f"Band {number}": f"band_{number}" for number in range(1, 8)},
        "Band 8 - Range A": "band_8a",
        "Other": "other_grade",
        "Missing": "grade_not_recorded",
    },
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def key(value: str) -> str:
    """A value as lists compare it."""
    return " ".join(value.split()).casefold()


def outcomes(field: str) -> dict[str, str]:
    """What our list makes of each value, by the value as lists compare it."""
    answers = {
        key(row["source_value"]): row["category"] or f"({row['answer_status']})"
        for row in read(REFERENCE / "source_values.csv")
        if row["value_list"] == LISTS[field]
    }
    codes = {
        key(row["source_value"]): row["code"] or f"({row['rejection']})"
        for row in read(REFERENCE / "coded_values.csv")
        if row["value_list"] == LISTS[field]
    }
    return answers | codes


@pytest.fixture(scope="module")
def record(real_data: Path) -> dict[str, dict[str, dict[str, str]]]:
    """The rows of the file, by field and value."""
    fields: defaultdict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for row in read(real_data / "esr_code_lists" / "esr_values_long.csv"):
        fields[row["field"]][row["value"]] = row
    return dict(fields)


@pytest.mark.parametrize("field", LISTS)
def test_no_value_of_a_real_record_falls_through(record, field):
    made = outcomes(field)
    assert {value: made.get(key(value), "falls through") for value in record[field]} == OUTCOMES[field]


def test_both_spellings_of_prefer_not_to_answer_are_one(record):
    spellings = {
        value
        for field in ("Disability", "Disability Category")
        for value in record[field]
        if value.startswith("Prefer")
    }
    assert spellings == {"Prefer Not To Answer", "Prefer Not to Answer"}
    assert {outcomes("Disability")[key(value)] for value in spellings} == {"(declined)"}


def test_what_becomes_of_the_answers_on_ethnic_origin(record):
    """All but 84 of 700,451: the answer `0 White` alone is neither a category nor a refusal to say."""
    made = Counter()
    for value, row in record["Ethnic Origin"].items():
        outcome = OUTCOMES["Ethnic Origin"][value]
        made[outcome if outcome.startswith("(") else "known"] += int(row["n_shifts"])
    assert made == {"known": 621_204, "(missing)": 67_111, "(declined)": 12_052, "(unknown)": 84}


def test_white_british_is_counted_both_ways(record):
    """CA and CB are White British in substance: 18,957 more in A, as many fewer in C, White as a whole the same."""
    rows = {
        key(row["source_value"]): row
        for row in read(REFERENCE / "source_values.csv")
        if row["value_list"] == "esr_ethnicity"
    }
    by_letter: Counter[str] = Counter()
    switched: Counter[str] = Counter()
    for value, row in record["Ethnic Origin"].items():
        ours = rows[key(value)]
        by_letter[ours["category"]] += int(row["n_shifts"])
        switched[ours["alternative_category"] or ours["category"]] += int(row["n_shifts"])
    assert (by_letter["A"], by_letter["B"], by_letter["C"]) == (440_168, 2_415, 76_546)
    assert (switched["A"], switched["B"], switched["C"]) == (459_125, 2_415, 57_589)


def test_the_analysts_own_mapping_is_not_followed(record):
    """Where the column for_analysis differs from us in five groups: three Asian codes stand under Black there."""
    five = {
        row["from_category"]: row["to_category"]
        for row in read(REFERENCE / "crosswalk.csv")
        if (row["from_classification"], row["to_classification"]) == ("esr_16", "ons_5")
    }
    theirs = {
        "Asian or Asian British": "Asian",
        "Black, Black British, Caribbean or African": "Black",
        "Any Other Ethnic Group": "Other",
        "White": "White",
        "Not Stated": "not stated",
    }
    differ = {
        value.split(" ")[0]: (theirs[row["for_analysis"]], five.get(ours, ours))
        for value, row in record["Ethnic Origin"].items()
        if theirs[row["for_analysis"]] != five.get(ours := OUTCOMES["Ethnic Origin"][value], "not stated")
    }
    assert differ == {
        "LA": ("Black", "Asian"),
        "LF": ("Black", "Asian"),
        "LH": ("Black", "Asian"),
        # The Data Dictionary groups a code by its first letter; the analyst went by the country.
        "SC": ("Asian", "Other"),
        # The analyst's groups have none for Mixed.
        **dict.fromkeys(("D", "E", "F", "GA", "GC", "GE"), ("Other", "Mixed")),
        # White it is; which of the three White groups, nobody can tell.
        "0": ("White", "(unknown)"),
    }


def test_an_undecided_person_has_answered(record):
    undecided = record["Sexual Orientation"]["Undecided"]
    assert (undecided["for_analysis"], OUTCOMES["Sexual Orientation"]["Undecided"]) == ("Missing", "Undecided")


def test_an_export_with_every_value_of_the_record_is_read_as_the_table_says(con, record, tmp_path):
    """One person per value; a field with fewer values than the longest begins again with its first."""
    people = max(len(record[field]) for field in LISTS)
    columns = {field: list(islice(cycle(record[field]), people)) for field in LISTS}
    with (tmp_path / "export.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Effective Date", "Organisation", "Person Key", "Staff Group", *LISTS])
        for number, answers in enumerate(zip(*columns.values(), strict=True)):
            writer.writerow(["31-MAR-2026", "RL4", f"p{number}", "Students", *answers])
    data = DataFolder(tmp_path)
    ingested = ingest(con, data, [tmp_path / "export.csv"], tmp_path / "work")
    validated = validate(con, ingested, reference.method(data))
    assert validated.refusals == ()
    (accepted,) = validated.accepted
    assert (accepted.extract.layout, accepted.rows_accepted, accepted.rows_rejected) == ("esr_equality", people, 0)
    ours = {
        "Gender": "sex",
        "Ethnic Origin": "ethnicity",
        "Disability": "disability",
        "Sexual Orientation": "sexual_orientation",
        "Religious Belief": "religion",
        "Age Band": "age",
        "Marital Status": "marital_status",
    }
    for field, column in ours.items():
        taken = con.execute(
            f"select coalesce({column}, '(' || {column}_answer_status || ')') from read_parquet(?) "
            "order by person_key[2:]::integer",
            [str(accepted.typed)],
        ).fetchall()
        assert [outcome for (outcome,) in taken] == [OUTCOMES[field][value] for value in columns[field]], field
    grades = con.execute(
        "select grade from read_parquet(?) order by person_key[2:]::integer", [str(accepted.typed)]
    ).fetchall()
    assert [grade for (grade,) in grades] == [OUTCOMES["AfC Pay Band"][value] for value in columns["AfC Pay Band"]]
