-- Grain:  as_at_date, org_code, employment_type and a detail cell: a table that an earlier release printed too, where that tells more.
-- Inputs: cell (of this release), earlier_cell (of an earlier one).
-- Caveat: exact counts: internal. Only tables in which a count that didn't change was printed otherwise then: the same number printed
--         twice tells nothing. is_same: the true count is the same one, and both intervals hold for it.
with printed_twice as (
    select distinct
        cell.as_at_date,
        cell.org_code,
        cell.employment_type
    from cell
    semi join earlier_cell
        on
            cell.as_at_date = earlier_cell.as_at_date
            and cell.org_code = earlier_cell.org_code
            and cell.employment_type = earlier_cell.employment_type
),

compared as (
    select
        as_at_date,
        org_code,
        employment_type,
        grade,
        clinical,
        characteristic,
        classification,
        category,
        answer_status,
        coalesce(earlier_cell.printed, 0) as printed,
        coalesce(cell.printed, 0) <> coalesce(earlier_cell.printed, 0) as is_printed_otherwise,
        case
            when earlier_cell.org_code is null then cell.headcount = 0
            when cell.org_code is null then earlier_cell.headcount = 0
            else coalesce(cell.headcount = earlier_cell.headcount, false)
        end as is_same
    from cell
    full outer join earlier_cell
        using (
            as_at_date,
            org_code,
            employment_type,
            grade,
            clinical,
            characteristic,
            classification,
            category,
            answer_status
        )
    semi join printed_twice using (as_at_date, org_code, employment_type)
),

telling as (
    select
        as_at_date,
        org_code,
        employment_type
    from compared
    group by as_at_date, org_code, employment_type
    having bool_or(is_printed_otherwise and is_same)
)

select
    compared.as_at_date,
    compared.org_code,
    compared.employment_type,
    compared.grade,
    compared.clinical,
    compared.characteristic,
    compared.classification,
    compared.category,
    compared.answer_status,
    compared.printed,
    compared.is_same
from compared
semi join telling
    on
        compared.as_at_date = telling.as_at_date
        and compared.org_code = telling.org_code
        and compared.employment_type = telling.employment_type
order by all;
