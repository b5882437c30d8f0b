"""The reference tables hold together: keys, references, order, and a description beside each."""

import csv
import datetime
import io
import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pipelines.ingest.personal import KINDS

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"

KEYS = {
    "grade_groups": ("grade_group", "grade"),
    "categories": ("classification", "category"),
    "classifications": ("classification",),
    "source_values": ("value_list", "source_value"),
    "coded_values": ("value_list", "source_value"),
    "crosswalk": ("from_classification", "from_category", "to_classification"),
    "organisations": ("org_code",),
    "footprints": ("org_code", "area_code"),
    "catchments": ("org_code", "area_code"),
    "successions": ("predecessor_code", "successor_code", "effective_on"),
    "expected_submissions": ("org_code",),
    "areas": ("area_code",),
    "geography": ("ltla_code", "icb_code"),
    "population": ("area_code", "classification", "category", "answer_status", "age_range", "vintage"),
    "staff_groups": ("staff_group",),
    "personal_headings": ("heading",),
}
WORDS = {
    ("grade_groups", "grade_family"): {"afc", "medical", "vsm", "other", "social_care"},
    ("grade_groups", "is_detail"): {"true", "false"},
    ("grade_groups", "option"): {"", "wres_upper_includes_vsm"},
    ("source_values", "answer_status"): {"known", "declined", "missing", "unknown"},
    ("source_values", "alternative_category"): {"", "A"},
    ("coded_values", "rejection"): {"", "band_8_without_letter"},
    ("crosswalk", "quality"): {"good", "fair", "many_to_one"},
    ("organisations", "org_level"): {"organisation", "system", "region", "national"},
    ("organisations", "org_type"): {"trust", "icb", "council", "system", "region", "ons_region", "nation"},
    ("organisations", "sector"): {"", "nhs", "social_care"},
    ("organisations", "members_complete"): {"", "true", "false"},
    ("successions", "kind"): {"renamed", "split"},
    ("expected_submissions", "sector"): {"nhs", "social_care"},
    ("areas", "area_level"): {"ltla", "utla", "ons_region", "country"},
    ("population", "answer_status"): {"known", "unknown"},
    ("population", "age_range"): {"all", "16+", "16-64", "16-74"},
    ("staff_groups", "clinical"): {"clinical", "non_clinical", "unknown"},
    ("personal_headings", "place"): {"whole", "part"},
    ("personal_headings", "kind"): {"", *KINDS} - {"sanitised"},
}
# Councils that the present ones replaced. No residents are held for them.
FORMER_COUNCILS = {
    "E10000006": "2023-03-31",
    "E10000021": "2021-03-31",
    "E10000023": "2023-03-31",
    "E10000027": "2023-03-31",
}
SUCCESSORS = {
    "E06000061": "2021-04-01",
    "E06000062": "2021-04-01",
    "E06000063": "2023-04-01",
    "E06000064": "2023-04-01",
    "E06000065": "2023-04-01",
    "E06000066": "2023-04-01",
}


