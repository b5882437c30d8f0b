-- Grain:  place, characteristic of one unit at the as-at date: a question that boards ask, and how much of it is answered.
-- Inputs: public_answerable, pack_unit.
-- Caveat: `of` is how many numbers a whole answer takes.
select public_answerable.*
from public_answerable
inner join pack_unit on public_answerable.org_code = pack_unit.org_code
order by public_answerable.place, public_answerable.characteristic;
