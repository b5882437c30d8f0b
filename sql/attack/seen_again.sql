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

either as (
    select
        *,
        true as is_now
    from cell
    union all by name
    select
        *,
        false as is_now
    from earlier_cell
),

-- A cell that one of the two hasn't counts nobody in it. A count that was withheld is never the same.
compared as (
    select
        either.as_at_date,
        either.org_code,
        either.employment_type,
        either.grade,
        either.clinical,
        either.characteristic,
        either.classification,
        either.category,
        either.answer_status,
        coalesce(sum(either.printed) filter (not either.is_now), 0)::bigint as printed,
        coalesce(sum(either.printed) filter (not either.is_now), 0)
        <> coalesce(sum(either.printed) filter (either.is_now), 0) as is_printed_otherwise,
        count(*) = count(either.headcount)
        and coalesce(sum(either.headcount) filter (not either.is_now), 0)
        = coalesce(sum(either.headcount) filter (either.is_now), 0) as is_same
    from either
    semi join printed_twice
        on
            either.as_at_date = printed_twice.as_at_date
            and either.org_code = printed_twice.org_code
            and either.employment_type = printed_twice.employment_type
    group by all
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
