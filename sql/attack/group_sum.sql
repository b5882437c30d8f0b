-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, classification, category: what a group
--         of people adds up to.
-- Inputs: answer_sum, translation.
-- Caveat: null where a count of the sum was withheld by its publisher. A group that isn't here adds up to 0.
select
    answer_sum.as_at_date,
    answer_sum.org_level,
    answer_sum.org_code,
    answer_sum.employment_type,
    answer_sum.grade_family,
    answer_sum.clinical,
    answer_sum.grade_group,
    translation.to_classification as classification,
    translation.to_category as category,
    whole_sum(answer_sum.headcount) as headcount
from answer_sum
inner join translation
    on
        answer_sum.characteristic = translation.characteristic
        and answer_sum.classification = translation.from_classification
        and answer_sum.category = translation.from_category
where answer_sum.answer_status = 'known'
group by all
order by all;
