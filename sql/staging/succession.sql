-- Grain:  an organisation or system and another that came after it.
-- Inputs: reference_successions.
-- Caveat: a party that kept its code has a row of itself in the reference table; here that shows as successor_begins (the merged
--         one's code is new) and predecessor_ends (the code that was there before is no more), and the row itself is gone.
with typed as (
    select
        predecessor_code,
        successor_code,
        effective_on::date as effective_on,
        kind
    from reference_successions
),

kept as (
    select
        predecessor_code as org_code,
        effective_on,
        kind
    from typed
    where predecessor_code = successor_code
)

select
    typed.predecessor_code,
    typed.successor_code,
    typed.effective_on,
    typed.kind,
    typed.kind = 'split' or kept.org_code is null as successor_begins,
    typed.kind <> 'split' or kept.org_code is null as predecessor_ends
from typed
left join kept
    on
        if(typed.kind = 'split', typed.predecessor_code, typed.successor_code) = kept.org_code
        and typed.effective_on = kept.effective_on
        and typed.kind = kept.kind
where typed.predecessor_code <> typed.successor_code
order by typed.predecessor_code, typed.successor_code, typed.effective_on;
