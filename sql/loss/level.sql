-- Grain:  a level: detail cells, groups of grades of organisations, organisations, systems, regions, the nation.
-- Inputs: error.
-- Caveat: from exact counts: internal. The 95th percentile is the least error that 95 in 100 don't exceed; no interpolation.
with ranked as (
    select
        *,
        row_number() over (
            partition by level_order
            order by count_error
        ) as count_rank,
        count(*) over (partition by level_order) as counts,
        row_number() over (
            partition by level_order
            order by share_error_pp nulls last
        ) as share_rank,
        count(share_error_pp) over (partition by level_order) as rates
    from error
)

select
    level,
    count(*) as counts,
    (sum(count_error) / count(*))::decimal(18, 2) as count_error_mean,
    min(count_error) filter (where 100 * count_rank >= 95 * counts) as count_error_95,
    count_if(is_share) as shares,
    count(share_error_pp) as rates,
    (sum(share_error_pp) / count(share_error_pp))::decimal(18, 2) as share_error_mean_pp,
    (min(share_error_pp) filter (where 100 * share_rank >= 95 * rates))::decimal(18, 2) as share_error_95_pp
from ranked
group by level_order, level
order by level_order;
