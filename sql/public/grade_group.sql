-- Grain:  grade_family, grade_group: a grade group under the family that it is reported in.
-- Inputs: grade_membership, grade, reference_grade_groups.
-- Caveat: no counts: public. `all` is every grade of its family, and comes first. Which grades belong to a cluster hangs on
--         method.wres_upper_includes_vsm.
with family as (
    select families.*
    from (
        values
        ('all', 'All NHS staff'),
        ('afc', 'Agenda for Change'),
        ('medical', 'Doctors and dentists'),
        ('vsm', 'Very senior managers'),
        ('other', 'Other NHS staff'),
        ('social_care', 'Social care')
    ) as families (grade_family, label)
),

named as (
    select distinct
        grade_group,
        label,
        sort_order::integer as sort_order
    from reference_grade_groups
    union all
    select
        'all' as grade_group,
        'All grades' as label,
        0 as sort_order
)

select
    grade_membership.grade_family,
    family.label as family_label,
    grade_membership.grade_group,
    named.label,
    named.sort_order,
    grade_membership.is_detail,
    string_agg(grade_membership.grade, '; ' order by grade.sort_order) as grades
from grade_membership
inner join family on grade_membership.grade_family = family.grade_family
inner join named on grade_membership.grade_group = named.grade_group
inner join grade on grade_membership.grade = grade.grade
group by
    grade_membership.grade_family,
    family.label,
    grade_membership.grade_group,
    named.label,
    named.sort_order,
    grade_membership.is_detail
order by grade_membership.grade_family, grade_membership.grade_group;
