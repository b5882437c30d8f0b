-- Grain:  as_at_date, org_code: a unit whose figures rest on rows that a waiver let through, with the waivers' names.
-- Inputs: waived, owned, roll_up.
-- Caveat: a waiver of one member is named for every unit that the member is counted in. Waivers of profiles of residents
--         are in waived_residents.
select
    waived.as_at_date,
    roll_up.org_code,
    list(distinct waived.waiver order by waived.waiver) as waivers
from waived
inner join owned
    on
        waived.extract = owned.extract
        and waived.code = owned.org_code
        and waived.as_at_date = owned.as_at_date
inner join roll_up on waived.code = roll_up.member_code and waived.as_at_date = roll_up.as_at_date
group by waived.as_at_date, roll_up.org_code
order by all;
