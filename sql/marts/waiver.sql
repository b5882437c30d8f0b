-- Grain:  as_at_date, org_code, feed, waiver, rule: a rule set aside, and whose rows it let through.
-- Inputs: waived.
-- Caveat: of population files org_code is the area and as_at_date the vintage. rows are lines of the sender's file that broke the
--         rule and were taken; where the rule is about a whole file, all of its lines about them. column_name is blank where the
--         waiver holds for every column. Only files that are in force: what a file said that gave way to another isn't here.
select
    as_at_date,
    code as org_code,
    feed,
    waiver,
    rule,
    column_name,
    sum(rows)::bigint as rows,
    reason,
    approved_by,
    approved_on,
    expires
from waived
group by as_at_date, code, feed, waiver, rule, column_name, reason, approved_by, approved_on, expires
order by as_at_date, org_code, feed, waiver, rule;
