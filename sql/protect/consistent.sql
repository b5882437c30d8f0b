-- Grain:  the key of comparison, where a rate is published: between which numbers of people the true counts lie, and what would be
--         said of the lowest and of the highest share that is consistent with the rounding.
-- Inputs: comparison, unit_bound, cell_count, method.
-- Caveat: what depends on counts lies between these two: a share, and both limits of its gap, rise with people of the group and fall
--         with the others. The size that matters is the smallest that is consistent. A whole against itself has no gap.
with published as (
    select
        comparison.*,
        comparison.clinical = 'all'
        and list_contains(method.disclosure.held_grade_groups, comparison.grade_group) as is_held
    from comparison
    cross join method
    where comparison.headcount is not null
),

bounded as (
    select
        published.*,
        sum_bound(
            cell_count.cells,
            unit_bound.rounded_members,
            unit_bound.base,
            if(published.is_held, unit_bound.bound_held, unit_bound.bound_other)
        ) as headcount_bound,
        sum_bound(
            1000000,
            unit_bound.rounded_members,
            unit_bound.base,
            if(published.is_held, unit_bound.bound_held, unit_bound.bound_other)
        ) as known_bound,
        case published.comparator
            when 'workforce'
            then
                sum_bound(
                    1000000,
                    unit_bound.rounded_members,
                    unit_bound.base,
                    if(
                        published.clinical = 'all' and list_contains(method.disclosure.held_grade_groups, 'all'),
                        unit_bound.bound_held,
                        unit_bound.bound_other
                    )
                )
            when 'previous'
            then
                sum_bound(
                    1000000,
                    previous_bound.rounded_members,
                    previous_bound.base,
                    if(published.is_held, previous_bound.bound_held, previous_bound.bound_other)
                )
            else 0
        end as comparator_bound
    from published
    cross join method
    inner join unit_bound on published.org_code = unit_bound.org_code and published.as_at_date = unit_bound.as_at_date
    left join unit_bound as previous_bound
        on
            published.org_code = previous_bound.org_code
            and twelve_months_before(published.as_at_date) = previous_bound.as_at_date
    inner join cell_count
        on
            published.grade_family = cell_count.grade_family
            and published.grade_group = cell_count.grade_group
            and published.clinical = cell_count.clinical
            and published.classification = cell_count.classification
            and published.category = cell_count.category
    where
        published.known_headcount >= if(published.is_held, unit_bound.min_known_held, unit_bound.min_known_other)
),

ranged as (
    select
        *,
        greatest(headcount - headcount_bound, 0) as headcount_lower,
        headcount + headcount_bound as headcount_upper,
        greatest(known_headcount - known_bound, 1) as known_lower,
        known_headcount + known_bound as known_upper,
        greatest(comparator_headcount - comparator_bound, 0) as comparator_lower,
        comparator_headcount + comparator_bound as comparator_upper,
        greatest(comparator_known_headcount - comparator_bound, 1) as comparator_known_lower,
        comparator_known_headcount + comparator_bound as comparator_known_upper
    from bounded
),

-- The lowest share against the highest that it may be held against, and the other way round.
extreme as (
    select
        *,
        headcount_lower / greatest(known_upper, headcount_lower) as share_lowest,
        least(headcount_upper / greatest(known_lower, headcount_upper), 1) as share_highest,
        if(comparator = 'workforce', greatest(comparator_upper, headcount_lower), comparator_upper) as against_lowest,
        greatest(
            comparator_known_lower,
            if(
                comparator = 'workforce',
                greatest(comparator_upper, headcount_lower) + known_upper - headcount_lower,
                0
            ),
            comparator_upper
        ) as against_lowest_known,
        if(comparator = 'workforce', greatest(comparator_lower, headcount_upper), comparator_lower) as against_highest,
        greatest(
            comparator_known_upper,
            if(
                comparator = 'workforce',
                greatest(comparator_lower, headcount_upper) + greatest(known_lower - headcount_upper, 0),
                0
            )
        ) as against_highest_known
    from ranged
),

compared as (
    select
        extreme.*,
        consistent_gap(
            extreme.comparator,
            extreme.headcount_lower,
            greatest(extreme.known_upper, extreme.headcount_lower),
            extreme.against_lowest,
            extreme.against_lowest_known,
            1 - extreme.known_lower / extreme.comparator_known_upper,
            method.z_95
        ) as gap_lowest,
        consistent_gap(
            extreme.comparator,
            extreme.headcount_upper,
            greatest(extreme.known_lower, extreme.headcount_upper),
            extreme.against_highest,
            extreme.against_highest_known,
            1 - extreme.known_lower / extreme.comparator_known_upper,
            method.z_95
        ) as gap_highest,
        method.material_gap_pp / 100 as material_gap,
        method.material_ratio
    from extreme
    cross join method
)

select
    as_at_date,
    org_level,
    org_code,
    employment_type,
    grade_family,
    clinical,
    grade_group,
    characteristic,
    classification,
    category,
    comparator,
    headcount_lower,
    headcount_upper,
    greatest(
        share_highest - headcount / known_headcount, headcount / known_headcount - share_lowest
    ) as share_bound,
    verdict(
        gap_lowest.lower,
        gap_lowest.upper,
        against_highest / nullif(against_highest_known, 0),
        material_gap,
        material_ratio
    ) as verdict_lowest,
    verdict(
        gap_highest.lower,
        gap_highest.upper,
        against_highest / nullif(against_highest_known, 0),
        material_gap,
        material_ratio
    ) as verdict_highest
from compared;
