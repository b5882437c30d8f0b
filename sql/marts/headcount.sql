-- Grain:  the cube: one row per date, organisation, employment type, grade, clinical split, staff group and answer.
-- Inputs: cube_part (the cubes of all extracts), owned (which extract speaks for which organisation and date).
-- Caveat: exact counts of small groups: internal, never published. A person with two employers counts at both.
select cube_part.* exclude (extract)
from cube_part
semi join owned
    on
        cube_part.extract = owned.extract
        and cube_part.org_code = owned.org_code
        and cube_part.as_at_date = owned.as_at_date
order by all;
