-- shortfall_headcount(x, n, comparator_x, comparator_n): how many more of the n people would have to be of the group
-- for its share to reach the comparator's, their number staying the same.
--
-- Returns: bigint, people, 0 where none is missing: the smallest s >= 0 with
--          (x + s) / n >= comparator_x / comparator_n.
-- Inputs:  x of n people of the workforce, comparator_x of comparator_n people of the comparator; whole numbers.
--          Null in, null out. A base of 0, a count below 0 or above its base: null.
-- Source:  domain.md 4.1 (shortfall_fixed), max(0, ceil(n * comparator_x / comparator_n - x)).
-- Caveat:  exact, in hugeints: 100 * 0.07 is a little over 7 in doubles and would invent a missing person. That is why
--          the comparator comes as two counts, not as a share; DuckDB refuses a double or a decimal here.
create or replace macro shortfall_headcount(x hugeint, n hugeint, comparator_x hugeint, comparator_n hugeint) as
case
    when (n > 0 and x between 0 and n and comparator_n > 0 and comparator_x between 0 and comparator_n) is not true
    then null
    when x * comparator_n >= n * comparator_x then 0
    -- ceil(a / b) = (a + b - 1) // b for whole a, b > 0
    else (n * comparator_x - x * comparator_n + comparator_n - 1) // comparator_n
end::bigint;
