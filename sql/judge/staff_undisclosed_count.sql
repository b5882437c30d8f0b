-- Grain:  a field of an employer's rows on a date in a file: how many there are, and how many hold no answer.
-- Inputs: staff.
with counted as (
    select
        extract,
        org_code,
        as_at_date,
        count(*) as total,
        {
            'undisclosed': count_if(sex_answer_status <> 'known'),
            'source_line': min(if(sex_answer_status <> 'known', source_line, null))
        } as sex,
        {
            'undisclosed': count_if(age_answer_status <> 'known'),
            'source_line': min(if(age_answer_status <> 'known', source_line, null))
        } as age,
        {
            'undisclosed': count_if(ethnicity_answer_status <> 'known'),
            'source_line': min(if(ethnicity_answer_status <> 'known', source_line, null))
        } as ethnicity,
        {
            'undisclosed': count_if(disability_answer_status <> 'known'),
            'source_line': min(if(disability_answer_status <> 'known', source_line, null))
        } as disability,
        {
            'undisclosed': count_if(religion_answer_status <> 'known'),
            'source_line': min(if(religion_answer_status <> 'known', source_line, null))
        } as religion,
        {
            'undisclosed': count_if(sexual_orientation_answer_status <> 'known'),
            'source_line': min(if(sexual_orientation_answer_status <> 'known', source_line, null))
        } as sexual_orientation,
        {
            'undisclosed': count_if(marital_status_answer_status <> 'known'),
            'source_line': min(if(marital_status_answer_status <> 'known', source_line, null))
        } as marital_status
    from staff
    group by extract, org_code, as_at_date
),

fields as (
    unpivot counted
    on sex, age, ethnicity, disability, religion, sexual_orientation, marital_status
    into name field value counts
)

select
    extract,
    org_code,
    as_at_date,
    field,
    total,
    counts.undisclosed,
    counts.source_line
from fields
order by all;
