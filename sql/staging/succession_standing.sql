-- Grain:  an organisation and one that stood in its place, with the dates between which it did: itself, for most.
-- Inputs: organisation, succession, succession_life.
-- Caveat: before it began, its predecessors stood in its place; after it ended, its successors.
with recursive step as (
    select
        predecessor_code as standing_code,
        successor_code as next_code,
        effective_on as valid_from,
        date '9999-12-31' as valid_to
    from succession
    where predecessor_ends
    union all
    select
        successor_code as standing_code,
        predecessor_code as next_code,
        date '0001-01-01' as valid_from,
        effective_on - 1 as valid_to
    from succession
    where successor_begins
),

standing as (
    select
        org_code,
        org_code as standing_code,
        date '0001-01-01' as valid_from,
        date '9999-12-31' as valid_to
    from organisation
    union
    select
        standing.org_code,
        step.next_code as standing_code,
        greatest(standing.valid_from, step.valid_from) as valid_from,
        least(standing.valid_to, step.valid_to) as valid_to
    from standing
    inner join step on standing.standing_code = step.standing_code
    where greatest(standing.valid_from, step.valid_from) <= least(standing.valid_to, step.valid_to)
)

select distinct
    standing.org_code,
    standing.standing_code,
    greatest(standing.valid_from, succession_life.valid_from) as valid_from,
    least(standing.valid_to, succession_life.valid_to) as valid_to
from standing
inner join succession_life on standing.standing_code = succession_life.org_code
where
    greatest(standing.valid_from, succession_life.valid_from)
    <= least(standing.valid_to, succession_life.valid_to)
order by all;
