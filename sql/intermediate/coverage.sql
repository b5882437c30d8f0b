-- Grain:  a unit, a date and a sector (nhs, social_care): who of those expected has reported.
-- Inputs: headcount, organisation.
-- Caveat: expected is every organisation of the register that was open on the date, from the first date on which any organisation
--         of the unit reported; no figure of a unit is complete without this text.
with reporting as (
    select distinct
        org_code,
        as_at_date
    from headcount
),

expected as (
    select distinct
        unit.org_code,
        member.org_code as member_code,
        member.sector,
        reporting.as_at_date
    from organisation as unit
    inner join organisation as member on unit.org_code = member.parent_code and member.org_level = 'organisation'
    inner join organisation as sibling on unit.org_code = sibling.parent_code
    inner join reporting
        on
            sibling.org_code = reporting.org_code
            and reporting.as_at_date between member.valid_from and member.valid_to
    where unit.members_complete
),

counted as (
    select
        expected.org_code,
        expected.as_at_date,
        expected.sector,
        list(expected.member_code order by expected.member_code)
        filter (reporting.org_code is not null) as reported_codes,
        count(*) as expected_count,
        count(reporting.org_code) as reported_count,
        list(expected.member_code order by expected.member_code) filter (reporting.org_code is null) as missing_codes
    from expected
    left join reporting
        on expected.member_code = reporting.org_code and expected.as_at_date = reporting.as_at_date
    group by expected.org_code, expected.as_at_date, expected.sector
)

select
    org_code,
    as_at_date,
    sector,
    reported_codes,
    missing_codes,
    reported_count || ' of ' || expected_count
    || if(reported_count < expected_count, '; missing: ' || array_to_string(missing_codes, ', '), '') as coverage
from counted
order by all;
