-- two_share_score_test_p(x1, n1, x2, n2): the two-sided score test of two shares, x1 / n1 and x2 / n2, being the same.
--
-- Returns: double, a p-value in 0-1. Where nobody or everybody of both groups counts, the shares are the same: 1.
-- Inputs:  x1 of n1 people in the first group of staff, x2 of n2 in the second.
--          Null in, null out. A base of 0, a count below 0 or above its base: null.
-- Source:  domain.md 4.4 (comparator that is staff too). Pooled share p = (x1 + x2) / (n1 + n2),
--          z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2)); z^2 is Pearson's chi-square without correction.
--          Written out in counts, as here, it loses no digits where both shares are nearly equal or nearly 1.
-- Uses:    normal_two_sided_p.
-- Caveat:  near the limit it can disagree with newcombe, which doesn't pool; unlike Wilson and score_test_p they aren't
--          two faces of one test. An approximation where an expected count is under 5.
create or replace macro two_share_score_test_p(x1 double, n1 double, x2 double, n2 double) as
case
    when (
        n1 > 0 and isfinite(n1) and x1 between 0 and n1 and n2 > 0 and isfinite(n2) and x2 between 0 and n2
    ) is not true then null
    when x1 + x2 = 0 or (x1 = n1 and x2 = n2) then 1e0
    else normal_two_sided_p(
        (x1 * n2 - x2 * n1) / sqrt((x1 + x2) * ((n1 - x1) + (n2 - x2)) / (n1 + n2) * n1 * n2)
    )
end;
