-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic, classification,
--         category: at every date that representation_gap reports.
-- Inputs: grade_profile (of the protected cells), unit_bound, method.
-- Caveat: computed from rounded counts. Where too few people of the grade group have a known answer (unit_bound)
--         there is no row; of a smaller group of people there is no share of the group.
select
    grade_profile.as_at_date,
    grade_profile.org_level,
    grade_profile.org_code,
    grade_profile.employment_type,
    grade_profile.grade_family,
    grade_profile.clinical,
    grade_profile.grade_group,
    grade_profile.characteristic,
    grade_profile.classification,
    grade_profile.category,
    grade_profile.is_detail,
    grade_profile.headcount,
    grade_profile.known_headcount,
    grade_profile.group_headcount,
    grade_profile.share_of_grade,
    if(
        grade_profile.group_headcount >= method.disclosure.min_known_headcount, grade_profile.share_of_group, null
    ) as share_of_group,
    grade_profile.coverage,
    grade_profile.waivers is not null as rests_on_waiver,
    case
        when grade_profile.marker is not null then grade_profile.marker
        when grade_profile.group_headcount < method.disclosure.min_known_headcount then '[u]'
    end as marker
from grade_profile
cross join method
inner join unit_bound
    on grade_profile.org_code = unit_bound.org_code and grade_profile.as_at_date = unit_bound.as_at_date
where
    grade_profile.known_headcount >= if(
        grade_profile.clinical = 'all'
        and list_contains(method.disclosure.held_grade_groups, grade_profile.grade_group),
        unit_bound.min_known_held,
        unit_bound.min_known_other
    )
order by
    grade_profile.as_at_date,
    grade_profile.org_level,
    grade_profile.org_code,
    grade_profile.employment_type,
    grade_profile.grade_family,
    grade_profile.clinical,
    grade_profile.grade_group,
    grade_profile.characteristic,
    grade_profile.classification,
    grade_profile.category;
