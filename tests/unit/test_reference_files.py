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

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"

KEYS = {
    "grade_groups": ("grade_group", "grade"),
    "categories": ("classification", "category"),
    "classifications": ("classification",),
    "source_values": ("value_list", "source_value"),
    "crosswalk": ("from_classification", "from_category", "to_classification"),
    "organisations": ("org_code",),
    "footprints": ("org_code", "area_code"),
    "catchments": ("org_code", "area_code"),
    "successions": ("predecessor_code", "successor_code", "effective_on"),
    "expected_submissions": ("org_code",),
    "areas": ("area_code",),
    "population": ("area_code", "classification", "category", "answer_status", "age_range", "vintage"),
    "staff_groups": ("staff_group",),
}
WORDS = {
    ("grade_groups", "grade_family"): {"afc", "medical", "vsm", "other", "social_care"},
    ("grade_groups", "is_detail"): {"true", "false"},
    ("grade_groups", "option"): {"", "wres_upper_includes_vsm"},
    ("source_values", "answer_status"): {"known", "declined", "missing", "unknown"},
    ("crosswalk", "quality"): {"good", "fair", "many_to_one"},
    ("organisations", "org_level"): {"organisation", "system", "region", "national"},
    ("organisations", "org_type"): {"trust", "icb", "council", "system", "region", "nation"},
    ("organisations", "sector"): {"", "nhs", "social_care"},
    ("organisations", "members_complete"): {"", "true", "false"},
    ("successions", "kind"): {"renamed", "split"},
    ("expected_submissions", "sector"): {"nhs", "social_care"},
    ("areas", "area_level"): {"ltla", "ons_region", "country"},
    ("population", "answer_status"): {"known", "unknown"},
    ("population", "age_range"): {"all", "16+", "16-64", "16-74"},
    ("staff_groups", "clinical"): {"clinical", "non_clinical", "unknown"},
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
    "stem", ["classifications", "organisations", "footprints", "catchments", "expected_submissions"]
)
def test_a_date_is_a_date_or_empty(stem):
    for valid_from, valid_to in column(stem, "valid_from", "valid_to"):
        begins, ends = (datetime.date.fromisoformat(day) if day else None for day in (valid_from, valid_to))
        assert begins is None or ends is None or begins <= ends


def test_a_date_is_given_only_where_it_is_certain():
    """Census day, and the day that integrated care boards opened; to invent another would hide data from a release."""
    dated = {
        stem: {row[0] for row in column(stem, *names) if row[1]}
        for stem, names in {
            "classifications": ("classification", "valid_from"),
            "organisations": ("org_code", "valid_from"),
            "footprints": ("org_code", "valid_from"),
            "catchments": ("org_code", "valid_from"),
            "expected_submissions": ("org_code", "valid_from"),
        }.items()
    }
    boards_and_systems = {"QUA", "QGH", "E54000062", "E54000019"}
    assert dated == {
        "classifications": {"census_2021_19", "census_2021_religion", "census_2021_sexual_orientation"},
        "organisations": boards_and_systems,
        "footprints": boards_and_systems,
        "catchments": set(),
        "expected_submissions": {"QUA", "QGH"},
    }


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
        "population": lambda row: (
            row["area_code"],
            row["characteristic"],
            row["classification"],
            row["age_range"],
            rank.get((row["classification"], row["category"]), len(rank)),
        ),
        "staff_groups": lambda row: int(row["sort_order"]),
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


def test_a_crosswalk_loses_no_category_except_the_two_that_cannot_be_split():
    pairs = set(column("crosswalk", "from_classification", "to_classification"))
    lost = {pair: categories(pair[0]) - set(mapping(*pair)) for pair in pairs}
    assert {pair: left for pair, left in lost.items() if left} == {("esr_16", "census_2021_19"): {"C", "S"}}
    ethnicity = {"esr_16", "census_2021_19", "ons_2001_6"}
    assert {(start, end) for start in ethnicity for end in ("ons_5", "wres")} <= pairs


@pytest.mark.parametrize("start", ["esr_16", "census_2021_19", "ons_2001_6"])
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


def test_the_one_to_one_crosswalk_reads_the_same_backwards():
    backwards = {census: letter for letter, census in mapping("esr_16", "census_2021_19").items()}
    collapsed = {census: letter for census, letter in mapping("census_2021_19", "esr_16").items() if letter not in "CS"}
    assert backwards == collapsed


@pytest.mark.parametrize("start", ["esr_16", "census_2021_19", "ons_2001_6"])
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


def test_a_value_is_listed_once_however_it_is_spaced_or_capitalised():
    seen = [
        (name, " ".join(value.split()).casefold())
        for name, value in column("source_values", "value_list", "source_value")
    ]
    assert len(set(seen)) == len(seen)


def test_an_ethnic_code_follows_its_first_letter():
    listed = {
        row["source_value"]: row["category"] for row in read("source_values") if row["value_list"] == "esr_ethnicity"
    }
    codes = {value: category for value, category in listed.items() if re.fullmatch(r"[A-Y][A-Z0-9]?", value)}
    assert len(codes) == 16 + 25 + 6 + 10 + 5 + 5
    assert {value: category for value, category in codes.items() if category != value[0]} == {}


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
    level = {"E06": "ltla", "E07": "ltla", "E08": "ltla", "E12": "ons_region", "E92": "country"}
    areas = dict(column("areas", "area_code", "area_level"))
    assert areas == {code: level[code[:3]] for code in areas}
    assert len(areas) == 11 + 9 + 1


def test_a_parent_stands_one_level_up():
    level = dict(column("organisations", "org_code", "org_level"))
    above = {"organisation": "system", "system": "region", "region": "national"}
    for row in read("organisations"):
        assert level.get(row["parent_code"]) == above.get(row["org_level"]), row["org_code"]


def test_only_the_two_systems_claim_all_their_members():
    complete = dict(column("organisations", "org_code", "members_complete"))
    assert {code for code, value in complete.items() if value == "true"} == {"E54000062", "E54000019"}
    assert {code for code, value in complete.items() if value == "false"} == {"E40000011", "E92000001"}


def test_a_sector_is_named_for_organisations_only():
    for row in read("organisations"):
        sector = {"trust": "nhs", "icb": "nhs", "council": "social_care"}.get(row["org_type"], "")
        assert row["sector"] == sector, row["org_code"]


def test_every_organisation_but_the_region_has_a_footprint_of_known_areas():
    held = footprints()
    assert set(held) == {code for (code,) in column("organisations", "org_code")} - {"E40000011"}
    assert set().union(*held.values()) <= {code for (code,) in column("areas", "area_code")}


def test_an_nhs_body_serves_its_system_except_the_ambulance_service():
    held = footprints()
    for row in read("organisations"):
        if row["sector"] == "nhs":
            expected = {"E12000005"} if row["org_code"] == "RYA" else held[row["parent_code"]]
            assert held[row["org_code"]] == expected, row["org_code"]


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


def test_every_area_has_ethnicity_sex_and_age_and_the_authorities_the_rest():
    everywhere = {"ethnicity", "sex", "age"}
    local = everywhere | {"religion", "disability", "sexual_orientation"}
    held = defaultdict(set)
    for area, characteristic in column("population", "area_code", "characteristic"):
        held[area].add(characteristic)
    assert held == {row["area_code"]: local if row["area_level"] == "ltla" else everywhere for row in read("areas")}


def test_a_population_is_a_whole_number_of_people_on_census_day():
    for people, vintage in column("population", "population", "vintage"):
        assert re.fullmatch(r"[1-9]\d*", people)
        assert vintage == "2021-03-21"


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
