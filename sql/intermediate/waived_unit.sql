-- Grain:  a unit and a date whose figures rest on waivers: an organisation's own, in a roll-up those of all who are counted in it.
-- Inputs: waived, roll_up.
-- Caveat: names only, in order, each once. A member's waiver names every row of the unit, even one that none of its people are in;
--         what a successor's restated rows rest on is what its predecessors' do.
with named as (
    select distinct
        as_at_date,
        code as org_code,
        waiver
    from waived
    where feed <> 'population'
),

of_unit as (
    select
        roll_up.as_at_date,
        roll_up.org_code,
        named.waiver
    from roll_up
    inner join named on roll_up.member_code = named.org_code and roll_up.as_at_date = named.as_at_date
    union
    -- Whose file counts nobody is rolled up nowhere.
    select
        as_at_date,
        org_code,
        waiver
    from named
)

select
    as_at_date,
    org_code,
    string_agg(waiver, ', ' order by waiver) as waivers
from of_unit
group by as_at_date, org_code
order by all;
