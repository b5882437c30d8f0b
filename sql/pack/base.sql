-- Grain:  one row: the largest base that counts of a unit's organisations are rounded to at the as-at date, and how far the sums of the
--         grade groups that are held may be off.
-- Inputs: public_rounding, public_unit, run, pack_unit.
-- Caveat: null where nothing of the unit is published; base 1 where its publisher had made all of it public.
select
    max(public_rounding.base) as base,
    sum(public_rounding.bound_held) as bound_held
from public_rounding
inner join run on public_rounding.as_at_date = run.as_at_date
inner join public_unit on public_rounding.org_code = public_unit.org_code
cross join pack_unit
where
    public_rounding.org_code = pack_unit.org_code
    or (pack_unit.org_level = 'system' and public_unit.system_code = pack_unit.org_code)
    or pack_unit.org_level in ('region', 'national');
