-- Grain:  people of an organisation on a date by one thing that they have in common, in a file under judgement or as an earlier run took
--         it in.
-- Inputs: headcount, headcount_earlier.
-- Caveat: of a group of which the publisher hid a count the headcount is null. By grade, staff group and kind of employment everybody is
--         counted, by whichever characteristic is counted in full. Nothing here follows an answer on sex over time.
with counts as (
    select
        extract,
        source_line,
        true as is_judged,
        as_at_date,
        org_code,
        employment_type,
        grade,
        staff_group,
        clinical,
        characteristic,
        classification,
        category,
        answer_status,
        headcount
    from headcount
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
        clinical,
        characteristic,
        classification,
        category,
        answer_status,
        headcount
    from headcount_earlier
),

by_answer as (
    select
        extract,
        is_judged,
        as_at_date,
        org_code,
        employment_type,
        characteristic as field,
        classification,
        category,
        if(count(headcount) = count(*), sum(headcount), null) as headcount,
        min(source_line) as source_line
    from counts
    where answer_status = 'known' and characteristic <> 'sex'
    group by extract, is_judged, as_at_date, org_code, employment_type, characteristic, classification, category
),

by_post as (
    select
        extract,
        is_judged,
        as_at_date,
        org_code,
        employment_type,
        unnest(['grade', 'staff_group', 'employment_type']) as field,
        unnest([grade, concat_ws(' ', staff_group, clinical), employment_type]) as category,
        characteristic,
        headcount,
        source_line
    from counts
),

by_characteristic as (
    select
        extract,
        is_judged,
        as_at_date,
        org_code,
        employment_type,
        field,
        category,
        characteristic,
        if(count(headcount) = count(*), sum(headcount), null) as headcount,
        min(source_line) as source_line
    from by_post
    group by extract, is_judged, as_at_date, org_code, employment_type, field, category, characteristic
),

everybody as (
    select
        extract,
        is_judged,
        as_at_date,
        org_code,
        employment_type,
        field,
        null as classification,
        category,
        max(headcount) as headcount,
        min(source_line) as source_line
    from by_characteristic
    group by extract, is_judged, as_at_date, org_code, employment_type, field, category
)

select * from by_answer
union all
select * from everybody
order by all;
