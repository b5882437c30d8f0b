-- Grain:  an organisation at the as-at date and a measure that its sender counts, or the one line that says why there is none.
-- Inputs: reconciliation, run, organisation.
-- Caveat: exact counts, for the terminal of those who may see the internal marts.
select
    reconciliation.org_code,
    organisation.org_name,
    reconciliation.measure,
    max(reconciliation.value) filter (reconciliation.item = 'sender') as total,
    max(reconciliation.value) filter (reconciliation.item = 'ours') as ours,
    max(reconciliation.value) filter (reconciliation.item = 'unexplained') as unexplained,
    max(reconciliation.note) filter (reconciliation.item = 'unexplained') as note,
    bool_or(reconciliation.item = 'absent') as is_absent
from reconciliation
inner join run on reconciliation.as_at_date = run.as_at_date
inner join organisation on reconciliation.org_code = organisation.org_code
group by reconciliation.org_code, organisation.org_name, reconciliation.measure
order by reconciliation.org_code, reconciliation.measure desc;
