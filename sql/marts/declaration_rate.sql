-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic: at every date.
-- Inputs: answer_count, coverage, method.
-- Caveat: exact counts: internal. Declined (asked, and no answer given) and missing (never asked, or not recorded) stay apart;
--         unknown is for sources that can't tell the two. Rating: domain.md 4.1.
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
        coalesce(sum(headcount) filter (answer_status = 'known'), 0)::bigint as declared_headcount,
        coalesce(sum(headcount) filter (answer_status = 'declined'), 0)::bigint as declined_headcount,
        coalesce(sum(headcount) filter (answer_status = 'missing'), 0)::bigint as missing_headcount,
        coalesce(sum(headcount) filter (answer_status = 'unknown'), 0)::bigint as unknown_headcount,
        sum(headcount)::bigint as total_headcount
    from answer_count
    where characteristic <> 'total'
    group by all
)

select
    answers.*,
    (answers.declared_headcount / answers.total_headcount)::decimal(18, 9) as declared_share,
    (answers.declined_headcount / answers.total_headcount)::decimal(18, 9) as declined_share,
    (answers.missing_headcount / answers.total_headcount)::decimal(18, 9) as missing_share,
    (answers.unknown_headcount / answers.total_headcount)::decimal(18, 9) as unknown_share,
    case
        when answers.declared_headcount >= method.known_share_adequate * answers.total_headcount then 'adequate'
        when answers.declared_headcount >= method.known_share_caution * answers.total_headcount then 'caution'
        else 'unreliable'
    end as rating,
    coalesce(coverage.coverage, '1 of 1') as coverage,
    if(answers.total_headcount < method.weak_base_headcount, '[u]', null) as marker
from answers
cross join method
left join coverage
    on
        answers.org_code = coverage.org_code
        and answers.as_at_date = coverage.as_at_date
        and coverage.sector = if(answers.grade_family = 'social_care', 'social_care', 'nhs')
where answers.total_headcount > 0
order by all;
