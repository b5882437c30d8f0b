-- Grain:  a row that only one of two tables has, or a row of each that differ and have one key: their numbers in their files.
-- Inputs: row_excess; old_key_id, new_key_id: row_number and key_id (the hash of the key's cells) of its rows.
-- Caveat: where several differing rows have one key, they are paired in the order of row_id, which says nothing about them.
with old_excess as (
    select
        row_excess.row_number,
        old_key_id.key_id,
        row_number() over (
            partition by old_key_id.key_id order by row_excess.row_id, row_excess.row_number
        ) as occurrence
    from row_excess
    inner join old_key_id on row_excess.row_number = old_key_id.row_number
    where row_excess.side = 'old'
),

new_excess as (
    select
        row_excess.row_number,
        new_key_id.key_id,
        row_number() over (
            partition by new_key_id.key_id order by row_excess.row_id, row_excess.row_number
        ) as occurrence
    from row_excess
    inner join new_key_id on row_excess.row_number = new_key_id.row_number
    where row_excess.side = 'new'
)

select
    old_excess.row_number as old_row_number,
    new_excess.row_number as new_row_number
from old_excess
full join new_excess on old_excess.key_id = new_excess.key_id and old_excess.occurrence = new_excess.occurrence
