-- Grain:  org_code: a unit that representation_gap has rows of.
-- Inputs: representation_gap, organisation, succession_standing, run.
-- Caveat: no counts: public, as the register of organisations is. The system is the one at the as-at date that stands in the place
--         of the one that the register names; a system's own for itself. Blank above a system, where the register names none, and
--         where several stand in its place.
with reported as (
    select distinct org_code
    from representation_gap
),

system_of as (
    select
        organisation.org_code,
        min(system.org_code) as system_code
    from organisation
    cross join run
    inner join succession_standing
        on
            organisation.parent_code = succession_standing.org_code
            and run.as_at_date between succession_standing.valid_from and succession_standing.valid_to
    inner join organisation as system
        on succession_standing.standing_code = system.org_code and system.org_level = 'system'
    group by organisation.org_code
    having count(*) = 1
)

select
    organisation.org_code,
    organisation.org_name,
    organisation.org_level,
    organisation.org_type,
    organisation.sector,
    system.org_code as system_code,
    system.org_name as system_name
from reported
inner join organisation on reported.org_code = organisation.org_code
left join system_of on organisation.org_code = system_of.org_code
left join organisation as system
    on if(organisation.org_level = 'system', organisation.org_code, system_of.system_code) = system.org_code
order by organisation.org_code;
