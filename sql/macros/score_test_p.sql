-- score_test_p(x, n, p0): the two-sided score test of a share, x / n, against a fixed share, p0.
--
-- Returns: double, a p-value in 0-1.
-- Inputs:  x, people in the group; n, people of whom it is known; p0, the population's share in 0-1, taken as fixed.
--          Null in, null out. n = 0, x < 0, x > n, p0 < 0 or p0 > 1: null.
--          p0 of 0 or 1 leaves no room for chance: 1 where the share equals it, else 0.
-- Source:  domain.md 4.4, z = (p - p0) / sqrt(p0 (1 - p0) / n). Wilson 1927 turns this very test into the interval:
--          p < 0.05 wherever p0 lies outside the 95 % interval, and only there.
-- Uses:    normal_two_sided_p.
-- Caveat:  an approximation where p0 * n is small (say under 5); the exact binomial test can differ there.
create or replace macro score_test_p(x double, n double, p0 double) as
case
    when (n > 0 and isfinite(n) and x between 0 and n and p0 between 0 and 1) is not true then null
    when p0 = 0 or p0 = 1 then if(x = p0 * n, 1e0, 0e0)
    else normal_two_sided_p((x / n - p0) / sqrt(p0 * (1 - p0) / n))
end;
