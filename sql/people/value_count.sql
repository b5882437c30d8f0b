-- Grain:  one row per extract, date, organisation, field and value as its list spells it, with what it became.
-- Inputs: fate.
-- Caveat: a field that the layout doesn't have isn't here. `rows` are all accepted assignments, `people` the substantive people
--         counted.
-- Narrow, and read once for all fields.
with assignment as (
    select
        extract,
        as_at_date,
        org_code,
        fate,
        ethnicity_source_value,
        ethnicity_classification,
        ethnicity,
        ethnicity_answer_status,
        sex_source_value,
        sex_classification,
        sex,
        sex_answer_status,
        age_source_value,
        age_classification,
        age,
        age_answer_status,
        disability_source_value,
        disability_classification,
        disability,
        disability_answer_status,
        religion_source_value,
        religion_classification,
        religion,
        religion_answer_status,
        sexual_orientation_source_value,
        sexual_orientation_classification,
        sexual_orientation,
        sexual_orientation_answer_status,
        marital_status_source_value,
        marital_status_classification,
        marital_status,
        marital_status_answer_status,
        grade_source_value,
        grade
    from fate
),

-- One GROUP BY per field, as in the cube: leaner than one over the rows of all fields.
value as (
    select
        extract,
        as_at_date,
        org_code,
        'ethnicity' as field,
        ethnicity_source_value as source_value,
        ethnicity_classification as classification,
        ethnicity as category,
        ethnicity_answer_status as answer_status,
        count(*)::bigint as rows,
        count_if(fate = 'counted')::bigint as people
    from assignment
    where ethnicity_answer_status is not null
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        'sex' as field,
        sex_source_value as source_value,
        sex_classification as classification,
        sex as category,
        sex_answer_status as answer_status,
        count(*)::bigint as rows,
        count_if(fate = 'counted')::bigint as people
    from assignment
    where sex_answer_status is not null
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        'age' as field,
        age_source_value as source_value,
        age_classification as classification,
        age as category,
        age_answer_status as answer_status,
        count(*)::bigint as rows,
        count_if(fate = 'counted')::bigint as people
    from assignment
    where age_answer_status is not null
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        'disability' as field,
        disability_source_value as source_value,
        disability_classification as classification,
        disability as category,
        disability_answer_status as answer_status,
        count(*)::bigint as rows,
        count_if(fate = 'counted')::bigint as people
    from assignment
    where disability_answer_status is not null
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        'religion' as field,
        religion_source_value as source_value,
        religion_classification as classification,
        religion as category,
        religion_answer_status as answer_status,
        count(*)::bigint as rows,
        count_if(fate = 'counted')::bigint as people
    from assignment
    where religion_answer_status is not null
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        'sexual_orientation' as field,
        sexual_orientation_source_value as source_value,
        sexual_orientation_classification as classification,
        sexual_orientation as category,
        sexual_orientation_answer_status as answer_status,
        count(*)::bigint as rows,
        count_if(fate = 'counted')::bigint as people
    from assignment
    where sexual_orientation_answer_status is not null
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        'marital_status' as field,
        marital_status_source_value as source_value,
        marital_status_classification as classification,
        marital_status as category,
        marital_status_answer_status as answer_status,
        count(*)::bigint as rows,
        count_if(fate = 'counted')::bigint as people
    from assignment
    where marital_status_answer_status is not null
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        'grade' as field,
        grade_source_value as source_value,
        'grade' as classification,
        grade as category,
        'known' as answer_status,
        count(*)::bigint as rows,
        count_if(fate = 'counted')::bigint as people
    from assignment
    group by all
)

select
    extract,
    as_at_date,
    org_code,
    field,
    source_value,
    classification,
    category,
    answer_status,
    rows,
    people
from value
order by all;
