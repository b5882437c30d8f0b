-- Grain:  one row per extract, date, organisation and fate of its assignments.
-- Inputs: fate, waterfall_step.
-- Caveat: `rows` are assignments, `heads` those that stand for a person counted in some population. `people` counts each person
--         once, where they are counted, or else under the last rule that took an assignment of theirs out: it adds up to the
--         distinct people of the file. FTE is that of the assignments; without_fte are those of which the file doesn't give it.
with last_of_person as (
    select
        fate.extract,
        fate.as_at_date,
        fate.org_code,
        fate.fate,
        fate.fte,
        fate.is_head,
        row_number() over (
            partition by fate.extract, fate.as_at_date, fate.org_code, fate.person_key
            order by fate.is_head desc, waterfall_step.step desc nulls last, fate.assignment_key
        ) = 1 as is_last
    from fate
    left join waterfall_step on fate.fate = waterfall_step.rule
)

select
    extract,
    as_at_date,
    org_code,
    fate,
    count(*)::bigint as rows,
    count_if(is_head)::bigint as heads,
    count_if(is_last)::bigint as people,
    coalesce(sum(fte), 0)::decimal(18, 4) as fte,
    (count(*) - count(fte))::bigint as without_fte
from last_of_person
group by extract, as_at_date, org_code, fate
order by extract, as_at_date, org_code, fate;
