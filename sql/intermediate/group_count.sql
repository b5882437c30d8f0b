-- Grain:  a unit, date, employment type, family, clinical split, grade group and category of a reported classification.
-- Inputs: answer_count, answer_base, translation, category.
-- Caveat: a category that no source of the unit can tell has a headcount of null, which isn't 0: it becomes [x].
with translated as (
    select
        answer_count.as_at_date,
        answer_count.org_code,
        answer_count.employment_type,
        answer_count.grade_family,
        answer_count.clinical,
        answer_count.grade_group,
        translation.to_classification as classification,
        translation.to_category as category,
        sum(answer_count.headcount)::bigint as headcount
    from answer_count
    inner join translation
        on
            answer_count.characteristic = translation.characteristic
            and answer_count.classification = translation.from_classification
            and answer_count.category = translation.from_category
    where answer_count.answer_status = 'known'
    group by all
),

source as (
    select distinct
        org_code,
        as_at_date,
        characteristic,
        classification
    from answer_count
),

-- Categories that the sources of a unit on a date can tell.
tellable as (
    select distinct
        source.org_code,
        source.as_at_date,
        translation.to_classification as classification,
        translation.to_category as category
    from source
    inner join translation
        on
            source.characteristic = translation.characteristic
            and source.classification = translation.from_classification
)

select
    answer_base.as_at_date,
    answer_base.org_level,
    answer_base.org_code,
    answer_base.employment_type,
    answer_base.grade_family,
    answer_base.clinical,
    answer_base.grade_group,
    answer_base.is_detail,
    answer_base.characteristic,
    answer_base.classification,
    category.category,
    if(tellable.category is null, null, coalesce(translated.headcount, 0)) as headcount,
    answer_base.known_headcount,
    answer_base.total_headcount
from answer_base
inner join category
    on answer_base.classification = category.classification
left join tellable
    on
        answer_base.org_code = tellable.org_code
        and answer_base.as_at_date = tellable.as_at_date
        and answer_base.classification = tellable.classification
        and category.category = tellable.category
left join translated
    on
        answer_base.as_at_date = translated.as_at_date
        and answer_base.org_code = translated.org_code
        and answer_base.employment_type = translated.employment_type
        and answer_base.grade_family = translated.grade_family
        and answer_base.clinical = translated.clinical
        and answer_base.grade_group = translated.grade_group
        and answer_base.classification = translated.classification
        and category.category = translated.category;
