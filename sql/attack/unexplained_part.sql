-- Grain:  table_name, column_name and the key of the row: a share of answers or of a grade that the counts beside it don't give.
-- Inputs: printed_declaration_rate, printed_grade_profile.
with compared as (
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
            struct_pack(column_name := 'declared_share', told := declared_share, part := declared_headcount),
            struct_pack(column_name := 'declined_share', told := declined_share, part := declined_headcount),
            struct_pack(column_name := 'missing_share', told := missing_share, part := missing_headcount),
            struct_pack(column_name := 'unknown_share', told := unknown_share, part := unknown_headcount)
        ]) as one,
        total_headcount as whole
    from printed_declaration_rate
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
        struct_pack(column_name := 'share_of_grade', told := share_of_grade, part := headcount) as one,
        known_headcount as whole
    from printed_grade_profile
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
        struct_pack(column_name := 'share_of_group', told := share_of_group, part := headcount) as one,
        group_headcount as whole
    from printed_grade_profile
)

select
    compared.* exclude (one, whole),
    compared.one.column_name
from compared
where
    compared.one.told is not null
    and compared.one.told is distinct from (compared.one.part / nullif(compared.whole, 0))::decimal(18, 9)
order by all;
