-- Grain:  table_name, column_name and the key of the row: a share, gap, limit or probability that the counts beside it don't give.
-- Inputs: printed_representation_gap, printed_trend, printed_rounding, group_sum, base_sum, roll_up, method.
-- Caveat: a comparator that is staff is counted again from printed cells; residents' shares are public, and taken as printed (to nine
--         places, so that what follows from them is held to six; a p-value of many people moves by more than its share, and is held
--         to what the ninth place leaves open). p_adjusted hangs on rows that aren't printed: it has to lie between p_value and p_value
--         times the tests. Whole numbers of people that would be missing hang on unprinted places: by one.
with gap as (
    select
        'representation_gap' as table_name,
        *
    from printed_representation_gap
    where headcount is not null and characteristic <> 'total'
    union all by name
    select
        'trend' as table_name,
        *
    from printed_trend
    where headcount is not null and characteristic <> 'total'
),

-- How far sums of a unit may lie from the true ones, as its organisations' stated bounds add up.
bound as (
    select
        roll_up.org_code,
        roll_up.as_at_date,
        max(printed_rounding.base) as base,
        count(*) filter (printed_rounding.base > 1) as members,
        whole_sum(printed_rounding.bound_held) as bound_held,
        whole_sum(printed_rounding.bound_other) as bound_other
    from roll_up
    inner join printed_rounding
        on roll_up.member_code = printed_rounding.org_code and roll_up.as_at_date = printed_rounding.as_at_date
    group by roll_up.org_code, roll_up.as_at_date
),

held_against as (
    select
        gap.*,
        gap.comparator in ('workforce', 'previous') as is_staff,
        group_sum.headcount as comparator_x,
        base_sum.known_headcount as comparator_n,
        base_sum.total_headcount as comparator_everybody,
        bound.base,
        coalesce(
            if(
                gap.clinical = 'all' and list_contains(method.disclosure.held_grade_groups, gap.grade_group),
                bound.bound_held,
                bound.bound_other
            ),
            1000000 * bound.members * (bound.base - 1)
        ) as bound,
        method.z_95,
        method.z_998,
        method.material_gap_pp,
        method.material_ratio
    from gap
    cross join method
    left join bound on gap.org_code = bound.org_code and gap.as_at_date = bound.as_at_date
    left join group_sum
        on
            gap.comparator in ('workforce', 'previous')
            and if(gap.comparator = 'previous', twelve_months_before(gap.as_at_date), gap.as_at_date)
            = group_sum.as_at_date
            and gap.org_code = group_sum.org_code
            and gap.employment_type = group_sum.employment_type
            and gap.grade_family = group_sum.grade_family
            and gap.clinical = group_sum.clinical
            and if(gap.comparator = 'workforce', 'all', gap.grade_group) = group_sum.grade_group
            and gap.classification = group_sum.classification
            and gap.category = group_sum.category
    left join base_sum
        on
            gap.comparator in ('workforce', 'previous')
            and if(gap.comparator = 'previous', twelve_months_before(gap.as_at_date), gap.as_at_date)
            = base_sum.as_at_date
            and gap.org_code = base_sum.org_code
            and gap.employment_type = base_sum.employment_type
            and gap.grade_family = base_sum.grade_family
            and gap.clinical = base_sum.clinical
            and if(gap.comparator = 'workforce', 'all', gap.grade_group) = base_sum.grade_group
            and gap.characteristic = base_sum.characteristic
),

counted as (
    select
        *,
        headcount as x,
        known_headcount as n,
        total_headcount as everybody,
        headcount / nullif(known_headcount, 0) as share,
        if(is_staff, coalesce(comparator_x, 0) / nullif(comparator_n, 0), comparator_share) as against,
        wilson(headcount, known_headcount, z_95) as share_95,
        wilson(headcount, known_headcount, z_998) as share_998
    from held_against
),

tested as (
    select
        *,
        if(
            is_staff,
            gap_interval(comparator, x, n, coalesce(comparator_x, 0), comparator_n, z_95),
            struct_pack(lower := share_95.lower - against, upper := share_95.upper - against)
        ) as gap_95,
        if(
            is_staff,
            gap_p_value(comparator, x, n, coalesce(comparator_x, 0), comparator_n),
            score_test_p(x, n, against)
        ) as p_again,
        greatest(1e-6, if(is_staff, null, 1e-9 * sqrt(n / nullif(against * (1 - against), 0)))) as p_off,
        greatest(n * against - x, 0) as short
    from counted
),

