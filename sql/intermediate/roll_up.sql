-- Grain:  an organisation on a date, and one of the units that it is counted in: itself, a unit above it, or its successor.
-- Inputs: headcount, unit_member, succession_part.
-- Caveat: a unit above is filled only if the register names all of its members (members_complete): the counts of two of a
--         region's eleven systems aren't the region. A unit whose own figures somebody sent has those, and its members' don't enter
--         beside them; nor do a part's beside those of the whole that it merged into or was split from. A successor's rows of
--         before the merger are restated from its predecessors, which keep their own. Roll-ups count employments.
with reporting as (
    select distinct
        org_code,
        as_at_date
    from headcount
),

reported as (
    select
        as_at_date,
        list(org_code order by org_code) as org_codes
    from reporting
    group by as_at_date
),

-- Organisations whose people stand in the figures that a whole sent.
held as (
    select
        reporting.as_at_date,
        list(distinct succession_part.part_code order by succession_part.part_code) as org_codes
    from reporting
    inner join succession_part
        on
            reporting.org_code = succession_part.whole_code
            and reporting.as_at_date between succession_part.valid_from and succession_part.valid_to
    where succession_part.part_code <> succession_part.whole_code
    group by reporting.as_at_date
)

select distinct
    reporting.org_code as member_code,
    reporting.as_at_date,
    unit_member.unit_level as org_level,
    unit_member.unit_code as org_code
from reporting
inner join unit_member
    on
        reporting.org_code = unit_member.org_code
        and reporting.as_at_date between unit_member.valid_from and unit_member.valid_to
        and reporting.as_at_date between unit_member.open_from and unit_member.open_to
inner join reported on reporting.as_at_date = reported.as_at_date
left join held on reporting.as_at_date = held.as_at_date
where
    not list_has_any(unit_member.closed_by, reported.org_codes)
    and not list_has_any(unit_member.yielding, coalesce(held.org_codes, []))
order by all;
