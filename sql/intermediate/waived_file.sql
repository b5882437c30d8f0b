-- Grain:  an organisation and a date of whose people in post a waiver let rows through.
-- Inputs: waived.
-- Caveat: waivers holds the names of the waivers, in order; an organisation and date without any isn't here. Only what lets rows of
--         its own file through: of units that it is counted in see waived_unit.
select
    as_at_date,
    code as org_code,
    string_agg(distinct waiver, ', ' order by waiver) as waivers
from waived
where feed <> 'population'
group by as_at_date, code
order by all;
