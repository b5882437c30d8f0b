-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic, classification,
--         category, comparator.
-- Inputs: comparison, reporting_date, coverage, organisation, waived_comparison, method.
-- Caveat: exact counts: internal. Shares are taken over people whose answer is known, on both sides. The workforce is counted in
--         full: an interval says which values are consistent with the number of staff, allowing for chance (domain.md 4.3).
--         A verdict follows the raw interval; p_adjusted is Benjamini–Hochberg within one date, unit, employment type,
--         classification and comparator. Whole numbers decide the shortfalls, so no rounding does.
--         waivers names what the row rests on, rather one too many than one too few (sql/intermediate/waived_comparison.sql): of a
--         system those of any member; against previous those of the earlier date too; against residents those of the population
--         files of its areas, too, whatever their age range.
with reported as (
    select
        comparison.*,
        comparison.comparator_headcount / nullif(comparison.comparator_known_headcount, 0) as comparator_share,
        comparison.headcount / nullif(comparison.known_headcount, 0) as workforce_share,
        wilson(comparison.headcount, comparison.known_headcount, method.z_95) as share_95,
        wilson(comparison.headcount, comparison.known_headcount, method.z_998) as share_998,
        gap_interval(
            comparison.comparator,
            comparison.headcount,
            comparison.known_headcount,
            comparison.comparator_headcount,
            comparison.comparator_known_headcount,
            method.z_95
        ) as gap_95,
        gap_p_value(
            comparison.comparator,
            comparison.headcount,
            comparison.known_headcount,
            comparison.comparator_headcount,
            comparison.comparator_known_headcount
        ) as p_value
    from comparison
    cross join method
    where comparison.is_reported and comparison.characteristic <> 'total'
),

ranked as (
    select
        *,
        count(p_value) over family as test_family_size,
        row_number() over (
            family
            order by p_value nulls last, grade_family, clinical, grade_group, category
        ) as p_rank
    from reported
    window
        family as (
            partition by
                as_at_date, org_level, org_code, employment_type, characteristic, classification, comparator
        )
),

adjusted as (
    select
        *,
        -- least() passes over null: what wasn't tested has no adjusted p-value either.
        if(
            p_value is null,
            null,
            least(
                1,
                min(p_value * test_family_size / p_rank) over (
                    partition by
                        as_at_date, org_level, org_code, employment_type, characteristic, classification, comparator
                    order by p_rank
                    rows between current row and unbounded following
                )
            )
        ) as p_adjusted
    from ranked
),

-- Everybody, without a share; and who should be there and isn't.
everybody as (
    select
        as_at_date,
        org_level,
        org_code,
        employment_type,
        grade_family,
        clinical,
        grade_group,
        is_detail,
        headcount,
        known_headcount,
        total_headcount,
        coalesce(if(headcount is null, source_marker, null), '[z]') as marker
    from comparison
    where is_reported and characteristic = 'total'
    union all
    select
        missing.as_at_date,
        'organisation' as org_level,
        missing.org_code,
        'substantive' as employment_type,
        if(organisation.sector = 'social_care', 'social_care', 'all') as grade_family,
        'all' as clinical,
        'all' as grade_group,
        false as is_detail,
        null as headcount,
        null as known_headcount,
        null as total_headcount,
        '[x]' as marker
    from (
        select distinct
            coverage.as_at_date,
            unnest(coverage.missing_codes) as org_code
        from coverage
        where coverage.as_at_date in (select reporting_date.as_at_date from reporting_date)
    ) as missing
    inner join organisation on missing.org_code = organisation.org_code
),

