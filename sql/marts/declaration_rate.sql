-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic: at every date.
-- Inputs: answer_count, revised_answer, coverage, waived_unit, method.
-- Caveat: exact counts: internal. Declined (asked, and no answer given) and missing (never asked, or not recorded) stay apart;
--         unknown is for sources that can't tell the two. Rating: domain.md 4.1. Where
--         a publisher withheld a count there is no rating, and its marker stands.
with answers as (
    select
        as_at_date,
        org_level,
        org_code,
        employment_type,
        grade_family,
        clinical,
        grade_group,
        is_detail,
        characteristic,
        whole_sum(if(answer_status = 'known', headcount, 0)) as declared_headcount,
        whole_sum(if(answer_status = 'declined', headcount, 0)) as declined_headcount,
        whole_sum(if(answer_status = 'missing', headcount, 0)) as missing_headcount,
        whole_sum(if(answer_status = 'unknown', headcount, 0)) as unknown_headcount,
        whole_sum(headcount) as total_headcount,
        ranked_marker(min(marker_rank)) as source_marker
    from answer_count
    where characteristic <> 'total'
    group by all
)

select
    answers.as_at_date,
    answers.org_level,
    answers.org_code,
    answers.employment_type,
    answers.grade_family,
    answers.clinical,
    answers.grade_group,
    answers.is_detail,
    answers.characteristic,
    answers.declared_headcount,
    answers.declined_headcount,
    answers.missing_headcount,
    answers.unknown_headcount,
    answers.total_headcount,
    (answers.declared_headcount / answers.total_headcount)::decimal(18, 9) as declared_share,
    (answers.declined_headcount / answers.total_headcount)::decimal(18, 9) as declined_share,
    (answers.missing_headcount / answers.total_headcount)::decimal(18, 9) as missing_share,
    (answers.unknown_headcount / answers.total_headcount)::decimal(18, 9) as unknown_share,
    case
        when answers.declared_headcount >= method.known_share_adequate * answers.total_headcount then 'adequate'
        when answers.declared_headcount >= method.known_share_caution * answers.total_headcount then 'caution'
        when answers.total_headcount is not null then 'unreliable'
    end as rating,
    coalesce(coverage.coverage, '1 of 1') as coverage,
    waived_unit.waivers,
    case
        when answers.source_marker is not null then answers.source_marker
        when answers.total_headcount < method.weak_base_headcount then '[u]'
        when revised_answer.org_code is not null then '[r]'
    end as marker
from answers
cross join method
left join revised_answer
    on
        answers.as_at_date = revised_answer.as_at_date
        and answers.org_code = revised_answer.org_code
        and answers.employment_type = revised_answer.employment_type
        and answers.grade_family = revised_answer.grade_family
        and answers.clinical = revised_answer.clinical
        and answers.grade_group = revised_answer.grade_group
        and answers.characteristic = revised_answer.characteristic
left join coverage
    on
        answers.org_code = coverage.org_code
        and answers.as_at_date = coverage.as_at_date
        and coverage.sector = if(answers.grade_family = 'social_care', 'social_care', 'nhs')
left join waived_unit on answers.org_code = waived_unit.org_code and answers.as_at_date = waived_unit.as_at_date
where answers.total_headcount is distinct from 0
order by all;
