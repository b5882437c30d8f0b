-- Grain:  as_at_date, org_code, measure, line: the reconciliation of the organisations whose people the row counts.
-- Inputs: every_reconciliation (the mart reconciliation of the release), member.
-- Caveat: exact counts: internal. Of all grades: a sender counts no other way.
select every_reconciliation.*
from every_reconciliation
semi join member
    on every_reconciliation.org_code = member.org_code and every_reconciliation.as_at_date = member.as_at_date;
