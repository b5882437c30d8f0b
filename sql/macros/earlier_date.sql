-- earlier_date(counted, max_days): each file's organisation and date beside the files, or earlier runs' rows, of the date before.
--
-- Returns: table of extract, series, as_at_date; earlier_extract, earlier_date; earlier_files, how many speak about the date before.
-- Inputs:  counted, the name of a table with extract, is_judged (whether its lines are those of a file under judgement), as_at_date and
--          series (whatever is followed over time).
-- Caveat:  a date more than max_days before is none to compare with. What an earlier run took in is compared with, and never judged.
create or replace macro earlier_date(counted, max_days) as table
    with setting as (
        select max_days as days
    ),

    files as (
        select distinct
            extract,
            is_judged,
            series,
            as_at_date
        from query_table(counted)
    ),

    dates as (
        select
            series,
            as_at_date,
            lag(as_at_date) over (partition by series order by as_at_date) as earlier_date
        from files
        group by series, as_at_date
    )

    select
        later.extract,
        later.series,
        later.as_at_date,
        earlier.extract as earlier_extract,
        earlier.as_at_date as earlier_date,
        count(*) over (partition by later.extract, later.series, later.as_at_date) as earlier_files
    from files as later
    inner join dates on later.series = dates.series and later.as_at_date = dates.as_at_date
    inner join files as earlier on dates.series = earlier.series and dates.earlier_date = earlier.as_at_date
    cross join setting
    where later.is_judged and later.as_at_date - earlier.as_at_date <= setting.days;
