"""The reference tables say what the public files say: every figure is made again from them and compared."""

import csv
from pathlib import Path

import duckdb
import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
BLACK_COUNTRY = ["E08000027", "E08000028", "E08000030", "E08000031"]
HEREFORDSHIRE_WORCESTERSHIRE = ["E06000019", *(f"E0700023{digit}" for digit in range(4, 10))]

# ONS perturbs the cells of each Census table apart, so two tables that count the same people differ by a few.
SAME_PEOPLE_TWO_TABLES = 12
# TS009 is a third table; the sums of four and seven authorities happen to agree with it today.
SYSTEM_SUMS_TWO_TABLES = 5
# Religion, disability and sexual orientation are summed from many small areas, each perturbed apart.
SUMS_OF_SMALL_AREAS = 30
# An ONS region is up to 64 authorities, each perturbed apart; England is 309.
REGION_SUMS_TWO_TABLES = 50

RECOMPUTED = r"""
with
category as (
    from read_csv($reference || '/categories.csv', all_varchar = true)
),
ons_code as (
    select cast(source_value as integer) as code, category
    from read_csv($reference || '/source_values.csv', all_varchar = true)
    where value_list = 'ons_ethnic_group_20_code'
),
area as (
    from read_csv($reference || '/areas.csv')
),
ltla as (
    select area_code from area where area_level = 'ltla'
),
ethnicity_ltla as (
    select ltla21_code, c.category, e.value
    from read_csv($census || '/ethnicity21_ltla21.csv') as e
    left join category as c
        on c.classification = 'census_2021_19'
        and c.label = regexp_replace(e.ethnic_group, '\s+\(number\)$', '')
    where ltla21_code in (from ltla) and e.ethnic_group like '%(number)'
),
ethnicity_large as (
    from (
        select "Regions Code" as area_code, "Ethnic group (20 categories) Code" as code, Observation as people
        from read_csv($census || '/ons-ethnic-population-reg.csv')
        union all
        select "Countries Code", "Ethnic group (20 categories) Code", Observation
        from read_csv($census || '/ons-ethnic-population-nat.csv')
    )
    where code <> -8 and area_code in (select area_code from area)
),
sex as (
    select ltla21_code, upper(sex[1]) || sex[2:] as category, n, region24_code
    from read_csv($census || '/derived_sex_ltla21.csv')
    left join read_csv($geography || '/lookup_ltla22_ltla23.csv') on ltla22_code = ltla21_code
    left join read_csv($geography || '/lookup_ltla24_region24.csv') on ltla24_code = ltla23_code
    where age_range = '16-64' and ltla21_code like 'E%'
),
single_year as (
    select
        "geography code" as area_code,
        cast(regexp_extract(label, '^Age: Aged (\d+) years?; measures: Value$', 1) as integer) as age,
        people
    from (
        unpivot (
            from read_csv($census || '/census2021-ts007-ltla.csv')
            union all by name from read_csv($census || '/census2021-ts007-rgn.csv')
            union all by name from read_csv($census || '/census2021-ts007-ctry.csv')
        )
        on columns('^Age: ') into name label value people
    )
    where regexp_full_match(label, 'Age: Aged \d+ years?; measures: Value')
),
profile as (
    select ltla21_code as area_code, 'ethnicity' as characteristic, 'census_2021_19' as classification, category,
        'all' as age_range, value as people
    from ethnicity_ltla
    union all
    select area_code, 'ethnicity', 'census_2021_19', category, 'all', people
    from ethnicity_large left join ons_code using (code)
    union all
    select ltla21_code, 'sex', 'sex', category, '16-64', n from sex where ltla21_code in (from ltla)
    union all
    select region24_code, 'sex', 'sex', category, '16-64', sum(n) from sex group by all
    union all
    select 'E92000001', 'sex', 'sex', category, '16-64', sum(n) from sex group by all
    union all
    select area_code, 'age', 'esr_age_bands',
        case
            when age <= 20 then '<=20'
            when age >= 71 then '>=71'
            else concat((age - 1) // 5 * 5 + 1, '-', (age - 1) // 5 * 5 + 5)
        end as band,
        '16-74', sum(people)
    from single_year
    where age between 16 and 74 and area_code in (select area_code from area)
    group by area_code, band
    union all
    select ltla24_code, 'religion', 'census_2021_religion', nullif(religion, 'Not answered'), 'all', n
    from read_csv($census || '/derived_religion_ltla24.csv') where ltla24_code in (from ltla)
    union all
    select ltla24_code, 'disability', 'equality_act_2010', replace(disability, ' under the Equality Act', ''), 'all', n
    from read_csv($census || '/derived_disability_ltla24.csv') where ltla24_code in (from ltla)
    union all
    select ltla22_code, 'sexual_orientation', 'census_2021_sexual_orientation',
        nullif(sexual_orientation, 'Not answered'), '16+', n
    from read_csv($census || '/derived_sexualorientation_ltla22.csv') where ltla22_code in (from ltla)
)
select
    area_code, characteristic, classification, coalesce(category, ''),
    if(category is null, 'unknown', 'known'), age_range, cast(cast(people as bigint) as varchar), '2021-03-21'
from profile
left join category using (characteristic, classification, category)
order by area_code, characteristic, classification, age_range, cast(sort_order as integer) nulls last
"""


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def population() -> list[dict[str, str]]:
    return read(REFERENCE / "population.csv")


