-- Grain:  the row under explanation: its p-value adjusted again for how many were looked at together. One row.
-- Inputs: mart (representation_gap of the release), asked (its row under explanation).
-- Caveat: from the mart's own p-values, which are rounded to nine decimals: tolerance says by how much the result may differ for that.
with family as (
    select
        mart.p_value,
        row_number() over (
            order by mart.p_value nulls last, mart.grade_family, mart.clinical, mart.grade_group, mart.category
        ) as p_rank,
        count(mart.p_value) over () as tests,
        (
            mart.grade_family = asked.grade_family
            and mart.clinical = asked.clinical
            and mart.grade_group = asked.grade_group
            and mart.category = asked.category
        ) as is_asked
    from mart
    inner join asked
        on
            mart.as_at_date = asked.as_at_date
            and mart.org_level = asked.org_level
            and mart.org_code = asked.org_code
            and mart.employment_type = asked.employment_type
            and mart.characteristic = asked.characteristic
            and mart.classification = asked.classification
            and mart.comparator = asked.comparator
),

own as (
    select
        p_rank,
        tests
    from family
    where is_asked
)

select
    least(1, min(family.p_value * family.tests / family.p_rank))::decimal(18, 9) as p_adjusted,
    any_value(family.tests) as test_family_size,
    (any_value(family.tests) / 1000000000)::decimal(18, 9) as tolerance
from family
inner join own on family.p_rank >= own.p_rank;
