-- Grain:  a unit, date, comparator and characteristic of which a gap rests on waivers.
-- Inputs: waived, roll_up, footprint_residents, answer_base.
-- Caveat: names only, in order, each once: of the unit's own figures; against previous those of the earlier date too, and against
--         residents those of population files about the characteristic and an area of the set. Rather one too many than one too few:
--         they are named whatever the age range, and beside a comparator that has no number too.
with named as (
    select distinct
        roll_up.as_at_date,
        roll_up.org_code,
        waived.waiver
    from roll_up
    inner join waived
        on
            roll_up.member_code = waived.code
            and roll_up.as_at_date = waived.as_at_date
            and waived.feed <> 'population'
),

unit as (
    select distinct
        as_at_date,
        org_code
    from roll_up
),

characteristic as (
    select distinct characteristic
    from answer_base
),

compared as (
    select
        named.as_at_date,
        named.org_code,
        unnest(['population', 'catchment', 'england', 'workforce', 'previous']) as comparator,
        characteristic.characteristic,
        named.waiver
    from named
    cross join characteristic
    union
    select
        unit.as_at_date,
        unit.org_code,
        'previous' as comparator,
        characteristic.characteristic,
        named.waiver
    from unit
    inner join named on unit.org_code = named.org_code and twelve_months_before(unit.as_at_date) = named.as_at_date
    cross join characteristic
    union
    select
        footprint_residents.as_at_date,
        footprint_residents.org_code,
        footprint_residents.comparator,
        footprint_residents.characteristic,
        waived.waiver
    from footprint_residents
    inner join waived
        on
            waived.feed = 'population'
            and list_contains(waived.characteristics, footprint_residents.characteristic)
            and list_contains(string_split(split_part(footprint_residents.area_set, ';', 1), ' '), waived.code)
)

select
    as_at_date,
    org_code,
    comparator,
    characteristic,
    string_agg(waiver, ', ' order by waiver) as waivers
from compared
group by as_at_date, org_code, comparator, characteristic
order by all;
