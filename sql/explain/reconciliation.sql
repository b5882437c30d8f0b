-- Grain:  as_at_date, org_code, measure, line: the reconciliation of the organisations that the row's unit is made of.
-- Inputs: every_reconciliation (the mart reconciliation of the release), roll_up, asked.
-- Caveat: exact counts: internal. Of all grades: a sender counts no other way.
select every_reconciliation.*
from every_reconciliation
where
    every_reconciliation.org_code in (
        select roll_up.member_code
        from roll_up
        inner join asked on roll_up.org_code = asked.org_code and roll_up.as_at_date = asked.as_at_date
    );
