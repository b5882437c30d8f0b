-- Grain:  one row per accepted assignment, all its columns, with what became of it.
-- Inputs: accepted (assignments, with the extract that each came in), method.
-- Caveat: the first rule that fits an assignment says in which population it counts (method.counted_as), or that it counts in none;
--         where category or status are empty, the kind of employment alone decides. A head is a person at an employer: who has
--         assignments in several populations counts once, as substantive before bank before other. The main assignment, else the
--         one with most hours, stands for the person (is_head).
with ruled as (
    select
        accepted.*,
        case
            when 'not_in_post' in (accepted.assignment_status, accepted.assignment_category) then 'not_in_post'
            when accepted.employment_type = 'bank' or accepted.assignment_category = 'bank' then 'bank'
            when accepted.assignment_category in ('honorary', 'non_executive', 'agency')
            then accepted.assignment_category
            when accepted.assignment_status = 'career_break' then 'career_break'
            when accepted.employment_type = 'substantive' and accepted.fte = 0 then 'no_fte'
            else accepted.employment_type
        end as rule
    from accepted
),

counting as (
    select
        ruled.*,
        nullif(
            case ruled.rule
                when 'not_in_post' then method.counted_as.not_in_post
                when 'bank' then method.counted_as.bank
                when 'honorary' then method.counted_as.honorary
                when 'non_executive' then method.counted_as.non_executive
                when 'agency' then method.counted_as.agency
                when 'career_break' then method.counted_as.career_break
                when 'no_fte' then method.counted_as.no_fte
                when 'other' then method.counted_as.other
                else 'substantive'
            end,
            'none'
        ) as population,
        list_position(['substantive', 'bank', 'other'], population) as population_place
    from ruled
    cross join method
),

placed as (
    select
        *,
        sum(fte) over (partition by extract, as_at_date, org_code, person_key, population) as person_fte,
        min(population_place) over (partition by extract, as_at_date, org_code, person_key) as person_place,
        population is not null
        and row_number() over (
            partition by extract, as_at_date, org_code, person_key
            order by
                population_place nulls last,
                primary_assignment desc nulls last,
                fte desc nulls last,
                assignment_key
        ) = 1 as is_head
    from counting
)

select
    * exclude (rule, population_place, person_place),
    case
        when population = 'substantive' then if(is_head, 'counted', 'duplicate')
        when coalesce(population, rule) not in ('bank', 'other') then rule
        when coalesce(person_place < population_place, person_place is not null)
        then 'also_' || coalesce(population, rule)
        else coalesce(population, rule) || '_only'
    end as fate
from placed;
