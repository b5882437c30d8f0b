-- wrong_total(told_and_counted): control totals that the file agrees with in no way of counting.
--
-- Returns: table of extract and source_line, the file's first line about the organisation and date; and field: people, assignments or fte.
-- Inputs:  told_and_counted, the name of a table such as staff_told_and_counted. method: control_total.
-- Caveat:  senders count everybody, or substantive staff only; either will do, for each of the three by itself. What isn't told or isn't
--          counted is no difference.
create or replace macro wrong_total(told_and_counted) as table
    with setting as (
        select control_total.tolerance::decimal(9, 4) as tolerance from method
    ),

    totals as (
        select * from query_table(told_and_counted)
    ),

    compared as (
        select
            extract,
            source_line,
            'people' as field,
            told_people as told,
            people as counted,
            substantive_people as substantive
        from totals
        union all
        select
            extract,
            source_line,
            'assignments' as field,
            told_assignments as told,
            assignments as counted,
            substantive_assignments as substantive
        from totals
        union all
        select
            extract,
            source_line,
            'fte' as field,
            told_fte as told,
            fte as counted,
            substantive_fte as substantive
        from totals
    )

    select
        compared.extract,
        compared.source_line,
        compared.field
    from compared
    cross join setting
    where
        compared.source_line is not null
        and least(abs(compared.counted - compared.told), abs(compared.substantive - compared.told))
        > setting.tolerance * compared.told;
