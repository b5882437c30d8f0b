-- twelve_months_before(d): the date a year earlier; the last day of a month stays the last day.
--
-- Returns: date. 28 February 2025 gives 29 February 2024, and 29 February 2024 gives 28 February 2023.
-- Source:  design.md, comparator `previous`.
create or replace macro twelve_months_before(d date) as
if(d = last_day(d), last_day(d - interval 12 month), d - interval 12 month)::date;
