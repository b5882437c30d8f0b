-- erfc(x): the complementary error function, 2 / sqrt(pi) * the integral of exp(-t * t) from x to infinity.
--
-- Returns: double, 0 to 2. Null, or not a number, gives null. Below about 1e-308 (x > 26.5) it fades to 0.
-- Input:   x, any double.
-- Source:  W. J. Cody (1969), "Rational Chebyshev approximations for the error function", Mathematics of
--          Computation 23, 631-637, with the coefficients of his Fortran routine CALERF. One rational function
--          for each of three ranges of |x|: up to 0.46875, up to 4, beyond; a negative x by
--          erfc(-x) = 2 - erfc(x).
-- Why:     DuckDB has no error function. The relative error stays near 1e-15 far into the tail, so that a p-value
--          of 1e-40 is a true 1e-40, which 1 - erf(x) couldn't give.
-- Caveat:  exp(-x * x) is taken as exp(-s * s) * exp(-(|x| - s) * (|x| + s)), s being |x| cut to sixteenths: s * s is
--          exact, and the rounding of x * x isn't magnified. Coefficients carry an exponent so that DuckDB reads
--          them as doubles, not as decimals.
-- Layout:  Horner's form, one coefficient to a line, which the linter's indentation rule doesn't know.
-- noqa: disable=LT02
create or replace macro erfc(x double) as
case
    when isnan(x) then null
    when x > 28 then 0e0
    when x < -28 then 2e0
    when abs(x) <= 0.46875 then
        1e0 - x * (
            (((
                1.85777706184603153e-1
                * (x * x) + 3.16112374387056560e0)
                * (x * x) + 1.13864154151050156e2)
                * (x * x) + 3.77485237685302021e2)
                * (x * x) + 3.20937758913846947e3
        ) / (
            (((
                (x * x) + 2.36012909523441209e1)
                * (x * x) + 2.44024637934444173e2)
                * (x * x) + 1.28261652607737228e3)
                * (x * x) + 2.84423683343917062e3
        )
    else
        -- For x > 0 this is 0 + tail, for x < 0 it is 2 - tail.
        (1e0 - sign(x)) + sign(x)
        * exp(-(trunc(abs(x) * 16) / 16) * (trunc(abs(x) * 16) / 16))
        * exp(-(abs(x) - trunc(abs(x) * 16) / 16) * (abs(x) + trunc(abs(x) * 16) / 16))
        * case
            when abs(x) <= 4 then
                (
                    (((((((
                        2.15311535474403846e-8
                        * abs(x) + 5.64188496988670089e-1)
                        * abs(x) + 8.88314979438837594e0)
                        * abs(x) + 6.61191906371416295e1)
                        * abs(x) + 2.98635138197400131e2)
                        * abs(x) + 8.81952221241769090e2)
                        * abs(x) + 1.71204761263407058e3)
                        * abs(x) + 2.05107837782607147e3)
                        * abs(x) + 1.23033935479799725e3
                ) / (
                    (((((((
                        abs(x) + 1.57449261107098347e1)
                        * abs(x) + 1.17693950891312499e2)
                        * abs(x) + 5.37181101862009858e2)
                        * abs(x) + 1.62138957456669019e3)
                        * abs(x) + 3.29079923573345963e3)
                        * abs(x) + 4.36261909014324716e3)
                        * abs(x) + 3.43936767414372164e3)
                        * abs(x) + 1.23033935480374942e3
                )
            else
                (
                    -- 1 / sqrt(pi)
                    5.6418958354775628695e-1 - 1e0 / (x * x) * (
                        ((((
                            1.63153871373020978e-2
                            / (x * x) + 3.05326634961232344e-1)
                            / (x * x) + 3.60344899949804439e-1)
                            / (x * x) + 1.25781726111229246e-1)
                            / (x * x) + 1.60837851487422766e-2)
                            / (x * x) + 6.58749161529837803e-4
                    ) / (
                        ((((
                            1e0 / (x * x) + 2.56852019228982242e0)
                            / (x * x) + 1.87295284992346725e0)
                            / (x * x) + 5.27905102951428412e-1)
                            / (x * x) + 6.05183413124413191e-2)
                            / (x * x) + 2.33520497626869185e-3
                    )
                ) / abs(x)
        end
end;
