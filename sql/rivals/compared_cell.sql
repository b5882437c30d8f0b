-- Grain:  a detail cell at the as-at date: organisation, employment type, grade, clinical split and answer, of each slab's characteristics.
-- Inputs: exact_headcount, public_headcount, rounding (of one release), run.
-- Caveat: exact counts: internal. A cell that isn't public is 0 there. Left out are organisations whose publisher made the counts public or
--         withheld some, and a characteristic of a slab whose answers aren't as many as its people: there is nothing to hide, or to hold.
with exact as (
    select
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        coalesce(classification, '') as classification,
        coalesce(category, '') as category,
        answer_status,
        sum(headcount)::bigint as headcount,
        bool_or(headcount is null) as is_withheld
    from exact_headcount
    where as_at_date = (select as_at_date from run) and source_level = 'organisation'
    group by all
),

protected_organisation as (
    select org_code
    from rounding
    where as_at_date = (select as_at_date from run) and base > 1
    except
    select org_code
    from exact
    where is_withheld
),

protected as (
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
        exact.org_code,
        exact.employment_type,
        exact.grade,
        exact.clinical,
        exact.characteristic,
        exact.classification,
        exact.category,
        exact.answer_status,
        exact.headcount,
        coalesce(protected.headcount, 0)::bigint as protected_headcount,
        sum(exact.headcount) over (
            partition by exact.org_code, exact.employment_type, exact.grade, exact.clinical, exact.characteristic
        ) as answers,
        sum(if(exact.characteristic = 'total', exact.headcount, 0)) over (
            partition by exact.org_code, exact.employment_type, exact.grade, exact.clinical
        ) as people
    from exact
    semi join protected_organisation on exact.org_code = protected_organisation.org_code
    left join protected
        on
            exact.org_code = protected.org_code
            and exact.employment_type = protected.employment_type
            and exact.grade = protected.grade
            and exact.clinical = protected.clinical
            and exact.characteristic = protected.characteristic
            and exact.classification = protected.classification
            and exact.category = protected.category
            and exact.answer_status = protected.answer_status
)

select cell.* exclude (answers, people)
from cell
where answers = people
order by all;
