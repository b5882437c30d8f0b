-- Grain:  a field that too many leave unanswered, per file, organisation and date: its first line without an answer.
-- Inputs: staff_undisclosed_count, method (undisclosed_limits, undisclosed_min_people).
-- Caveat: a group of a few people is left alone, as one of them more or less makes a large share.
with limits as (
    unpivot (select undisclosed_limits.* from method)
    on columns(*)
    into name field value max_share
)

select
    counted.extract,
    counted.source_line,
    counted.field,
    counted.undisclosed as rows_failing
from staff_undisclosed_count as counted
inner join limits on counted.field = limits.field
cross join method
where
    counted.total >= method.undisclosed_min_people
    and counted.undisclosed > limits.max_share::decimal(9, 4) * counted.total
order by all;
