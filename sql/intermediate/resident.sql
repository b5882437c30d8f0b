-- Grain:  an area, age range and group of residents, at the latest vintage.
-- Inputs: landing_population (accepted population extracts), reference_population, method.
-- Caveat: of a profile by single year of age, the ages that method.single_year_age_range names make a profile of that range: the
--         youngest and oldest bands of staff are open, and children and people long retired are nobody's labour pool. A landing file's figures come before the reference's for the same characteristic, area, age range and vintage.
with reference as (
    select
        area_code,
        characteristic,
        classification,
        category,
        answer_status,
        age_range,
        population::bigint as population,
        vintage::date as vintage
    from reference_population
),

landed as (
    select
        area_code,
        characteristic,
        classification,
        category,
        answer_status,
        age_range,
        population,
        vintage
    from landing_population
),

of_staffs_ages as (
    select landed.* replace (method.single_year_age_range as age_range)
    from landed
    cross join method
    where
        landed.classification = 'single_year_of_age'
        and landed.age_range = 'all'
        and landed.category::integer between split_part(method.single_year_age_range, '-', 1)::integer
        and split_part(method.single_year_age_range, '-', 2)::integer
),

landing as (
    select * from landed
    union all
    select of_staffs_ages.*
    from of_staffs_ages
    anti join landed
        on
            of_staffs_ages.area_code = landed.area_code
            and of_staffs_ages.characteristic = landed.characteristic
            and of_staffs_ages.age_range = landed.age_range
),

every_source as (
    select * from landing
    union all
    select reference.*
    from reference
    anti join landing
        on
            reference.area_code = landing.area_code
            and reference.characteristic = landing.characteristic
            and reference.age_range = landing.age_range
            and reference.vintage = landing.vintage
)

select *
from every_source
qualify vintage = max(vintage) over (partition by area_code, characteristic, age_range)
order by all;
