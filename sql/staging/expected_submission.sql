-- Grain:  an organisation that is expected to report, with the as-at dates between which it is.
-- Inputs: reference_expected_submissions.
select
    org_code,
    sector,
    coalesce(valid_from::date, date '0001-01-01') as valid_from,
    coalesce(valid_to::date, date '9999-12-31') as valid_to
from reference_expected_submissions
order by org_code, valid_from;
