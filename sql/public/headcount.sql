-- Grain:  as_at_date, org_code, employment_type, grade_family, clinical, grade, characteristic, classification, category,
--         answer_status.
-- Inputs: headcount (of the protected cells).
-- Caveat: rounded: a count may lie up to 4 from the true one. A cell that isn't here has 0 to 4 people. Add up nothing of two
--         classifications: each characteristic of a grade adds up to its `total`.
select
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
    headcount,
    marker
from headcount
order by
    as_at_date,
    org_code,
    employment_type,
    grade_family,
    clinical,
    grade,
    characteristic,
    classification,
    category,
    answer_status;
