-- Grain:  as_at_date, org_code: an organisation's counts on a date.
-- Inputs: protected_part, owned.
-- Caveat: no counts: public. base 1: its publisher made the counts public, and they stand as they are. A bound is how far a sum of
--         rounded counts may lie from the sum of the true ones: bound_held over the grade groups of method.disclosure, clinical or
--         not together; bound_other over any other that is published. Blank: nothing is promised, as no rounding kept to it.
select
    protected_part.as_at_date,
    protected_part.org_code,
    max(protected_part.base) as base,
    if(bool_or(protected_part.bound_held is null), null, max(protected_part.bound_held)) as bound_held,
    if(bool_or(protected_part.bound_other is null), null, max(protected_part.bound_other)) as bound_other
from protected_part
semi join owned
    on
        protected_part.extract = owned.extract
        and protected_part.org_code = owned.org_code
        and protected_part.as_at_date = owned.as_at_date
group by protected_part.as_at_date, protected_part.org_code
order by protected_part.as_at_date, protected_part.org_code;
