-- Grain:  one row per extract, date, organisation, employment type, grade, clinical split, staff group and answer: the cube's columns.
-- Inputs: person, grade, staff_group, organisation.
-- Caveat: a head is a person at an employer; employment_type is the population that the person counts in (sql/people/fate.sql).
with post as (
    select
        person.extract,
        person.as_at_date,
        person.org_code,
        person.employment_type,
        grade.grade_family,
        staff_group.clinical,
        person.staff_group,
        person.grade,
        organisation.org_level as source_level,
        person.fte,
        person.ethnicity_classification,
        person.ethnicity,
        person.ethnicity_answer_status,
        person.sex_classification,
        person.sex,
        person.sex_answer_status,
        person.age_classification,
        person.age,
        person.age_answer_status,
        person.disability_classification,
        person.disability,
        person.disability_answer_status,
        person.religion_classification,
        person.religion,
        person.religion_answer_status,
        person.sexual_orientation_classification,
        person.sexual_orientation,
        person.sexual_orientation_answer_status,
        person.marital_status_classification,
        person.marital_status,
        person.marital_status_answer_status
    from person
    inner join grade on person.grade = grade.grade
    inner join staff_group on person.staff_group = staff_group.staff_group
    inner join organisation on person.org_code = organisation.org_code
),

-- One GROUP BY per characteristic: measured faster and leaner than GROUPING SETS or UNPIVOT.
counted as (
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        'total' as characteristic,
        'total' as classification,
        'all' as category,
        'known' as answer_status,
        count(*) as headcount,
        sum(fte) as fte
    from post
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        'ethnicity' as characteristic,
        ethnicity_classification as classification,
        ethnicity as category,
        ethnicity_answer_status as answer_status,
        count(*) as headcount,
        sum(fte) as fte
    from post
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        'sex' as characteristic,
        sex_classification as classification,
        sex as category,
        sex_answer_status as answer_status,
        count(*) as headcount,
        sum(fte) as fte
    from post
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        'age' as characteristic,
        age_classification as classification,
        age as category,
        age_answer_status as answer_status,
        count(*) as headcount,
        sum(fte) as fte
    from post
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        'disability' as characteristic,
        disability_classification as classification,
        disability as category,
        disability_answer_status as answer_status,
        count(*) as headcount,
        sum(fte) as fte
    from post
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        'religion' as characteristic,
        religion_classification as classification,
        religion as category,
        religion_answer_status as answer_status,
        count(*) as headcount,
        sum(fte) as fte
    from post
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        'sexual_orientation' as characteristic,
        sexual_orientation_classification as classification,
        sexual_orientation as category,
        sexual_orientation_answer_status as answer_status,
        count(*) as headcount,
        sum(fte) as fte
    from post
    group by all
    union all
    select
        extract,
        as_at_date,
        org_code,
        employment_type,
        grade_family,
        clinical,
        staff_group,
        grade,
        source_level,
        'marital_status' as characteristic,
        marital_status_classification as classification,
        marital_status as category,
        marital_status_answer_status as answer_status,
        count(*) as headcount,
        sum(fte) as fte
    from post
    group by all
)

select
    extract,
    as_at_date,
    org_code,
    employment_type,
    grade_family,
    clinical,
    staff_group,
    grade,
    characteristic,
    classification,
    category,
    answer_status,
    headcount,
    fte::decimal(18, 4) as fte,
    null::varchar as marker,
    source_level
from counted
order by all;
