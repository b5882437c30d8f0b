-- Grain:  a unit that organisations are rolled up into and a sector: who of those expected has reported at the as-at date.
-- Inputs: representation_gap, run, organisation.
-- Caveat: a unit of which nobody has reported isn't here, nor one whose figures come from one publisher.
select distinct
    organisation.org_name,
    if(representation_gap.grade_family = 'social_care', 'social care', 'NHS') as sector,
    representation_gap.coverage
from representation_gap
inner join run on representation_gap.as_at_date = run.as_at_date
inner join organisation on representation_gap.org_code = organisation.org_code
where representation_gap.org_level <> 'organisation' and representation_gap.coverage <> '1 of 1'
order by organisation.org_name, sector;
