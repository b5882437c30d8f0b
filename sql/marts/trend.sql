-- Grain:  the key of representation_gap, at every date that there is.
-- Inputs: comparison, coverage, waived_comparison, method.
-- Caveat: exact counts: internal. Only the comparators that method.trend_comparators names; the population is that of its own
--         vintage at every date, so a trend against it moves with the staff alone.
--         waivers as in representation_gap.
with compared as (
    select
        comparison.*,
        comparison.comparator_headcount / nullif(comparison.comparator_known_headcount, 0) as comparator_share,
        comparison.headcount / nullif(comparison.known_headcount, 0) as workforce_share,
        wilson(comparison.headcount, comparison.known_headcount, method.z_95) as share_95,
        gap_interval(
            comparison.comparator,
            comparison.headcount,
            comparison.known_headcount,
            comparison.comparator_headcount,
            comparison.comparator_known_headcount,
            method.z_95
        ) as gap_95
    from comparison
    cross join method
    where list_contains(method.trend_comparators, comparison.comparator) and comparison.characteristic <> 'total'
    union all by name
    -- Everybody, without a share: as in representation_gap.
    select comparison.*
    from comparison
    where comparison.characteristic = 'total'
)

select
    compared.as_at_date,
    compared.org_level,
    compared.org_code,
    compared.employment_type,
    compared.grade_family,
    compared.clinical,
    compared.grade_group,
    compared.characteristic,
    compared.classification,
    compared.category,
    compared.comparator,
    compared.headcount,
    compared.known_headcount,
    compared.total_headcount,
    compared.workforce_share::decimal(18, 9) as workforce_share,
    compared.share_95.lower::decimal(18, 9) as share_lower_95,
    compared.share_95.upper::decimal(18, 9) as share_upper_95,
    compared.comparator_share::decimal(18, 9) as comparator_share,
    (100 * (compared.workforce_share - compared.comparator_share))::decimal(18, 9) as gap_pp,
    (100 * compared.gap_95.lower)::decimal(18, 9) as gap_lower_95_pp,
    (100 * compared.gap_95.upper)::decimal(18, 9) as gap_upper_95_pp,
    verdict(
        compared.gap_95.lower,
        compared.gap_95.upper,
        compared.comparator_share,
        method.material_gap_pp / 100,
        method.material_ratio
    ) as verdict,
    coalesce(coverage.coverage, '1 of 1') as coverage,
    waived_comparison.waivers,
    case
        when compared.characteristic = 'total'
        then coalesce(if(compared.headcount is null, compared.source_marker, null), '[z]')
        when compared.headcount is null or compared.known_headcount is null
        then coalesce(compared.source_marker, '[x]')
        when compared.comparator_headcount is null or compared.comparator_known_headcount is null
        then coalesce(compared.comparator_marker, '[x]')
        when compared.workforce_share is null or compared.comparator_share is null then '[z]'
        when compared.known_headcount < method.weak_base_headcount then '[u]'
        when compared.is_revised then '[r]'
    end as marker
from compared
cross join method
left join coverage
    on
        compared.org_code = coverage.org_code
        and compared.as_at_date = coverage.as_at_date
        and coverage.sector = if(compared.grade_family = 'social_care', 'social_care', 'nhs')
left join waived_comparison
    on
        compared.org_code = waived_comparison.org_code
        and compared.as_at_date = waived_comparison.as_at_date
        and compared.comparator = waived_comparison.comparator
        and compared.characteristic = waived_comparison.characteristic
order by
    compared.as_at_date,
    compared.org_level,
    compared.org_code,
    compared.employment_type,
    compared.grade_family,
    compared.clinical,
    compared.grade_group,
    compared.characteristic,
    compared.classification,
    compared.category,
    compared.comparator;
