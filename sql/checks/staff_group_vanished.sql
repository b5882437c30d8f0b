-- Grain:  a staff group, grade or kind of employment of an employer that has all but gone since the date before: a line of the later file.
-- Inputs: staff_group_count, method (group_vanished, total_jump).
select
    extract,
    source_line,
    field
from vanished_group('staff_group_count')
order by all;
