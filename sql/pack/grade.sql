-- Grain:  grade_family, clinical, grade_group, classification, category of one unit at the as-at date: single grades, for the groups that
--         the committee follows. Substantive staff.
-- Inputs: public_grade_profile, public_representation_gap, public_grade_group, public_category, run, pack_unit, followed.
-- Caveat: computed from rounded counts; the share is blank where too few people of the grade answered.
select
    public_grade_profile.grade_family,
    public_grade_profile.clinical,
    public_grade_profile.grade_group,
    public_grade_profile.characteristic,
    public_grade_profile.classification,
    public_grade_profile.category,
    public_grade_profile.headcount,
    public_grade_profile.known_headcount,
    public_representation_gap.workforce_share,
    public_representation_gap.share_rounding_error_pp,
    public_representation_gap.marker,
    public_grade_group.label as grade_label,
    public_category.label as category_label
from public_grade_profile
inner join run on public_grade_profile.as_at_date = run.as_at_date
inner join pack_unit on public_grade_profile.org_code = pack_unit.org_code
inner join followed
    on
        public_grade_profile.classification = followed.classification
        and public_grade_profile.category = followed.category
inner join public_category
    on
        public_grade_profile.classification = public_category.classification
        and public_grade_profile.category = public_category.category
inner join public_grade_group
    on
        public_grade_profile.grade_family = public_grade_group.grade_family
        and public_grade_profile.grade_group = public_grade_group.grade_group
left join public_representation_gap
    on
        public_grade_profile.as_at_date = public_representation_gap.as_at_date
        and public_grade_profile.org_code = public_representation_gap.org_code
        and public_grade_profile.employment_type = public_representation_gap.employment_type
        and public_grade_profile.grade_family = public_representation_gap.grade_family
        and public_grade_profile.clinical = public_representation_gap.clinical
        and public_grade_profile.grade_group = public_representation_gap.grade_group
        and public_grade_profile.classification = public_representation_gap.classification
        and public_grade_profile.category = public_representation_gap.category
        and public_representation_gap.comparator = 'workforce'
where public_grade_profile.employment_type = 'substantive' and public_grade_group.is_detail
order by
    followed.place,
    public_grade_group.sort_order,
    public_grade_profile.grade_family,
    public_grade_profile.grade_group,
    public_grade_profile.clinical;
