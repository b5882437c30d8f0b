-- shortfall_growth(x, n, comparator_x, comparator_n): how many people of the group would have to join, nobody else
-- joining or leaving, for its share to reach the comparator's.
--
-- Returns: bigint, people, 0 where none is missing: the smallest k >= 0 with
--          (x + k) / (n + k) >= comparator_x / comparator_n.
--          Null where that can't be reached: all of the comparator are of the group (comparator_x = comparator_n),
--          not all of the staff.
-- Inputs:  x of n people of the workforce, comparator_x of comparator_n people of the comparator; whole numbers.
--          Null in, null out. A base of 0, a count below 0 or above its base: null.
-- Source:  domain.md 4.1, k = ceil((p0 * n - x) / (1 - p0)) with p0 = comparator_x / comparator_n, so that
--          k = ceil((n * comparator_x - x * comparator_n) / (comparator_n - comparator_x)).
-- Caveat:  exact, in hugeints, as shortfall_headcount is; DuckDB refuses a double or a decimal here.
create or replace macro shortfall_growth(x hugeint, n hugeint, comparator_x hugeint, comparator_n hugeint) as
case
    when (n > 0 and x between 0 and n and comparator_n > 0 and comparator_x between 0 and comparator_n) is not true
    then null
    when x * comparator_n >= n * comparator_x then 0
    when comparator_x = comparator_n then null
    -- ceil(a / b) = (a + b - 1) // b for whole a, b > 0
    else
        (n * comparator_x - x * comparator_n + (comparator_n - comparator_x) - 1) // (comparator_n - comparator_x)
end::bigint;
