"""Every public file as its publisher gives it: what layout it is in, and what becomes of each of its lines."""

from pathlib import Path

import pytest

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.ingest import ingest
from pipelines.places import DataFolder
from pipelines.validate import validate

# File: layout, lines in, accepted, checking, and the rules that warn.
FILES = {
    "nhs_england_ethnicity_by_band/nhs-workforce.csv": ("gov_uk_nhs_workforce", 432, 336, 96, []),
    "dfe_social_workers_by_ethnicity/csww_workforce_role_by_ethnicity_2019_to_2022.csv": (
        "dfe_social_workers",
        4578,
        3876,
        702,
        ["headcount.group_moved", "headcount.group_vanished", "headcount.parts_beside_whole", "headcount.total_jump"],
    ),
    "census2021/ons-ethnic-population-la.csv": ("ons_ethnic_group", 3500, 3325, 175, []),
    "census2021/ons-ethnic-population-reg.csv": ("ons_ethnic_group", 200, 190, 10, []),
    "census2021/ons-ethnic-population-nat.csv": ("ons_ethnic_group", 40, 38, 2, []),
    "census2021/ethnicity21_ltla21.csv": ("census_ltla_ethnicity", 12578, 6289, 6289, []),
    "census2021/census2021-ts007-ltla.csv": ("nomis_ts007", 331, 331, 0, []),
    "census2021/census2021-ts007-rgn.csv": ("nomis_ts007", 10, 10, 0, []),
    "census2021/census2021-ts007-ctry.csv": ("nomis_ts007", 3, 3, 0, []),
    "census2021/derived_religion_ltla24.csv": ("census_religion_ltla", 2862, 2862, 0, []),
    "census2021/derived_disability_ltla24.csv": ("census_disability_ltla", 636, 636, 0, []),
    "census2021/derived_sexualorientation_ltla22.csv": ("census_sexual_orientation_ltla", 1655, 1655, 0, []),
    "census2021/derived_sex_ltla21.csv": ("census_sex_ltla", 1324, 1324, 0, []),
}


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_accepted_or_checks(con: Connection, real_data: Path, tmp_path: Path, name: str) -> None:
    layout, lines, accepted, checking, warned = FILES[name]
    data = DataFolder(tmp_path)
    verdict = validate(con, ingest(con, data, [real_data / name], tmp_path / "work"), reference.method(data))
    assert verdict.refusals == ()
    (one,) = verdict.accepted
    assert (one.extract.layout, one.extract.rows_in, one.rows_accepted, one.rows_rejected, one.rows_checking) == (
        layout,
        lines,
        accepted,
        0,
        checking,
    )
    assert sorted({finding.rule for finding in verdict.findings}) == warned


# Where a file prints what can be worked out from it: how many such numbers are wrong when one of them is changed.
CHECKED = {
    "dfe_social_workers_by_ethnicity/csww_workforce_role_by_ethnicity_2019_to_2022.csv": {
        "a count": (b",27373,20833,", b",27373,20834,", "headcount.parts_make_total"),
        "a percentage": (b",244,76.1,", b",244,76.2,", "headcount.percentage_agrees"),
    },
    "census2021/ethnicity21_ltla21.csv": {
        "a percentage": (
            b'E06000001,Hartlepool,"Asian, Asian British or Asian Welsh: Bangladeshi (percent)",0.3',
            b'E06000001,Hartlepool,"Asian, Asian British or Asian Welsh: Bangladeshi (percent)",0.4',
            "population.percentage_agrees",
        ),
    },
    "census2021/census2021-ts007-rgn.csv": {
        "a subtotal": (b",134302,24771,", b",134303,24771,", "population.parts_make_total"),
        "the total": (b'"E12000001",2647015,', b'"E12000001",2647016,', "population.parts_make_total"),
    },
    "nhs_england_ethnicity_by_band/nhs-workforce.csv": {
        "a percentage": (b'"1783","1905","93.6"', b'"1783","1905","93.7"', "headcount.percentage_agrees"),
    },
}


@pytest.mark.parametrize(
    ("name", "what"), [(name, what) for name, changes in CHECKED.items() for what in changes], ids=lambda one: one[:24]
)
def test_one_number_changed_is_found(con: Connection, real_data: Path, tmp_path: Path, name: str, what: str) -> None:
    right, wrong, rule = CHECKED[name][what]
    content = (real_data / name).read_bytes()
    assert content.count(right) == 1
    (tmp_path / "changed.csv").write_bytes(content.replace(right, wrong))
    data = DataFolder(tmp_path)
    verdict = validate(con, ingest(con, data, [tmp_path / "changed.csv"], tmp_path / "work"), reference.method(data))
    assert [refusal.rule for refusal in verdict.refusals] == [rule]


def test_single_years_of_age_give_the_same_residents_as_the_reference(
    con: Connection, real_data: Path, tmp_path: Path
) -> None:
    """TS007 as Nomis gives it, through its layout and the crosswalk, against the bands of population.csv."""
    data = DataFolder(tmp_path)
    name = "census2021/census2021-ts007-ltla.csv"
    (one,) = validate(con, ingest(con, data, [real_data / name], tmp_path / "work"), reference.method(data)).accepted
    con.execute("create or replace table landing_population as from read_parquet(?)", [str(one.typed)])
    # Children and people over 74 aren't in the base either.
    youngest, oldest = con.execute(
        f"select min(category::int), max(category::int) from ({database.read_sql('intermediate/resident')}) "
        "where classification = 'single_year_of_age' and age_range = '16-74'"
    ).fetchall()[0]
    assert (youngest, oldest) == (16, 74)
    differing, compared = con.execute(f"""
        with resident as ({database.read_sql("intermediate/resident")}),
        landed as (
            select resident.area_code, crosswalk.to_category as category, sum(resident.population) as population
            from resident
            inner join reference_crosswalk as crosswalk on
                resident.classification = crosswalk.from_classification
                and resident.category = crosswalk.from_category
                and crosswalk.to_classification = 'esr_age_bands'
            where resident.age_range = '16-74' and resident.classification = 'single_year_of_age'
            group by all
        )
        select count_if(landed.population is distinct from reference.population::bigint), count(*)
        from reference_population as reference
        left join landed using (area_code, category)
        where reference.classification = 'esr_age_bands' and reference.area_code in (select area_code from landed)
    """).fetchall()[0]
    assert (differing, compared) == (0, 46 * 12)
