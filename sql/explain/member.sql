-- Grain:  an organisation whose people the row's unit is made of: itself, or those rolled up into it.
-- Inputs: asked (the mart's row), roll_up, organisation.
-- Caveat: those that reported; the row's coverage says who is missing.
select distinct
    roll_up.member_code,
    organisation.org_name
from asked
inner join roll_up on asked.org_code = roll_up.org_code and asked.as_at_date = roll_up.as_at_date
inner join organisation on roll_up.member_code = organisation.org_code
order by roll_up.member_code;
