-- gap_p_value(comparator, x, n, comparator_x, comparator_n): the two-sided p-value of "no gap".
--
-- Returns: double, 0 to 1; null where nothing is tested (a whole against itself). Null in, null out.
-- Inputs:  as for gap_interval.
-- Source:  domain.md 4.4, the score test, which agrees with the Wilson interval; pooled for two counts of staff. A part is tested
--          against the rest of its whole: the two shares are equal just when the part's and the whole's are.
-- Uses:    score_test_p, two_share_score_test_p.
create or replace macro gap_p_value(comparator, x, n, comparator_x, comparator_n) as
case comparator
    when 'workforce' then two_share_score_test_p(x, n, comparator_x - x, comparator_n - n)
    when 'previous' then two_share_score_test_p(x, n, comparator_x, comparator_n)
    else score_test_p(x, n, comparator_x / nullif(comparator_n, 0))
end;
