-- Grain:  a count above 0 at the as-at date: a detail cell of an organisation, or a unit's group of grades by category; no key.
-- Inputs: exact_headcount, public_headcount, rounding, exact_group, protected_group, unit_bound, run, method.
-- Caveat: exact counts: internal. share_error_pp is null where there is no share (is_share false), and where the protected base is too small
--         for a rate. Left out: counts that a publisher withheld, and organisations whose publisher made the counts public; a unit above holds
--         all of its organisations. Groups overlap, and a count stands once in every classification that has it.
with rounded_organisation as (
    select org_code
    from rounding
    where as_at_date = (select as_at_date from run) and base > 1
),

exact_cell as (
    select
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        coalesce(classification, '') as classification,
        coalesce(category, '') as category,
        answer_status,
        whole_sum(headcount) as headcount
    from exact_headcount
    where as_at_date = (select as_at_date from run)
    group by all
),

public_cell as (
    select
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        coalesce(classification, '') as classification,
        coalesce(category, '') as category,
        answer_status,
        headcount
    from public_headcount
    where as_at_date = (select as_at_date from run)
),

cell as (
    select
        exact_cell.org_code,
        exact_cell.characteristic,
        exact_cell.answer_status,
        exact_cell.headcount,
        coalesce(public_cell.headcount, 0) as protected_headcount,
        unit_bound.min_known_other as min_known,
        sum(if(exact_cell.answer_status = 'known', exact_cell.headcount, 0)) over base as known_headcount,
        sum(if(exact_cell.answer_status = 'known', public_cell.headcount, 0)) over base as protected_known_headcount
    from exact_cell
    semi join rounded_organisation on exact_cell.org_code = rounded_organisation.org_code
    left join unit_bound on exact_cell.org_code = unit_bound.org_code
    left join public_cell
        on
            exact_cell.org_code = public_cell.org_code
            and exact_cell.employment_type = public_cell.employment_type
            and exact_cell.grade = public_cell.grade
            and exact_cell.clinical = public_cell.clinical
            and exact_cell.characteristic = public_cell.characteristic
            and exact_cell.classification = public_cell.classification
            and exact_cell.category = public_cell.category
            and exact_cell.answer_status = public_cell.answer_status
    window
        base as (
            partition by
                exact_cell.org_code,
                exact_cell.employment_type,
                exact_cell.grade,
                exact_cell.clinical,
                exact_cell.characteristic
        )
),

number as (
    select
        1 as level_order,
        'cell' as level,
        characteristic <> 'total' and answer_status = 'known' as is_share,
        headcount,
        protected_headcount,
        known_headcount,
        protected_known_headcount,
        min_known
    from cell
    union all
    select
        case
            when exact_group.org_level = 'system' then 4
            when exact_group.org_level = 'region' then 5
            when exact_group.org_level = 'national' then 6
            when exact_group.clinical = 'all' and exact_group.grade_group = 'all' then 3
            else 2
        end as level_order,
        case
            when exact_group.org_level <> 'organisation' then exact_group.org_level
            when exact_group.clinical = 'all' and exact_group.grade_group = 'all' then 'organisation'
            else 'grade_group'
        end as level,
        exact_group.characteristic <> 'total' as is_share,
        exact_group.headcount,
        coalesce(protected_group.headcount, 0) as protected_headcount,
        exact_group.known_headcount,
        coalesce(protected_group.known_headcount, 0) as protected_known_headcount,
        if(
            exact_group.clinical = 'all'
            and list_contains(method.disclosure.held_grade_groups, exact_group.grade_group),
            unit_bound.min_known_held,
            unit_bound.min_known_other
        ) as min_known
    from exact_group
    cross join method
    left join unit_bound on exact_group.org_code = unit_bound.org_code
    left join rounded_organisation on exact_group.org_code = rounded_organisation.org_code
    left join protected_group
        on
            exact_group.org_level = protected_group.org_level
            and exact_group.org_code = protected_group.org_code
            and exact_group.employment_type = protected_group.employment_type
            and exact_group.grade_family = protected_group.grade_family
            and exact_group.clinical = protected_group.clinical
            and exact_group.grade_group = protected_group.grade_group
            and exact_group.classification = protected_group.classification
            and exact_group.category = protected_group.category
    where exact_group.org_level <> 'organisation' or rounded_organisation.org_code is not null
)

select
    number.level_order,
    number.level,
    number.is_share,
    abs(number.protected_headcount - number.headcount)::bigint as count_error,
    if(
        number.is_share and number.protected_known_headcount >= number.min_known,
        abs(
            100 * number.protected_headcount / number.protected_known_headcount
            - 100 * number.headcount / number.known_headcount
        ),
        null
    )::decimal(18, 9) as share_error_pp
from number
where number.headcount > 0
order by all;
