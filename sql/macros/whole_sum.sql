-- A sum of counts, or null where one of them isn't there: a count that its publisher withheld isn't 0.
create or replace macro whole_sum(counts) as
if(count(*) = count(counts), sum(counts), null)::bigint;