def read(stem: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{stem}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(stem: str, *names: str) -> list[tuple[str, ...]]:
    return [tuple(row[name] for name in names) for row in read(stem)]


def mapping(from_classification: str, to_classification: str) -> dict[str, str]:
    return {
        row["from_category"]: row["to_category"]
        for row in read("crosswalk")
        if (row["from_classification"], row["to_classification"]) == (from_classification, to_classification)
    }


def categories(classification: str) -> set[str]:
    return {row["category"] for row in read("categories") if row["classification"] == classification}


def members() -> dict[str, list[str]]:
    groups = defaultdict(list)
    for group, grade in column("grade_groups", "grade_group", "grade"):
        groups[group].append(grade)
    return dict(groups)


def footprints() -> dict[str, set[str]]:
    areas = defaultdict(set)
    for organisation, area in column("footprints", "org_code", "area_code"):
        areas[organisation].add(area)
    return dict(areas)


def test_every_table_is_known_to_these_tests():
    # The tables of the synthetic sample stand in the same folder and have tests of their own.
    assert {file.stem for file in REFERENCE.glob("*.csv") if not file.stem.startswith("sample_")} == set(KEYS)


@pytest.mark.parametrize("stem", KEYS)
def test_a_table_has_a_description_of_exactly_its_columns(stem):
    twin = yaml.safe_load((REFERENCE / f"{stem}.yaml").read_text(encoding="utf-8"))
    assert list(twin) == ["title", "publisher", "licence", "date", "address", "origin", "notes", "columns"]
    assert list(twin["columns"]) == list(read(stem)[0])
    assert all([twin["title"], twin["publisher"], twin["licence"], twin["origin"], *twin["columns"].values()])


@pytest.mark.parametrize("stem", KEYS)
def test_a_table_is_written_in_the_one_plain_way(stem):
    """UTF-8 without a mark, LF, quotes only where needed, no stray spaces: so a changed cell is a changed line."""
    written = (REFERENCE / f"{stem}.csv").read_bytes().decode("utf-8")
    again = io.StringIO(newline="")
    rows = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    csv.writer(again, lineterminator="\n").writerows(rows)
    assert written == again.getvalue()
    assert [cell for row in rows for cell in row if cell != " ".join(cell.split())] == []


@pytest.mark.parametrize("stem", KEYS)
def test_a_key_names_one_row(stem):
    keys = column(stem, *KEYS[stem])
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(("stem", "name"), WORDS)
def test_a_coded_column_holds_its_words_and_no_others(stem, name):
    assert {value for (value,) in column(stem, name)} == WORDS[stem, name]


@pytest.mark.parametrize(
    "stem", ["classifications", "organisations", "footprints", "geography", "catchments", "expected_submissions"]
)
def test_a_date_is_a_date_or_empty(stem):
    for valid_from, valid_to in column(stem, "valid_from", "valid_to"):
        begins, ends = (datetime.date.fromisoformat(day) if day else None for day in (valid_from, valid_to))
        assert begins is None or ends is None or begins <= ends


def test_a_date_is_given_only_where_it_is_certain():
    """To invent another would hide data from a release; two renamed boards' rows don't say since when they hold."""
    opened = {
        "QUA": "2022-07-01",
        "QGH": "2022-07-01",
        "E54000062": "2022-07-01",
        "E54000019": "2022-07-01",
    } | SUCCESSORS
    for stem in ("organisations", "footprints"):
        dates = set(column(stem, "org_code", "valid_from", "valid_to"))
        assert {code: day for code, day, _ in dates if day} == opened
        assert {code: day for code, _, day in dates if day} == FORMER_COUNCILS
    assert {
        code: day for code, day, _ in column("expected_submissions", "org_code", "valid_from", "valid_to") if day
    } == {
        "QUA": "2022-07-01",
        "QGH": "2022-07-01",
    }
    assert {row["valid_from"] for row in read("catchments")} == {""}
    censuses = {"census_2011_18", "census_2021_19", "census_2021_religion", "census_2021_sexual_orientation"}
    assert {row["classification"] for row in read("classifications") if row["valid_from"]} == censuses


def test_geography_is_dated_by_the_boards_and_by_the_authorities_that_merged():
    for row in read("geography"):
        if row["ltla_code"] in SUCCESSORS and row["ltla_code"] > "E06000062":
            opened = "2023-04-01"
        elif row["icb_code"] in ("", "E54000063", "E54000064"):
            opened = ""
        else:
            opened = "2022-07-01"
        assert row["valid_from"] == opened, row
        assert row["valid_to"] == FORMER_COUNCILS.get(row["utla_code"], ""), row


@pytest.mark.parametrize(
    ("stem", "within", "name"),
    [
        ("categories", "classification", "label"),
        ("classifications", "characteristic", "title"),
        ("organisations", "org_level", "org_name"),
        ("areas", "area_level", "area_name"),
        ("staff_groups", "clinical", "label"),
    ],
)
def test_no_two_things_share_a_name(stem, within, name):
    names = column(stem, within, name)
    assert len(set(names)) == len(names)


def test_rows_stand_in_their_order():
    rank = {(row["classification"], row["category"]): int(row["sort_order"]) for row in read("categories")}
    grade_rank = {
        row["grade"]: int(row["sort_order"]) for row in read("grade_groups") if row["grade_group"] == row["grade"]
    }
    order = {
        "grade_groups": lambda row: (int(row["sort_order"]), grade_rank[row["grade"]]),
        "categories": lambda row: (row["characteristic"], row["classification"], int(row["sort_order"])),
        "classifications": lambda row: (row["characteristic"], row["classification"]),
        "source_values": lambda row: (row["value_list"], row["source_value"]),
        "coded_values": lambda row: (row["value_list"], row["source_value"]),
        "crosswalk": lambda row: (
            row["characteristic"],
            row["from_classification"],
            row["to_classification"],
            rank[row["from_classification"], row["from_category"]],
        ),
        "organisations": lambda row: row["org_code"],
        "footprints": lambda row: (row["org_code"], row["area_code"]),
        "catchments": lambda row: (row["org_code"], row["area_code"]),
        "successions": lambda row: (row["predecessor_code"], row["successor_code"], row["effective_on"]),
        "expected_submissions": lambda row: row["org_code"],
        "areas": lambda row: row["area_code"],
        "geography": lambda row: (row["ltla_code"], row["icb_code"]),
        "population": lambda row: (
            row["area_code"],
            row["characteristic"],
            row["classification"],
            row["age_range"],
            rank.get((row["classification"], row["category"]), len(rank)),
        ),
        "staff_groups": lambda row: int(row["sort_order"]),
        "personal_headings": lambda row: row["heading"],
    }
    assert set(order) == set(KEYS)
    for stem, key in order.items():
        keys = [key(row) for row in read(stem)]
        assert keys == sorted(set(keys)), stem


@pytest.mark.parametrize("stem", ["categories", "source_values", "population"])
def test_a_classification_is_registered_for_its_characteristic(stem):
    registered = set(column("classifications", "classification", "characteristic"))
    assert set(column(stem, "classification", "characteristic")) <= registered


def test_a_registered_classification_has_categories_numbered_from_one():
    for (classification,) in column("classifications", "classification"):
        numbers = [row["sort_order"] for row in read("categories") if row["classification"] == classification]
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)] != []


