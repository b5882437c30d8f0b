-- whole_sum(counts): a sum of counts, or nothing where one of them isn't there.
--
-- Returns: bigint; null where any count is null: a count that its publisher withheld isn't 0.
create or replace macro whole_sum(counts) as
if(count(*) = count(counts), sum(counts), null)::bigint;
