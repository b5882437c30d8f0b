-- Grain:  a characteristic of a grade that counts fewer or more people than another one: its first line.
-- Inputs: headcount.
-- Caveat: a characteristic with a count that the publisher hid isn't compared.
with counted as (
    select
        extract,
        row(org_code, as_at_date, employment_type, grade) as cell,
        characteristic,
        min(source_line) as source_line,
        sum(headcount) as headcount
    from headcount
    where characteristic is not null
    group by extract, org_code, as_at_date, employment_type, grade, characteristic
    having not bool_or(headcount is null and marker is not null)
)

select
    extract,
    source_line
from counted
qualify
    min(headcount) over (partition by extract, cell) < max(headcount) over (partition by extract, cell)
order by all;
