-- Grain:  a group of people most of whom are found in one other group at the employer's next date: a line of the later file.
-- Inputs: staff, method (group_moved).
-- Caveat: a person counts once in each group, whatever the number of assignments. People who didn't answer are no group, and an
--         answer on sex is never followed over time.
with answers as (
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        person_key,
        source_line,
        'age' as field,
        age_classification as classification,
        age as category
    from staff
    where age_answer_status = 'known'
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        person_key,
        source_line,
        'ethnicity' as field,
        ethnicity_classification as classification,
        ethnicity as category
    from staff
    where ethnicity_answer_status = 'known'
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        person_key,
        source_line,
        'disability' as field,
        disability_classification as classification,
        disability as category
    from staff
    where disability_answer_status = 'known'
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        person_key,
        source_line,
        'religion' as field,
        religion_classification as classification,
        religion as category
    from staff
    where religion_answer_status = 'known'
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        person_key,
        source_line,
        'sexual_orientation' as field,
        sexual_orientation_classification as classification,
        sexual_orientation as category
    from staff
    where sexual_orientation_answer_status = 'known'
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        person_key,
        source_line,
        'marital_status' as field,
        marital_status_classification as classification,
        marital_status as category
    from staff
    where marital_status_answer_status = 'known'
),

counted as ( -- noqa: ST03, the macro reads it by its name
    select
        extract,
        as_at_date,
        row(org_code, employment_type, field, classification) as series,
        category,
        count(distinct person_key) as headcount,
        min(source_line) as source_line,
        field
    from answers
    group by extract, as_at_date, org_code, employment_type, field, classification, category
)

select
    extract,
    source_line,
    field
from moved_group('counted')
order by all;
