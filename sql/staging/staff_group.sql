-- Grain:  a staff group.
-- Inputs: reference_staff_groups.
-- Caveat: non-clinical is Administrative and Clerical with Estates and Ancillary, the usual rule (domain.md 2.1).
select
    staff_group,
    clinical
from reference_staff_groups
order by staff_group;
