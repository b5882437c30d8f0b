-- Grain:  a detail cell of an extract before it was corrected: what it counted, and what that was rounded to.
-- Inputs: exact_part (the cube of the extract before), rounded_part (its rounded cells).
-- Caveat: exact counts: internal.
with exact as (
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
        whole_sum(headcount) as earlier_headcount
    from exact_part
    group by all
),

rounded as (
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
        headcount as earlier_rounded
    from rounded_part
)

select
    exact.*,
    rounded.earlier_rounded
from exact
inner join rounded
    on
        exact.as_at_date = rounded.as_at_date
        and exact.org_code = rounded.org_code
        and exact.employment_type = rounded.employment_type
        and exact.grade = rounded.grade
        and exact.clinical = rounded.clinical
        and exact.characteristic = rounded.characteristic
        and exact.classification = rounded.classification
        and exact.category is not distinct from rounded.category
        and exact.answer_status = rounded.answer_status
order by all;
