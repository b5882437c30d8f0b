-- Grain:  a publisher's subtotal that isn't the sum of its parts: a line.
-- Inputs: headcount_total, headcount.
-- Caveat: its parts are the rows that share its places in the publisher's table, apart from those that stand for "all" (null), and
--         its answer where it has one. A subtotal without a number, or with a part that the publisher hid, can't be checked.
with subtotals as (
    select
        extract,
        source_line,
        dimensions,
        places_of_all(dimensions) as places,
        if(answer_status is null, null, row(characteristic, classification, category, answer_status)) as answer,
        headcount
    from headcount_total
    where headcount is not null or marker is null
),

kinds_of_subtotal as (
    select distinct
        extract,
        places
    from subtotals
),

parts as (
    select
        kinds_of_subtotal.extract,
        kinds_of_subtotal.places,
        without_places(headcount.dimensions, kinds_of_subtotal.places) as dimensions,
        row(headcount.characteristic, headcount.classification, headcount.category, headcount.answer_status) as answer,
        headcount.headcount,
        headcount.headcount is null and headcount.marker is not null as is_hidden
    from headcount
    inner join kinds_of_subtotal on headcount.extract = kinds_of_subtotal.extract
    where not is_left_out(headcount.left_out, kinds_of_subtotal.places)
),

sums_by_answer as (
    select
        extract,
        places,
        dimensions,
        answer,
        sum(headcount) as headcount,
        bool_or(is_hidden) as has_hidden
    from parts
    group by extract, places, dimensions, answer
),

sums as (
    select
        extract,
        places,
        dimensions,
        null as answer,
        sum(headcount) as headcount,
        bool_or(has_hidden) as has_hidden
    from sums_by_answer
    group by extract, places, dimensions
    union all
    select * from sums_by_answer
)

select
    subtotals.extract,
    subtotals.source_line
from subtotals
left join sums
    on
        subtotals.extract = sums.extract
        and subtotals.places = sums.places
        and subtotals.dimensions = sums.dimensions
        and subtotals.answer is not distinct from sums.answer
where coalesce(sums.headcount, 0) is distinct from subtotals.headcount and not coalesce(sums.has_hidden, false)
order by all;
