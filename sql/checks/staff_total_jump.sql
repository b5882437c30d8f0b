-- Grain:  an employer with far more or fewer people than at the date before: the first line of the later file.
-- Inputs: staff_group_count, method (total_jump).
select
    extract,
    source_line
from total_jump('staff_group_count')
order by all;
