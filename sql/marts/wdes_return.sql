-- Grain:  as_at_date, org_code, line: a line of WDES metric 1 (domain.md 3.4), for an NHS employer, at the as-at
--         date and each 31 March.
-- Inputs: return_line.
-- Caveat: exact counts, as the standard's return wants them: internal, never published. Clusters as in
--         grade_groups.csv (domain.md 2.2): very senior managers are in cluster 4 whatever method.wres_upper_includes_vsm says. Disability in staff records is
--         declared by far fewer people than say so in the Staff Survey: read the unknown beside it.
select
    as_at_date,
    org_code,
    line,
    clinical,
    grade_group,
    label,
    is_detail,
    first_headcount as disabled_headcount,
    second_headcount as non_disabled_headcount,
    unknown_headcount,
    total_headcount,
    first_percent as disabled_percent,
    second_percent as non_disabled_percent,
    unknown_percent,
    coverage,
    waivers,
    marker
from return_line
where standard = 'wdes'
order by as_at_date, org_code, line;
