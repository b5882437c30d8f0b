-- Grain:  residents of an area in an age range who are far more or fewer than the reference has: the file's first line about them.
-- Inputs: population, reference_population, method (residents_tolerance).
-- Caveat: the reference's totals differ a little between characteristics; near one of them will do. An area or age range that the
--         reference hasn't, and a total with a count that the publisher hid, can't be compared.
with totals as (
    select
        extract,
        area_code,
        age_range,
        characteristic,
        vintage,
        sum(population) as residents,
        min(source_line) as source_line
    from population
    group by extract, area_code, age_range, characteristic, vintage
    having count(population) = count(*)
),

reference as (
    select
        area_code,
        age_range,
        sum(population::bigint) as residents
    from reference_population
    group by area_code, age_range, characteristic, vintage
    having count(population) = count(*)
)

select
    totals.extract,
    totals.source_line,
    'population' as field
from totals
inner join reference on totals.area_code = reference.area_code and totals.age_range = reference.age_range
cross join method
group by totals.extract, totals.area_code, totals.age_range, totals.characteristic, totals.vintage, totals.source_line
having
    min(abs(totals.residents - reference.residents) - method.residents_tolerance::decimal(9, 4) * reference.residents)
    > 0
order by all;
