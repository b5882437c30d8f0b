-- Grain:  the cube: one row per date, organisation, employment type, grade, clinical split, staff group and answer.
-- Inputs: cube_part (the cubes of all extracts), owned (which extract speaks for which organisation and date), waived_file.
-- Caveat: exact counts of small groups: internal, never published. A person with two employers counts at both.
select
    cube_part.as_at_date,
    cube_part.org_code,
    cube_part.employment_type,
    cube_part.grade_family,
    cube_part.clinical,
    cube_part.staff_group,
    cube_part.grade,
    cube_part.characteristic,
    cube_part.classification,
    cube_part.category,
    cube_part.answer_status,
    cube_part.headcount,
    cube_part.fte,
    waived_file.waivers,
    cube_part.marker,
    cube_part.source_level
from cube_part
semi join owned
    on
        cube_part.extract = owned.extract
        and cube_part.org_code = owned.org_code
        and cube_part.as_at_date = owned.as_at_date
left join waived_file on cube_part.org_code = waived_file.org_code and cube_part.as_at_date = waived_file.as_at_date
order by all;
