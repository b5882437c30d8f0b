-- Grain:  a group_count row of which an earlier snapshot says something else: a unit, date, employment type, family, clinical split,
--         grade group and category of a reported classification.
-- Inputs: group_count, earlier_group_count (the same at the dates of which files were sent again, counted with the earlier files).
-- Caveat: rows whose counts are the same then and now aren't here, however much else of the file changed.
with now as (
    select group_count.*
    from group_count
    where group_count.as_at_date in (select earlier_group_count.as_at_date from earlier_group_count)
)

select
    coalesce(now.as_at_date, earlier.as_at_date) as as_at_date,
    coalesce(now.org_level, earlier.org_level) as org_level,
    coalesce(now.org_code, earlier.org_code) as org_code,
    coalesce(now.employment_type, earlier.employment_type) as employment_type,
    coalesce(now.grade_family, earlier.grade_family) as grade_family,
    coalesce(now.clinical, earlier.clinical) as clinical,
    coalesce(now.grade_group, earlier.grade_group) as grade_group,
    coalesce(now.characteristic, earlier.characteristic) as characteristic,
    coalesce(now.classification, earlier.classification) as classification,
    coalesce(now.category, earlier.category) as category,
    earlier.headcount as earlier_headcount,
    now.headcount,
    earlier.known_headcount as earlier_known_headcount,
    now.known_headcount,
    earlier.total_headcount as earlier_total_headcount,
    now.total_headcount
from now
full outer join earlier_group_count as earlier
    on
        now.as_at_date = earlier.as_at_date
        and now.org_level = earlier.org_level
        and now.org_code = earlier.org_code
        and now.employment_type = earlier.employment_type
        and now.grade_family = earlier.grade_family
        and now.clinical = earlier.clinical
        and now.grade_group = earlier.grade_group
        and now.classification = earlier.classification
        and now.category = earlier.category
where
    now.headcount is distinct from earlier.headcount
    or now.known_headcount is distinct from earlier.known_headcount
    or now.total_headcount is distinct from earlier.total_headcount
order by all;
