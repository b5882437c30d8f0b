-- Grain:  an organisation, system, region or nation, with the dates between which its code stood for it.
-- Inputs: organisation, succession.
-- Caveat: by successions only: the register's own dates stand in organisation.
with life as (
    select
        organisation.org_code,
        max(begun.effective_on) as begun_on,
        min(ended.effective_on) as ended_on,
        coalesce(bool_or(begun.kind = 'split'), false) as is_of_split
    from organisation
    left join succession as begun
        on organisation.org_code = begun.successor_code and begun.successor_begins
    left join succession as ended
        on organisation.org_code = ended.predecessor_code and ended.predecessor_ends
    group by organisation.org_code
)

select
    org_code,
    coalesce(begun_on, date '0001-01-01') as valid_from,
    coalesce(ended_on - 1, date '9999-12-31') as valid_to,
    is_of_split
from life
order by org_code;
