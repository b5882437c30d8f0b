-- Grain:  people of an employer on a date by one thing that they have in common, in a file under judgement or as an earlier run took it in.
-- Inputs: staff, staff_earlier.
-- Caveat: a person counts once per kind of employment, by the first of their assignments; source_line is the group's first line, null of
--         what an earlier run took in. People who didn't answer are no group. Nothing here follows an answer on sex over time.
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
        true as is_judged,
        staff.as_at_date,
        staff.org_code,
        staff.employment_type,
        staff.grade,
        staff.staff_group,
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
    semi join first_lines on staff.extract = first_lines.extract and staff.source_line = first_lines.source_line
    union all
    select
        extract,
        null as source_line,
        false as is_judged,
        as_at_date,
        org_code,
        employment_type,
        grade,
        staff_group,
        age_classification,
        if(age_answer_status = 'known', age, null) as age,
        ethnicity_classification,
        if(ethnicity_answer_status = 'known', ethnicity, null) as ethnicity,
        disability_classification,
        if(disability_answer_status = 'known', disability, null) as disability,
        religion_classification,
        if(religion_answer_status = 'known', religion, null) as religion,
        sexual_orientation_classification,
        if(sexual_orientation_answer_status = 'known', sexual_orientation, null) as sexual_orientation,
        marital_status_classification,
        if(marital_status_answer_status = 'known', marital_status, null) as marital_status
    from staff_earlier
    qualify
        row_number() over (
            partition by extract, as_at_date, org_code, employment_type, person_key
            order by assignment_key
        ) = 1
),

groups_of_people as (
    select
        extract,
        is_judged,
        as_at_date,
        org_code,
        employment_type,
        'grade' as field,
        null as classification,
        grade as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    where grade is not null
    group by extract, is_judged, as_at_date, org_code, employment_type, grade
    union all
    select
        extract,
        is_judged,
        as_at_date,
        org_code,
        employment_type,
        'staff_group' as field,
        null as classification,
        staff_group as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    where staff_group is not null
    group by extract, is_judged, as_at_date, org_code, employment_type, staff_group
    union all
    select
        extract,
        is_judged,
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
    group by extract, is_judged, as_at_date, org_code, employment_type, age_classification, age
    union all
    select
        extract,
        is_judged,
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
    group by extract, is_judged, as_at_date, org_code, employment_type, ethnicity_classification, ethnicity
    union all
    select
        extract,
        is_judged,
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
    group by extract, is_judged, as_at_date, org_code, employment_type, disability_classification, disability
    union all
    select
        extract,
        is_judged,
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
    group by extract, is_judged, as_at_date, org_code, employment_type, religion_classification, religion
    union all
    select
        extract,
        is_judged,
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
    group by
        extract,
        is_judged,
        as_at_date,
        org_code,
        employment_type,
        sexual_orientation_classification,
        sexual_orientation
    union all
    select
        extract,
        is_judged,
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
    group by extract, is_judged, as_at_date, org_code, employment_type, marital_status_classification, marital_status
    union all
    select
        extract,
        is_judged,
        as_at_date,
        org_code,
        employment_type,
        'employment_type' as field,
        null as classification,
        employment_type as category,
        count(*) as headcount,
        min(source_line) as source_line
    from people
    group by extract, is_judged, as_at_date, org_code, employment_type
)

select *
from groups_of_people
order by all;
