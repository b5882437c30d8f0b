-- Grain:  a sender's total that the file doesn't come to, by what it is a total of: the first line about its organisation and date.
-- Inputs: headcount_told_and_counted, method (control_total).
select
    extract,
    source_line,
    field
from wrong_total('headcount_told_and_counted')
order by all;
