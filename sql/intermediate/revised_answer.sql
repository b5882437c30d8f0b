-- Grain:  a unit, date, employment type, family, clinical split, grade group and characteristic of which an earlier snapshot says
--         otherwise who answered.
-- Inputs: answer_count, earlier_answer_count (the same at the dates of which files were sent again, counted with the earlier files).
-- Caveat: which answers were given may have changed without a row here.
with now_and_then as (
    select
        *,
        1 as side
    from answer_count
    where as_at_date in (select earlier_answer_count.as_at_date from earlier_answer_count)
    union all
    select
        *,
        -1 as side
    from earlier_answer_count
),

differing as (
    select
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        grade_group,
        characteristic,
        answer_status
    from now_and_then
    group by all
    having
        sum(side * coalesce(headcount, 0)) <> 0
        or sum(side * if(headcount is null, 1, 0)) <> 0
)

select distinct
    as_at_date,
    org_code,
    employment_type,
    grade_family,
    clinical,
    grade_group,
    characteristic
from differing
order by all;
