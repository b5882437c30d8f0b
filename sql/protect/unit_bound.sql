-- Grain:  org_code, as_at_date: a unit, and how far its rounded sums may lie from the true ones.
-- Inputs: rounding, roll_up, method.
-- Caveat: sums over its organisations, each with bounds of its own: what isn't rounded adds nothing. Null: nothing is promised of one of
--         them. rounded_members is how many are rounded at all. min_known_held and min_known_other: of fewer people with a known answer
--         there is no rate; where nothing is promised, the method's least number alone decides.
with summed as (
    select
        roll_up.org_code,
        roll_up.as_at_date,
        count(*) filter (rounding.base > 1) as rounded_members,
        max(rounding.base) as base,
        whole_sum(rounding.bound_held) as bound_held,
        whole_sum(rounding.bound_other) as bound_other
    from roll_up
    inner join rounding on roll_up.member_code = rounding.org_code and roll_up.as_at_date = rounding.as_at_date
    group by roll_up.org_code, roll_up.as_at_date
)

select
    summed.*,
    greatest(
        method.disclosure.min_known_headcount, method.disclosure.min_known_per_bound * summed.bound_held
    ) as min_known_held,
    greatest(
        method.disclosure.min_known_headcount, method.disclosure.min_known_per_bound * summed.bound_other
    ) as min_known_other
from summed
cross join method
order by summed.org_code, summed.as_at_date;
