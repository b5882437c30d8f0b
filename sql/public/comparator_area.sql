-- Grain:  as_at_date, org_code, comparator, classification: residents that a unit's shares are held against.
-- Inputs: representation_gap (of the protected cells).
-- Caveat: no counts: public. A row is about every category of the classification; a comparator of staff has none.
select distinct
    as_at_date,
    org_code,
    comparator,
    characteristic,
    classification,
    population_vintage,
    age_range,
    area_set
from representation_gap
where area_set is not null
order by as_at_date, org_code, comparator, classification;
