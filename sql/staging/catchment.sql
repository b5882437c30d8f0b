-- Grain:  an area in which patients of a trust live, with the dates between which its weight holds.
-- Inputs: reference_catchments.
-- Caveat: weight_e12 is the share of the trust's patients in units of 10⁻¹², a whole number: what is weighted by it stays exact.
select
    org_code,
    area_code,
    (weight::decimal(13, 12) * 1000000000000)::bigint as weight_e12,
    coalesce(valid_from::date, date '0001-01-01') as valid_from,
    coalesce(valid_to::date, date '9999-12-31') as valid_to
from reference_catchments
order by org_code, area_code, valid_from;