compared as (
    select
        table_name,
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
        unnest([
            struct_pack(column_name := 'workforce_share', told := workforce_share::double, again := share, off := 1e-9),
            struct_pack(
                column_name := 'undisclosed_share',
                told := undisclosed_share::double,
                again := 1 - n / nullif(everybody, 0),
                off := 1e-9
            ),
            struct_pack(
                column_name := 'comparator_share', told := comparator_share::double, again := against, off := 1e-9
            ),
            struct_pack(
                column_name := 'comparator_unanswered_share',
                told := if(is_staff, comparator_unanswered_share::double, null),
                again := 1 - comparator_n / nullif(comparator_everybody, 0),
                off := 1e-9
            ),
            struct_pack(column_name := 'gap_pp', told := gap_pp::double, again := 100 * (share - against), off := 1e-6),
            struct_pack(
                column_name := 'gap_lower_95_pp',
                told := gap_lower_95_pp::double,
                again := 100 * gap_95.lower,
                off := 1e-6
            ),
            struct_pack(
                column_name := 'gap_upper_95_pp',
                told := gap_upper_95_pp::double,
                again := 100 * gap_95.upper,
                off := 1e-6
            ),
            struct_pack(
                column_name := 'representation_ratio',
                told := representation_ratio::double,
                again := share / nullif(against, 0),
                off := 1e-6 * greatest(1, 1 / nullif(against, 0))
            ),
            struct_pack(
                column_name := 'share_lower_95', told := share_lower_95::double, again := share_95.lower, off := 1e-9
            ),
            struct_pack(
                column_name := 'share_upper_95', told := share_upper_95::double, again := share_95.upper, off := 1e-9
            ),
            struct_pack(
                column_name := 'share_lower_998', told := share_lower_998::double, again := share_998.lower, off := 1e-9
            ),
            struct_pack(
                column_name := 'share_upper_998', told := share_upper_998::double, again := share_998.upper, off := 1e-9
            ),
            struct_pack(column_name := 'p_value', told := p_value::double, again := p_again, off := p_off),
            struct_pack(
                column_name := 'p_adjusted',
                told := p_adjusted::double,
                again := least(greatest(p_adjusted::double, p_again), least(p_again * test_family_size, 1)),
                off := p_off * greatest(1, test_family_size)
            ),
            struct_pack(
                column_name := 'shortfall_headcount',
                told := shortfall_headcount::double,
                again := if(
                    is_staff, shortfall_headcount(x, n, coalesce(comparator_x, 0), comparator_n), ceil(short)
                )::double,
                off := if(is_staff, 0e0, 1e0)
            ),
            struct_pack(
                column_name := 'shortfall_growth',
                told := shortfall_growth::double,
                again := if(
                    is_staff,
                    shortfall_growth(x, n, coalesce(comparator_x, 0), comparator_n),
                    if(short = 0, 0, ceil(short / nullif(1 - against, 0)))
                )::double,
                off := if(is_staff, 0e0, 1e0 + 1e-6 * coalesce(short / nullif(1 - against, 0), 0))
            ),
            struct_pack(
                column_name := 'share_if_none_undisclosed',
                told := share_if_none_undisclosed::double,
                again := x / nullif(everybody, 0),
                off := 1e-9
            ),
            struct_pack(
                column_name := 'share_if_all_undisclosed',
                told := share_if_all_undisclosed::double,
                again := (x + everybody - n) / nullif(everybody, 0),
                off := 1e-9
            ),
            -- The count's own bound, or that of its cells where these are few.
            struct_pack(
                column_name := 'headcount_upper',
                told := headcount_upper::double,
                again := if(
                    headcount_upper - x < bound and (headcount_upper - x) % greatest(base - 1, 1) = 0,
                    headcount_upper,
                    x + bound
                )::double,
                off := 0e0
            ),
            struct_pack(
                column_name := 'headcount_lower',
                told := headcount_lower::double,
                again := greatest(2 * x - headcount_upper, 0)::double,
                off := 0e0
            ),
            struct_pack(
                column_name := 'share_rounding_error_pp',
                told := share_rounding_error_pp::double,
                again := 100 * greatest(
                    least(headcount_upper / greatest(n - bound, 1, headcount_upper), 1) - share,
                    share - headcount_lower / greatest(n + bound, headcount_lower)
                ),
                off := 1e-6
            ),
            struct_pack(
                column_name := 'verdict',
                told := if(verdict is null, null, 1)::double,
                again := if(
                    verdict in (
                        'cannot_tell',
                        verdict(gap_95.lower, gap_95.upper, against, material_gap_pp / 100, material_ratio)
                    ),
                    1,
                    0
                )::double,
                off := 0e0
            )
        ]) as one
    from tested
)

select
    compared.* exclude (one),
    compared.one.column_name
from compared
where
    compared.one.told is not null
    and (compared.one.again is null or abs(compared.one.told - compared.one.again) > compared.one.off)
order by all;
