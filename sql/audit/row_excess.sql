-- Grain:  side (old, new), row_number: a row that one of two tables has and the other hasn't, or has fewer times.
-- Inputs: old_row_id, new_row_id: row_number and row_id (the hash of all cells of a row) of each table.
-- Caveat: of rows that are alike the last ones in the file are those too many.
with either as (
    select
        'old' as side,
        row_id
    from old_row_id
    union all
    select
        'new' as side,
        row_id
    from new_row_id
),

row_count as (
    select
        row_id,
        count(*) filter (where side = 'old') as old_rows,
        count(*) filter (where side = 'new') as new_rows
    from either
    group by row_id
    having old_rows <> new_rows
),

numbered as (
    select
        'old' as side,
        old_row_id.row_number,
        old_row_id.row_id,
        row_count.new_rows as rows_there,
        row_number() over (partition by old_row_id.row_id order by old_row_id.row_number) as copy
    from old_row_id
    inner join row_count on old_row_id.row_id = row_count.row_id
    union all
    select
        'new' as side,
        new_row_id.row_number,
        new_row_id.row_id,
        row_count.old_rows as rows_there,
        row_number() over (partition by new_row_id.row_id order by new_row_id.row_number) as copy
    from new_row_id
    inner join row_count on new_row_id.row_id = row_count.row_id
)

select
    side,
    row_number,
    row_id
from numbered
where copy > rows_there
