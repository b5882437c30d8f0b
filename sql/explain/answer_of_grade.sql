-- Grain:  a grade of the row's grade group, with who of its people answered, as the cube counts them.
-- Inputs: asked (the row of declaration_rate), answer_count (over the cube of the release), grade_membership,
--         reference_grade_groups.
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
    whole_sum(if(answer_count.answer_status = 'known', answer_count.headcount, 0)) as declared_headcount,
    whole_sum(if(answer_count.answer_status = 'declined', answer_count.headcount, 0)) as declined_headcount,
    whole_sum(if(answer_count.answer_status = 'missing', answer_count.headcount, 0)) as missing_headcount,
    whole_sum(if(answer_count.answer_status = 'unknown', answer_count.headcount, 0)) as unknown_headcount,
    whole_sum(answer_count.headcount) as total_headcount,
    ranked_marker(min(answer_count.marker_rank)) as source_marker
from asked
inner join grade_membership
    on asked.grade_group = grade_membership.grade_group and asked.grade_family = grade_membership.grade_family
inner join answer_count
    on
        grade_membership.grade = answer_count.grade_group
        and answer_count.is_detail
        and asked.as_at_date = answer_count.as_at_date
        and asked.org_code = answer_count.org_code
        and asked.employment_type = answer_count.employment_type
        and asked.clinical = answer_count.clinical
        and asked.characteristic = answer_count.characteristic
inner join label on grade_membership.grade = label.grade_group
group by label.label, label.sort_order
order by label.sort_order;
