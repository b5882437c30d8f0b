-- Grain:  org_code, feed: what came for the as-at date of a unit's organisations.
-- Inputs: public_submission, public_unit, run, pack_unit.
-- Caveat: in the order of names.
select
    public_submission.*,
    public_unit.org_name
from public_submission
inner join run on public_submission.as_at_date = run.as_at_date
inner join public_unit on public_submission.org_code = public_unit.org_code
cross join pack_unit
where
    public_submission.org_code = pack_unit.org_code
    or (pack_unit.org_level = 'system' and public_unit.system_code = pack_unit.org_code)
    or (pack_unit.org_level in ('region', 'national') and public_unit.org_level = 'organisation')
order by public_unit.org_name, public_submission.org_code, public_submission.feed nulls last;
