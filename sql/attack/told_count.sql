-- Grain:  table_name, column_name and the key of the row: a count of people that a public table tells.
-- Inputs: printed_representation_gap, printed_trend, printed_grade_profile, printed_declaration_rate.
-- Caveat: `what` says what it should be the sum of: a group, the group in its whole family, or answers of a kind. Blank counts aren't here.
with of_groups as (
    select
        'representation_gap' as table_name,
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
            struct_pack(column_name := 'headcount', what := 'group', told := headcount),
            struct_pack(column_name := 'known_headcount', what := 'known', told := known_headcount),
            struct_pack(column_name := 'total_headcount', what := 'total', told := total_headcount)
        ]) as one
    from printed_representation_gap
    union all
    select
        'trend' as table_name,
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
            struct_pack(column_name := 'headcount', what := 'group', told := headcount),
            struct_pack(column_name := 'known_headcount', what := 'known', told := known_headcount),
            struct_pack(column_name := 'total_headcount', what := 'total', told := total_headcount)
        ]) as one
    from printed_trend
    union all
    select
        'grade_profile' as table_name,
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
        '' as comparator,
        unnest([
            struct_pack(column_name := 'headcount', what := 'group', told := headcount),
            struct_pack(column_name := 'known_headcount', what := 'known', told := known_headcount),
            struct_pack(column_name := 'group_headcount', what := 'family', told := group_headcount)
        ]) as one
    from printed_grade_profile
    union all
    select
        'declaration_rate' as table_name,
        as_at_date,
        org_level,
        org_code,
        employment_type,
        grade_family,
        clinical,
        grade_group,
        characteristic,
        '' as classification,
        '' as category,
        '' as comparator,
        unnest([
            struct_pack(column_name := 'declared_headcount', what := 'known', told := declared_headcount),
            struct_pack(column_name := 'declined_headcount', what := 'declined', told := declined_headcount),
            struct_pack(column_name := 'missing_headcount', what := 'missing', told := missing_headcount),
            struct_pack(column_name := 'unknown_headcount', what := 'unknown', told := unknown_headcount),
            struct_pack(column_name := 'total_headcount', what := 'total', told := total_headcount)
        ]) as one
    from printed_declaration_rate
)

select
    of_groups.* exclude (one),
    of_groups.one.column_name,
    of_groups.one.what,
    of_groups.one.told
from of_groups
where of_groups.one.told is not null;
