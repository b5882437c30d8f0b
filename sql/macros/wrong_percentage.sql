-- wrong_percentage(printed_rows): percentages that aren't those of the publisher's own counts.
--
-- Returns: table of extract and source_line, a line each.
-- Inputs:  printed_rows, the name of a table of details, subtotals, and rows that hold nothing but the percentage of the row with the same
--          answer: extract, source_line, row_role, dimensions, cell (whatever the answers are counted in), answer, answer_status,
--          people (null where not known), percentage.
-- Caveat:  a percentage is right where it is that of all with a known answer, or of all: publishers print both. It is taken to have one
--          decimal, or none where no percentage of its file has one. A cell in which a count isn't known can't be checked, and nor can a
--          percentage without a count.
create or replace macro wrong_percentage(printed_rows) as table
    with every_row as (
        select *
        from query_table(printed_rows)
        where row_role in ('detail', 'total', 'percentage') and answer_status is not null
        qualify count(percentage) over (partition by extract) > 0
    ),

    -- Of a publisher's places in the table, those that hold the answer: each word there goes with one answer only.
    words as (
        select distinct
            extract,
            unnest(range(1, len(dimensions) + 1)) as place,
            unnest(dimensions) as word,
            answer
        from every_row
        where row_role = 'detail'
    ),

    answers_of_words as (
        select
            extract,
            place,
            word,
            count(*) as answers
        from words
        group by extract, place, word
    ),

    answer_places as (
        select
            extract,
            place
        from answers_of_words
        group by extract, place
        having max(answers) = 1 and count(*) > 1
    ),

    places as (
        select
            extract,
            list(place) as answer_places
        from answer_places
        group by extract
    ),

    rows_of_cells as (
        select
            every_row.extract,
            every_row.source_line,
            every_row.row_role,
            row(every_row.cell, without_places(every_row.dimensions, places.answer_places)) as cell,
            every_row.answer,
            every_row.answer_status,
            every_row.people,
            every_row.percentage
        from every_row
        left join places on every_row.extract = places.extract
    ),

    printed as (
        select
            extract,
            source_line,
            cell,
            answer,
            percentage,
            if(bool_and(percentage = round(percentage, 0)) over (partition by extract), 0, 1) as decimals
        from rows_of_cells
        where percentage is not null
    ),

    counted as (
        select
            extract,
            cell,
            answer,
            answer_status,
            people
        from rows_of_cells
        where row_role <> 'percentage'
    ),

    bases as (
        select
            extract,
            cell,
            sum(people) as people,
            sum(people) filter (where answer_status = 'known') as known_people,
            count(*) = count(people) as is_complete,
            count(*) filter (where answer_status = 'known' and people is null) = 0 as is_known_complete
        from counted
        group by extract, cell
    )

    select
        printed.extract,
        printed.source_line
    from printed
    inner join counted
        on printed.extract = counted.extract and printed.cell = counted.cell and printed.answer = counted.answer
    inner join bases on printed.extract = bases.extract and printed.cell = bases.cell
    where
        counted.people is not null
        and bases.is_known_complete
        and not is_printed_percentage(printed.percentage, counted.people, bases.known_people, printed.decimals)
        and not (
            bases.is_complete
            and is_printed_percentage(printed.percentage, counted.people, bases.people, printed.decimals)
        );
