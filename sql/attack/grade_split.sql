-- Grain:  grade_family, grade_group, group_clinical, grade, clinical: a grade and clinical split in a grade group of one split or of all.
-- Inputs: grade_membership, method.
-- Caveat: groups overlap. is_held says whether the closer of the two stated bounds is for the group's sums. The family that has no name
--         is everybody of an organisation: no bound is stated for it, but others may have counted it.
with split as (
    select unnest(['clinical', 'non_clinical', 'unknown']) as clinical
),

grouped as (
    select
        grade_membership.grade_family,
        grade_membership.grade_group,
        grade_membership.grade
    from grade_membership
    union all
    select
        '' as grade_family,
        'all' as grade_group,
        grade.grade
    from grade
)

select
    grouped.grade_family,
    grouped.grade_group,
    'all' as group_clinical,
    grouped.grade,
    split.clinical,
    list_contains(method.disclosure.held_grade_groups, grouped.grade_group) as is_held
from grouped
cross join split
cross join method
union all
select
    grouped.grade_family,
    grouped.grade_group,
    split.clinical as group_clinical,
    grouped.grade,
    split.clinical,
    false as is_held
from grouped
cross join split
where split.clinical <> 'unknown'
order by all;
