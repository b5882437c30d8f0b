-- Grain:  base, bound_held, bound_other: a rule that some organisations' counts at the as-at date were protected by.
-- Inputs: rounding, run.
-- Caveat: public. base 1: their publisher made the counts public. A bound that is null isn't promised.
select
    base,
    bound_held,
    bound_other,
    count(*) as organisations
from rounding
where as_at_date = (select as_at_date from run)
group by all
order by base desc, bound_held nulls last, bound_other nulls last;
