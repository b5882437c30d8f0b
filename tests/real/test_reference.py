"""The reference tables say what the public files say: every figure is made again from them and compared."""

import csv
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
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
# The residents of a table against those whom TS007 counts: the largest difference of any area that is held. Sex is of
# ages 16 to 64, sexual orientation of 16 and over. Religion, disability and sexual orientation are sums of small areas;
# these three and sex, of regions and England, are sums of authorities. Each part was perturbed apart.
LARGEST_DIFFERENCE = {
    ("ltla", "ethnicity"): 20,
    ("ltla", "sex"): 12,
    ("ltla", "religion"): 31,
    ("ltla", "disability"): 50,
    ("ltla", "sexual_orientation"): 24,
    ("utla", "ethnicity"): 16,
    ("ons_region", "ethnicity"): 7,
    ("ons_region", "sex"): 27,
    ("ons_region", "religion"): 99,
    ("ons_region", "disability"): 90,
    ("ons_region", "sexual_orientation"): 37,
    ("country", "ethnicity"): 3,
    ("country", "sex"): 23,
    ("country", "religion"): 268,
    ("country", "disability"): 1,
    ("country", "sexual_orientation"): 79,
}
# The files by authority of 2024 put a small area of West Northamptonshire to Cherwell: some 1,900 people are missing in
# the first and too many in the second. That is no perturbation, and their two regions show it.
MISPLACED = {
    ("E06000062", "religion"): -1893,
    ("E06000062", "disability"): -1912,
    ("E12000004", "religion"): -1951,
    ("E12000004", "disability"): -1960,
    ("E12000008", "religion"): 1934,
    ("E12000008", "disability"): 1868,
}
# Unitary authorities that opened on 1 April 2023: TS007 is by authority of 2021.
NEW_AUTHORITIES = {"E06000063", "E06000064", "E06000065", "E06000066"}
CHILDREN = ("4 years and under", "5 to 9 years", "10 to 15 years")
# ONS perturbed ethnic group once for a county council's own figure and once for each of its districts.
COUNTY_AND_ITS_DISTRICTS = 6

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
-- An authority that is both tiers in one is held once: as ltla if all its profiles are held, else as utla.
utla as (
    select area_code from area where area_level = 'utla'
),
region_of_ltla24 as (
    select ltla24_code, region24_code from read_csv($geography || '/lookup_ltla24_region24.csv')
),
region_of_ltla22 as (
    select ltla22_code, region24_code
    from read_csv($geography || '/lookup_ltla22_ltla23.csv')
    inner join region_of_ltla24 on ltla24_code = ltla23_code
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
        union all
        select "2023 Upper tier local authorities Code", "Ethnic group (20 categories) Code", Observation
        from read_csv($census || '/ons-ethnic-population-la.csv')
        where "2023 Upper tier local authorities Code" in (from utla)
    )
    where code <> -8 and area_code in (select area_code from area)
),
-- Profiles by lower-tier authority, whose regions and England are sums; the region is that of the authority's year.
summed as (
    select ltla21_code as ltla_code, 'sex' as characteristic, 'sex' as classification,
        upper(sex[1]) || sex[2:] as category, '16-64' as age_range, n, region24_code as region_code
    from read_csv($census || '/derived_sex_ltla21.csv')
    left join region_of_ltla22 on ltla22_code = ltla21_code
    where age_range = '16-64'
    union all
    select ltla24_code, 'religion', 'census_2021_religion', nullif(religion, 'Not answered'), 'all', n, region24_code
    from read_csv($census || '/derived_religion_ltla24.csv') left join region_of_ltla24 using (ltla24_code)
    union all
    select ltla24_code, 'disability', 'equality_act_2010', replace(disability, ' under the Equality Act', ''), 'all', n,
        region24_code
    from read_csv($census || '/derived_disability_ltla24.csv') left join region_of_ltla24 using (ltla24_code)
    union all
    select ltla22_code, 'sexual_orientation', 'census_2021_sexual_orientation',
        nullif(sexual_orientation, 'Not answered'), '16+', n, region24_code
    from read_csv($census || '/derived_sexualorientation_ltla22.csv') left join region_of_ltla22 using (ltla22_code)
),
english as (
    from summed where ltla_code like 'E%'
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
    select ltla_code, characteristic, classification, category, age_range, n from english where ltla_code in (from ltla)
    union all
    select region_code, characteristic, classification, category, age_range, sum(n) from english group by all
    union all
    select 'E92000001', characteristic, classification, category, age_range, sum(n) from english group by all
    union all
    select area_code, 'age', 'esr_age_bands',
        case
            when age <= 20 then '<=20'
            when age >= 71 then '>=71'
            else concat((age - 1) // 5 * 5 + 1, '-', (age - 1) // 5 * 5 + 5)
        end as band,
        '16-74', sum(people)
    from single_year
    where age between 16 and 74 and area_code in (select area_code from area where area_level <> 'utla')
    group by area_code, band
)
select
    area_code, characteristic, classification, coalesce(category, ''),
    if(category is null, 'unknown', 'known'), age_range, cast(cast(people as bigint) as varchar), '2021-03-21'
from profile
left join category using (characteristic, classification, category)
order by area_code, characteristic, classification, age_range, cast(sort_order as integer) nulls last
"""


GEOGRAPHY_COLUMNS = [
    *("ltla_code", "ltla_name", "utla_code", "utla_name", "icb_code", "icb_name", "region_code", "region_name"),
    *("lsoas", "valid_from", "valid_to"),
]
# The 296 authorities of 2024 with each board that they lie in, and the seventeen districts that merged on 2023-04-01.
GEOGRAPHY = r"""
with
board as (
    from read_csv($geography || '/derived_icb24_ltla24_all_england.csv')
),
upper as (
    from read_csv($geography || '/lookup_ltla21_utla21.csv')
),
region as (
    from read_csv($geography || '/lookup_ltla24_region24.csv')
),
merged as (
    from read_csv($geography || '/lookup_ltla22_ltla23.csv') where ltla22_code <> ltla23_code and ltla22_code like 'E%'
),
-- A district's board follows from its successor's only if the whole of that lies in one.
sole_board as (
    select ltla24_code, any_value(icb24_code) as icb24_code, any_value(icb24_name) as icb24_name
    from board
    group by ltla24_code
    having count(*) = 1
),
row as (
    -- An authority that isn't of 2021 is a unitary authority of 2023: its own upper tier.
    select ltla24_code as ltla_code, ltla24_name as ltla_name,
        coalesce(utla21_code, ltla24_code) as utla_code, coalesce(utla21_name, ltla24_name) as utla_name,
        icb24_code as icb_code, icb24_name as icb_name, region24_code as region_code, region24_name as region_name,
        n_lsoa21 as lsoas, utla21_code is null as is_new, false as is_old
    from board
    left join upper on ltla21_code = ltla24_code
    left join region using (ltla24_code, ltla24_name)
    union all
    select ltla22_code, ltla22_name, utla21_code, utla21_name, icb24_code, icb24_name, region24_code, region24_name,
        null, false, true
    from merged
    left join upper on ltla21_code = ltla22_code
    left join region on ltla24_code = ltla23_code
    left join sole_board on sole_board.ltla24_code = ltla23_code
)
select
    ltla_code, ltla_name, utla_code, utla_name, coalesce(icb_code, ''), coalesce(icb_name, ''),
    region_code, region_name, coalesce(cast(lsoas as varchar), ''),
    case
        when is_new then '2023-04-01'
        -- The codes of Surrey Heartlands and Sussex replaced older ones after the boards had opened.
        when icb_code is null or icb_code in ('E54000063', 'E54000064') then ''
        else '2022-07-01'
    end,
    if(is_old, '2023-03-31', '')
from row
order by ltla_code, icb_code nulls first
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


@pytest.fixture(scope="module")
def ages(real_data: Path) -> dict[str, dict[str, int]]:
    """Residents of each area of TS007 in three age ranges, from its single years."""
    counted: dict[str, dict[str, int]] = {}
    for file in ("ltla", "rgn", "ctry"):
        for row in read(real_data / "census2021" / f"census2021-ts007-{file}.csv"):
            everybody = int(row["Age: Total; measures: Value"])
            children = (int(row[f"Age: Aged {group}; measures: Value"]) for group in CHILDREN)
            counted[row["geography code"]] = {
                "everybody": everybody,
                "aged_16_plus": everybody - sum(children),
                "aged_16_64": sum(int(row[f"Age: Aged {year} years; measures: Value"]) for year in range(16, 65)),
            }
    return counted


def ethnicity_files(real_data: Path) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    """Return residents by area and ethnic group, from the file by lower-tier and the file by upper-tier authority."""
    by_authority = {
        (row["ltla21_code"], re.sub(r"\s*\(number\)$", "", row["ethnic_group"])): int(float(row["value"]))
        for row in read(real_data / "census2021" / "ethnicity21_ltla21.csv")
        if row["ethnic_group"].endswith("(number)")
    }
    by_upper_tier = {
        (row["2023 Upper tier local authorities Code"], row["Ethnic group (20 categories)"]): int(row["Observation"])
        for row in read(real_data / "census2021" / "ons-ethnic-population-la.csv")
        if row["Ethnic group (20 categories)"] != "Does not apply"
    }
    return by_authority, by_upper_tier


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


def test_largest_difference_between_two_tables_is_the_one_that_is_stated(population, ages):
    counted: Counter[tuple[str, str]] = Counter()
    for row in population:
        counted[row["area_code"], row["characteristic"]] += int(row["population"])
    level = {row["area_code"]: row["area_level"] for row in read(REFERENCE / "areas.csv")}
    column = {"sex": "aged_16_64", "sexual_orientation": "aged_16_plus"}
    found: Counter[tuple[str, str]] = Counter()
    misplaced = {}
    for (area, characteristic), residents in counted.items():
        # Age is TS007's own.
        if area in ages and characteristic != "age":
            difference = residents - ages[area][column.get(characteristic, "everybody")]
            if (area, characteristic) in MISPLACED:
                misplaced[area, characteristic] = difference
            else:
                key = level[area], characteristic
                found[key] = max(found[key], abs(difference))
    assert misplaced == MISPLACED
    assert found == LARGEST_DIFFERENCE
    not_in_ts007 = {area for area in level if area not in ages}
    assert not_in_ts007 == {area for area in level if area.startswith("E10")} | NEW_AUTHORITIES


def test_a_small_area_of_west_northamptonshire_stands_under_cherwell(real_data, ages):
    cherwell = [
        float(row["n"])
        for row in read(real_data / "census2021" / "derived_religion_ltla24.csv")
        if row["ltla24_code"] == "E07000177"
    ]
    assert sum(cherwell) - ages["E07000177"]["everybody"] == 1929


def test_the_columns_of_ts007_sum_to_exactly_twice_its_total(real_data):
    """Group subtotals stand between the single years: who sums a row counts everybody twice."""
    truth = {
        row["ltla21_code"]: int(row["naive_sum_of_all_age_columns"])
        for row in read(real_data / "truth" / "census2021_working_age_reference_ltlas.csv")
    }
    for row in read(real_data / "census2021" / "census2021-ts007-ltla.csv"):
        total = int(row["Age: Total; measures: Value"])
        summed = sum(int(value) for name, value in row.items() if name.startswith("Age: Aged"))
        assert summed == 2 * total == truth.pop(row["geography code"], summed), row["geography"]
    assert truth == {}


def test_the_two_ethnicity_files_agree_wherever_both_have_an_area(real_data):
    by_authority, by_upper_tier = ethnicity_files(real_data)
    both = {area for area, _ in by_authority} & {area for area, _ in by_upper_tier}
    assert Counter(area[0] for area in both) == {"E": 128, "W": 22}
    assert {key: n for key, n in by_authority.items() if key[0] in both} == {
        key: n for key, n in by_upper_tier.items() if key[0] in both
    }


def test_a_county_is_its_districts_within_a_few_people(real_data):
    by_authority, by_upper_tier = ethnicity_files(real_data)
    county = {row["ltla_code"]: row["utla_code"] for row in read(REFERENCE / "geography.csv")}
    successor = {
        row["ltla22_code"]: row["ltla23_code"] for row in read(real_data / "geography/lookup_ltla22_ltla23.csv")
    }
    summed: Counter[tuple[str, str]] = Counter()
    for (area, group), people_of_group in by_authority.items():
        if area.startswith("E"):
            upper = county[area] if successor[area] == area else successor[area]
            summed[upper, group] += people_of_group
    english = {key: n for key, n in by_upper_tier.items() if key[0].startswith("E")}
    assert len({area for area, _ in english}) == 153
    assert summed.keys() == english.keys()
    assert max(abs(summed[key] - english[key]) for key in english) == COUNTY_AND_ITS_DISTRICTS


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


def test_all_209_published_ethnicity_percentages_are_met(real_data, population):
    label = {
        row["category"]: row["label"]
        for row in read(REFERENCE / "categories.csv")
        if row["classification"] == "census_2021_19"
    }
    shares = {
        (row["area_code"], label[row["category"]]): Decimal(100 * int(row["population"]))
        / people(population, [row["area_code"]], "ethnicity")
        for row in population
        if row["characteristic"] == "ethnicity" and row["area_code"] in BLACK_COUNTRY + HEREFORDSHIRE_WORCESTERSHIRE
    }
    published = {
        (row["ltla21_code"], " ".join(row["ethnic_group"].split())): Decimal(row["percent"])
        for row in read(real_data / "truth" / "census2021_ethnicity_reference_ltlas.csv")
    }
    assert len(published) == 209
    rounded = {key: share.quantize(Decimal("0.1"), ROUND_HALF_UP) for key, share in shares.items()}
    assert rounded == published


def test_working_age_agrees_with_single_years(real_data, population, ages):
    published = read(real_data / "truth" / "census2021_working_age_reference_ltlas.csv")
    assert len(published) == 11
    for row in published:
        area = row["ltla21_code"]
        counts = {"everybody": int(row["total_published"]), "aged_16_64": int(row["aged_16_64_from_single_years"])}
        assert counts.items() <= ages[area].items(), row["ltla21_name"]
        held = people(population, [area], "sex")
        assert abs(held - counts["aged_16_64"]) <= SAME_PEOPLE_TWO_TABLES, row["ltla21_name"]


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


def test_geography_is_made_again_from_the_public_files(real_data):
    rows = read(REFERENCE / "geography.csv")
    assert list(rows[0]) == GEOGRAPHY_COLUMNS
    recomputed = duckdb.execute(GEOGRAPHY, {"geography": str(real_data / "geography")}).fetchall()
    assert [tuple(row.values()) for row in rows] == recomputed


def test_a_footprint_is_the_lower_tier_of_the_published_lookup(real_data):
    published: dict[str, set[str]] = {}
    for row in read(real_data / "geography" / "derived_icb24_ltla24_all_england.csv"):
        published.setdefault(row["icb24_code"], set()).add(row["ltla24_code"])
    for row in read(real_data / "geography" / "lookup_ltla21_utla21.csv"):
        published.setdefault(row["utla21_code"], set()).add(row["ltla21_code"])
    held: dict[str, set[str]] = {}
    for row in read(REFERENCE / "footprints.csv"):
        held.setdefault(row["org_code"], set()).add(row["area_code"])
    systems = [row["org_code"] for row in read(REFERENCE / "organisations.csv") if row["org_type"] == "system"]
    of_lower_tier = [*systems, "E06000019", "E08000027", "E08000028", "E08000030", "E08000031", "E10000034"]
    assert len(of_lower_tier) == 8
    assert {code: held[code] for code in of_lower_tier} == {code: published[code] for code in of_lower_tier}


def test_the_ambulance_service_serves_the_systems_that_lie_in_its_region(real_data):
    region = {
        row["ltla24_code"]: row["region24_name"] for row in read(real_data / "geography" / "lookup_ltla24_region24.csv")
    }
    served: dict[str, set[str]] = {}
    for row in read(real_data / "geography" / "derived_icb24_ltla24_all_england.csv"):
        if region[row["ltla24_code"]] == "West Midlands":
            served.setdefault(row["icb24_code"], set()).add(row["ltla24_code"])
    held = {row["area_code"] for row in read(REFERENCE / "footprints.csv") if row["org_code"] == "RYA"}
    assert len(served) == 6
    assert held == set().union(*served.values())
    assert len(held) == 30


def test_areas_are_the_catchments_the_upper_tier_the_regions_and_england(real_data):
    catchments = {row["ltla21_code"] for row in read(real_data / "geography" / "trust_catchment_ltla21.csv")}
    regions = {row["region24_code"] for row in read(real_data / "geography" / "lookup_ltla24_region24.csv")}
    upper_tier = upper_tier_authorities(real_data)
    assert (len(catchments), len(upper_tier), len(regions)) == (46, 153, 9)
    held = {row["area_code"]: row["area_level"] for row in read(REFERENCE / "areas.csv")}
    assert held == (
        dict.fromkeys(upper_tier, "utla")
        | dict.fromkeys(catchments, "ltla")
        | dict.fromkeys(regions, "ons_region")
        | {"E92000001": "country"}
    )


def upper_tier_authorities(real_data: Path) -> set[str]:
    """Return the English upper-tier authorities of 2023."""
    codes = {
        row["2023 Upper tier local authorities Code"]
        for row in read(real_data / "census2021" / "ons-ethnic-population-la.csv")
    }
    return {code for code in codes if code.startswith("E")}


def published_names(real_data: Path) -> dict[str, str]:
    """Return the names of regions, of authorities of 2024, and of those of 2021 that have another upper tier."""
    names = {"E92000001": "England"}
    for row in read(real_data / "geography" / "lookup_ltla21_utla21.csv"):
        names[row["utla21_code"]] = row["utla21_name"]
    for row in read(real_data / "geography" / "lookup_ltla24_region24.csv"):
        names[row["ltla24_code"]] = row["ltla24_name"]
        names[row["region24_code"]] = row["region24_name"]
    return names


def test_areas_carry_their_published_names(real_data):
    published = published_names(real_data)
    held = {row["area_code"]: row["area_name"] for row in read(REFERENCE / "areas.csv")}
    assert held == {code: published[code] for code in held}


def test_every_upper_tier_authority_is_a_council_of_the_register(real_data):
    councils = {
        row["org_code"]: row["org_name"]
        for row in read(REFERENCE / "organisations.csv")
        if row["org_type"] == "council"
    }
    former = {"E10000006", "E10000021", "E10000023", "E10000027"}
    assert set(councils) == upper_tier_authorities(real_data) | former
    own_names = former | {"E06000019", "E08000027", "E08000028", "E08000030", "E08000031", "E10000034"}
    published = published_names(real_data)
    others = {code: name for code, name in councils.items() if code not in own_names}
    assert others == {code: published[code] for code in others}


def test_every_body_of_the_social_work_file_is_registered_and_open_on_its_day(real_data):
    """The figures of a year are those of 30 September."""
    register = {row["org_code"]: row for row in read(REFERENCE / "organisations.csv")}
    file = real_data / "dfe_social_workers_by_ethnicity" / "csww_workforce_role_by_ethnicity_2019_to_2022.csv"
    bodies = {
        (row["new_la_code"] or row["region_code"] or row["country_code"], f"{row['time_period']}-09-30")
        for row in read(file)
    }
    assert len({code for code, _ in bodies}) == 153 + 11 + 1
    closed = [
        (code, day)
        for code, day in sorted(bodies)
        if not register[code]["valid_from"] <= day <= (register[code]["valid_to"] or "9999-12-31")
    ]
    assert closed == []


def test_a_region_of_the_social_work_file_carries_its_name(real_data):
    file = real_data / "dfe_social_workers_by_ethnicity" / "csww_workforce_role_by_ethnicity_2019_to_2022.csv"
    published = {row["region_code"]: row["region_name"] for row in read(file) if row["geographic_level"] == "Regional"}
    held = {
        row["org_code"]: row["org_name"]
        for row in read(REFERENCE / "organisations.csv")
        if row["org_type"] == "ons_region"
    }
    assert held == published
