-- Grain:  an area that the comparator's residents live in, with the group's and those whose answer is known.
-- Inputs: recount (the row counted again), resident, translation, reference_areas, catchment.
-- Caveat: none where the comparator is staff. weight_e12 is the share of a trust's patients who live there, of a million million;
--         null where residents are added up. The heaviest first.
with area as (
    select unnest(string_split(split_part(recount.area_set, ';', 1), ' ')) as area_code
    from recount
    where recount.comparator_headcount is not null
),

profile as (
    select
        resident.area_code,
        coalesce(sum(resident.population) filter (translation.to_category = recount.category), 0)::bigint as residents,
        sum(resident.population)::bigint as known_residents
    from recount
    inner join resident
        on recount.characteristic = resident.characteristic and recount.age_range = resident.age_range
    left join translation
        on
            resident.characteristic = translation.characteristic
            and resident.classification = translation.from_classification
            and resident.category = translation.from_category
            and recount.classification = translation.to_classification
            and recount.category = translation.to_category
    where resident.answer_status = 'known'
    group by resident.area_code
)

select
    area.area_code,
    coalesce(reference_areas.area_name, area.area_code) as area_name,
    profile.residents,
    profile.known_residents,
    catchment.weight_e12
from area
cross join recount
inner join profile on area.area_code = profile.area_code
left join reference_areas on area.area_code = reference_areas.area_code
left join catchment
    on
        recount.comparator = 'catchment'
        and recount.org_code = catchment.org_code
        and area.area_code = catchment.area_code
        and recount.as_at_date between catchment.valid_from and catchment.valid_to
order by catchment.weight_e12 desc nulls last, area.area_code;
