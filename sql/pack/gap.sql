-- Grain:  grade_family, clinical, grade_group, classification, category, comparator of one unit at the as-at date: clusters of grades, the
--         grades of findings, and how many people are in each grade. Substantive staff, clinical and not together.
-- Inputs: public_representation_gap, public_category, public_grade_group, run, pack_unit, followed_grade.
-- Caveat: rates of thin groups aren't here but in `fallback`. The comparator `workforce` of all grades is the group itself.
select
    public_representation_gap.*,
    public_category.label as category_label,
    public_category.sort_order as category_order,
    public_grade_group.label as grade_label,
    public_grade_group.family_label,
    public_grade_group.sort_order as grade_order
from public_representation_gap
inner join run on public_representation_gap.as_at_date = run.as_at_date
inner join pack_unit on public_representation_gap.org_code = pack_unit.org_code
inner join public_category
    on
        public_representation_gap.classification = public_category.classification
        and public_representation_gap.category = public_category.category
inner join public_grade_group
    on
        public_representation_gap.grade_family = public_grade_group.grade_family
        and public_representation_gap.grade_group = public_grade_group.grade_group
left join followed_grade
    on
        public_representation_gap.grade_family = followed_grade.grade_family
        and public_representation_gap.grade_group = followed_grade.grade_group
where
    public_representation_gap.employment_type = 'substantive'
    and public_representation_gap.clinical = 'all'
    and (
        not public_representation_gap.is_detail
        or public_representation_gap.characteristic = 'total'
        or followed_grade.grade_group is not null
    )
order by
    public_grade_group.sort_order,
    public_representation_gap.grade_family,
    public_representation_gap.clinical,
    public_representation_gap.classification,
    public_category.sort_order,
    public_representation_gap.category,
    public_representation_gap.comparator;
