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
        ], recursive := true),
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
        'share_of_grade' as column_name,
        share_of_grade as told,
        headcount as part,
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
        'share_of_group' as column_name,
        share_of_group as told,
        headcount as part,
        group_headcount as whole
    from printed_grade_profile
)

select
    * exclude (told, part, whole)
from compared
where told is not null and told is distinct from (part / nullif(whole, 0))::decimal(18, 9)
order by all;
