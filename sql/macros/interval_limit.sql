-- interval_limit(x, n, z): one limit of the Wilson score interval, the lower one for z < 0, the upper one for z > 0.
--
-- Returns: double, a share in 0-1, held within [0, 1]; exactly 0 below nobody, exactly 1 above everybody.
-- Inputs:  x, people in the group; n, people of whom it is known; z, the normal quantile with the sign of the limit.
--          Null in, null out. n = 0, x < 0 or x > n: null.
-- Source:  domain.md 4.2, Wilson 1927: (2x + z^2 +- |z| sqrt(z^2 + 4x(1 - x/n))) / (2(n + z^2)).
-- Caveat:  a helper of wilson and newcombe, so that the formula stands in one place. Its name sorts before theirs:
--          DuckDB wants a macro's own macros to be there when it is made.
create or replace macro interval_limit(x double, n double, z double) as
case
    when (n > 0 and isfinite(n) and x between 0 and n and isfinite(z)) is not true then null
    when x = 0 and z <= 0 then 0e0
    when x = n and z >= 0 then 1e0
    else greatest(0e0, least(1e0, (2 * x + z * z + z * sqrt(z * z + 4 * x * (n - x) / n)) / (2 * (n + z * z))))
end;
