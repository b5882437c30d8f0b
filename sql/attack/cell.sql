-- Grain:  as_at_date, org_code, employment_type, grade, clinical, characteristic, classification, category, answer_status: a detail
--         cell that somebody is counted in, or that is printed.
-- Inputs: exact_headcount (the exact cube), printed_headcount (the public table).
-- Caveat: exact counts: internal. A cell that isn't printed reads 0. A count that its publisher withheld is null on both sides.
with counted as (
    select
        as_at_date,
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        classification,
        category,
        answer_status,
        headcount as exact,
        0 as printed,
        headcount is null as is_withheld
    from exact_headcount
    union all
    select
        as_at_date,
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        classification,
        category,
        answer_status,
        0 as exact,
        headcount as printed,
        headcount is null as is_withheld
    from printed_headcount
)

select
    counted.as_at_date,
    counted.org_code,
    counted.employment_type,
    counted.grade,
    counted.clinical,
    counted.characteristic,
    coalesce(counted.classification, '') as classification,
    coalesce(counted.category, '') as category,
    counted.answer_status,
    if(bool_or(counted.is_withheld), null, sum(counted.exact))::bigint as headcount,
    if(bool_or(counted.is_withheld), null, sum(counted.printed))::bigint as printed
from counted
group by all
order by all;