def people(population: list[dict[str, str]], areas: list[str], characteristic: str, *categories: str) -> int:
    return sum(
        int(row["population"])
        for row in population
        if row["area_code"] in areas
        and row["characteristic"] == characteristic
        and (not categories or row["category"] in categories)
    )


def test_population_is_made_again_from_the_public_files(real_data, population):
    folders = {
        "reference": str(REFERENCE),
        "census": str(real_data / "census2021"),
        "geography": str(real_data / "geography"),
    }
    recomputed = duckdb.execute(RECOMPUTED, folders).fetchall()
    assert [tuple(row.values()) for row in population] == recomputed


def test_an_authority_matches_its_published_column(real_data, population):  # noqa: ARG001
    sandwell = {
        row["category"]: int(row["population"])
        for row in population
        if row["area_code"] == "E08000028" and row["characteristic"] == "ethnicity"
    }
    assert sandwell == {
        "Bangladeshi": 11074,
        "Chinese": 1204,
        "Indian": 44378,
        "Pakistani": 22148,
        "Other Asian": 9220,
        "Black African": 12668,
        "Black Caribbean": 13103,
        "Other Black": 4008,
        "White and Asian": 3274,
        "White and Black African": 928,
        "White and Black Caribbean": 8030,
        "Other Mixed": 2448,
        "White British": 177929,
        "White Irish": 1591,
        "Gypsy or Irish Traveller": 324,
        "Roma": 375,
        "Other White": 15405,
        "Arab": 2016,
        "Any other": 11709,
    }


@pytest.mark.parametrize(
    ("system", "residents", "bme"),
    [(BLACK_COUNTRY, 1_213_172, 380_521), (HEREFORDSHIRE_WORCESTERSHIRE, 790_709, 42_974)],
)
def test_a_system_has_its_known_residents_and_bme_residents(real_data, population, system, residents, bme):  # noqa: ARG001
    to_bme = [
        row["from_category"]
        for row in read(REFERENCE / "crosswalk.csv")
        if (row["from_classification"], row["to_classification"], row["to_category"])
        == ("census_2021_19", "wres", "BME")
    ]
    assert people(population, system, "ethnicity") == residents
    assert people(population, system, "ethnicity", *to_bme) == bme