@pytest.mark.parametrize("stem", ["source_values", "population"])
def test_a_known_answer_has_a_registered_category_and_no_other_has_one(stem):
    registered = set(column("categories", "classification", "category"))
    for row in read(stem):
        if row["answer_status"] == "known":
            assert (row["classification"], row["category"]) in registered, row
        else:
            assert row["category"] == "", row


def test_both_ends_of_a_crosswalk_are_registered_for_its_characteristic():
    registered = set(column("categories", "characteristic", "classification", "category"))
    for side in ("from", "to"):
        assert set(column("crosswalk", "characteristic", f"{side}_classification", f"{side}_category")) <= registered
    assert all(row["from_classification"] != row["to_classification"] for row in read("crosswalk"))


def test_a_crosswalk_loses_no_category_except_what_cannot_be_split_and_ages_of_nobody_at_work():
    pairs = set(column("crosswalk", "from_classification", "to_classification"))
    lost = {pair: categories(pair[0]) - set(mapping(*pair)) for pair in pairs}
    assert {pair: left for pair, left in lost.items() if left} == {
        ("esr_16", "census_2021_19"): {"C", "S"},
        ("census_2011_18", "census_2021_19"): {"Other White"},
        ("single_year_of_age", "esr_age_bands"): {str(age) for age in range(101) if not 16 <= age <= 74},
    }
    ethnicity = {"esr_16", "census_2021_19", "census_2011_18", "ons_2001_6"}
    assert {(start, end) for start in ethnicity for end in ("ons_5", "wres")} <= pairs


@pytest.mark.parametrize("start", ["esr_16", "census_2021_19", "census_2011_18", "ons_2001_6"])
def test_white_in_five_groups_is_white_in_two(start):
    assert mapping(start, "wres") == {
        category: "White" if group == "White" else "BME" for category, group in mapping(start, "ons_5").items()
    }


@pytest.mark.parametrize("end", ["ons_5", "wres"])
def test_the_census_reaches_a_group_by_either_road(end):
    by_esr = {
        category: mapping("esr_16", end)[letter] for category, letter in mapping("census_2021_19", "esr_16").items()
    }
    assert by_esr == mapping("census_2021_19", end)


def test_the_groups_of_2011_are_those_of_2021_without_roma():
    assert categories("census_2021_19") - categories("census_2011_18") == {"Roma"}
    assert categories("census_2011_18") < categories("census_2021_19")
    for end in ("esr_16", "ons_5", "wres"):
        later = mapping("census_2021_19", end)
        assert mapping("census_2011_18", end) == {group: later[group] for group in categories("census_2011_18")}
    to_2021 = mapping("census_2011_18", "census_2021_19")
    assert to_2021 == {group: group for group in categories("census_2011_18") - {"Other White"}}


