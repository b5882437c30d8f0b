-- Grain:  as_at_date, org_code, feed, waiver, rule: rows that broke a rule and entered, because a named person set it aside.
-- Inputs: waived, owned.
-- Caveat: org_code is that of an organisation or, of profiles of residents, of an area; as_at_date is then their vintage.
--         rows are lines of the sender's file. Waivers of warnings about the dates before aren't here: they change no count.
with in_force as (
    select distinct waived.* exclude (waived.characteristic)
    from waived
    left join owned
        on
            waived.extract = owned.extract
            and waived.code = owned.org_code
            and waived.as_at_date = owned.as_at_date
    where owned.extract is not null or waived.feed = 'population'
)

select
    as_at_date,
    code as org_code,
    feed,
    waiver,
    rule,
    sum(rows)::bigint as rows,
    column_name,
    reason,
    approved_by,
    approved_on,
    expires
from in_force
group by as_at_date, code, feed, waiver, rule, column_name, reason, approved_by, approved_on, expires
order by as_at_date, org_code, feed, waiver, rule;
