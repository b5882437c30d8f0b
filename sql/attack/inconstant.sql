-- Grain:  as_at_date, org_code, comparator, classification, category: a share of residents that isn't the same for all staff of a unit.
-- Inputs: printed_table (representation_gap or trend, as printed), told_column (a share of the comparator).
-- Caveat: residents don't hang on the grade that staff are held against them in.
select
    as_at_date,
    org_code,
    comparator,
    classification,
    category
from printed_table
where comparator in ('population', 'catchment', 'england') and told_column is not null
group by as_at_date, org_code, comparator, classification, category
having min(told_column) <> max(told_column)
order by all
limit 1;
