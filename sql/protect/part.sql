-- Grain:  as_at_date, org_code, employment_type, grade, clinical, characteristic, classification, category, answer_status: a detail
--         cell of an extract, rounded.
-- Inputs: protected_cells (what the rounding gave).
-- Caveat: cells of 0 are here, and in no public table: which cells there are tells 1 to 4 from nobody.
select
    extract::varchar as extract,
    as_at_date::date as as_at_date,
    org_code::varchar as org_code,
    employment_type::varchar as employment_type,
    grade_family::varchar as grade_family,
    clinical::varchar as clinical,
    grade::varchar as grade,
    characteristic::varchar as characteristic,
    classification::varchar as classification,
    category::varchar as category,
    answer_status::varchar as answer_status,
    headcount::bigint as headcount,
    marker::varchar as marker,
    source_level::varchar as source_level,
    base::bigint as base,
    bound_held::bigint as bound_held,
    bound_other::bigint as bound_other
from protected_cells
order by all;