@pytest.mark.parametrize(
    ("system", "sex", "published"),
    [
        (BLACK_COUNTRY, "Female", 381_139),
        (BLACK_COUNTRY, "Male", 370_415),
        (HEREFORDSHIRE_WORCESTERSHIRE, "Female", 238_040),
        (HEREFORDSHIRE_WORCESTERSHIRE, "Male", 231_947),
    ],
)
def test_working_age_by_sex_agrees_with_ts009(real_data, population, system, sex, published):  # noqa: ARG001
    assert abs(people(population, system, "sex", sex) - published) <= SYSTEM_SUMS_TWO_TABLES


@pytest.mark.parametrize(
    ("system", "disabled", "religion_not_answered"),
    [(BLACK_COUNTRY, 225_755, 65_468), (HEREFORDSHIRE_WORCESTERSHIRE, 143_318, 47_946)],
)
def test_a_system_has_its_known_small_profiles(real_data, population, system, disabled, religion_not_answered):  # noqa: ARG001
    assert people(population, system, "disability", "Disabled") == disabled
    assert people(population, system, "religion", "") == religion_not_answered


def test_those_who_answered_and_those_who_did_not_are_all_the_residents(real_data, population):
    children = ("4 years and under", "5 to 9 years", "10 to 15 years")
    for row in read(real_data / "census2021" / "census2021-ts007-ltla.csv"):
        area = row["geography code"]
        if area not in BLACK_COUNTRY + HEREFORDSHIRE_WORCESTERSHIRE:
            continue
        everybody = int(row["Age: Total; measures: Value"])
        adults = everybody - sum(int(row[f"Age: Aged {group}; measures: Value"]) for group in children)
        assert abs(people(population, [area], "ethnicity") - everybody) <= SUMS_OF_SMALL_AREAS, area
        assert abs(people(population, [area], "religion") - everybody) <= SUMS_OF_SMALL_AREAS, area
        assert abs(people(population, [area], "disability") - everybody) <= SUMS_OF_SMALL_AREAS, area
        assert abs(people(population, [area], "sexual_orientation") - adults) <= SUMS_OF_SMALL_AREAS, area


def test_all_209_published_ethnicity_numbers_are_met(real_data, population):
    label = {
        row["category"]: row["label"]
        for row in read(REFERENCE / "categories.csv")
        if row["classification"] == "census_2021_19"
    }
    published = {
        (row["ltla21_code"], " ".join(row["ethnic_group"].split())): int(float(row["number"]))
        for row in read(real_data / "truth" / "census2021_ethnicity_reference_ltlas.csv")
    }
    held = {
        (row["area_code"], label[row["category"]]): int(row["population"])
        for row in population
        if row["characteristic"] == "ethnicity"
    }
    assert len(published) == 209
    assert {key: held.get(key) for key in published} == published


def test_working_age_agrees_with_single_years(real_data, population):
    published = read(real_data / "truth" / "census2021_working_age_reference_ltlas.csv")
    assert len(published) == 11
    for row in published:
        held = people(population, [row["ltla21_code"]], "sex")
        assert abs(held - int(row["aged_16_64_from_single_years"])) <= SAME_PEOPLE_TWO_TABLES, row["ltla21_name"]


def test_no_authority_is_lost_on_the_way_to_its_region(real_data, population):
    """One lost authority would miss at least 1,000 people; perturbed cells miss far fewer."""
    for file in ("rgn", "ctry"):
        for row in read(real_data / "census2021" / f"census2021-ts007-{file}.csv"):
            if row["geography code"].startswith("E"):
                groups = ("16 to 19", "20 to 24", "25 to 34", "35 to 49", "50 to 64")
                published = sum(int(row[f"Age: Aged {group} years; measures: Value"]) for group in groups)
                held = people(population, [row["geography code"]], "sex")
                assert abs(held - published) <= REGION_SUMS_TWO_TABLES, row["geography"]


