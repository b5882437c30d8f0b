-- Grain:  a group of people most of whom are found in one other group at the employer's next date: a line of the later file.
-- Inputs: staff_group_count, method (group_moved).
-- Caveat: people who didn't answer are no group, and an answer on sex is never followed over time.
with counted as ( -- noqa: ST03, the macro reads it by its name
    select
        extract,
        is_judged,
        as_at_date,
        row(org_code, employment_type, field, classification) as series,
        category,
        headcount,
        source_line,
        field
    from staff_group_count
    where classification is not null
)

select
    extract,
    source_line,
    field
from moved_group('counted')
order by all;
