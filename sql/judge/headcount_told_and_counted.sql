-- Grain:  a control total of a sender, with what the file holds of that organisation and date, of everybody and of substantive staff.
-- Inputs: told_total, headcount.
-- Caveat: everybody is counted by whichever characteristic counts most of them; null where the publisher hid a count. A file of counts
--         holds no assignments. A total about something that the file has no row of has no line.
with by_characteristic as (
    select
        extract,
        org_code,
        as_at_date,
        characteristic,
        min(source_line) as source_line,
        count(*) = count(headcount) as is_complete,
        sum(headcount) as people,
        coalesce(sum(headcount) filter (where employment_type = 'substantive'), 0) as substantive_people,
        sum(fte) as fte,
        sum(fte) filter (where employment_type = 'substantive') as substantive_fte
    from headcount
    where extract in (select told_total.extract from told_total)
    group by extract, org_code, as_at_date, characteristic
),

counted as (
    select
        extract,
        org_code,
        as_at_date,
        min(source_line) as source_line,
        max(people) filter (where is_complete) as people,
        max(substantive_people) filter (where is_complete) as substantive_people,
        max(fte) filter (where is_complete) as fte,
        max(substantive_fte) filter (where is_complete) as substantive_fte
    from by_characteristic
    group by extract, org_code, as_at_date
)

select
    told_total.extract,
    told_total.people as told_people,
    null::bigint as told_assignments,
    told_total.fte as told_fte,
    counted.source_line,
    counted.people,
    counted.substantive_people,
    null::bigint as assignments,
    null::bigint as substantive_assignments,
    counted.fte,
    counted.substantive_fte
from told_total
left join counted
    on
        told_total.extract = counted.extract
        and told_total.org_code = counted.org_code
        and told_total.as_at_date = counted.as_at_date
order by all;
