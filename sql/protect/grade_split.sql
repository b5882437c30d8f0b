-- Grain:  a grade group under its family, clinical, non-clinical or both, and a grade and clinical split in it.
-- Inputs: grade_membership, method.
-- Caveat: groups overlap. is_held: the closer bound is for it.
with split as (
    select split.*
    from (
        values
        ('all', 'clinical'),
        ('all', 'non_clinical'),
        ('all', 'unknown'),
        ('clinical', 'clinical'),
        ('non_clinical', 'non_clinical')
    ) as split (group_clinical, clinical)
)

select
    grade_membership.grade_family,
    grade_membership.grade_group,
    split.group_clinical,
    grade_membership.grade,
    split.clinical,
    split.group_clinical = 'all'
    and list_contains(method.disclosure.held_grade_groups, grade_membership.grade_group) as is_held
from grade_membership
cross join split
cross join method
order by all;
