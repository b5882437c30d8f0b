-- Grain:  org_code: a unit that gets a pack.
-- Inputs: public_unit.
-- Caveat: also one of which nothing was reported: its pack says so.
select public_unit.*
from public_unit
order by public_unit.org_level, public_unit.org_code;
