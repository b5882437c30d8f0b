-- Grain:  a line of the waterfall at the as-at date, over all organisations that sent rows.
-- Inputs: waterfall, run.
-- Caveat: exact counts, for the terminal of those who may see the internal marts. A person with two employers is there twice. Null
--         where it isn't known of some organisation. Steps that nobody takes aren't here.
select
    waterfall.rule,
    count(distinct waterfall.org_code) as organisations,
    whole_sum(waterfall.rows) as rows,
    whole_sum(waterfall.people) as people,
    if(count(*) = count(waterfall.fte), sum(waterfall.fte), null)::decimal(18, 4) as fte
from waterfall
inner join run on waterfall.as_at_date = run.as_at_date
group by waterfall.step, waterfall.rule
having waterfall.rule in ('rows_in', 'rejected', 'people') or whole_sum(waterfall.rows) is distinct from 0
order by waterfall.step;
