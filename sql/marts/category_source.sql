-- Grain:  as_at_date, org_level, org_code, sector, characteristic, classification, category, source_classification: how a reported
--         category comes out of each classification in which a unit's people were recorded.
-- Inputs: answer_base, category, translation, reference_crosswalk, waived_unit.
-- Caveat: no counts. `same`: the source has the category; `renamed`: one category of the source is it; `collapsed`: several of the
--         source's are it together; `not available` with [x]: the source has no code for it, and then no unit with that source
--         has a number. quality and note are the crosswalk's (domain.md 5.2), the weakest where categories were collapsed.
with source as (
    select distinct
        as_at_date,
        org_level,
        org_code,
        if(grade_family = 'social_care', 'social_care', 'nhs') as sector,
        characteristic,
        classification,
        unnest(sources) as source_classification
    from answer_base
    where clinical = 'all' and characteristic <> 'total'
),

made as (
    select
        translation.from_classification,
        translation.to_classification,
        translation.to_category,
        count(*) as source_count,
        string_agg(translation.from_category, '; ' order by translation.from_category) as source_categories,
        max(list_position(['good', 'fair', 'many_to_one'], reference_crosswalk.quality)) as quality_rank,
        string_agg(distinct reference_crosswalk.note, '; ' order by reference_crosswalk.note) as note
    from translation
    left join reference_crosswalk
        on
            translation.from_classification = reference_crosswalk.from_classification
            and translation.from_category = reference_crosswalk.from_category
            and translation.to_classification = reference_crosswalk.to_classification
    group by translation.from_classification, translation.to_classification, translation.to_category
)

select
    source.as_at_date,
    source.org_level,
    source.org_code,
    source.sector,
    source.characteristic,
    source.classification,
    category.category,
    source.source_classification,
    made.source_categories,
    case
        when made.source_count is null then 'not available'
        when source.classification = source.source_classification then 'same'
        when made.source_count = 1 then 'renamed'
        else 'collapsed'
    end as how,
    (['good', 'fair', 'many_to_one'])[made.quality_rank] as quality,
    made.note,
    waived_unit.waivers,
    if(made.source_count is null, '[x]', null) as marker
from source
inner join category on source.classification = category.classification
left join made
    on
        source.source_classification = made.from_classification
        and source.classification = made.to_classification
        and category.category = made.to_category
left join waived_unit on source.org_code = waived_unit.org_code and source.as_at_date = waived_unit.as_at_date
order by
    source.as_at_date,
    source.org_level,
    source.org_code,
    source.sector,
    source.characteristic,
    source.classification,
    category.category,
    source.source_classification;
