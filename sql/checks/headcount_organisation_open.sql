-- Grain:  a row about an organisation that wasn't there at the row's date.
-- Inputs: headcount, organisation, succession.
-- Caveat: a successor's rows of before it began are figures that were recoded under its code, and stand (docs/decisions/0009). A day that
--         the register doesn't give is no bound.
select
    headcount.extract,
    headcount.source_line,
    'org_code' as field
from headcount
inner join organisation on headcount.org_code = organisation.org_code
where
    (
        headcount.as_at_date > organisation.valid_to
        or (
            headcount.as_at_date < organisation.valid_from
            and headcount.org_code not in (select succession.successor_code from succession)
        )
    )
order by all;
