-- Grain:  org_level, org_code, place, characteristic at the as-at date: a question that boards ask (domain.md 8.1), and how much of it
--         the published numbers answer. Substantive staff.
-- Inputs: public_representation_gap, public_trend, public_declaration_rate, category, run (what is published, and nothing else).
-- Caveat: `of` is how many numbers a whole answer takes, `told` how many there are. Questions that no data here can answer (international
--         recruits, surveys, grounds) aren't asked. A verdict of cannot_tell is an answer to none.
with now as (
    select public_representation_gap.*
    from public_representation_gap
    cross join run
    where
        public_representation_gap.as_at_date = run.as_at_date
        and public_representation_gap.employment_type = 'substantive'
        and public_representation_gap.headcount is not null
),

characteristic as (
    select distinct characteristic
    from category
    where characteristic <> 'total'
),

grade as (
    select
        now.org_level,
        now.org_code,
        now.clinical,
        now.grade_family,
        now.grade_group,
        now.is_detail,
        characteristic.characteristic
    from now
    cross join characteristic
    where now.characteristic = 'total' and now.headcount > 0
),

rate as (
    select distinct
        org_level,
        org_code,
        clinical,
        grade_family,
        grade_group,
        characteristic
    from now
    where characteristic <> 'total'
),

by_grade as (
    select
        grade.org_level,
        grade.org_code,
        if(grade.clinical = 'all', 'each_band', 'each_band_split') as question,
        grade.characteristic,
        count(rate.org_code) as told,
        count(*) as of
    from grade
    left join rate
        on
            grade.org_code = rate.org_code
            and grade.clinical = rate.clinical
            and grade.grade_family = rate.grade_family
            and grade.grade_group = rate.grade_group
            and grade.characteristic = rate.characteristic
    where grade.is_detail
    group by all
),

senior as (
    select
        grade.org_level,
        grade.org_code,
        'senior_bands' as question,
        grade.characteristic,
        count(rate.org_code) as told,
        count(*) as of
    from grade
    left join rate
        on
            grade.org_code = rate.org_code
            and grade.clinical = rate.clinical
            and grade.grade_family = rate.grade_family
            and grade.grade_group = rate.grade_group
            and grade.characteristic = rate.characteristic
    where grade.grade_group in ('afc_8a_plus', 'afc_8c_plus') and grade.clinical = 'all'
    group by all
),

whole as (
    select
        org_level,
        org_code,
        characteristic,
        comparator,
        verdict
    from now
    where grade_group = 'all' and clinical = 'all' and characteristic <> 'total'
),

compared as (
    select
        org_level,
        org_code,
        case comparator when 'population' then 'like_residents' else 'what_changed' end as question,
        characteristic,
        count(*) filter (verdict <> 'cannot_tell') as told,
        count(*) as of
    from whole
    where comparator in ('population', 'previous')
    group by all
),

parity as (
    select
        org_level,
        org_code,
        'short_of_parity' as question,
        characteristic,
        count(*) filter (verdict <> 'cannot_tell' and shortfall_headcount is not null) as told,
        count(*) as of
    from now
    where
        grade_group in ('afc_8a_plus', 'afc_8c_plus')
        and clinical = 'all'
        and comparator = 'population'
        and characteristic <> 'total'
    group by all
),

years as (
    select
        public_trend.org_level,
        public_trend.org_code,
        'two_years_before' as question,
        public_trend.characteristic,
        least(count(distinct public_trend.as_at_date), 2) as told,
        2 as of
    from public_trend
    cross join run
    where
        public_trend.employment_type = 'substantive'
        and public_trend.grade_group = 'all'
        and public_trend.characteristic <> 'total'
        and public_trend.as_at_date in (run.as_at_date - interval 1 year, run.as_at_date - interval 2 year)
    group by all
),

sure as (
    select
        public_declaration_rate.org_level,
        public_declaration_rate.org_code,
        'how_sure' as question,
        public_declaration_rate.characteristic,
        count(*) as told,
        count(*) as of
    from public_declaration_rate
    cross join run
    where
        public_declaration_rate.as_at_date = run.as_at_date
        and public_declaration_rate.employment_type = 'substantive'
        and public_declaration_rate.grade_group = 'all'
        and public_declaration_rate.clinical = 'all'
    group by all
),

told as (
    select * from by_grade
    union all by name
    select * from senior
    union all by name
    select * from compared
    union all by name
    select * from parity
    union all by name
    select * from years
    union all by name
    select * from sure
),

question as (
    select question.*
    from (
        values
        (1, 'each_band', 1),
        (2, 'each_band_split', 1),
        (3, 'senior_bands', 1),
        (4, 'two_years_before', 2),
        (8, 'short_of_parity', 1),
        (9, 'like_residents', 1),
        (10, 'how_sure', 1),
        (11, 'what_changed', 1)
    ) as question (place, question, at_least)
),

unit_now as (
    select distinct
        org_level,
        org_code
    from now
),

asked as (
    select
        unit_now.org_level,
        unit_now.org_code,
        question.place,
        question.question,
        question.at_least,
        characteristic.characteristic
    from unit_now
    cross join question
    cross join characteristic
)

select
    asked.org_level,
    asked.org_code,
    asked.place,
    asked.question,
    asked.characteristic,
    coalesce(told.told, 0)::bigint as told,
    coalesce(told.of, asked.at_least)::bigint as of,
    case
        when coalesce(told.told, 0) = 0 then 'no'
        when told.told < told.of then 'in_part'
        else 'yes'
    end as answerable
from asked
left join told
    on
        asked.org_level = told.org_level
        and asked.org_code = told.org_code
        and asked.question = told.question
        and asked.characteristic = told.characteristic
order by asked.org_level, asked.org_code, asked.place, asked.characteristic;
