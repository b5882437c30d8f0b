-- normal_two_sided_p(z): the two-sided p-value of a standard normal statistic, 2 * (1 - Phi(|z|)).
--
-- Returns: double, a probability in 0-1. Null, or not a number, gives null. Above |z| of about 37.5 it fades to 0.
-- Input:   z, any double, of either sign.
-- Source:  2 * (1 - Phi(|z|)) = erfc(|z| / sqrt(2)), the definition of Phi; the tail of domain.md 4.4's test.
-- Uses:    erfc.
-- Why:     the list of one is how a macro gives a value a name. erfc mentions its argument some sixty times; without
--          the name DuckDB would work out a long z anew each time (measured: five times slower).
-- Caveat:  the relative error grows with z * z, as that of any double must: about 1e-13 at p = 1e-300.
create or replace macro normal_two_sided_p(z double) as
list_transform([abs(z) / sqrt(2e0)], lambda y: erfc(y))[1];