def test_five_groups_are_two_groups():
    bme = dict.fromkeys(("Asian", "Black", "Mixed", "Other"), "BME")
    assert mapping("ons_5", "wres") == {"White": "White", **bme}


def test_a_single_year_of_age_falls_in_the_band_that_names_it():
    band = {int(age): band for age, band in mapping("single_year_of_age", "esr_age_bands").items()}
    assert {age for age, name in band.items() if name == "<=20"} == {16, 17, 18, 19, 20}
    assert {age for age, name in band.items() if name == ">=71"} == {71, 72, 73, 74}
    named = {name: tuple(map(int, name.split("-"))) for name in categories("esr_age_bands") if "-" in name}
    assert len(named) == 10
    for name, (youngest, oldest) in named.items():
        assert {age for age, held in band.items() if held == name} == set(range(youngest, oldest + 1))


def test_the_one_to_one_crosswalk_reads_the_same_backwards():
    backwards = {census: letter for letter, census in mapping("esr_16", "census_2021_19").items()}
    collapsed = {census: letter for census, letter in mapping("census_2021_19", "esr_16").items() if letter not in "CS"}
    assert backwards == collapsed


@pytest.mark.parametrize("start", ["esr_16", "census_2021_19", "census_2011_18", "ons_2001_6"])
def test_chinese_is_asian_in_five_groups(start):
    chinese = "R" if start == "esr_16" else "Chinese"
    assert mapping(start, "ons_5")[chinese] == "Asian"


def test_a_match_is_called_good_only_if_it_is_one_to_one():
    shared = Counter(column("crosswalk", "from_classification", "to_classification", "to_category"))
    for row in read("crosswalk"):
        alone = shared[row["from_classification"], row["to_classification"], row["to_category"]] == 1
        assert row["quality"] in ("fair", "good" if alone else "many_to_one"), row


def test_the_other_groups_of_esr_are_fair_matches_of_census_groups():
    """Arab has no ESR code, so the groups in which Arab staff may stand don't mean quite the same on both sides."""
    fair = {
        (row["from_category"], row["to_category"])
        for row in read("crosswalk")
        if {row["from_classification"], row["to_classification"]} == {"census_2021_19", "esr_16"}
        and row["quality"] == "fair"
    }
    assert fair == {
        ("L", "Other Asian"),
        ("P", "Other Black"),
        ("Other Asian", "L"),
        ("Other Black", "P"),
        ("Arab", "S"),
        ("Any other", "S"),
    }


def test_a_weak_match_says_why():
    assert [row for row in read("crosswalk") if row["quality"] == "fair" and not row["note"]] == []


@pytest.mark.parametrize("stem", ["source_values", "coded_values"])
def test_a_value_is_listed_once_however_it_is_spaced_or_capitalised(stem):
    seen = [(name, " ".join(value.split()).casefold()) for name, value in column(stem, "value_list", "source_value")]
    assert len(set(seen)) == len(seen)


def test_an_ethnic_code_follows_its_first_letter():
    listed = {
        row["source_value"]: row["category"] for row in read("source_values") if row["value_list"] == "esr_ethnicity"
    }
    codes = {value: category for value, category in listed.items() if re.fullmatch(r"[A-Y][A-Z0-9]?", value)}
    assert len(codes) == 16 + 25 + 6 + 10 + 5 + 5
    assert {value: category for value, category in codes.items() if category != value[0]} == {}


def test_an_ethnic_label_has_the_category_of_its_code():
    listed = {
        row["source_value"]: row["category"] for row in read("source_values") if row["value_list"] == "esr_ethnicity"
    }
    labels = {value: category for value, category in listed.items() if re.match(r"[A-Y][A-Z0-9]? ", value)}
    assert len(labels) > 60
    assert {value: category for value, category in labels.items() if category != listed[value.split(" ")[0]]} == {}


def test_the_switch_reads_the_five_white_british_codes_and_their_labels_as_white_british():
    switched = {
        row["source_value"]: (row["category"], row["alternative_category"])
        for row in read("source_values")
        if row["alternative_category"]
    }
    assert set(switched) == {
        *("C2", "CA", "CB", "CC", "CD"),
        *("C2 White Northern Irish", "CA White English", "CB White Scottish", "CC White Welsh", "CD White Cornish"),
    }
    assert set(switched.values()) == {("C", "A")}


