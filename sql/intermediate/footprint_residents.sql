-- Grain:  an organisation on a date, a comparator (population, england) and a category of a reported classification.
-- Inputs: roll_up, footprint, resident, translation, category, method.
-- Caveat: every area of a footprint has to have a profile that translates, or there is no comparator; each category, too, every
--         profile has to be able to tell. One age range serves the whole footprint: the first of method.age_ranges that every
--         area of it has. A category's share is taken over residents whose answer is known. A comparator that
--         method.comparators_refused names stands without numbers.
with unit as (
    select distinct
        org_code,
        as_at_date
    from roll_up
),

area as (
    select
        unit.org_code,
        unit.as_at_date,
        'population' as comparator,
        footprint.area_code
    from unit
    inner join footprint
        on
            unit.org_code = footprint.org_code
            and unit.as_at_date between footprint.valid_from and footprint.valid_to
    union all
    select
        unit.org_code,
        unit.as_at_date,
        'england' as comparator,
        footprint.area_code
    from unit
    inner join footprint
        on
            footprint.org_code = 'E92000001'
            and unit.as_at_date between footprint.valid_from and footprint.valid_to
),

-- Units with the same areas share their sums.
area_set as (
    select
        org_code,
        as_at_date,
        comparator,
        list(area_code order by area_code) as areas
    from area
    group by org_code, as_at_date, comparator
),

areas_of_set as (
    select
        areas,
        unnest(areas) as area_code
    from (select distinct areas from area_set) as distinct_set
),

pair as (
    select distinct
        characteristic,
        from_classification,
        to_classification
    from translation
),

-- Residents as each reported classification sees them: an area whose profile can't be translated into it isn't there.
seen as (
    select
        areas_of_set.areas,
        areas_of_set.area_code,
        pair.to_classification,
        resident.*
    from areas_of_set
    inner join resident on areas_of_set.area_code = resident.area_code
    inner join pair
        on resident.characteristic = pair.characteristic and resident.classification = pair.from_classification
),

profiled as (
    select
        areas,
        characteristic,
        to_classification,
        age_range,
        count(distinct area_code) as areas_with_profile,
        list(distinct classification order by classification) as sources
    from seen
    group by areas, characteristic, to_classification, age_range
),

age_range as (
    select
        profiled.areas,
        profiled.to_classification,
        profiled.age_range,
        profiled.sources,
        coalesce(
            list_contains(
                list_transform(
                    method.comparators_refused,
                    lambda refused: refused.characteristic || ' ' || refused.age_range
                ),
                profiled.characteristic || ' ' || profiled.age_range
            ),
            false
        ) as is_refused
    from profiled
    cross join method
    where
        profiled.areas_with_profile = len(profiled.areas)
        and list_contains(method.age_ranges, profiled.age_range)
    qualify
        row_number() over (
            partition by profiled.areas, profiled.to_classification
            order by list_position(method.age_ranges, profiled.age_range)
        ) = 1
),

counted as (
    select
        seen.areas,
        seen.characteristic,
        seen.to_classification,
        seen.classification,
        seen.category,
        seen.answer_status,
        age_range.age_range,
        age_range.is_refused,
        min(seen.vintage) as first_vintage,
        max(seen.vintage) as last_vintage,
        sum(seen.population)::bigint as residents
    from age_range
    inner join seen
        on
            age_range.areas = seen.areas
            and age_range.to_classification = seen.to_classification
            and age_range.age_range = seen.age_range
    group by all
),

base as (
    select
        areas,
        characteristic,
        to_classification,
        age_range,
        is_refused,
        coalesce(sum(residents) filter (answer_status = 'known'), 0)::bigint as known_residents,
        sum(residents)::bigint as all_residents,
        min(first_vintage) as first_vintage,
        max(last_vintage) as last_vintage
    from counted
    group by areas, characteristic, to_classification, age_range, is_refused
),

-- Categories that the profile of every area can tell: what only some of them tell is no count of the footprint.
tellable as (
    select
        age_range.areas,
        age_range.to_classification,
        translation.to_category
    from age_range
    inner join translation
        on
            age_range.to_classification = translation.to_classification
            and list_contains(age_range.sources, translation.from_classification)
    group by age_range.areas, age_range.to_classification, age_range.sources, translation.to_category
    having count(distinct translation.from_classification) = len(age_range.sources)
),

translated as (
    select
        counted.areas,
        counted.to_classification,
        translation.to_category as category,
        sum(counted.residents)::bigint as residents
    from counted
    inner join translation
        on
            counted.characteristic = translation.characteristic
            and counted.classification = translation.from_classification
            and counted.category = translation.from_category
            and counted.to_classification = translation.to_classification
    semi join tellable
        on
            counted.areas = tellable.areas
            and counted.to_classification = tellable.to_classification
            and translation.to_category = tellable.to_category
    where counted.answer_status = 'known'
    group by counted.areas, counted.to_classification, translation.to_category
)

select
    area_set.org_code,
    area_set.as_at_date,
    area_set.comparator,
    base.characteristic,
    base.to_classification as classification,
    translated.category,
    if(base.is_refused, null, translated.residents) as comparator_headcount,
    if(base.is_refused, null, base.known_residents) as comparator_known_headcount,
    if(base.is_refused, null, base.all_residents) as comparator_total_headcount,
    base.age_range,
    array_to_string(area_set.areas, ' ') as area_set,
    base.first_vintage
    || if(base.last_vintage > base.first_vintage, ' to ' || base.last_vintage, '') as population_vintage
from area_set
inner join base on area_set.areas = base.areas
inner join translated on base.areas = translated.areas and base.to_classification = translated.to_classification
order by all;
