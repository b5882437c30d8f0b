-- Grain:  an organisation with far more or fewer people than at the date before: the first line of the later file.
-- Inputs: headcount_group_count, method (total_jump).
select
    extract,
    source_line
from total_jump('headcount_group_count')
order by all;
