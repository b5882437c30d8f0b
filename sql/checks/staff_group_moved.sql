-- Grain:  a group of people most of whom are found in one other group at the employer's next date: a line of the later file.
-- Inputs: staff, method (group_moved).
-- Caveat: a person counts once, by the first of their assignments in the file. People who didn't answer are no group, and an
--         answer on sex is never followed over time.
with first_lines as (
    select
        extract,
        min(source_line) as source_line
    from staff
    group by extract, as_at_date, org_code, employment_type, person_key
),

people as (
    select
        staff.extract,
        staff.source_line,
        staff.as_at_date,
        staff.org_code,
        staff.employment_type,
        staff.age_classification,
        if(staff.age_answer_status = 'known', staff.age, null) as age,
        staff.ethnicity_classification,
        if(staff.ethnicity_answer_status = 'known', staff.ethnicity, null) as ethnicity,
        staff.disability_classification,
        if(staff.disability_answer_status = 'known', staff.disability, null) as disability,
        staff.religion_classification,
        if(staff.religion_answer_status = 'known', staff.religion, null) as religion,
        staff.sexual_orientation_classification,
        if(staff.sexual_orientation_answer_status = 'known', staff.sexual_orientation, null) as sexual_orientation,
        staff.marital_status_classification,
        if(staff.marital_status_answer_status = 'known', staff.marital_status, null) as marital_status
    from staff
    inner join first_lines on staff.extract = first_lines.extract and staff.source_line = first_lines.source_line
),

groups_of_people as (
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        'age' as field,
        age_classification as classification,
        age as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    where age is not null
    group by extract, as_at_date, org_code, employment_type, age_classification, age
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        'ethnicity' as field,
        ethnicity_classification as classification,
        ethnicity as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    where ethnicity is not null
    group by extract, as_at_date, org_code, employment_type, ethnicity_classification, ethnicity
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        'disability' as field,
        disability_classification as classification,
        disability as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    where disability is not null
    group by extract, as_at_date, org_code, employment_type, disability_classification, disability
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        'religion' as field,
        religion_classification as classification,
        religion as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    where religion is not null
    group by extract, as_at_date, org_code, employment_type, religion_classification, religion
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        'sexual_orientation' as field,
        sexual_orientation_classification as classification,
        sexual_orientation as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    where sexual_orientation is not null
    group by extract, as_at_date, org_code, employment_type, sexual_orientation_classification, sexual_orientation
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        'marital_status' as field,
        marital_status_classification as classification,
        marital_status as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    where marital_status is not null
    group by extract, as_at_date, org_code, employment_type, marital_status_classification, marital_status
),

counted as ( -- noqa: ST03, the macro reads it by its name
    select
        extract,
        as_at_date,
        row(org_code, employment_type, field, classification) as series,
        category,
        headcount,
        source_line,
        field
    from groups_of_people
)

select
    extract,
    source_line,
    field
from moved_group('counted')
order by all;
