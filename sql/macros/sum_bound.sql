-- sum_bound(cells, members, base, bound): how far a rounded count may lie from the true one.
--
-- Returns: bigint, people. Each of the cells it is the sum of may be off by less than the base; the sum is held within a bound.
-- Inputs:  cells of one organisation; members, organisations that are rounded; bound, the sum of theirs, null where none is promised.
-- Source:  domain.md 6.6, controlled rounding; docs/decisions/0022.
create or replace macro sum_bound(cells, members, base, bound) as
coalesce(least(bound, cells * members * (base - 1)), cells * members * (base - 1))::bigint;
