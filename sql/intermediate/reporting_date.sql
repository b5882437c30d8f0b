-- Grain:  a date of an organisation that representation_gap reports.
-- Inputs: headcount, run, owned, method.
-- Caveat: the as-at date, twelve months before, each 31 March, and every date of a feed that arrives yearly or less often; all
--         other months are in trend.
with dates as (
    select distinct
        org_code,
        as_at_date
    from headcount
),

previous as (
    select twelve_months_before(as_at_date) as previous_date
    from run
)

select
    dates.org_code,
    dates.as_at_date
from dates
cross join run
cross join previous
cross join method
where
    dates.as_at_date = run.as_at_date
    or dates.as_at_date = previous.previous_date
    or strftime(dates.as_at_date, '%m-%d') = method.reporting_month_day
    or exists (
        select 1
        from owned
        where
            owned.org_code = dates.org_code
            and owned.as_at_date = dates.as_at_date
            and owned.arrives = 'yearly'
    )
order by all;
