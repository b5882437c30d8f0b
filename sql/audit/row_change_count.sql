-- Grain:  one row: how many rows only the new table has, only the old one, and both with other values.
-- Inputs: row_change.
-- Caveat: without a key no row is revised: what changed was removed and added.
select
    count(*) filter (where old_row_number is null) as added,
    count(*) filter (where new_row_number is null) as removed,
    count(*) filter (where old_row_number is not null and new_row_number is not null) as revised
from row_change
