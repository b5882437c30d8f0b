-- Grain:  as_at_date, org_code, employment_type, grade, clinical, characteristic, classification, category, answer_status: a detail
--         cell of an extract.
-- Inputs: cube_part (the cube of that extract alone).
-- Caveat: exact counts: internal. A count that its publisher withheld is null, and so is the whole cell then; staff groups are added up.
select
    extract,
    as_at_date,
    org_code,
    employment_type,
    grade_family,
    clinical,
    grade,
    characteristic,
    classification,
    category,
    answer_status,
    whole_sum(headcount) as headcount,
    ranked_marker(min(marker_rank(marker))) as marker,
    source_level
from cube_part
group by all
order by all;