def test_a_list_of_answers_is_about_one_characteristic_in_one_classification():
    """Else an empty cell, which is missing, would have no classification to be missing in."""
    lists = set(column("source_values", "value_list", "characteristic", "classification"))
    assert len(lists) == len({name for name, *_ in lists})


def test_a_coded_value_has_a_code_that_its_column_may_have_or_a_rejection():
    staff = yaml.safe_load((REFERENCE.parent / "contracts" / "staff.yaml").read_text(encoding="utf-8"))["columns"]
    codes = {
        "grade": set(members()) & {grade for (grade,) in column("grade_groups", "grade")},
        "staff_group": {group for (group,) in column("staff_groups", "staff_group")},
        "employment_type": set(staff["employment_type"]["choices"]),
        "assignment_category": set(staff["assignment_category"]["choices"]),
        "assignment_status": set(staff["assignment_status"]["choices"]),
        "primary_assignment": {"yes", "no"},
    }
    for row in read("coded_values"):
        assert (row["code"] == "") != (row["rejection"] == ""), row
        assert row["rejection"] or row["code"] in codes[row["column"]], row
    assert {name for (name,) in column("coded_values", "column")} == set(codes)


def test_a_coded_list_fills_one_column():
    lists = set(column("coded_values", "value_list", "column"))
    assert len(lists) == len({name for name, _ in lists})


def coded(value_list: str) -> dict[str, str]:
    return {
        row["source_value"]: row["code"] or row["rejection"]
        for row in read("coded_values")
        if row["value_list"] == value_list
    }


@pytest.mark.parametrize("staff", ["", "Review Body ", "Non Review Body "])
def test_a_pay_band_means_the_same_whoever_reviews_it(staff):
    grades = coded("esr_grade")
    for number in "12345679":
        assert grades[f"{staff}Band {number}"] == f"band_{number}"
    for letter in "abcd":
        spellings = (f"{staff}Band 8 - Range {letter.upper()}", f"{staff}Band 8{letter}")
        assert {grades[spelling] for spelling in spellings} == {f"band_8{letter}"}
    assert grades[f"{staff}Band 8"] == "band_8_without_letter"


def test_no_band_recorded_is_no_other_grade():
    grades = coded("esr_grade")
    assert (grades["Missing"], grades["Other"], grades["Non AfC Grade"]) == (
        "grade_not_recorded",
        "other_grade",
        "other_grade",
    )


@pytest.mark.parametrize(
    ("categories_list", "types_list"),
    [
        ("esr_assignment_category", "esr_employment_type"),
        ("asc_wds_assignment_category", "asc_wds_employment_type"),
    ],
)
def test_a_kind_of_assignment_belongs_to_one_population(categories_list, types_list):
    population = {
        **dict.fromkeys(("permanent", "fixed_term", "locum"), "substantive"),
        "bank": "bank",
        **dict.fromkeys(("honorary", "non_executive", "agency", "not_in_post", "other"), "other"),
    }
    assert coded(types_list) == {word: population[kind] for word, kind in coded(categories_list).items()}


def test_the_job_roles_of_adult_social_care_make_four_groups():
    groups = defaultdict(set)
    for code, group in coded("asc_wds_job_role").items():
        groups[group].add(int(code))
    assert groups == {
        "asc_managerial": {1, 2, 3, 4, 5, 24, 43, 45, 47, 49, 50},
        "asc_regulated_profession": {6, 15, 16, 17, 35, 37},
        "asc_direct_care": {7, 8, 9, 10, 11, 22, 23, 38, 52},
        "asc_other": {25, 26, 27, 34, 36, 39, 40, 41, 42, 44, 46, 48, 51},
    }


def test_declined_and_missing_are_told_apart():
    status = {(row["value_list"], row["source_value"]): row["answer_status"] for row in read("source_values")}
    assert status["esr_ethnicity", "Z"] == "declined"
    assert status["esr_ethnicity", "99"] == "missing"
    assert status["esr_sexual_orientation", "Undecided"] == "known"
    assert status["gov_uk_ethnicity", "Unknown"] == "unknown"


def test_a_grade_is_a_group_of_itself_and_nothing_else_is_detail():
    for row in read("grade_groups"):
        assert (row["is_detail"] == "true") == (row["grade_group"] == row["grade"])
    groups = members()
    grades = {grade for group in groups.values() for grade in group}
    assert all(groups[grade] == [grade] for grade in grades)
    assert "all" not in groups


