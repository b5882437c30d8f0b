-- Grain:  the row under explanation, worked out again: one row, or none where nothing was counted again.
-- Inputs: asked (the mart's row: its counts of staff), recount (the comparator's counts), method.
-- Caveat: exact counts: internal. Columns are named and rounded as in the mart, and stand in the order in which they are explained;
--         material_gap_pp, the size from which on a gap matters, stands in no mart.
with counted as (
    select
        asked.comparator,
        asked.headcount as x,
        asked.known_headcount as n,
        asked.total_headcount as everybody,
        recount.comparator_headcount as comparator_x,
        recount.comparator_known_headcount as comparator_n,
        recount.comparator_total_headcount as comparator_everybody,
        asked.headcount / nullif(asked.known_headcount, 0) as share,
        recount.comparator_headcount / nullif(recount.comparator_known_headcount, 0) as comparator_share
    from asked
    cross join recount
),

tested as (
    select
        counted.*,
        wilson(counted.x, counted.n, method.z_95) as share_95,
        wilson(counted.x, counted.n, method.z_998) as share_998,
        gap_interval(
            counted.comparator, counted.x, counted.n, counted.comparator_x, counted.comparator_n, method.z_95
        ) as gap_95,
        gap_p_value(counted.comparator, counted.x, counted.n, counted.comparator_x, counted.comparator_n) as p_value,
        counted.x / nullif(counted.everybody, 0) as if_none,
        (counted.x + counted.everybody - counted.n) / nullif(counted.everybody, 0) as if_all
    from counted
    cross join method
)

select
    tested.share::decimal(18, 9) as workforce_share,
    tested.comparator_share::decimal(18, 9) as comparator_share,
    (100 * (tested.share - tested.comparator_share))::decimal(18, 9) as gap_pp,
    (tested.share / nullif(tested.comparator_share, 0))::decimal(18, 9) as representation_ratio,
    tested.share_95.lower::decimal(18, 9) as share_lower_95,
    tested.share_95.upper::decimal(18, 9) as share_upper_95,
    tested.share_998.lower::decimal(18, 9) as share_lower_998,
    tested.share_998.upper::decimal(18, 9) as share_upper_998,
    (100 * tested.gap_95.lower)::decimal(18, 9) as gap_lower_95_pp,
    (100 * tested.gap_95.upper)::decimal(18, 9) as gap_upper_95_pp,
    verdict(
        tested.gap_95.lower,
        tested.gap_95.upper,
        tested.comparator_share,
        method.material_gap_pp / 100,
        method.material_ratio
    ) as verdict,
    tested.p_value::decimal(18, 9) as p_value,
    shortfall_headcount(tested.x, tested.n, tested.comparator_x, tested.comparator_n) as shortfall_headcount,
    shortfall_growth(tested.x, tested.n, tested.comparator_x, tested.comparator_n) as shortfall_growth,
    (1 - tested.n / nullif(tested.everybody, 0))::decimal(18, 9) as undisclosed_share,
    (1 - tested.comparator_n / nullif(tested.comparator_everybody, 0))::decimal(18, 9) as comparator_unanswered_share,
    tested.if_none::decimal(18, 9) as share_if_none_undisclosed,
    tested.if_all::decimal(18, 9) as share_if_all_undisclosed,
    tested.if_all < tested.comparator_share or tested.if_none > tested.comparator_share as sign_is_robust,
    (
        100 * material_size(tested.comparator_share, method.material_gap_pp / 100, method.material_ratio)
    )::decimal(18, 9) as material_gap_pp
from tested
cross join method;
