-- vanished_group(counted): groups of staff nearly all of whom are gone, with an organisation that has shrunk by about as much.
--
-- Returns: table of extract and source_line, the later file and its first line about the organisation and date; and field, by what the
--          group was one.
-- Inputs:  counted, the name of a table such as staff_group_count. method: group_vanished, total_jump.
-- Caveat:  groups are staff groups, grades and kinds of employment. A group that was only renamed takes nobody out of the organisation,
--          and isn't found. Where several files speak about the date before, it must have vanished against each of them.
create or replace macro vanished_group(counted) as table
    with setting as (
        select
            group_vanished.min_people,
            group_vanished.min_lost_share::decimal(9, 4) as min_lost_share,
            group_vanished.min_shrunk_share::decimal(9, 4) as min_shrunk_share
        from method
    ),

    change as (
        select * from total_change(counted)
    ),

    groups_of_staff as (
        select
            extract,
            as_at_date,
            org_code,
            field,
            category,
            if(count(headcount) = count(*), sum(headcount), null) as headcount
        from query_table(counted)
        where field in ('grade', 'staff_group', 'employment_type')
        group by extract, as_at_date, org_code, field, category
    ),

    compared as (
        select
            change.extract,
            change.org_code,
            change.as_at_date,
            change.earlier_files,
            change.source_line,
            change.people_before - change.people_after as shrunk_by,
            earlier.field,
            earlier.category,
            earlier.headcount as people_before,
            if(later.extract is null, 0, later.headcount) as people_after
        from change
        inner join groups_of_staff as earlier
            on
                change.earlier_extract = earlier.extract
                and change.org_code = earlier.org_code
                and change.earlier_date = earlier.as_at_date
        left join groups_of_staff as later
            on
                change.extract = later.extract
                and change.org_code = later.org_code
                and change.as_at_date = later.as_at_date
                and earlier.field = later.field
                and earlier.category = later.category
    )

    select
        compared.extract,
        compared.source_line,
        compared.field
    from compared
    cross join setting
    where
        compared.people_before >= setting.min_people
        and compared.people_before - compared.people_after >= setting.min_lost_share * compared.people_before
        and compared.shrunk_by >= setting.min_shrunk_share * (compared.people_before - compared.people_after)
    group by
        compared.extract,
        compared.org_code,
        compared.as_at_date,
        compared.earlier_files,
        compared.source_line,
        compared.field,
        compared.category
    having count(*) = compared.earlier_files;