@pytest.mark.parametrize(
    ("field", "value_list"),
    [
        ("Gender", "esr_sex"),
        ("Ethnic Origin", "esr_ethnicity"),
        ("Disability", "esr_disability"),
        ("Marital Status", "esr_marital_status"),
        ("Sexual Orientation", "esr_sexual_orientation"),
        ("Age Band", "esr_age_bands"),
        ("Religious Belief", "esr_religion"),
    ],
)
def test_every_value_that_a_trust_wrote_is_listed(real_data, field, value_list):
    listed = {row["source_value"] for row in read(REFERENCE / "source_values.csv") if row["value_list"] == value_list}
    written = {
        row["value"] for row in read(real_data / "esr_code_lists" / "esr_values_long.csv") if row["field"] == field
    }
    assert written
    assert written <= listed


def test_every_group_of_the_nhs_workforce_file_is_listed_except_its_subtotal(real_data):
    listed = {
        row["source_value"] for row in read(REFERENCE / "source_values.csv") if row["value_list"] == "gov_uk_ethnicity"
    }
    written = {row["Ethnicity"] for row in read(real_data / "nhs_england_ethnicity_by_band" / "nhs-workforce.csv")}
    assert written - {"All known"} == listed


def test_each_census_code_leads_to_the_category_of_its_words(real_data):
    label = {
        row["category"]: row["label"]
        for row in read(REFERENCE / "categories.csv")
        if row["classification"] == "census_2021_19"
    }
    held = {
        row["source_value"]: label[row["category"]]
        for row in read(REFERENCE / "source_values.csv")
        if row["value_list"] == "ons_ethnic_group_20_code"
    }
    published = {
        row["Ethnic group (20 categories) Code"]: row["Ethnic group (20 categories)"]
        for row in read(real_data / "census2021" / "ons-ethnic-population-nat.csv")
    }
    assert published.pop("-8") == "Does not apply"
    assert held == published


def test_social_care_grades_are_the_six_roles_of_the_social_work_file(real_data):
    file = real_data / "dfe_social_workers_by_ethnicity" / "csww_workforce_role_by_ethnicity_2019_to_2022.csv"
    roles = {row["OrgRole"].lower().replace(" ", "_") for row in read(file)} - {
        "all_children_and_family_social_workers"
    }
    held = {row["grade"] for row in read(REFERENCE / "grade_groups.csv") if row["grade_family"] == "social_care"}
    adult_social_care = {grade for grade in held if grade.startswith("asc_")}
    assert held - adult_social_care == roles
    assert len(adult_social_care) == 4


def test_a_footprint_is_the_lower_tier_of_the_published_lookup(real_data):
    published: dict[str, set[str]] = {}
    for row in read(real_data / "geography" / "derived_icb24_ltla24_all_england.csv"):
        published.setdefault(row["icb24_code"], set()).add(row["ltla24_code"])
    for row in read(real_data / "geography" / "lookup_ltla21_utla21.csv"):
        published.setdefault(row["utla21_code"], set()).add(row["ltla21_code"])
    held: dict[str, set[str]] = {}
    for row in read(REFERENCE / "footprints.csv"):
        held.setdefault(row["org_code"], set()).add(row["area_code"])
    systems_and_councils = [
        row["org_code"] for row in read(REFERENCE / "organisations.csv") if row["org_type"] in ("system", "council")
    ]
    assert len(systems_and_councils) == 8
    assert {code: held[code] for code in systems_and_councils} == {
        code: published[code] for code in systems_and_councils
    }


def test_areas_carry_their_published_names(real_data):
    published = {"E92000001": "England"}
    for row in read(real_data / "geography" / "lookup_ltla24_region24.csv"):
        published[row["ltla24_code"]] = row["ltla24_name"]
        published[row["region24_code"]] = row["region24_name"]
    held = {row["area_code"]: row["area_name"] for row in read(REFERENCE / "areas.csv")}
    assert held == {code: published[code] for code in held}
