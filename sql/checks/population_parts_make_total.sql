-- Grain:  a publisher's subtotal of residents that isn't the sum of its parts: a line.
-- Inputs: population_total, population.
-- Caveat: its parts are the rows that share its places in the publisher's table, apart from those that stand for "all" (null);
--         where the layout names a subtotal's parts by their words, these only. A subtotal without a number, or with a part that the
--         publisher hid, can't be checked.
with subtotals as (
    select
        extract,
        source_line,
        word,
        part_words,
        dimensions,
        places_of_all(dimensions) as places,
        population
    from population_total
    where population is not null or marker is null
),

kinds_of_subtotal as (
    select distinct
        extract,
        places
    from subtotals
),

parts as (
    select
        kinds_of_subtotal.extract,
        kinds_of_subtotal.places,
        without_places(population.dimensions, kinds_of_subtotal.places) as dimensions,
        population.word,
        population.population,
        population.population is null and population.marker is not null as is_hidden
    from population
    inner join kinds_of_subtotal on population.extract = kinds_of_subtotal.extract
    where not is_left_out(population.left_out, kinds_of_subtotal.places)
)

select
    subtotals.extract,
    subtotals.source_line
from subtotals
left join parts
    on
        subtotals.extract = parts.extract
        and subtotals.places = parts.places
        and subtotals.dimensions = parts.dimensions
        and (subtotals.part_words is null or list_contains(subtotals.part_words, parts.word))
group by subtotals.extract, subtotals.source_line, subtotals.dimensions, subtotals.word, subtotals.population
having
    coalesce(sum(parts.population), 0) is distinct from subtotals.population
    and not coalesce(bool_or(parts.is_hidden), false)
order by all;
