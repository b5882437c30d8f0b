-- Grain:  an organisation on a date, and one of the units that it is counted in: itself, or a unit above it.
-- Inputs: headcount, organisation.
-- Caveat: a unit above is filled only if the register names all of its members (members_complete): the counts of two of a
--         region's eleven systems aren't the region. A unit whose own figures somebody sent has those, and its members' don't enter
--         beside them. Roll-ups count employments.
with recursive reporting as (
    select distinct
        org_code,
        as_at_date
    from headcount
),

ancestor as (
    select
        reporting.org_code as member_code,
        reporting.as_at_date,
        organisation.org_code,
        organisation.org_level,
        organisation.parent_code,
        true as is_counted
    from reporting
    inner join organisation on reporting.org_code = organisation.org_code
    union all
    select
        ancestor.member_code,
        ancestor.as_at_date,
        organisation.org_code,
        organisation.org_level,
        organisation.parent_code,
        ancestor.is_counted
        and organisation.members_complete
        and reporting.org_code is null
        and ancestor.as_at_date between organisation.valid_from and organisation.valid_to as is_counted
    from ancestor
    inner join organisation on ancestor.parent_code = organisation.org_code
    left join reporting
        on organisation.org_code = reporting.org_code and ancestor.as_at_date = reporting.as_at_date
)

select
    member_code,
    as_at_date,
    org_level,
    org_code
from ancestor
where is_counted
order by all;
