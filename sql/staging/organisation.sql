-- Grain:  an organisation, system, region or nation.
-- Inputs: reference_organisations.
-- Caveat: an opening date that no source gives is blank, and blank counts as always open.
select
    org_code,
    org_name,
    org_level,
    org_type,
    sector,
    parent_code,
    coalesce(members_complete = 'true', false) as members_complete,
    coalesce(valid_from::date, date '0001-01-01') as valid_from,
    coalesce(valid_to::date, date '9999-12-31') as valid_to
from reference_organisations
order by org_code;
