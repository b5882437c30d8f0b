-- Grain:  a unit, date, employment type, family, clinical split, grade group and answer in the source's classification.
-- Inputs: headcount, roll_up, grade_membership.
-- Caveat: a count that a publisher withheld leaves every sum that it belongs to without a number; marker_rank says why.
--         Grade groups overlap, and clinical = 'all' holds those of whom it isn't known: add up is_detail rows of one split only.
with answer as (
    select
        org_code,
        as_at_date,
        employment_type,
        clinical,
        grade,
        characteristic,
        classification,
        category,
        answer_status,
        whole_sum(headcount) as headcount,
        min(marker_rank(marker)) as marker_rank
    from headcount
    group by all
),

rolled_up as (
    select
        roll_up.org_level,
        roll_up.org_code,
        answer.as_at_date,
        answer.employment_type,
        answer.clinical,
        answer.grade,
        answer.characteristic,
        answer.classification,
        answer.category,
        answer.answer_status,
        whole_sum(answer.headcount) as headcount,
        min(answer.marker_rank) as marker_rank
    from answer
    inner join roll_up on answer.org_code = roll_up.member_code and answer.as_at_date = roll_up.as_at_date
    group by all
),

both_splits as (
    select * from rolled_up
    where clinical <> 'unknown'
    union all
    select * replace ('all' as clinical)
    from rolled_up
)

select
    both_splits.as_at_date,
    both_splits.org_level,
    both_splits.org_code,
    both_splits.employment_type,
    grade_membership.grade_family,
    both_splits.clinical,
    grade_membership.grade_group,
    grade_membership.is_detail,
    both_splits.characteristic,
    both_splits.classification,
    both_splits.category,
    both_splits.answer_status,
    whole_sum(both_splits.headcount) as headcount,
    min(both_splits.marker_rank) as marker_rank
from both_splits
inner join grade_membership on both_splits.grade = grade_membership.grade
group by all;
