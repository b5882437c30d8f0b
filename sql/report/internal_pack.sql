-- Grain:  unit (organisation or system), grade group, characteristic and category, with everybody under `total`: what the internal
--         pack prints, at the release's as-at date.
-- Inputs: grade_profile, unit, category, grade_group, run: a release's own tables.
-- Caveat: exact counts: internal. Substantive staff, clinical and not together. One classification of each characteristic, of
--         ethnicity ons_5: two of the same people could be taken from each other.
select
    grade_profile.org_code,
    unit.org_name,
    grade_profile.grade_family,
    grade_group.family_label,
    grade_profile.grade_group,
    grade_group.label as grade_label,
    grade_group.grades,
    grade_profile.is_detail,
    grade_profile.characteristic,
    category.classification_title,
    grade_profile.category,
    category.label as category_label,
    grade_profile.headcount,
    coalesce(grade_profile.marker, '[x]') as marker
from grade_profile
cross join run
inner join unit on grade_profile.org_code = unit.org_code
inner join category
    on grade_profile.classification = category.classification and grade_profile.category = category.category
inner join grade_group
    on grade_profile.grade_family = grade_group.grade_family and grade_profile.grade_group = grade_group.grade_group
where
    grade_profile.as_at_date = run.as_at_date
    and grade_profile.org_level in ('organisation', 'system')
    and grade_profile.employment_type = 'substantive'
    and grade_profile.clinical = 'all'
    and (grade_profile.characteristic <> 'ethnicity' or grade_profile.classification = 'ons_5')
    and (
        grade_profile.is_detail
        or grade_profile.grade_group in ('afc_8a_plus', 'afc_8c_plus')
        or (grade_profile.grade_group = 'all' and grade_profile.grade_family not in ('vsm', 'other'))
    )
qualify dense_rank() over (partition by grade_profile.characteristic order by grade_profile.classification) = 1
order by
    grade_profile.org_code,
    -- The ladders as people know them, each as a whole last, and all of them together at the end.
    list_position(['afc', 'vsm', 'medical', 'other', 'all', 'social_care'], grade_profile.grade_family),
    grade_profile.grade_group = 'all',
    grade_group.sort_order,
    list_position(
        ['total', 'ethnicity', 'sex', 'age', 'disability', 'religion', 'sexual_orientation', 'marital_status'],
        grade_profile.characteristic
    ),
    category.sort_order;
