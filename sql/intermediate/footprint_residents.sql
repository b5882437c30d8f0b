-- Grain:  an organisation on a date, a comparator (population, england; catchment for trusts) and a category of a reported
--         classification.
-- Inputs: roll_up, organisation, succession_life, footprint, catchment, resident, translation, category, method.
-- Caveat: every area of a footprint has to have a profile that translates, or there is no comparator; of a catchment, areas with
--         method.catchment_min_weight of the patients, whose weights are then rescaled, and area_set says so. Each category, too,
--         every profile has to be able to tell. One age range serves the whole set: the first of method.age_ranges that enough of
--         it has. A category's share is taken over residents whose answer is known. A catchment's share, the weighted mean of its
--         areas', stands as a number of a thousand million (docs/decisions/0008). A comparator that method.comparators_refused names
--         stands without numbers; a catchment's reason to have none stands in area_set.
with unit as (
    -- Before a successor began it serves what it served on its first day.
    select distinct
        roll_up.org_code,
        roll_up.as_at_date,
        organisation.org_type = 'trust' as is_trust,
        greatest(roll_up.as_at_date, succession_life.valid_from) as served_on
    from roll_up
    inner join organisation on roll_up.org_code = organisation.org_code
    inner join succession_life on roll_up.org_code = succession_life.org_code
),

-- The areas of a footprint weigh the same: their residents are added up, and all of them have to be there.
area as (
    select
        unit.org_code,
        unit.as_at_date,
        'population' as comparator,
        footprint.area_code,
        1 as weight_e12
    from unit
    inner join footprint
        on unit.org_code = footprint.org_code and unit.served_on between footprint.valid_from and footprint.valid_to
    union all
    select
        unit.org_code,
        unit.as_at_date,
        'england' as comparator,
        footprint.area_code,
        1 as weight_e12
    from unit
    inner join footprint
        on footprint.org_code = 'E92000001' and unit.as_at_date between footprint.valid_from and footprint.valid_to
    union all
    select
        unit.org_code,
        unit.as_at_date,
        'catchment' as comparator,
        catchment.area_code,
        catchment.weight_e12
    from unit
    inner join catchment
        on unit.org_code = catchment.org_code and unit.served_on between catchment.valid_from and catchment.valid_to
    where unit.is_trust
),

area_set as (
    select
        org_code,
        as_at_date,
        comparator,
        list(
            struct_pack(area_code := area_code, weight_e12 := weight_e12::hugeint) order by area_code, weight_e12
        ) as areas
    from area
    group by org_code, as_at_date, comparator
),

-- Units with the same areas, weighing the same, share their sums.
numbered_set as (
    select
        org_code,
        as_at_date,
        comparator,
        areas,
        comparator = 'catchment' as is_weighted,
        dense_rank() over (order by comparator = 'catchment', areas) as set_number
    from area_set
),

distinct_set as (
    select distinct
        set_number,
        is_weighted,
        areas
    from numbered_set
),

area_of_set as (
    select
        distinct_set.set_number,
        distinct_set.is_weighted,
        if(
            distinct_set.is_weighted,
            (method.catchment_min_weight::decimal(13, 12) * 1000000000000)::hugeint,
            len(distinct_set.areas)
        ) as enough_weight,
        unnest(distinct_set.areas).area_code as area_code,
        unnest(distinct_set.areas).weight_e12 as weight_e12
    from distinct_set
    cross join method
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
        pair.to_classification,
        resident.*
    from resident
    inner join pair
        on resident.characteristic = pair.characteristic and resident.classification = pair.from_classification
),

area_base as (
    select
        area_code,
        characteristic,
        to_classification,
        age_range,
        list(distinct classification) as sources,
        min(vintage) as first_vintage,
        max(vintage) as last_vintage,
        coalesce(sum(population) filter (answer_status = 'known'), 0)::hugeint as known_residents,
        sum(population)::hugeint as all_residents
    from seen
    group by area_code, characteristic, to_classification, age_range
),

area_group as (
    select
        seen.area_code,
        seen.to_classification,
        seen.age_range,
        translation.to_category as category,
        sum(seen.population)::hugeint as residents
    from seen
    inner join translation
        on
            seen.characteristic = translation.characteristic
            and seen.classification = translation.from_classification
            and seen.category = translation.from_category
            and seen.to_classification = translation.to_classification
    where seen.answer_status = 'known'
    group by seen.area_code, seen.to_classification, seen.age_range, translation.to_category
),

-- An area of which nobody's answer is known has no share to weigh.
profiled as (
    select
        area_of_set.*,
        area_base.characteristic,
        area_base.to_classification,
        area_base.age_range,
        area_base.sources,
        area_base.first_vintage,
        area_base.last_vintage,
        area_base.known_residents,
        area_base.all_residents
    from area_of_set
    inner join area_base on area_of_set.area_code = area_base.area_code
    inner join method on list_contains(method.age_ranges, area_base.age_range)
    where area_base.known_residents > 0 or not area_of_set.is_weighted
),

