-- Grain:  comparator, classification of one unit at the as-at date: which residents it is held against.
-- Inputs: public_comparator_area, run, pack_unit.
-- Caveat: the areas are codes; several stand where a system serves several.
select public_comparator_area.*
from public_comparator_area
inner join run on public_comparator_area.as_at_date = run.as_at_date
inner join pack_unit on public_comparator_area.org_code = pack_unit.org_code
order by public_comparator_area.comparator, public_comparator_area.classification;
