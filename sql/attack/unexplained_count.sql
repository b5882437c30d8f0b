-- Grain:  table_name, column_name and the key of the row: a count that the printed detail cells don't add up to.
-- Inputs: told_count, group_sum, base_sum.
-- Caveat: `told` may be an exact count: it goes into the attack, and into no message.
with again as (
    select
        told_count.*,
        case told_count.what
            when 'group' then if(group_sum.org_code is null, 0, group_sum.headcount)
            when 'family' then if(family_sum.org_code is null, 0, family_sum.headcount)
            when 'known' then if(base_sum.org_code is null, 0, base_sum.known_headcount)
            when 'declined' then if(base_sum.org_code is null, 0, base_sum.declined_headcount)
            when 'missing' then if(base_sum.org_code is null, 0, base_sum.missing_headcount)
            when 'unknown' then if(base_sum.org_code is null, 0, base_sum.unknown_headcount)
            when 'total' then if(base_sum.org_code is null, 0, base_sum.total_headcount)
        end as again
    from told_count
    left join group_sum
        on
            told_count.what = 'group'
            and told_count.as_at_date = group_sum.as_at_date
            and told_count.org_code = group_sum.org_code
            and told_count.employment_type = group_sum.employment_type
            and told_count.grade_family = group_sum.grade_family
            and told_count.clinical = group_sum.clinical
            and told_count.grade_group = group_sum.grade_group
            and told_count.classification = group_sum.classification
            and told_count.category = group_sum.category
    left join group_sum as family_sum
        on
            told_count.what = 'family'
            and told_count.as_at_date = family_sum.as_at_date
            and told_count.org_code = family_sum.org_code
            and told_count.employment_type = family_sum.employment_type
            and told_count.grade_family = family_sum.grade_family
            and told_count.clinical = family_sum.clinical
            and family_sum.grade_group = 'all'
            and told_count.classification = family_sum.classification
            and told_count.category = family_sum.category
    left join base_sum
        on
            told_count.what not in ('group', 'family')
            and told_count.as_at_date = base_sum.as_at_date
            and told_count.org_code = base_sum.org_code
            and told_count.employment_type = base_sum.employment_type
            and told_count.grade_family = base_sum.grade_family
            and told_count.clinical = base_sum.clinical
            and told_count.grade_group = base_sum.grade_group
            and told_count.characteristic = base_sum.characteristic
)

select *
from again
where told is distinct from again
order by all;
