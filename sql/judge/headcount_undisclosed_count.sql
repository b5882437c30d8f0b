-- Grain:  a characteristic of an organisation's people on a date in a file: how many there are, and how many hold no answer.
-- Inputs: headcount.
-- Caveat: a characteristic with a count that the publisher hid has no total.
select
    extract,
    org_code,
    as_at_date,
    characteristic as field,
    if(count(*) = count(headcount), sum(headcount), null) as total,
    sum(headcount) filter (where answer_status <> 'known') as undisclosed,
    min(source_line) filter (where answer_status <> 'known' and headcount > 0) as source_line
from headcount
where characteristic is not null
group by extract, org_code, as_at_date, characteristic
order by all;
