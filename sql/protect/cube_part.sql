-- Grain:  extract, and a detail cell of it as the public sees it: the cube's columns.
-- Inputs: protected_part (the rounded cells of all extracts).
-- Caveat: a cell of 0 isn't here, whether it counts nobody or 1 to 4: which rows there are says nothing that the numbers don't.
--         No FTE: two numbers of one cell would tell more than one.
select
    extract,
    as_at_date,
    org_code,
    employment_type,
    grade_family,
    clinical,
    null::varchar as staff_group,
    grade,
    characteristic,
    classification,
    category,
    answer_status,
    headcount,
    null::decimal(18, 4) as fte,
    marker,
    source_level
from protected_part
where headcount > 0 or headcount is null;
