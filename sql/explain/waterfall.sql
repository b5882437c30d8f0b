-- Grain:  as_at_date, org_code, step: the waterfall of the organisations whose people the row counts.
-- Inputs: every_waterfall (the mart waterfall of the release), member.
-- Caveat: exact counts: internal. Of all grades: a waterfall knows none.
select every_waterfall.*
from every_waterfall
semi join member
    on every_waterfall.org_code = member.org_code and every_waterfall.as_at_date = member.as_at_date;
