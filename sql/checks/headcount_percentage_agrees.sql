-- Grain:  a percentage that isn't that of the publisher's own counts: a line.
-- Inputs: headcount_typed.
-- Caveat: see sql/macros/wrong_percentage.sql.
with printed_rows as ( -- noqa: ST03, the macro reads it by its name
    select
        extract,
        source_line,
        row_role,
        dimensions,
        row(
            as_at_date,
            org_code,
            employment_type,
            grade,
            clinical,
            staff_group,
            characteristic,
            classification
        ) as cell,
        row(characteristic, classification, category, answer_status) as answer,
        answer_status,
        headcount as people,
        percentage
    from headcount_typed
)

select
    extract,
    source_line,
    'percentage' as field
from wrong_percentage('printed_rows')
order by all;
