-- Grain:  a staff group, grade or kind of employment of an organisation that has all but gone since the date before: a line of the later file.
-- Inputs: headcount_group_count, method (group_vanished, total_jump).
select
    extract,
    source_line,
    field
from vanished_group('headcount_group_count')
order by all;
