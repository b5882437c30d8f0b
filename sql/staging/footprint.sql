-- Grain:  an area of an organisation's footprint, with the dates between which it belongs to it.
-- Inputs: reference_footprints.
select
    org_code,
    area_code,
    coalesce(valid_from::date, date '0001-01-01') as valid_from,
    coalesce(valid_to::date, date '9999-12-31') as valid_to
from reference_footprints
order by org_code, area_code, valid_from;
