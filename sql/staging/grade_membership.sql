-- Grain:  a grade in a grade group, under the family that the group is reported in.
-- Inputs: reference_grade_groups, method.
-- Caveat: a cluster that spans NHS families is reported under `all`; `all` is every NHS family and never social care. Clusters
--         overlap: only rows with is_detail add up.
with member as (
    select
        grade_group,
        grade,
        grade_family,
        is_detail = 'true' as is_detail
    from reference_grade_groups
    where
        option is null
        or (option = 'wres_upper_includes_vsm' and (select wres_upper_includes_vsm from method))
),

single_or_cluster as (
    select
        grade_group,
        if(
            min(grade_family) over (partition by grade_group) = max(grade_family) over (partition by grade_group),
            grade_family,
            'all'
        ) as grade_family,
        grade,
        is_detail
    from member
),

whole_family as (
    select
        'all' as grade_group,
        grade_family,
        grade,
        false as is_detail
    from member
    where is_detail
),

whole_nhs as (
    select
        'all' as grade_group,
        'all' as grade_family,
        grade,
        false as is_detail
    from member
    where is_detail and grade_family <> 'social_care'
)

select * from single_or_cluster
union all
select * from whole_family
union all
select * from whole_nhs
order by grade_family, grade_group, grade;
