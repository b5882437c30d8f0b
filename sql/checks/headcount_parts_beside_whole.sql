-- Grain:  an area above the level of an employer that stands beside the area of the same level that holds it, per file and date: its
--         first line.
-- Inputs: headcount, organisation.
-- Caveat: a region beside its nation is no such part: their levels are never added up.
with reported as (
    select
        extract,
        as_at_date,
        org_code,
        min(source_line) as source_line
    from headcount
    group by extract, as_at_date, org_code
),

areas as (
    select
        reported.*,
        organisation.org_level,
        organisation.parent_code
    from reported
    inner join organisation on reported.org_code = organisation.org_code
    where organisation.org_level <> 'organisation'
)

select
    part.extract,
    part.source_line
from areas as part
inner join areas as whole
    on
        part.extract = whole.extract
        and part.as_at_date = whole.as_at_date
        and part.parent_code = whole.org_code
        and part.org_level = whole.org_level
order by all;
