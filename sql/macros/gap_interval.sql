-- gap_interval(comparator, x, n, comparator_x, comparator_n, z): the interval of a share minus its comparator's share.
--
-- Returns: struct(lower double, upper double), differences of shares in -1 to 1 (times 100: percentage points).
-- Inputs:  comparator: population, england or catchment are fixed; workforce is the whole that the group is a part of; previous
--          is another count of staff. x of n people, comparator_x of comparator_n people. Null in, null out.
-- Source:  domain.md 4.2 and 4.4. Fixed: the Wilson limits less the comparator's share. Staff: Newcombe. A part against its
--          whole: p - p_whole = (1 - n / N)(p - p_rest), so Newcombe against the rest, times (1 - n / N); docs/decisions/0005.
-- Uses:    wilson, newcombe.
-- Caveat:  previous counts mostly the same people a year before; taking the two as independent makes the interval too wide.
create or replace macro gap_interval(comparator, x, n, comparator_x, comparator_n, z) as
case
    when comparator = 'workforce' and n > 0 and n = comparator_n and x = comparator_x then
        struct_pack(lower := 0e0, upper := 0e0)
    when comparator = 'workforce' then
        struct_pack(
            lower := (1 - n / comparator_n) * newcombe(x, n, comparator_x - x, comparator_n - n, z).lower,
            upper := (1 - n / comparator_n) * newcombe(x, n, comparator_x - x, comparator_n - n, z).upper
        )
    when comparator = 'previous' then newcombe(x, n, comparator_x, comparator_n, z)
    else
        struct_pack(
            lower := wilson(x, n, z).lower - comparator_x / nullif(comparator_n, 0),
            upper := wilson(x, n, z).upper - comparator_x / nullif(comparator_n, 0)
        )
end;
