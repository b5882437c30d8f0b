-- Grain:  a single grade.
-- Inputs: reference_grade_groups.
select
    grade,
    grade_family,
    label,
    sort_order::integer as sort_order
from reference_grade_groups
where is_detail = 'true'
order by sort_order;
