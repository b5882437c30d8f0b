-- Grain:  a unit, a date and a sector (nhs, social_care): who of those expected has reported. Units are systems and what stands
--         above them and, before their merger, organisations restated from others.
-- Inputs: owned, roll_up, organisation, expected_submission, unit_member, succession_life, succession_part,
--         succession_standing.
-- Caveat: expected is who the register of expected submissions names for the date, and who reported; of an organisation that
--         didn't exist under its code then, those in whose place it stands now. Dates are those on which any organisation of the unit
--         reported; no figure of a unit is complete without this text. Whose file counts nobody has reported.
with reporting as (
    select distinct
        org_code,
        as_at_date
    from owned
),

dates as (
    select distinct as_at_date
    from reporting
),

-- Who reported, and whose people stand in what another reported.
told as (
    select
        org_code,
        as_at_date
    from reporting
    union
    select
        succession_part.part_code as org_code,
        reporting.as_at_date
    from reporting
    inner join succession_part
        on
            reporting.org_code = succession_part.whole_code
            and reporting.as_at_date between succession_part.valid_from and succession_part.valid_to
),

registered as (
    select distinct
        succession_standing.standing_code as member_code,
        expected_submission.sector,
        dates.as_at_date
    from expected_submission
    inner join dates on dates.as_at_date between expected_submission.valid_from and expected_submission.valid_to
    inner join succession_standing
        on
            expected_submission.org_code = succession_standing.org_code
            and dates.as_at_date between succession_standing.valid_from and succession_standing.valid_to
    inner join organisation
        on
            succession_standing.standing_code = organisation.org_code
            and dates.as_at_date between organisation.valid_from and organisation.valid_to
),

member_in_time as (
    select
        unit_member.unit_code,
        unit_member.org_code as member_code,
        dates.as_at_date
    from unit_member
    inner join dates on dates.as_at_date between unit_member.valid_from and unit_member.valid_to
    where unit_member.unit_level <> 'organisation' and unit_member.unit_code <> unit_member.org_code
),

expected_of_unit as (
    select
        member_in_time.unit_code as org_code,
        member_in_time.as_at_date,
        registered.sector,
        registered.member_code
    from member_in_time
    inner join registered
        on
            member_in_time.member_code = registered.member_code
            and member_in_time.as_at_date = registered.as_at_date
    where (member_in_time.unit_code, member_in_time.as_at_date) in (
        select (reporting_member.unit_code, reporting_member.as_at_date)
        from member_in_time as reporting_member
        inner join reporting
            on
                reporting_member.member_code = reporting.org_code
                and reporting_member.as_at_date = reporting.as_at_date
    )
    union
    select
        roll_up.org_code,
        roll_up.as_at_date,
        member.sector,
        succession_standing.standing_code as member_code
    from roll_up
    inner join organisation as member
        on roll_up.member_code = member.org_code and member.org_level = 'organisation'
    inner join succession_standing
        on
            roll_up.member_code = succession_standing.org_code
            and roll_up.as_at_date between succession_standing.valid_from and succession_standing.valid_to
    where roll_up.org_level <> 'organisation'
),

-- Units that have rows of before their merger, and who stood in their place then. Who sent such figures itself isn't restated.
predecessor as (
    select distinct
        roll_up.org_code,
        roll_up.org_level,
        roll_up.as_at_date,
        unit_member.org_code as predecessor_code
    from roll_up
    inner join unit_member
        on
            roll_up.org_code = unit_member.unit_code
            and roll_up.as_at_date between unit_member.valid_from and unit_member.valid_to
    inner join organisation
        on unit_member.org_code = organisation.org_code and roll_up.org_level = organisation.org_level
    inner join succession_life
        on
            unit_member.org_code = succession_life.org_code
            and roll_up.as_at_date between succession_life.valid_from and succession_life.valid_to
    where not exists (
        select 1
        from reporting
        inner join succession_life as unit_life on reporting.org_code = unit_life.org_code
        where
            reporting.org_code = roll_up.org_code
            and reporting.as_at_date = roll_up.as_at_date
            and roll_up.as_at_date < unit_life.valid_from
    )
),

restated as (
    select
        predecessor.org_code,
        predecessor.org_level,
        predecessor.as_at_date,
        list(predecessor.predecessor_code order by predecessor.predecessor_code) as predecessor_codes
    from predecessor
    group by predecessor.org_code, predecessor.org_level, predecessor.as_at_date
    having list(predecessor.predecessor_code) <> [predecessor.org_code]
),

expected as (
    select *
    from expected_of_unit
    union
    -- An organisation's rows of either sector come from the same predecessors.
    select
        restated.org_code,
        restated.as_at_date,
        unnest(['nhs', 'social_care']) as sector,
        predecessor.predecessor_code as member_code
    from restated
    inner join predecessor
        on restated.org_code = predecessor.org_code and restated.as_at_date = predecessor.as_at_date
    where restated.org_level = 'organisation'
),

counted as (
    select
        expected.org_code,
        expected.as_at_date,
        expected.sector,
        count(*) as expected_count,
        count(told.org_code) as reported_count,
        list(expected.member_code order by expected.member_code) filter (told.org_code is null) as missing_codes
    from expected
    left join told on expected.member_code = told.org_code and expected.as_at_date = told.as_at_date
    group by expected.org_code, expected.as_at_date, expected.sector
)

select
    counted.org_code,
    counted.as_at_date,
    counted.sector,
    counted.missing_codes,
    counted.reported_count || ' of ' || counted.expected_count
    || coalesce('; restated from ' || in_words(restated.predecessor_codes), '')
    || coalesce('; missing: ' || array_to_string(counted.missing_codes, ', '), '') as coverage
from counted
left join restated on counted.org_code = restated.org_code and counted.as_at_date = restated.as_at_date
order by all;
