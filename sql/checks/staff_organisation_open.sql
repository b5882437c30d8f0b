-- Grain:  a row about an organisation that wasn't there at the row's date.
-- Inputs: staff, organisation, succession.
-- Caveat: a successor's rows of before it began are figures that were recoded under its code, and stand (docs/decisions/0009). A day that
--         the register doesn't give is no bound.
select
    staff.extract,
    staff.source_line,
    'org_code' as field
from staff
inner join organisation on staff.org_code = organisation.org_code
where
    (
        staff.as_at_date > organisation.valid_to
        or (
            staff.as_at_date < organisation.valid_from
            and staff.org_code not in (select succession.successor_code from succession)
        )
    )
    and organisation.org_level = 'organisation'
order by all;
