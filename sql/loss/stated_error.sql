-- Grain:  a level: groups of grades of organisations, organisations, systems, regions, the nation.
-- Inputs: public_gap (the public representation_gap), protected_group, unit_bound, run, method.
-- Caveat: public: from protected counts alone. An error is the largest that rounding can have made of a share, not the one that it made;
--         a share counts once, whatever it is compared with. Bases are groups of grades by classification with anybody in them, as
--         protected.
with rate as (
    select
        org_level,
        clinical,
        grade_group,
        share_rounding_error_pp
    from public_gap
    where
        as_at_date = (select as_at_date from run)
        and comparator = 'workforce'
        and workforce_share is not null
        and share_rounding_error_pp is not null
),

levelled_rate as (
    select
        share_rounding_error_pp,
        if(
            org_level = 'organisation' and not (clinical = 'all' and grade_group = 'all'), 'grade_group', org_level
        ) as level
    from rate
),

ranked as (
    select
        *,
        row_number() over (
            partition by level
            order by share_rounding_error_pp
        ) as error_rank,
        count(*) over (partition by level) as errors
    from levelled_rate
),

stated as (
    select
        level,
        count(*) as shares,
        (sum(share_rounding_error_pp) / count(*))::decimal(18, 2) as error_mean_pp,
        (min(share_rounding_error_pp) filter (where 100 * error_rank >= 95 * errors))::decimal(18, 2) as error_95_pp
    from ranked
    group by level
),

base as (
    select distinct
        protected_group.org_code,
        protected_group.employment_type,
        protected_group.grade_family,
        protected_group.clinical,
        protected_group.grade_group,
        protected_group.classification,
        protected_group.known_headcount >= if(
            protected_group.clinical = 'all'
            and list_contains(method.disclosure.held_grade_groups, protected_group.grade_group),
            unit_bound.min_known_held,
            unit_bound.min_known_other
        ) as has_rates,
        if(
            protected_group.org_level = 'organisation'
            and not (protected_group.clinical = 'all' and protected_group.grade_group = 'all'),
            'grade_group',
            protected_group.org_level
        ) as level
    from protected_group
    cross join method
    left join unit_bound on protected_group.org_code = unit_bound.org_code
    where protected_group.characteristic <> 'total' and protected_group.total_headcount > 0
),

counted_base as (
    select
        level,
        count(*) as bases,
        count_if(not has_rates) as without_rate
    from base
    group by level
)

select
    counted_base.level,
    counted_base.bases,
    counted_base.without_rate,
    coalesce(stated.shares, 0) as shares,
    stated.error_mean_pp,
    stated.error_95_pp
from counted_base
left join stated on counted_base.level = stated.level
order by array_position(['grade_group', 'organisation', 'system', 'region', 'national'], counted_base.level);