covered as (
    select
        set_number,
        is_weighted,
        enough_weight,
        characteristic,
        to_classification,
        age_range,
        list(area_code order by area_code) as areas,
        sum(weight_e12)::hugeint as covered_weight,
        list_distinct(flatten(list(sources))) as sources,
        min(first_vintage) as first_vintage,
        max(last_vintage) as last_vintage,
        sum(known_residents)::hugeint as known_residents,
        sum(all_residents)::hugeint as all_residents,
        -- Each area's answered share, to the nearest thousand millionth of its weight.
        sum(
            (weight_e12 * 1000000000 * known_residents + all_residents // 2) // all_residents
        )::hugeint as weighted_answered
    from profiled
    group by set_number, is_weighted, enough_weight, characteristic, to_classification, age_range
),

chosen as (
    select
        covered.*,
        list_contains(
            list_transform(
                method.comparators_refused,
                lambda refused: refused.characteristic || ' ' || refused.age_range
            ),
            covered.characteristic || ' ' || covered.age_range
        ) is true as is_refused
    from covered
    cross join method
    where covered.covered_weight >= covered.enough_weight
    qualify
        row_number() over (
            partition by covered.set_number, covered.to_classification
            order by list_position(method.age_ranges, covered.age_range)
        ) = 1
),

-- Categories that the profile of every area can tell: what only some of them tell is no count of the set.
tellable as (
    select
        chosen.set_number,
        chosen.to_classification,
        translation.to_category as category
    from chosen
    inner join translation
        on
            chosen.to_classification = translation.to_classification
            and list_contains(chosen.sources, translation.from_classification)
    group by chosen.set_number, chosen.to_classification, chosen.sources, translation.to_category
    having count(distinct translation.from_classification) = len(chosen.sources)
),

grouped as (
    select
        profiled.set_number,
        profiled.to_classification,
        area_group.category,
        sum(area_group.residents)::hugeint as residents,
        sum(
            (profiled.weight_e12 * 1000000000 * area_group.residents + profiled.known_residents // 2)
            // profiled.known_residents
        )::hugeint as weighted_residents
    from chosen
    inner join profiled
        on
            chosen.set_number = profiled.set_number
            and chosen.to_classification = profiled.to_classification
            and chosen.age_range = profiled.age_range
    inner join area_group
        on
            profiled.area_code = area_group.area_code
            and profiled.to_classification = area_group.to_classification
            and profiled.age_range = area_group.age_range
    semi join tellable
        on
            profiled.set_number = tellable.set_number
            and profiled.to_classification = tellable.to_classification
            and area_group.category = tellable.category
    group by profiled.set_number, profiled.to_classification, area_group.category
),

-- The weighted ones to the nearest thousand millionth, halves up.
counted as (
    select
        chosen.set_number,
        chosen.characteristic,
        chosen.to_classification as classification,
        grouped.category,
        chosen.age_range,
        chosen.is_refused,
        if(
            chosen.is_weighted,
            (grouped.weighted_residents + chosen.covered_weight // 2) // chosen.covered_weight,
            grouped.residents
        )::bigint as residents,
        if(chosen.is_weighted, 1000000000, chosen.known_residents)::bigint as known_residents,
        if(
            chosen.is_weighted,
            (chosen.covered_weight * 1000000000 * 1000000000 + chosen.weighted_answered // 2)
            // chosen.weighted_answered,
            chosen.all_residents
        )::bigint as all_residents
    from chosen
    inner join grouped
        on chosen.set_number = grouped.set_number and chosen.to_classification = grouped.to_classification
),

-- What the reader of the mart is told of the areas: which they are, and of a catchment how much of it, cut to one decimal.
told as (
    select
        set_number,
        to_classification as classification,
        age_range,
        array_to_string(areas, ' ') || if(
            is_weighted and covered_weight < 1000000000000,
            '; profiles cover '
            || in_percent(covered_weight)
            || ' % of the catchment, and weights are rescaled to them',
            ''
        ) as area_set,
        first_vintage || if(last_vintage > first_vintage, ' to ' || last_vintage, '') as population_vintage
    from chosen
),

most_covered as (
    select
        set_number,
        to_classification as classification,
        max(covered_weight) as covered_weight
    from covered
    group by set_number, to_classification
),

asked as (
    select
        numbered_set.org_code,
        numbered_set.as_at_date,
        numbered_set.comparator,
        numbered_set.set_number,
        counted.characteristic,
        counted.classification,
        counted.category
    from numbered_set
    inner join counted on numbered_set.set_number = counted.set_number
    where not numbered_set.is_weighted
    union all
    select
        unit.org_code,
        unit.as_at_date,
        'catchment' as comparator,
        numbered_set.set_number,
        category.characteristic,
        category.classification,
        category.category
    from unit
    cross join category
    left join numbered_set
        on
            unit.org_code = numbered_set.org_code
            and unit.as_at_date = numbered_set.as_at_date
            and numbered_set.is_weighted
    where unit.is_trust
)

select
    asked.org_code,
    asked.as_at_date,
    asked.comparator,
    asked.characteristic,
    asked.classification,
    asked.category,
    if(counted.is_refused, null, counted.residents) as comparator_headcount,
    if(counted.is_refused, null, counted.known_residents) as comparator_known_headcount,
    if(counted.is_refused, null, counted.all_residents) as comparator_total_headcount,
    told.age_range,
    case
        when asked.set_number is null then 'no catchment published'
        when told.set_number is null
        then
            'profiles cover ' || in_percent(coalesce(most_covered.covered_weight, 0))
            || ' % of the catchment, fewer than ' || printf('%g', 100 * method.catchment_min_weight) || ' %'
        else told.area_set
    end as area_set,
    told.population_vintage
from asked
cross join method
left join counted
    on
        asked.set_number = counted.set_number
        and asked.classification = counted.classification
        and asked.category = counted.category
left join told on asked.set_number = told.set_number and asked.classification = told.classification
left join most_covered
    on asked.set_number = most_covered.set_number and asked.classification = most_covered.classification
order by all;
