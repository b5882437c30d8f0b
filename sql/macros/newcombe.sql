-- newcombe(x1, n1, x2, n2, z): the hybrid score interval of the difference of two shares, x1 / n1 - x2 / n2.
--
-- Returns: struct(lower double, upper double), differences of shares in -1 to 1 (times 100: percentage points).
-- Inputs:  x1 of n1 people in the first group of staff, x2 of n2 in the second; z, the normal quantile, as for wilson.
--          Null in, null out. A base of 0, a count below 0 or above its base, or z < 0: null.
-- Source:  domain.md 4.4, Newcombe 1998 (his method 10, without continuity correction): with the Wilson limits l and u
--          of both shares, d - sqrt((p1 - l1)^2 + (u2 - p2)^2) to d + sqrt((u1 - p1)^2 + (p2 - l2)^2).
-- Uses:    interval_limit (a Wilson limit).
-- Caveat:  for two separate groups of staff. Against a fixed population use wilson; where one group holds the other,
--          take the rest as the second group.
create or replace macro newcombe(x1 double, n1 double, x2 double, n2 double, z double) as
case
    when z >= 0 and interval_limit(x1, n1, z) is not null and interval_limit(x2, n2, z) is not null then
        struct_pack(
            lower := x1 / n1 - x2 / n2 - sqrt(
                (x1 / n1 - interval_limit(x1, n1, -z)) ** 2 + (interval_limit(x2, n2, z) - x2 / n2) ** 2
            ),
            upper := x1 / n1 - x2 / n2 + sqrt(
                (interval_limit(x1, n1, z) - x1 / n1) ** 2 + (x2 / n2 - interval_limit(x2, n2, -z)) ** 2
            )
        )
end;
