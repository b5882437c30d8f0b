-- Grain:  one row per person at an employer on a date, in the one population that they count in.
-- Inputs: fate.
-- Caveat: answers, grade and staff group are those of the assignment that stands for the person; hours are those of all their
--         assignments in that population.
select * exclude (fate, is_head, population, person_fte) replace (population as employment_type, person_fte as fte)
from fate
where is_head;
