-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic, classification,
--         category, answer_status: a sum of printed counts, in the classification that they are printed in.
-- Inputs: printed_headcount, roll_up, grade_membership.
-- Caveat: null where a count of the sum was withheld by its publisher. Grade groups overlap, and clinical = 'all' holds everybody.
with split as (
    select * from printed_headcount
    where clinical <> 'unknown'
    union all
    select * replace ('all' as clinical) from printed_headcount
)

select
    split.as_at_date,
    roll_up.org_level,
    roll_up.org_code,
    split.employment_type,
    grade_membership.grade_family,
    split.clinical,
    grade_membership.grade_group,
    split.characteristic,
    split.classification,
    split.category,
    split.answer_status,
    whole_sum(split.headcount) as headcount
from split
inner join roll_up on split.org_code = roll_up.member_code and split.as_at_date = roll_up.as_at_date
inner join grade_membership on split.grade = grade_membership.grade
group by all
order by all;
