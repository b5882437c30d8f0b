-- moved_group(counted): groups of people most of whom are found in one other group at the next date.
--
-- Returns: table of extract and source_line, the later file and its first line of the group that gained; and field.
-- Inputs:  counted, the name of a table with a row per file, date and group: extract, is_judged, as_at_date, series (whatever is followed
--          over time), category, headcount (null where it isn't known), source_line, field (what a finding names). method: group_moved.
-- Caveat:  where several files speak about the date before, a group must have moved against each of them: one may be there to mend the
--          other.
create or replace macro moved_group(counted) as table
    with setting as (
        select
            group_moved.max_days,
            group_moved.min_people,
            group_moved.min_lost_share::decimal(9, 4) as min_lost_share,
            group_moved.min_regained_share::decimal(9, 4) as min_regained_share,
            group_moved.max_change_share::decimal(9, 4) as max_change_share
        from method
    ),

    people as (
        select * from query_table(counted)
    ),

    pairs as (
        select * from earlier_date(counted, (select setting.max_days from setting))
    ),

    both_dates as (
        select
            pairs.*,
            people.field,
            people.category,
            0 as people_before,
            people.headcount as people_after,
            people.source_line
        from pairs
        inner join people
            on pairs.extract = people.extract and pairs.series = people.series and pairs.as_at_date = people.as_at_date
        union all
        select
            pairs.*,
            people.field,
            people.category,
            people.headcount as people_before,
            0 as people_after,
            null as source_line
        from pairs
        inner join people
            on
                pairs.earlier_extract = people.extract
                and pairs.series = people.series
                and pairs.earlier_date = people.as_at_date
    ),

    change as (
        select
            extract,
            series,
            as_at_date,
            earlier_extract,
            earlier_files,
            field,
            category,
            sum(people_before) as people_before,
            sum(people_after) as people_after,
            sum(people_after) - sum(people_before) as gain,
            min(source_line) as source_line
        from both_dates
        group by extract, series, as_at_date, earlier_extract, earlier_files, field, category
        having count(people_before) = count(*) and count(people_after) = count(*)
    ),

    moved as (
        select
            lost.extract,
            lost.series,
            lost.as_at_date,
            lost.earlier_files,
            lost.field,
            lost.category,
            arg_min(gained.source_line, row(abs(lost.gain + gained.gain), gained.category)) as source_line
        from change as lost
        inner join change as gained
            on
                lost.extract = gained.extract
                and lost.series = gained.series
                and lost.as_at_date = gained.as_at_date
                and lost.earlier_extract = gained.earlier_extract
        cross join setting
        where
            lost.people_before >= setting.min_people
            and -lost.gain >= setting.min_lost_share * lost.people_before
            and gained.gain >= setting.min_regained_share * -lost.gain
            and abs(lost.gain + gained.gain) <= setting.max_change_share * greatest(
                lost.people_before + gained.people_before, lost.people_after + gained.people_after
            )
        group by
            lost.extract,
            lost.series,
            lost.as_at_date,
            lost.earlier_extract,
            lost.earlier_files,
            lost.field,
            lost.category
    )

    select
        extract,
        min(source_line) as source_line,
        field
    from moved
    group by extract, series, as_at_date, earlier_files, field, category
    having count(*) = earlier_files;
