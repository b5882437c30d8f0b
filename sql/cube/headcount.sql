-- Grain:  one row per extract, date, organisation, employment type, grade, clinical split, staff group and answer: the cube's columns.
-- Inputs: accepted (counts, with the extract that each came in, without the publisher's subtotals), grade, organisation.
-- Caveat: a count that its publisher withheld is null, and its marker says why; so is everybody in a grade with such a cell.
--         Where the file doesn't count everybody by itself, everybody in a grade is the sum over one characteristic, the answers
--         that aren't known included: the first by name. Validation saw to it that the characteristics of a grade agree.
with counted as (
    select
        accepted.extract,
        accepted.as_at_date,
        accepted.org_code,
        accepted.employment_type,
        grade.grade_family,
        accepted.clinical,
        accepted.staff_group,
        accepted.grade,
        accepted.characteristic,
        accepted.classification,
        accepted.category,
        accepted.answer_status,
        accepted.headcount,
        accepted.fte,
        accepted.marker,
        organisation.org_level as source_level
    from accepted
    inner join grade on accepted.grade = grade.grade
    inner join organisation on accepted.org_code = organisation.org_code
),

everybody as (
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        'total' as characteristic,
        'total' as classification,
        'all' as category,
        'known' as answer_status,
        whole_sum(headcount) as headcount,
        sum(fte) as fte,
        ranked_marker(min(marker_rank(marker))) as marker,
        source_level
    from counted
    group by
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        counted.characteristic,
        counted.classification
    qualify
        dense_rank() over (
            partition by extract, as_at_date, org_code, employment_type, grade
            order by counted.characteristic <> 'total', counted.characteristic, counted.classification
        ) = 1
),

both_kinds as (
    select * from counted
    where characteristic <> 'total'
    union all
    select * from everybody
)

select
    extract,
    as_at_date,
    org_code,
    employment_type,
    grade_family,
    clinical,
    staff_group,
    grade,
    characteristic,
    classification,
    category,
    answer_status,
    headcount::bigint as headcount,
    fte::decimal(18, 4) as fte,
    marker,
    source_level
from both_kinds
order by all;
