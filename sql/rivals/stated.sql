-- Grain:  org_code: an organisation at the as-at date, and the bounds that the release states for sums of its counts.
-- Inputs: rounding (of one release), run.
-- Caveat: null where none is stated. Those whose publisher made the counts public are here too, with 0.
select
    org_code,
    bound_held,
    bound_other
from rounding
where as_at_date = (select as_at_date from run)
order by org_code;
