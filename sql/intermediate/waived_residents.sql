-- Grain:  characteristic: one of which profiles of residents from the landing folder were let through, with the waivers' names.
-- Inputs: waived.
-- Caveat: whichever area it is: every comparison of the characteristic with residents names the waiver. Naming too many is the
--         lesser evil.
select
    characteristic,
    list(distinct waiver order by waiver) as waivers
from waived
where characteristic is not null
group by characteristic
order by all;