valued as (
    select
        adjusted.as_at_date,
        adjusted.org_level,
        adjusted.org_code,
        adjusted.employment_type,
        adjusted.grade_family,
        adjusted.clinical,
        adjusted.grade_group,
        adjusted.characteristic,
        adjusted.classification,
        adjusted.category,
        adjusted.comparator,
        adjusted.is_detail,
        adjusted.headcount,
        adjusted.known_headcount,
        adjusted.total_headcount,
        1 - adjusted.known_headcount / nullif(adjusted.total_headcount, 0) as undisclosed_share,
        adjusted.workforce_share,
        adjusted.comparator_share,
        1 - adjusted.comparator_known_headcount
        / nullif(adjusted.comparator_total_headcount, 0) as comparator_unanswered_share,
        100 * (adjusted.workforce_share - adjusted.comparator_share) as gap_pp,
        100 * adjusted.gap_95.lower as gap_lower_95_pp,
        100 * adjusted.gap_95.upper as gap_upper_95_pp,
        adjusted.workforce_share / nullif(adjusted.comparator_share, 0) as representation_ratio,
        adjusted.share_95.lower as share_lower_95,
        adjusted.share_95.upper as share_upper_95,
        adjusted.share_998.lower as share_lower_998,
        adjusted.share_998.upper as share_upper_998,
        verdict(
            adjusted.gap_95.lower,
            adjusted.gap_95.upper,
            adjusted.comparator_share,
            method.material_gap_pp / 100,
            method.material_ratio
        ) as verdict,
        adjusted.p_value,
        adjusted.p_adjusted,
        adjusted.test_family_size,
        shortfall_headcount(
            adjusted.headcount,
            adjusted.known_headcount,
            adjusted.comparator_headcount,
            adjusted.comparator_known_headcount
        ) as shortfall_headcount,
        shortfall_growth(
            adjusted.headcount,
            adjusted.known_headcount,
            adjusted.comparator_headcount,
            adjusted.comparator_known_headcount
        ) as shortfall_growth,
        adjusted.headcount / nullif(adjusted.total_headcount, 0) as share_if_none_undisclosed,
        (adjusted.headcount + adjusted.total_headcount - adjusted.known_headcount)
        / nullif(adjusted.total_headcount, 0) as share_if_all_undisclosed,
        adjusted.population_vintage,
        adjusted.age_range,
        adjusted.area_set,
        case
            when adjusted.headcount is null or adjusted.known_headcount is null
            then coalesce(adjusted.source_marker, '[x]')
            when adjusted.comparator_headcount is null or adjusted.comparator_known_headcount is null
            then coalesce(adjusted.comparator_marker, '[x]')
            when adjusted.workforce_share is null or adjusted.comparator_share is null then '[z]'
            when adjusted.known_headcount < method.weak_base_headcount then '[u]'
            when adjusted.is_revised then '[r]'
        end as marker
    from adjusted
    cross join method
    union all by name
    select
        everybody.*,
        'total' as characteristic,
        'total' as classification,
        'all' as category,
        'workforce' as comparator
    from everybody
)

select
    valued.as_at_date,
    valued.org_level,
    valued.org_code,
    organisation.org_type,
    valued.employment_type,
    valued.grade_family,
    valued.clinical,
    valued.grade_group,
    valued.characteristic,
    valued.classification,
    valued.category,
    valued.comparator,
    valued.is_detail,
    valued.headcount,
    valued.known_headcount,
    valued.total_headcount,
    valued.undisclosed_share::decimal(18, 9) as undisclosed_share,
    valued.workforce_share::decimal(18, 9) as workforce_share,
    valued.comparator_share::decimal(18, 9) as comparator_share,
    valued.comparator_unanswered_share::decimal(18, 9) as comparator_unanswered_share,
    valued.gap_pp::decimal(18, 9) as gap_pp,
    valued.gap_lower_95_pp::decimal(18, 9) as gap_lower_95_pp,
    valued.gap_upper_95_pp::decimal(18, 9) as gap_upper_95_pp,
    valued.representation_ratio::decimal(18, 9) as representation_ratio,
    valued.share_lower_95::decimal(18, 9) as share_lower_95,
    valued.share_upper_95::decimal(18, 9) as share_upper_95,
    valued.share_lower_998::decimal(18, 9) as share_lower_998,
    valued.share_upper_998::decimal(18, 9) as share_upper_998,
    valued.verdict,
    valued.p_value::decimal(18, 9) as p_value,
    valued.p_adjusted::decimal(18, 9) as p_adjusted,
    valued.test_family_size,
    valued.shortfall_headcount,
    valued.shortfall_growth,
    valued.share_if_none_undisclosed::decimal(18, 9) as share_if_none_undisclosed,
    valued.share_if_all_undisclosed::decimal(18, 9) as share_if_all_undisclosed,
    valued.share_if_all_undisclosed < valued.comparator_share
    or valued.share_if_none_undisclosed > valued.comparator_share as sign_is_robust,
    coalesce(coverage.coverage, if(valued.total_headcount is null, '0 of 1', '1 of 1')) as coverage,
    valued.population_vintage,
    valued.age_range,
    valued.area_set,
    waived_comparison.waivers,
    valued.marker
from valued
inner join organisation on valued.org_code = organisation.org_code
left join coverage
    on
        valued.org_code = coverage.org_code
        and valued.as_at_date = coverage.as_at_date
        and coverage.sector = if(valued.grade_family = 'social_care', 'social_care', 'nhs')
left join waived_comparison
    on
        valued.org_code = waived_comparison.org_code
        and valued.as_at_date = waived_comparison.as_at_date
        and valued.comparator = waived_comparison.comparator
        and valued.characteristic = waived_comparison.characteristic
order by
    valued.as_at_date,
    valued.org_level,
    valued.org_code,
    valued.employment_type,
    valued.grade_family,
    valued.clinical,
    valued.grade_group,
    valued.characteristic,
    valued.classification,
    valued.category,
    valued.comparator;
