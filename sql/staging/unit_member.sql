-- Grain:  an organisation, a unit that it is counted in (itself, one above it, or its successor), a way there, and dates.
-- Inputs: organisation, succession, succession_life.
-- Caveat: who reported isn't known here yet. A unit above is here only if it and each one between names all of its members
--         (members_complete). valid_from and valid_to follow the successions; open_from and open_to the register's own dates of
--         the units. Before a merger the successor's members are its predecessors': restated, which leads no further up, as
--         there everybody counts as it was. `closed_by` are units whose own figures leave the members' out; `yielding` are those
--         on the way whose people a larger whole may hold.
with recursive parent_in_succession as (
    select
        org_code,
        parent_code,
        date '0001-01-01' as valid_from,
        date '9999-12-31' as valid_to
    from organisation
    where parent_code is not null
    union
    select
        parent_in_succession.org_code,
        succession.successor_code as parent_code,
        greatest(parent_in_succession.valid_from, succession.effective_on) as valid_from,
        parent_in_succession.valid_to
    from parent_in_succession
    inner join succession on parent_in_succession.parent_code = succession.predecessor_code
    where succession.kind <> 'split'
),

-- A member that the register names under the successor only counts there before the merger too.
parent as (
    select
        parent_in_succession.org_code,
        parent_in_succession.parent_code,
        greatest(parent_in_succession.valid_from, succession_life.valid_from) as valid_from,
        least(parent_in_succession.valid_to, succession_life.valid_to) as valid_to,
        organisation.valid_from as open_from,
        organisation.valid_to as open_to
    from parent_in_succession
    inner join succession_life on parent_in_succession.parent_code = succession_life.org_code
    inner join organisation on parent_in_succession.parent_code = organisation.org_code
    where organisation.members_complete
    union all
    select
        parent_in_succession.org_code,
        parent_in_succession.parent_code,
        parent_in_succession.valid_from,
        least(parent_in_succession.valid_to, succession_life.valid_from - 1) as valid_to,
        date '0001-01-01' as open_from,
        organisation.valid_to as open_to
    from parent_in_succession
    inner join succession_life on parent_in_succession.parent_code = succession_life.org_code
    inner join organisation on parent_in_succession.parent_code = organisation.org_code
    where
        organisation.members_complete
        and not succession_life.is_of_split
        and succession_life.valid_from > parent_in_succession.valid_from
),

edge as (
    select
        org_code,
        parent_code as unit_code,
        valid_from,
        valid_to,
        open_from,
        open_to,
        true as leads_up,
        true as closes
    from parent
    union all
    select
        succession.predecessor_code as org_code,
        succession.successor_code as unit_code,
        date '0001-01-01' as valid_from,
        succession.effective_on - 1 as valid_to,
        date '0001-01-01' as open_from,
        date '9999-12-31' as open_to,
        false as leads_up,
        succession.successor_begins as closes
    from succession
    inner join organisation on succession.successor_code = organisation.org_code
    where succession.kind <> 'split' and (organisation.org_level = 'organisation' or organisation.members_complete)
),

way as (
    select
        org_code,
        org_code as unit_code,
        date '0001-01-01' as valid_from,
        date '9999-12-31' as valid_to,
        date '0001-01-01' as open_from,
        date '9999-12-31' as open_to,
        true as leads_up,
        [org_code] as units,
        []::varchar[] as closed_by,
        []::varchar[] as yielding
    from organisation
    union all
    select
        way.org_code,
        edge.unit_code,
        greatest(way.valid_from, edge.valid_from) as valid_from,
        least(way.valid_to, edge.valid_to) as valid_to,
        greatest(way.open_from, edge.open_from) as open_from,
        least(way.open_to, edge.open_to) as open_to,
        edge.leads_up,
        list_append(way.units, edge.unit_code) as units,
        if(edge.closes, list_append(way.closed_by, edge.unit_code), way.closed_by) as closed_by,
        if(edge.leads_up, list_append(way.yielding, way.unit_code), way.yielding) as yielding
    from way
    inner join edge on way.unit_code = edge.org_code
    where
        (way.leads_up or not edge.leads_up)
        and greatest(way.valid_from, edge.valid_from) <= least(way.valid_to, edge.valid_to)
        and not list_contains(way.units, edge.unit_code)
)

select
    way.org_code,
    way.unit_code,
    organisation.org_level as unit_level,
    way.valid_from,
    way.valid_to,
    way.open_from,
    way.open_to,
    way.closed_by,
    way.yielding
from way
inner join organisation on way.unit_code = organisation.org_code
order by all;
