-- Grain:  the row of grade_profile under explanation, worked out again: one row, or none where nobody is counted.
-- Inputs: asked (the mart's row), group_count (over the cube of the release, kept to the row's unit).
-- Caveat: exact counts: internal. Columns are named and rounded as in the mart.
select
    group_count.headcount,
    group_count.known_headcount,
    family.headcount as group_headcount,
    (group_count.headcount / nullif(group_count.known_headcount, 0))::decimal(18, 9) as share_of_grade,
    (group_count.headcount / nullif(family.headcount, 0))::decimal(18, 9) as share_of_group
from asked
inner join group_count
    on
        asked.as_at_date = group_count.as_at_date
        and asked.org_code = group_count.org_code
        and asked.employment_type = group_count.employment_type
        and asked.grade_family = group_count.grade_family
        and asked.clinical = group_count.clinical
        and asked.grade_group = group_count.grade_group
        and asked.classification = group_count.classification
        and asked.category = group_count.category
inner join group_count as family
    on
        family.grade_group = 'all'
        and group_count.as_at_date = family.as_at_date
        and group_count.org_code = family.org_code
        and group_count.employment_type = family.employment_type
        and group_count.grade_family = family.grade_family
        and group_count.clinical = family.clinical
        and group_count.classification = family.classification
        and group_count.category = family.category;
