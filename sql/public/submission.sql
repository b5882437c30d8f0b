-- Grain:  as_at_date, org_code, feed: what each organisation sent about each date, and who was expected and sent nothing.
-- Inputs: submission, reconciliation.
-- Caveat: says whether, and never how many: a file's rows are people.
with compared as (
    select
        as_at_date,
        org_code,
        max(value) filter (item = 'sender') is not null as is_told,
        bool_or(item = 'unexplained' and value <> 0) as is_differing
    from reconciliation
    group by as_at_date, org_code
)

select
    submission.as_at_date,
    submission.org_code,
    submission.feed,
    submission.status,
    submission.extracted_on,
    case
        when submission.status = 'absent' then null
        when submission.rows_rejected > 0 then 'some'
        else 'none'
    end as rejected,
    case
        when submission.status = 'absent' then null
        when compared.is_differing then 'differ'
        when compared.is_told then 'agree'
        else 'none'
    end as control_totals,
    submission.waivers is not null as rests_on_waiver,
    submission.marker
from submission
left join compared on submission.as_at_date = compared.as_at_date and submission.org_code = compared.org_code
order by submission.as_at_date, submission.org_code, submission.feed nulls last;
