-- Grain:  a unit, date, employment type, family, clinical split, grade group and category of a reported classification.
-- Inputs: answer_count, answer_base, translation, category.
-- Caveat: source_marker says why a publisher withheld a count of the base; where it is set, shares can't be worked out.
--         A category that a source of the base can't tell has a headcount of null, which isn't 0: it becomes [x].
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
        whole_sum(answer_count.headcount) as headcount
    from answer_count
    inner join translation
        on
            answer_count.characteristic = translation.characteristic
            and answer_count.classification = translation.from_classification
            and answer_count.category = translation.from_category
    where answer_count.answer_status = 'known'
    group by all
),

base as (
    select distinct
        classification,
        sources
    from answer_base
),

-- Categories that every source of a base can tell: what only some of them tell is no count of everybody in it.
tellable as (
    select
        base.classification,
        base.sources,
        translation.to_category as category
    from base
    inner join translation
        on
            base.classification = translation.to_classification
            and list_contains(base.sources, translation.from_classification)
    group by base.classification, base.sources, translation.to_category
    having count(distinct translation.from_classification) = len(base.sources)
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
    case
        when tellable.category is null then null
        when translated.category is null then 0
        else translated.headcount
    end as headcount,
    answer_base.known_headcount,
    answer_base.total_headcount,
    ranked_marker(answer_base.marker_rank) as source_marker
from answer_base
inner join category
    on answer_base.classification = category.classification
left join tellable
    on
        answer_base.classification = tellable.classification
        and answer_base.sources = tellable.sources
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
