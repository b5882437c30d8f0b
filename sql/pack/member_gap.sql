-- Grain:  org_code, grade_family, grade_group, classification, category, comparator: the organisations of a system, region or nation at
--         the as-at date, for the groups that the committee follows. Substantive staff, clinical and not together.
-- Inputs: public_representation_gap, public_unit, public_category, public_grade_group, run, pack_unit, followed.
-- Caveat: in the order of the organisations' names, and never of their gaps: nothing here ranks employers.
select
    public_representation_gap.*,
    public_unit.org_name,
    public_category.label as category_label,
    public_grade_group.label as grade_label,
    public_grade_group.family_label
from public_representation_gap
inner join run on public_representation_gap.as_at_date = run.as_at_date
inner join public_unit on public_representation_gap.org_code = public_unit.org_code
inner join pack_unit on pack_unit.org_level <> 'organisation'
inner join followed
    on
        public_representation_gap.classification = followed.classification
        and public_representation_gap.category = followed.category
inner join public_category
    on
        public_representation_gap.classification = public_category.classification
        and public_representation_gap.category = public_category.category
inner join public_grade_group
    on
        public_representation_gap.grade_family = public_grade_group.grade_family
        and public_representation_gap.grade_group = public_grade_group.grade_group
where
    public_representation_gap.employment_type = 'substantive'
    and public_representation_gap.org_level = 'organisation'
    and public_representation_gap.clinical = 'all'
    and (public_unit.system_code = pack_unit.org_code or pack_unit.org_level <> 'system')
    and (
        public_representation_gap.grade_group in ('afc_8a_plus', 'afc_8c_plus')
        or (
            public_representation_gap.grade_group = 'all'
            and public_representation_gap.grade_family in ('all', 'medical', 'social_care')
        )
    )
order by
    public_unit.sector,
    public_unit.org_name,
    public_representation_gap.org_code,
    public_representation_gap.grade_family,
    public_grade_group.sort_order,
    public_representation_gap.grade_group,
    followed.place,
    public_representation_gap.comparator;