def test_a_group_has_one_label_and_one_place():
    described = set(column("grade_groups", "grade_group", "label", "is_detail", "sort_order"))
    assert len(described) == len(members()) == len({place for *_, place in described})


def test_a_grade_belongs_to_one_family():
    families = set(column("grade_groups", "grade", "grade_family"))
    assert len(families) == len({grade for grade, _ in families})


def test_only_very_senior_managers_in_the_wres_upper_tier_hang_on_an_option():
    optional = [(row["grade_group"], row["grade"]) for row in read("grade_groups") if row["option"]]
    assert optional == [("wres_upper", "vsm")]


@pytest.mark.parametrize(
    ("scheme", "families"),
    [("wres", {"afc", "vsm"}), ("wdes", {"afc", "vsm", "medical"})],
)
def test_the_clusters_of_a_scheme_hold_each_grade_once(scheme, families):
    clustered = sorted(
        grade for group, grades in members().items() if group.startswith(f"{scheme}_") for grade in grades
    )
    in_families = {row["grade"] for row in read("grade_groups") if row["grade_family"] in families}
    assert clustered == sorted(in_families)


def test_clusters_have_their_published_members():
    groups = members()
    assert groups["wres_lower"] == ["band_1", "band_2", "band_3", "band_4", "band_5"]
    assert groups["wres_middle"] == ["band_6", "band_7"]
    assert groups["wdes_2"] == ["band_5", "band_6", "band_7"]
    assert groups["wdes_3"] == ["band_8a", "band_8b"]
    assert groups["wdes_4"] == ["band_8c", "band_8d", "band_9", "vsm"]
    assert groups["wdes_5"] == ["consultant"]
    assert groups["wdes_7"] == ["foundation_year_1", "foundation_year_2", "core_training", "specialty_registrar"]
    assert groups["afc_8a_plus"] == ["band_8a", "band_8b", "band_8c", "band_8d", "band_9"]
    assert groups["afc_8c_plus"] == ["band_8c", "band_8d", "band_9"]


def test_an_area_code_says_its_level():
    """A unitary authority, metropolitan district or London borough is both tiers in one, and held as one of them."""
    both = {"ltla", "utla"}
    levels = {
        "E06": both,
        "E07": {"ltla"},
        "E08": both,
        "E09": both,
        "E10": {"utla"},
        "E12": {"ons_region"},
        "E92": {"country"},
    }
    areas = dict(column("areas", "area_code", "area_level"))
    assert [code for code, level in areas.items() if level not in levels[code[:3]]] == []
    assert Counter(areas.values()) == {"ltla": 46, "utla": 137, "ons_region": 9, "country": 1}


def test_a_parent_stands_one_level_up_except_londons_of_its_parts():
    level = dict(column("organisations", "org_code", "org_level"))
    above = {"organisation": "system", "system": "region", "region": "national"}
    for row in read("organisations"):
        if row["org_code"] in ("E13000001", "E13000002"):
            assert row["parent_code"] == "E12000007"
        elif row["parent_code"] or row["org_type"] != "council":
            assert level.get(row["parent_code"]) == above.get(row["org_level"]), row["org_code"]


def test_a_council_without_a_parent_lies_outside_the_two_systems():
    parents = {
        row["org_code"]: row["parent_code"]
        for row in read("organisations")
        if row["org_type"] == "council" and row["parent_code"]
    }
    black_country = ("E08000027", "E08000028", "E08000030", "E08000031")
    assert parents == {
        **dict.fromkeys(black_country, "E54000062"),
        **dict.fromkeys(("E06000019", "E10000034"), "E54000019"),
    }
    types = Counter(kind for (kind,) in column("organisations", "org_type"))
    assert types["council"] == 153 + len(FORMER_COUNCILS)


def test_a_former_council_ends_the_day_before_its_successors_open():
    dates = {row["org_code"]: (row["valid_from"], row["valid_to"]) for row in read("organisations")}
    for former, successors in {
        "E10000021": ("E06000061", "E06000062"),
        "E10000006": ("E06000063", "E06000064"),
        "E10000023": ("E06000065",),
        "E10000027": ("E06000066",),
    }.items():
        last_day = datetime.date.fromisoformat(dates[former][1])
        first_day = (last_day + datetime.timedelta(days=1)).isoformat()
        assert {dates[code] for code in successors} == {(first_day, "")}


