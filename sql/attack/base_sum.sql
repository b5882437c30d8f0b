-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic: how many people gave
--         what kind of answer.
-- Inputs: answer_sum.
-- Caveat: null where a count of the sum was withheld by its publisher. A group that isn't here adds up to 0.
select
    as_at_date,
    org_level,
    org_code,
    employment_type,
    grade_family,
    clinical,
    grade_group,
    characteristic,
    whole_sum(if(answer_status = 'known', headcount, 0)) as known_headcount,
    whole_sum(if(answer_status = 'declined', headcount, 0)) as declined_headcount,
    whole_sum(if(answer_status = 'missing', headcount, 0)) as missing_headcount,
    whole_sum(if(answer_status = 'unknown', headcount, 0)) as unknown_headcount,
    whole_sum(headcount) as total_headcount
from answer_sum
group by all
order by all;
