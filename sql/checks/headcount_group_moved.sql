-- Grain:  a group of people most of whom are found in one other group at the organisation's next date: a line of the later file.
-- Inputs: headcount, method (group_moved).
-- Caveat: people who didn't answer are no group, and an answer on sex is never followed over time. A group of which the publisher
--         hid a count isn't compared.
with counted as ( -- noqa: ST03, the macro reads it by its name
    select
        extract,
        as_at_date,
        row(org_code, employment_type, characteristic, classification) as series,
        category,
        if(count(headcount) = count(*), sum(headcount), null) as headcount,
        min(source_line) as source_line,
        characteristic as field
    from headcount
    where answer_status = 'known' and characteristic <> 'sex'
    group by extract, as_at_date, org_code, employment_type, characteristic, classification, category
)

select
    extract,
    source_line,
    field
from moved_group('counted')
order by all;