def test_only_the_two_systems_claim_all_their_members():
    complete = dict(column("organisations", "org_code", "members_complete"))
    assert {code for code, value in complete.items() if value == "true"} == {"E54000062", "E54000019"}
    assert {code for code, value in complete.items() if value == "false"} == {
        *("E40000011", "E92000001", "E13000001", "E13000002"),
        *(f"E1200000{digit}" for digit in range(1, 10)),
    }


def test_a_sector_is_named_for_organisations_only():
    for row in read("organisations"):
        sector = {"trust": "nhs", "icb": "nhs", "council": "social_care"}.get(row["org_type"], "")
        assert row["sector"] == sector, row["org_code"]


def test_every_organisation_has_a_footprint_except_the_nhs_region_and_the_parts_of_london():
    without = {"E40000011", "E13000001", "E13000002"}
    assert set(footprints()) == {code for (code,) in column("organisations", "org_code")} - without


def test_residents_are_held_for_every_footprint_except_the_former_councils():
    areas = {code for (code,) in column("areas", "area_code")}
    assert {code for code, held in footprints().items() if not held <= areas} == set(FORMER_COUNCILS)


def test_a_council_serves_its_own_area_and_worcestershire_its_six_districts():
    held = footprints()
    for row in read("organisations"):
        if row["org_type"] in ("council", "ons_region") and row["org_code"] in held:
            own = {row["org_code"]}
            districts = {f"E0700023{digit}" for digit in range(4, 10)}
            assert held[row["org_code"]] == (districts if row["org_code"] == "E10000034" else own), row["org_code"]


def test_an_nhs_body_serves_its_system_except_the_ambulance_service():
    held = footprints()
    for row in read("organisations"):
        if row["sector"] == "nhs" and row["org_code"] != "RYA":
            assert held[row["org_code"]] == held[row["parent_code"]], row["org_code"]


def test_the_ambulance_service_serves_the_authorities_of_six_systems():
    systems = {
        "E54000010": "NHS Staffordshire and Stoke-on-Trent Integrated Care Board",
        "E54000011": "NHS Shropshire, Telford and Wrekin Integrated Care Board",
        "E54000018": "NHS Coventry and Warwickshire Integrated Care Board",
        "E54000019": "NHS Herefordshire and Worcestershire Integrated Care Board",
        "E54000055": "NHS Birmingham and Solihull Integrated Care Board",
        "E54000062": "NHS Black Country Integrated Care Board",
    }
    rows = [row for row in read("geography") if row["icb_code"] in systems]
    assert {row["icb_code"]: row["icb_name"] for row in rows} == systems
    assert {row["region_code"] for row in rows} == {"E12000005"}
    assert footprints()["RYA"] == {row["ltla_code"] for row in rows}
    assert len(rows) == len(footprints()["RYA"]) == 30


def test_thirteen_authorities_lie_in_more_than_one_board():
    boards = Counter(code for code, board in column("geography", "ltla_name", "icb_code") if board)
    assert {name for name, count in boards.items() if count > 1} == {
        "Buckinghamshire",
        "Cherwell",
        "Cumberland",
        "East Suffolk",
        "Guildford",
        "Hart",
        "North Hertfordshire",
        "North Yorkshire",
        "Runnymede",
        "Surrey Heath",
        "Vale of White Horse",
        "Waverley",
        "Westmorland and Furness",
    }
    assert {name: count for name, count in boards.items() if count > 2} == {"North Yorkshire": 3}


def test_geography_holds_the_authorities_of_2024_and_the_seventeen_districts_that_merged():
    closed = {row["ltla_code"] for row in read("geography") if row["valid_to"]}
    open_today = {row["ltla_code"] for row in read("geography") if not row["valid_to"]}
    assert (len(closed), len(open_today)) == (17, 296)
    assert closed.isdisjoint(open_today)
    for row in read("geography"):
        # How many small areas a merged district had isn't published by the authorities of 2022.
        assert bool(row["lsoas"]) == (row["ltla_code"] in open_today), row
        assert re.fullmatch(r"([1-9]\d*)?", row["lsoas"]), row
        assert bool(row["icb_code"]) == bool(row["icb_name"]), row
        assert row["icb_code"] or row["ltla_code"] in closed, row


def test_a_code_has_one_name_in_the_geography_and_lies_in_one_area_above():
    for tier in ("ltla", "utla", "icb", "region"):
        names = dict(column("geography", f"{tier}_code", f"{tier}_name"))
        assert set(column("geography", f"{tier}_code", f"{tier}_name")) == set(names.items())
    for lower, upper in (("ltla", "utla"), ("utla", "region")):
        above = dict(column("geography", f"{lower}_code", f"{upper}_code"))
        assert set(column("geography", f"{lower}_code", f"{upper}_code")) == set(above.items())


