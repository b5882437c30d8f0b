-- Grain:  an organisation on a date whose people the row counts: the row's own, or one rolled up into its unit.
-- Inputs: asked (the mart's row), roll_up (of the row's unit, at its date and the one that it is held against), headcount (the
--         cube), grade_membership, organisation.
-- Caveat: those with anybody in the row's family of grades; the row's coverage says who is missing.
select distinct
    roll_up.member_code as org_code,
    roll_up.as_at_date,
    organisation.org_name
from asked
inner join roll_up on asked.org_code = roll_up.org_code
inner join organisation on roll_up.member_code = organisation.org_code
inner join headcount on roll_up.member_code = headcount.org_code and roll_up.as_at_date = headcount.as_at_date
inner join grade_membership
    on
        headcount.grade = grade_membership.grade
        and asked.grade_family = grade_membership.grade_family
        and grade_membership.grade_group = 'all'
order by roll_up.as_at_date desc, roll_up.member_code;
