-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic, classification,
--         category: at every date that representation_gap reports.
-- Inputs: group_count, revised_group, reporting_date, roll_up, coverage, waived_unit, method.
-- Caveat: exact counts: internal. share_of_grade says who is in the grade, over known answers; share_of_group says how the group
--         is spread over its family's grades. Grade groups overlap: only is_detail rows add up to 1 within a family.
with reported as (
    select group_count.*
    from group_count
    where (group_count.org_code, group_count.as_at_date) in (
        select (roll_up.org_code, roll_up.as_at_date)
        from roll_up
        inner join reporting_date
            on roll_up.member_code = reporting_date.org_code and roll_up.as_at_date = reporting_date.as_at_date
    )
)

select
    reported.as_at_date,
    reported.org_level,
    reported.org_code,
    reported.employment_type,
    reported.grade_family,
    reported.clinical,
    reported.grade_group,
    reported.characteristic,
    reported.classification,
    reported.category,
    reported.is_detail,
    reported.headcount,
    reported.known_headcount,
    family.headcount as group_headcount,
    (reported.headcount / nullif(reported.known_headcount, 0))::decimal(18, 9) as share_of_grade,
    (reported.headcount / nullif(family.headcount, 0))::decimal(18, 9) as share_of_group,
    coalesce(coverage.coverage, '1 of 1') as coverage,
    waived_unit.waivers,
    case
        when reported.headcount is null or reported.known_headcount is null or family.headcount is null
        then coalesce(reported.source_marker, family.source_marker, '[x]')
        when reported.known_headcount = 0 or family.headcount = 0 then '[z]'
        when reported.known_headcount < method.weak_base_headcount then '[u]'
        when revised_group.org_code is not null or revised_family.org_code is not null then '[r]'
    end as marker
from reported
inner join reported as family
    on
        family.grade_group = 'all'
        and reported.as_at_date = family.as_at_date
        and reported.org_code = family.org_code
        and reported.employment_type = family.employment_type
        and reported.grade_family = family.grade_family
        and reported.clinical = family.clinical
        and reported.classification = family.classification
        and reported.category = family.category
left join revised_group
    on
        reported.as_at_date = revised_group.as_at_date
        and reported.org_code = revised_group.org_code
        and reported.employment_type = revised_group.employment_type
        and reported.grade_family = revised_group.grade_family
        and reported.clinical = revised_group.clinical
        and reported.grade_group = revised_group.grade_group
        and reported.classification = revised_group.classification
        and reported.category = revised_group.category
left join revised_group as revised_family
    on
        revised_family.grade_group = 'all'
        and reported.as_at_date = revised_family.as_at_date
        and reported.org_code = revised_family.org_code
        and reported.employment_type = revised_family.employment_type
        and reported.grade_family = revised_family.grade_family
        and reported.clinical = revised_family.clinical
        and reported.classification = revised_family.classification
        and reported.category = revised_family.category
        and family.headcount is distinct from revised_family.earlier_headcount
cross join method
left join coverage
    on
        reported.org_code = coverage.org_code
        and reported.as_at_date = coverage.as_at_date
        and coverage.sector = if(reported.grade_family = 'social_care', 'social_care', 'nhs')
left join waived_unit on reported.org_code = waived_unit.org_code and reported.as_at_date = waived_unit.as_at_date
order by
    reported.as_at_date,
    reported.org_level,
    reported.org_code,
    reported.employment_type,
    reported.grade_family,
    reported.clinical,
    reported.grade_group,
    reported.characteristic,
    reported.classification,
    reported.category;
