-- Grain:  an organisation of a succession and a whole whose own figures hold its people, with the dates between which they do.
-- Inputs: succession.
-- Caveat: who merged is part of the successor: at every date if the successor's code is new, for then whoever reports it for earlier
--         dates has recoded history; else from the merger on. Who was split off is part of the whole before. Everyone is part of
--         itself. Parts of parts are here too. is_smallest: not itself made of others.
with recursive edge as (
    select
        predecessor_code as part_code,
        successor_code as whole_code,
        if(successor_begins, date '0001-01-01', effective_on) as valid_from,
        date '9999-12-31' as valid_to,
        successor_begins as is_made_of_parts
    from succession
    where kind <> 'split'
    union all
    select
        successor_code as part_code,
        predecessor_code as whole_code,
        date '0001-01-01' as valid_from,
        if(predecessor_ends, date '9999-12-31', effective_on - 1) as valid_to,
        predecessor_ends as is_made_of_parts
    from succession
    where kind = 'split'
),

part as (
    select distinct
        unnest([part_code, whole_code]) as part_code,
        unnest([part_code, whole_code]) as whole_code,
        date '0001-01-01' as valid_from,
        date '9999-12-31' as valid_to
    from edge
    union
    select
        edge.part_code,
        part.whole_code,
        greatest(part.valid_from, edge.valid_from) as valid_from,
        least(part.valid_to, edge.valid_to) as valid_to
    from part
    inner join edge on part.part_code = edge.whole_code
    where greatest(part.valid_from, edge.valid_from) <= least(part.valid_to, edge.valid_to)
),

whole as (
    select whole_code from edge
    where is_made_of_parts
)

select
    part_code,
    whole_code,
    valid_from,
    valid_to,
    part_code not in (select whole.whole_code from whole) as is_smallest
from part
order by all;
