-- Grain:  as_at_date, org_code, step: a line of the way from a sender's rows to the people counted.
-- Inputs: fate_count, owned, submission_file, waterfall_step, waived_file.
-- Caveat: exact counts: internal. What comes in is what the steps take out and the people counted. `people` and `fte` are those that
--         leave the count with a step: nobody leaves who is counted by another assignment, and hours of duplicates stay with the
--         person. Rejected, checking and stopped rows can't be attributed, and are [x], where a file speaks about several organisations
--         or dates, unless it has none; of whom they are is never known, so that people and FTE of what came in are those of accepted
--         rows. FTE is [x] where the file gives none of what begins or is counted; else it is that of the assignments that have one.
with mine as (
    select fate_count.*
    from fate_count
    semi join owned
        on
            fate_count.extract = owned.extract
            and fate_count.org_code = owned.org_code
            and fate_count.as_at_date = owned.as_at_date
),

only_place as (
    select extract
    from fate_count
    group by extract
    having count(distinct org_code || ' ' || as_at_date) = 1
),

file as (
    select
        mine.as_at_date,
        mine.org_code,
        sum(mine.rows)::bigint as accepted,
        sum(mine.people)::bigint as people,
        if(sum(mine.without_fte) < sum(mine.rows), sum(mine.fte), null) as fte,
        min(submission_file.rejected) as rejected,
        min(submission_file.checking) as checking,
        -- A stop-list is rare: where it took nothing out of a whole file, it took nothing out of a part of it.
        if(min(whole_file.stopped) = 0, 0, min(submission_file.stopped)) as stopped
    from mine
    left join only_place on mine.extract = only_place.extract
    left join submission_file on only_place.extract = submission_file.extract
    left join submission_file as whole_file
        on
            mine.extract = whole_file.extract
            and mine.org_code = whole_file.org_code
            and mine.as_at_date = whole_file.as_at_date
    group by mine.as_at_date, mine.org_code
),

amount as (
    select
        as_at_date,
        org_code,
        'rows_in' as rule,
        accepted + coalesce(rejected, 0) + coalesce(checking, 0) + coalesce(stopped, 0) as rows,
        people,
        fte
    from file
    union all
    select
        as_at_date,
        org_code,
        'rejected' as rule,
        rejected as rows,
        null as people,
        null as fte
    from file
    union all
    select
        as_at_date,
        org_code,
        'checking' as rule,
        checking as rows,
        null as people,
        null as fte
    from file
    union all
    select
        as_at_date,
        org_code,
        'stopped' as rule,
        stopped as rows,
        null as people,
        null as fte
    from file
    union all
    select
        as_at_date,
        org_code,
        fate as rule,
        rows,
        people,
        if(fate = 'duplicate', 0, fte) as fte
    from mine
    where fate <> 'counted'
    union all
    select
        as_at_date,
        org_code,
        'people' as rule,
        sum(heads) as rows,
        sum(heads) as people,
        if(sum(without_fte) < sum(rows), sum(fte), null) as fte
    from mine
    where fate in ('counted', 'duplicate')
    group by as_at_date, org_code
    union all
    -- Where method.counted_as counts nobody in a population, its lines stay empty.
    select
        as_at_date,
        org_code,
        replace(fate, '_only', '') || unnest(['_rows', '_duplicate', '_people']) as rule,
        unnest([rows, rows - heads, heads]) as rows,
        unnest([heads, 0, heads]) as people,
        unnest([if(without_fte < rows, fte, null), 0, if(without_fte < rows, fte, null)]) as fte
    from mine
    where fate in ('bank_only', 'other_only') and heads > 0
),

line as (
    select
        file.as_at_date,
        file.org_code,
        waterfall_step.*,
        if(amount.rule is null, 0, amount.rows)::bigint as rows,
        if(amount.rule is null, 0, amount.people)::bigint as people,
        if(amount.rule is null, 0, amount.fte)::decimal(18, 4) as fte,
        waived_file.waivers
    from file
    cross join waterfall_step
    left join amount
        on
            file.as_at_date = amount.as_at_date
            and file.org_code = amount.org_code
            and waterfall_step.rule = amount.rule
    left join waived_file on file.org_code = waived_file.org_code and file.as_at_date = waived_file.as_at_date
)

select
    as_at_date,
    org_code,
    step,
    population,
    rule,
    rows,
    sum(case effect when 'begins' then rows when 'takes_out' then -coalesce(rows, 0) else 0 end) over (
        partition by as_at_date, org_code, population
        order by step
    )::bigint as rows_left,
    if(rows = 0, 0, people) as people,
    if(rows = 0, 0, fte) as fte,
    meaning,
    waivers,
    if(rows is null or (rows > 0 and (people is null or fte is null)), '[x]', null) as marker
from line
order by as_at_date, org_code, step;
