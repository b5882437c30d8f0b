-- Grain:  org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic, classification at the as-at date: a
--         grade group too thin for a rate, and where to look instead.
-- Inputs: answer_base, grade_membership, unit, unit_bound, run, method (of the protected cells).
-- Caveat: computed from rounded counts. The first that isn't thin, in this order: the smallest cluster of the unit that holds the grade
--         group, its system's same grade group, three years' 31 March of the unit together, its whole family; `nothing` where none is.
--         Three years count most people three times: a share of them has no interval.
with base as (
    select distinct
        answer_base.as_at_date,
        answer_base.org_level,
        answer_base.org_code,
        answer_base.employment_type,
        answer_base.grade_family,
        answer_base.clinical,
        answer_base.grade_group,
        answer_base.characteristic,
        answer_base.classification,
        answer_base.known_headcount,
        answer_base.known_headcount >= if(
            answer_base.clinical = 'all'
            and list_contains(method.disclosure.held_grade_groups, answer_base.grade_group),
            unit_bound.min_known_held,
            unit_bound.min_known_other
        ) as has_rates
    from answer_base
    cross join method
    inner join unit_bound
        on answer_base.org_code = unit_bound.org_code and answer_base.as_at_date = unit_bound.as_at_date
    where answer_base.characteristic <> 'total'
),

now as (
    select base.*
    from base
    cross join run
    where base.as_at_date = run.as_at_date
),

thin as (
    select now.*
    from now
    where not now.has_rates
),

-- Every grade of the one is one of the other.
grades as (
    select
        grade_family,
        grade_group,
        list(grade order by grade) as grades
    from grade_membership
    group by grade_family, grade_group
),

wider as (
    select
        narrow.grade_family,
        narrow.grade_group,
        wide.grade_family as wider_family,
        wide.grade_group as wider_group,
        len(wide.grades) as wider_grades
    from grades as narrow
    inner join grades as wide
        on
            list_has_all(wide.grades, narrow.grades)
            and len(narrow.grades) < len(wide.grades)
            and (narrow.grade_family = wide.grade_family or wide.grade_family = 'all')
),

cluster as (
    select
        thin.org_code,
        thin.employment_type,
        thin.grade_family,
        thin.clinical,
        thin.grade_group,
        thin.classification,
        arg_min(
            wider.wider_family || ' ' || wider.wider_group, (wider.wider_grades, wider.wider_family, wider.wider_group)
        ) as instead
    from thin
    inner join wider on thin.grade_family = wider.grade_family and thin.grade_group = wider.grade_group
    inner join now
        on
            thin.org_code = now.org_code
            and thin.employment_type = now.employment_type
            and wider.wider_family = now.grade_family
            and wider.wider_group = now.grade_group
            and thin.clinical = now.clinical
            and thin.classification = now.classification
    where now.has_rates and wider.wider_group <> 'all'
    group by all
),

system as (
    select
        thin.org_code,
        thin.employment_type,
        thin.grade_family,
        thin.clinical,
        thin.grade_group,
        thin.classification,
        min(now.org_code) as instead
    from thin
    inner join unit on thin.org_code = unit.org_code and unit.org_level = 'organisation'
    inner join now
        on
            unit.system_code = now.org_code
            and thin.employment_type = now.employment_type
            and thin.grade_family = now.grade_family
            and thin.grade_group = now.grade_group
            and thin.clinical = now.clinical
            and thin.classification = now.classification
    where now.has_rates
    group by all
),

three_years as (
    select
        thin.org_code,
        thin.employment_type,
        thin.grade_family,
        thin.clinical,
        thin.grade_group,
        thin.classification,
        sum(base.known_headcount)::bigint as known_headcount
    from thin
    cross join method
    inner join base
        on
            thin.org_code = base.org_code
            and thin.employment_type = base.employment_type
            and thin.grade_family = base.grade_family
            and thin.grade_group = base.grade_group
            and thin.clinical = base.clinical
            and thin.classification = base.classification
    where
        strftime(base.as_at_date, '%m-%d') = method.reporting_month_day
        and base.as_at_date > thin.as_at_date - interval 3 year
    group by all
    having count(*) = 3 and sum(base.known_headcount) >= any_value(method.disclosure.min_known_headcount)
),

family as (
    select
        now.org_code,
        now.employment_type,
        now.grade_family,
        now.clinical,
        now.classification
    from now
    where now.grade_group = 'all' and now.has_rates
)

select
    thin.as_at_date,
    thin.org_level,
    thin.org_code,
    thin.employment_type,
    thin.grade_family,
    thin.clinical,
    thin.grade_group,
    thin.characteristic,
    thin.classification,
    case
        when cluster.instead is not null then 'cluster'
        when system.instead is not null then 'system'
        when three_years.known_headcount is not null then 'three_years'
        when family.org_code is not null then 'family'
        else 'nothing'
    end as look_at,
    case
        when cluster.instead is not null then cluster.instead
        when system.instead is not null then system.instead
        when three_years.known_headcount is null and family.org_code is not null then thin.grade_family || ' all'
    end as instead,
    if(
        cluster.instead is null and system.instead is null, three_years.known_headcount, null
    ) as three_years_known_headcount,
    '[u]' as marker
from thin
left join cluster
    on
        thin.org_code = cluster.org_code
        and thin.employment_type = cluster.employment_type
        and thin.grade_family = cluster.grade_family
        and thin.clinical = cluster.clinical
        and thin.grade_group = cluster.grade_group
        and thin.classification = cluster.classification
left join system
    on
        thin.org_code = system.org_code
        and thin.employment_type = system.employment_type
        and thin.grade_family = system.grade_family
        and thin.clinical = system.clinical
        and thin.grade_group = system.grade_group
        and thin.classification = system.classification
left join three_years
    on
        thin.org_code = three_years.org_code
        and thin.employment_type = three_years.employment_type
        and thin.grade_family = three_years.grade_family
        and thin.clinical = three_years.clinical
        and thin.grade_group = three_years.grade_group
        and thin.classification = three_years.classification
left join family
    on
        thin.org_code = family.org_code
        and thin.employment_type = family.employment_type
        and thin.grade_family = family.grade_family
        and thin.clinical = family.clinical
        and thin.classification = family.classification
        and thin.grade_group <> 'all'
order by
    thin.org_level,
    thin.org_code,
    thin.employment_type,
    thin.grade_family,
    thin.clinical,
    thin.grade_group,
    thin.characteristic,
    thin.classification;
