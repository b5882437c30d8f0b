-- total_change(counted): how many people an organisation has in a file, and had at the date before.
--
-- Returns: table of extract, org_code, as_at_date, earlier_extract, earlier_date, earlier_files; people_before, people_after, null where
--          one isn't known; source_line, the file's first line about the organisation and date.
-- Inputs:  counted, the name of a table such as staff_group_count. method: total_jump.
create or replace macro total_change(counted) as table
    with totals as ( -- noqa: ST03, the macro reads it by its name
        select
            extract,
            is_judged,
            as_at_date,
            org_code as series,
            if(count(headcount) = count(*), sum(headcount), null) as headcount,
            min(source_line) as source_line
        from query_table(counted)
        where field = 'employment_type'
        group by extract, is_judged, as_at_date, org_code
    ),

    setting as (
        select total_jump.max_days from method
    )

    select
        pair.extract,
        pair.series as org_code,
        pair.as_at_date,
        pair.earlier_extract,
        pair.earlier_date,
        pair.earlier_files,
        earlier.headcount as people_before,
        later.headcount as people_after,
        later.source_line
    from earlier_date('totals', (select setting.max_days from setting)) as pair
    inner join totals as later
        on
            pair.extract = later.extract
            and pair.series = later.series
            and pair.as_at_date = later.as_at_date
    inner join totals as earlier
        on
            pair.earlier_extract = earlier.extract
            and pair.series = earlier.series
            and pair.earlier_date = earlier.as_at_date;
