-- Grain:  a percentage that isn't that of the publisher's own counts: a line.
-- Inputs: headcount_typed: details, subtotals, and rows that hold nothing but the percentage of the row with the same answer.
-- Caveat: a percentage is right where it is that of all people with a known answer, or of all people: publishers print both. It is
--         taken to have one decimal, or none where no percentage of its file has one. A cell in which a count isn't known can't be
--         checked, and nor can a percentage without a count.
with files as (
    select distinct extract
    from headcount_typed
    where percentage is not null
),

every_row as (
    select
        extract,
        source_line,
        row_role,
        dimensions,
        as_at_date,
        org_code,
        employment_type,
        grade,
        clinical,
        staff_group,
        characteristic,
        classification,
        category,
        answer_status,
        headcount,
        percentage
    from headcount_typed
    where
        extract in (select files.extract from files)
        and row_role in ('detail', 'total', 'percentage')
        and answer_status is not null
),

-- Of a publisher's places in the table, those that hold the answer: each word there goes with one answer only.
words as (
    select distinct
        extract,
        unnest(range(1, len(dimensions) + 1)) as place,
        unnest(dimensions) as word,
        row(characteristic, classification, category, answer_status) as answer
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

placed as (
    select
        every_row.*,
        places.answer_places
    from every_row
    left join places on every_row.extract = places.extract
),

rows_of_cells as (
    select
        extract,
        source_line,
        row_role,
        row(
            as_at_date,
            org_code,
            employment_type,
            grade,
            clinical,
            staff_group,
            characteristic,
            classification,
            without_places(dimensions, answer_places)
        ) as cell,
        row(category, answer_status) as answer,
        answer_status,
        headcount,
        percentage
    from placed
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
        headcount
    from rows_of_cells
    where row_role <> 'percentage'
),

bases as (
    select
        extract,
        cell,
        sum(headcount) as headcount,
        sum(headcount) filter (where answer_status = 'known') as known_headcount,
        count(*) = count(headcount) as is_complete,
        count(*) filter (where answer_status = 'known' and headcount is null) = 0 as is_known_complete
    from counted
    group by extract, cell
)

select
    printed.extract,
    printed.source_line,
    'percentage' as field
from printed
inner join counted
    on printed.extract = counted.extract and printed.cell = counted.cell and printed.answer = counted.answer
inner join bases on printed.extract = bases.extract and printed.cell = bases.cell
where
    counted.headcount is not null
    and bases.is_known_complete
    and not is_printed_percentage(printed.percentage, counted.headcount, bases.known_headcount, printed.decimals)
    and not (
        bases.is_complete
        and is_printed_percentage(printed.percentage, counted.headcount, bases.headcount, printed.decimals)
    )
order by all;