def test_the_upper_tier_of_the_geography_are_the_councils_of_the_register():
    councils = {row["org_code"] for row in read("organisations") if row["org_type"] == "council"}
    # Northamptonshire ended before the authorities of 2021 were listed.
    assert {code for (code,) in column("geography", "utla_code")} == councils - {"E10000021"}


def test_the_geography_and_the_systems_footprints_agree():
    held = footprints()
    for system in ("E54000062", "E54000019"):
        assert held[system] == {ltla for ltla, board in column("geography", "ltla_code", "icb_code") if board == system}


def test_the_councils_of_a_system_make_up_its_footprint_without_overlap():
    held = footprints()
    for system in ("E54000062", "E54000019"):
        councils = [
            held[row["org_code"]]
            for row in read("organisations")
            if (row["parent_code"], row["sector"]) == (system, "social_care")
        ]
        assert set().union(*councils) == held[system]
        assert sum(map(len, councils)) == len(held[system])


def test_every_area_has_every_category_of_every_profile_that_it_holds():
    classification_categories = defaultdict(set)
    for classification, category in column("categories", "classification", "category"):
        classification_categories[classification].add(category)
    profiles = defaultdict(set)
    for row in read("population"):
        if row["answer_status"] == "known":
            profiles[row["area_code"], row["classification"]].add(row["category"])
    assert {key: held for key, held in profiles.items() if held != classification_categories[key[1]]} == {}


def test_every_area_has_all_six_profiles_and_an_upper_tier_authority_ethnicity_only():
    six = {"ethnicity", "sex", "age", "religion", "disability", "sexual_orientation"}
    held = defaultdict(set)
    for area, characteristic in column("population", "area_code", "characteristic"):
        held[area].add(characteristic)
    assert held == {row["area_code"]: {"ethnicity"} if row["area_level"] == "utla" else six for row in read("areas")}


def test_a_population_is_a_whole_number_of_people_on_census_day():
    for people, vintage in column("population", "population", "vintage"):
        assert re.fullmatch(r"0|[1-9]\d*", people)
        assert vintage == "2021-03-21"


def test_nobody_of_a_group_lives_in_the_two_smallest_authorities_only():
    """The Isles of Scilly and the City of London."""
    nobody = {row["area_code"] for row in read("population") if row["population"] == "0"}
    assert nobody == {"E06000053", "E09000001"}


def test_the_staff_groups_are_the_nine_and_two_that_are_not_clinical_or_otherwise():
    clinical = dict(column("staff_groups", "staff_group", "clinical"))
    assert [group for group, side in clinical.items() if side == "non_clinical"] == [
        "administrative_and_clerical",
        "estates_and_ancillary",
    ]
    assert [group for group, side in clinical.items() if side == "unknown"] == ["social_care", "unknown"]
    assert len(clinical) == 11


def test_a_staff_group_code_is_its_label():
    for code, label in column("staff_groups", "staff_group", "label"):
        if code not in ("social_care", "unknown"):
            assert code == label.lower().replace(" ", "_")


def test_the_weights_of_a_catchment_add_up_to_one_and_belong_to_a_trust():
    types = dict(column("organisations", "org_code", "org_type"))
    weights = defaultdict(list)
    for row in read("catchments"):
        weights[row["org_code"]].append(Decimal(row["weight"]))
    assert {types[trust] for trust in weights} == {"trust"}
    assert {sum(shares) for shares in weights.values()} == {1}
    assert all(0 < share < 1 for shares in weights.values() for share in shares)


def test_a_submission_is_expected_of_an_organisation_in_its_sector():
    registered = {row["org_code"]: row for row in read("organisations") if row["org_level"] == "organisation"}
    assert all(
        registered[code]["sector"] == sector for code, sector in column("expected_submissions", "org_code", "sector")
    )


def test_a_succession_has_a_date_and_a_merger_two_parties():
    parties = Counter(column("successions", "successor_code", "effective_on", "kind"))
    for row in read("successions"):
        datetime.date.fromisoformat(row["effective_on"])
        if row["kind"] == "merged":
            assert parties[row["successor_code"], row["effective_on"], row["kind"]] > 1
