-- Grain:  as_at_date, org_code, employment_type, grade, clinical, characteristic, classification, category, answer_status: a detail
--         cell that somebody is counted in, or that is printed.
-- Inputs: exact_headcount (the exact cube), printed_headcount and printed_rounding (the public tables).
-- Caveat: exact counts: internal. A cell that isn't printed reads 0. A count that its publisher withheld is null on both sides. Of
--         organisations whose counts were public already (base 1) there is nothing to find out, and no row.
with exact as (
    select
        as_at_date,
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        coalesce(classification, '') as classification,
        coalesce(category, '') as category,
        answer_status,
        whole_sum(headcount) as headcount,
        count(*) > count(headcount) as is_withheld
    from exact_headcount
    group by all
),

printed as (
    select
        as_at_date,
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        coalesce(classification, '') as classification,
        coalesce(category, '') as category,
        answer_status,
        headcount
    from printed_headcount
)

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
    if(exact.is_withheld, null, coalesce(exact.headcount, 0)) as headcount,
    if(exact.is_withheld, null, coalesce(printed.headcount, 0)) as printed
from exact
full outer join printed
    using (
        as_at_date,
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        classification,
        category,
        answer_status
    )
left join printed_rounding using (as_at_date, org_code)
where coalesce(printed_rounding.base, 0) <> 1
order by all;
