-- Grain:  a publisher's subtotal that isn't the sum of its parts: a line.
-- Inputs: headcount_total, headcount.
-- Caveat: its parts are the rows that share its places in the publisher's table, apart from those that stand for "all", and its
--         answer where it has one. A subtotal without a number, or with a part that the publisher hid, can't be checked.
with parts as (
    select
        total.extract,
        total.source_line,
        row(total.dimensions, total.category, total.answer_status) as subtotal,
        total.headcount as total_headcount,
        part.headcount,
        part.marker is not null and part.headcount is null as is_hidden
    from headcount_total as total
    left join headcount as part
        on
            total.extract = part.extract
            and (
                total.answer_status is null
                or row(total.characteristic, total.classification, total.category, total.answer_status)
                = row(part.characteristic, part.classification, part.category, part.answer_status)
            )
            and is_part(total.dimensions, part.dimensions, part.left_out)
    where total.headcount is not null or total.marker is null
)

select
    extract,
    source_line
from parts
group by extract, source_line, subtotal, total_headcount
having coalesce(sum(headcount), 0) is distinct from total_headcount and not bool_or(is_hidden)
order by all;
