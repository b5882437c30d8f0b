-- Grain:  as_at_date, org_code, step: the waterfall of the organisations that the row's unit is made of.
-- Inputs: every_waterfall (the mart waterfall of the release), roll_up, asked.
-- Caveat: exact counts: internal. Of all grades: a waterfall knows none.
select every_waterfall.*
from every_waterfall
where
    every_waterfall.org_code in (
        select roll_up.member_code
        from roll_up
        inner join asked on roll_up.org_code = asked.org_code and roll_up.as_at_date = asked.as_at_date
    );
