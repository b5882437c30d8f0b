-- Grain:  grade_family, characteristic of one unit at the as-at date: all grades. Substantive staff.
-- Inputs: public_declaration_rate, public_grade_group, run, pack_unit.
-- Caveat: computed from rounded counts. `unknown` is where the source doesn't tell declined from never recorded.
select
    public_declaration_rate.*,
    public_grade_group.family_label
from public_declaration_rate
inner join run on public_declaration_rate.as_at_date = run.as_at_date
inner join pack_unit on public_declaration_rate.org_code = pack_unit.org_code
inner join public_grade_group
    on
        public_declaration_rate.grade_family = public_grade_group.grade_family
        and public_declaration_rate.grade_group = public_grade_group.grade_group
where
    public_declaration_rate.employment_type = 'substantive'
    and public_declaration_rate.grade_group = 'all'
    and public_declaration_rate.clinical = 'all'
    and public_declaration_rate.grade_family in ('all', 'medical', 'social_care')
order by public_declaration_rate.grade_family, public_declaration_rate.characteristic;
