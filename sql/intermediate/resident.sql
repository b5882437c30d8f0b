-- Grain:  an area, age range and group of residents, at the latest vintage.
-- Inputs: landing_population (accepted population extracts), reference_population.
-- Caveat: a landing file's figures come before the reference's for the same characteristic, area, age range and vintage.
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

every_source as (
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
    union all
    select reference.*
    from reference
    anti join landing_population
        on
            reference.area_code = landing_population.area_code
            and reference.characteristic = landing_population.characteristic
            and reference.age_range = landing_population.age_range
            and reference.vintage = landing_population.vintage
)

select *
from every_source
qualify vintage = max(vintage) over (partition by area_code, characteristic, age_range)
order by all;
