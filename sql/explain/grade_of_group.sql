-- Grain:  a grade of the row's grade group, with the people in it as the cube counts them.
-- Inputs: asked (the mart's row), group_count (over the cube of the release), grade_membership, reference_grade_groups.
-- Caveat: exact counts: internal. A grade in which nobody is counted isn't here. source_marker says why a count is blank.
with label as (
    select
        grade_group,
        min(label) as label,
        min(sort_order::integer) as sort_order
    from reference_grade_groups
    group by grade_group
)

select
    label.label,
    group_count.headcount,
    group_count.known_headcount,
    group_count.total_headcount,
    group_count.source_marker
from asked
inner join grade_membership
    on asked.grade_group = grade_membership.grade_group and asked.grade_family = grade_membership.grade_family
inner join group_count
    on
        grade_membership.grade = group_count.grade_group
        and group_count.is_detail
        and asked.as_at_date = group_count.as_at_date
        and asked.org_code = group_count.org_code
        and asked.employment_type = group_count.employment_type
        and asked.clinical = group_count.clinical
        and asked.classification = group_count.classification
        and asked.category = group_count.category
inner join label on grade_membership.grade = label.grade_group
order by label.sort_order;
