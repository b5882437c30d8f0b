-- Grain:  as_at_date, org_code, line: a line of WRES indicator 1 (domain.md 3.1), for an NHS employer, at the as-at
--         date and each 31 March.
-- Inputs: return_line.
-- Caveat: exact counts, as the standard's return wants them: internal, never published. Its form also asks for
--         staff under band 1, senior medical managers and other doctors: no list of grades tells them, and they stand under band 1, consultants and
--         non-consultant career grades.
select
    as_at_date,
    org_code,
    line,
    clinical,
    grade_group,
    label,
    is_detail,
    first_headcount as white_headcount,
    second_headcount as bme_headcount,
    unknown_headcount,
    total_headcount,
    first_percent as white_percent,
    second_percent as bme_percent,
    unknown_percent,
    coverage,
    waivers,
    marker
from return_line
where standard = 'wres'
order by as_at_date, org_code, line;
