-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic, classification,
--         category, comparator: where a rate may be published and there is something to hold it against; and everybody.
-- Inputs: representation_gap (of the protected cells), consistent, waived_comparison, method.
-- Caveat: computed from rounded counts: a count lies between headcount_lower and headcount_upper, and a share no further from the
--         true one than share_rounding_error_pp. Intervals and p-values allow for chance, and not for the rounding; the verdict does: it
--         is cannot_tell unless the lowest and the highest counts that are consistent agree. Thin groups are in `fallback`, the areas
--         of the residents in `comparator_area`.
with told as (
    select
        representation_gap.*,
        consistent.headcount_lower,
        consistent.headcount_upper,
        100 * consistent.share_bound as share_bound_pp,
        case
            when representation_gap.verdict is null then null
            when representation_gap.grade_group = 'all' and representation_gap.comparator = 'workforce'
            then representation_gap.verdict
            when
                representation_gap.verdict = consistent.verdict_lowest
                and representation_gap.verdict = consistent.verdict_highest
            then representation_gap.verdict
            else 'cannot_tell'
        end as certain_verdict
    from representation_gap
    inner join consistent
        on
            representation_gap.as_at_date = consistent.as_at_date
            and representation_gap.org_code = consistent.org_code
            and representation_gap.employment_type = consistent.employment_type
            and representation_gap.grade_family = consistent.grade_family
            and representation_gap.clinical = consistent.clinical
            and representation_gap.grade_group = consistent.grade_group
            and representation_gap.classification = consistent.classification
            and representation_gap.category = consistent.category
            and representation_gap.comparator = consistent.comparator
    where representation_gap.marker is distinct from '[x]' and representation_gap.characteristic <> 'total'
),

everybody as (
    select
        representation_gap.*,
        if(
            representation_gap.headcount is null,
            null,
            greatest(
                representation_gap.headcount - sum_bound(
                    cell_count.cells,
                    unit_bound.rounded_members,
                    unit_bound.base,
                    if(
                        representation_gap.clinical = 'all'
                        and list_contains(method.disclosure.held_grade_groups, representation_gap.grade_group),
                        unit_bound.bound_held,
                        unit_bound.bound_other
                    )
                ),
                0
            )
        ) as headcount_lower,
        representation_gap.headcount + sum_bound(
            cell_count.cells,
            unit_bound.rounded_members,
            unit_bound.base,
            if(
                representation_gap.clinical = 'all'
                and list_contains(method.disclosure.held_grade_groups, representation_gap.grade_group),
                unit_bound.bound_held,
                unit_bound.bound_other
            )
        ) as headcount_upper,
        null::double as share_bound_pp,
        null::varchar as certain_verdict
    from representation_gap
    cross join method
    left join unit_bound
        on representation_gap.org_code = unit_bound.org_code and representation_gap.as_at_date = unit_bound.as_at_date
    left join cell_count
        on
            representation_gap.grade_family = cell_count.grade_family
            and representation_gap.grade_group = cell_count.grade_group
            and representation_gap.clinical = cell_count.clinical
            and cell_count.classification = 'total'
    where representation_gap.characteristic = 'total'
),

published as (
    select * from told
    union all
    select * from everybody
)

select
    published.as_at_date,
    published.org_level,
    published.org_code,
    published.org_type,
    published.employment_type,
    published.grade_family,
    published.clinical,
    published.grade_group,
    published.characteristic,
    published.classification,
    published.category,
    published.comparator,
    published.is_detail,
    published.headcount,
    published.headcount_lower,
    published.headcount_upper,
    published.known_headcount,
    published.total_headcount,
    published.undisclosed_share,
    published.workforce_share,
    published.share_bound_pp::decimal(18, 9) as share_rounding_error_pp,
    published.comparator_share,
    published.comparator_unanswered_share,
    published.gap_pp,
    published.gap_lower_95_pp,
    published.gap_upper_95_pp,
    published.representation_ratio,
    published.share_lower_95,
    published.share_upper_95,
    published.share_lower_998,
    published.share_upper_998,
    published.certain_verdict as verdict,
    published.p_value,
    published.p_adjusted,
    published.test_family_size,
    published.shortfall_headcount,
    published.shortfall_growth,
    published.share_if_none_undisclosed,
    published.share_if_all_undisclosed,
    published.sign_is_robust,
    published.coverage,
    published.population_vintage,
    published.age_range,
    published.waivers is not null as rests_on_waiver,
    published.marker
from published
order by
    published.as_at_date,
    published.org_level,
    published.org_code,
    published.employment_type,
    published.grade_family,
    published.clinical,
    published.grade_group,
    published.characteristic,
    published.classification,
    published.category,
    published.comparator;
