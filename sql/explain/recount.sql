-- Grain:  the row under explanation, counted again: one row, or none where nobody is counted.
-- Inputs: asked (the mart's row), comparison (over the cube of the release, kept to the row's unit).
-- Caveat: exact counts: internal. comparator_headcount and comparator_known_headcount are whole numbers, of which the mart holds the
--         share only.
select comparison.*
from comparison
inner join asked
    on
        comparison.as_at_date = asked.as_at_date
        and comparison.org_level = asked.org_level
        and comparison.org_code = asked.org_code
        and comparison.employment_type = asked.employment_type
        and comparison.grade_family = asked.grade_family
        and comparison.clinical = asked.clinical
        and comparison.grade_group = asked.grade_group
        and comparison.characteristic = asked.characteristic
        and comparison.classification = asked.classification
        and comparison.category = asked.category
        and comparison.comparator = asked.comparator;
