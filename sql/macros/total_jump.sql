-- total_jump(counted): organisations whose number of people differs from that of the date before by more than it should.
--
-- Returns: table of extract and source_line, the later file and its first line about the organisation and date.
-- Inputs:  counted, the name of a table such as staff_group_count. method: total_jump.
-- Caveat:  what may be different grows with the days between the dates. Where several files speak about the date before, the number must
--          differ from each of them.
create or replace macro total_jump(counted) as table
    with setting as (
        select
            total_jump.min_people,
            total_jump.max_change_share::decimal(9, 4) as max_change_share,
            total_jump.max_change_share_a_year::decimal(9, 4) as max_change_share_a_year
        from method
    ),

    change as (
        select * from total_change(counted)
    )

    select
        change.extract,
        change.source_line
    from change
    cross join setting
    where
        change.people_before >= setting.min_people
        and 365 * abs(change.people_after - change.people_before)
        > change.people_before
        * (365 * setting.max_change_share + (change.as_at_date - change.earlier_date) * setting.max_change_share_a_year)
    group by change.extract, change.source_line, change.org_code, change.as_at_date, change.earlier_files
    having count(*) = change.earlier_files;
