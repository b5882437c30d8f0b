-- Grain:  a control total of a sender, with what the file holds of that organisation and date, of everybody and of substantive staff.
-- Inputs: told_total, staff.
-- Caveat: every row of the file counts, whatever other rules say of it. A total about something that the file has no row of has no counts
--         and no line.
with by_person as ( -- cheaper than to count distinct people
    select
        extract,
        org_code,
        as_at_date,
        person_key,
        min(source_line) as source_line,
        count(*) as assignments,
        count_if(employment_type = 'substantive') as substantive_assignments,
        sum(fte) as fte,
        sum(fte) filter (where employment_type = 'substantive') as substantive_fte
    from staff
    where extract in (select told_total.extract from told_total)
    group by extract, org_code, as_at_date, person_key
),

counted as (
    select
        extract,
        org_code,
        as_at_date,
        min(source_line) as source_line,
        count(person_key) as people,
        count(person_key) filter (where substantive_assignments > 0) as substantive_people,
        sum(assignments) as assignments,
        sum(substantive_assignments) as substantive_assignments,
        sum(fte) as fte,
        sum(substantive_fte) as substantive_fte
    from by_person
    group by extract, org_code, as_at_date
)

select
    told_total.extract,
    told_total.people as told_people,
    told_total.assignments as told_assignments,
    told_total.fte as told_fte,
    counted.source_line,
    counted.people,
    counted.substantive_people,
    counted.assignments,
    counted.substantive_assignments,
    counted.fte,
    counted.substantive_fte
from told_total
left join counted
    on
        told_total.extract = counted.extract
        and told_total.org_code = counted.org_code
        and told_total.as_at_date = counted.as_at_date
order by all;
