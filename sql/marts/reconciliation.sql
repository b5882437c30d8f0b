-- Grain:  as_at_date, org_code, measure (people, assignments, fte), line: from the sender's own total to ours.
-- Inputs: control_total, waterfall, fate_count, headcount, owned, submission_file, coverage, waived_file.
-- Caveat: exact counts: internal. The sender's total and what the steps of the waterfall take out (negative) make ours and what stays
--         unexplained. Ours are substantive people, one assignment each, with the hours of all their substantive assignments.
--         Steps that take nothing out aren't here. A note on what stays unexplained is a hint from the figures, no finding.
--         `[x]`: no total was sent, or nothing came, or it can't be told.
with recursive owner as (
    select
        owned.extract,
        owned.as_at_date,
        owned.org_code,
        submission_file.extracted_on,
        coalesce(submission_file.has_totals, false) as has_totals
    from owned
    left join submission_file
        on
            owned.extract = submission_file.extract
            and owned.org_code = submission_file.org_code
            and owned.as_at_date = submission_file.as_at_date
),

-- Files of counts have no assignments, and bring their populations apart.
step as (
    select
        as_at_date,
        org_code,
        step,
        rule,
        meaning,
        people,
        rows as assignments,
        fte,
        coalesce(rows > 0, false) as has_any
    from waterfall
    where population = 'substantive'
    union all
    select
        headcount.as_at_date,
        headcount.org_code,
        waterfall_step.step,
        waterfall_step.rule,
        'people in ' || headcount.employment_type || ' employment, as counted by the sender' as meaning,
        whole_sum(headcount.headcount) as people,
        null as assignments,
        if(count(*) = count(headcount.fte), sum(headcount.fte), null) as fte,
        coalesce(whole_sum(headcount.headcount) <> 0, true) as has_any
    from headcount
    inner join waterfall_step
        on
            headcount.employment_type
            = case waterfall_step.rule
                when 'bank_only' then 'bank' when 'other_only' then 'other' when 'people' then 'substantive'
            end
    anti join waterfall on headcount.org_code = waterfall.org_code and headcount.as_at_date = waterfall.as_at_date
    where headcount.characteristic = 'total'
    group by
        headcount.as_at_date,
        headcount.org_code,
        headcount.employment_type,
        waterfall_step.step,
        waterfall_step.rule
),

-- Step and total measure by measure.
amount as (
    select
        as_at_date,
        org_code,
        step,
        rule,
        meaning,
        has_any,
        unnest(['people', 'assignments', 'fte']) as measure,
        unnest([people, assignments, fte]::decimal(18, 4)[]) as value
    from step
),

measured as (
    select
        owner.as_at_date,
        owner.org_code,
        owner.extracted_on,
        unnest(['people', 'assignments', 'fte']) as measure,
        unnest([control_total.people, control_total.assignments, control_total.fte]::decimal(18, 4)[]) as value
    from owner
    inner join control_total
        on
            owner.extract = control_total.extract
            and owner.org_code = control_total.org_code
            and owner.as_at_date = control_total.as_at_date
),

sender as (
    select * from measured
    where value is not null
),

taken_out as (
    select
        sender.as_at_date,
        sender.org_code,
        sender.extracted_on,
        sender.measure,
        amount.step,
        amount.rule,
        amount.meaning,
        amount.value
    from sender
    inner join amount
        on
            sender.as_at_date = amount.as_at_date
            and sender.org_code = amount.org_code
            and sender.measure = amount.measure
    where amount.rule not in ('rows_in', 'people') and amount.has_any and amount.value is distinct from 0
),

compared as (
    select
        sender.as_at_date,
        sender.org_code,
        sender.extracted_on,
        sender.measure,
        sender.value as total,
        ours.value as ours,
        sender.value - coalesce(sum(taken_out.value), 0) - ours.value as unexplained,
        coalesce(bool_or(taken_out.value is null and taken_out.rule not in ('checking', 'stopped')), false)
            as has_unknown,
        count(taken_out.rule) as steps
    from sender
    left join amount as ours
        on
            sender.as_at_date = ours.as_at_date
            and sender.org_code = ours.org_code
            and sender.measure = ours.measure
            and ours.rule = 'people'
    left join taken_out
        on
            sender.as_at_date = taken_out.as_at_date
            and sender.org_code = taken_out.org_code
            and sender.measure = taken_out.measure
    group by sender.as_at_date, sender.org_code, sender.extracted_on, sender.measure, sender.value, ours.value
),

-- What a sender's totals lack beyond the steps, in each measure that can be compared.
lacking as (
    select
        as_at_date,
        org_code,
        max(-unexplained) filter (measure = 'people') as people,
        max(-unexplained) filter (measure = 'assignments') as assignments,
        max(-unexplained) filter (measure = 'fte') as fte
    from compared
    where ours is not null
    group by as_at_date, org_code
    having bool_or(unexplained <> 0) and bool_and(unexplained <= 0)
),

leaving_out as (
    select
        step.as_at_date,
        step.org_code,
        step.step,
        step.rule,
        step.people,
        step.assignments,
        step.fte::decimal(18, 4) as fte
    from step
    where step.rule not in ('rows_in', 'rejected', 'checking', 'stopped', 'people') and step.has_any
),

-- Sets of steps that take out no more than what a sender's totals lack: what they left out before they counted.
left_out as (
    select
        lacking.as_at_date,
        lacking.org_code,
        leaving_out.step,
        [leaving_out.rule] as rules,
        leaving_out.people,
        leaving_out.assignments,
        leaving_out.fte
    from lacking
    inner join leaving_out on lacking.as_at_date = leaving_out.as_at_date and lacking.org_code = leaving_out.org_code
    where
        coalesce(leaving_out.assignments <= lacking.assignments, true)
        and coalesce(leaving_out.fte <= lacking.fte, true)
    union all
    select
        left_out.as_at_date,
        left_out.org_code,
        leaving_out.step,
        list_append(left_out.rules, leaving_out.rule) as rules,
        left_out.people + leaving_out.people as people,
        left_out.assignments + leaving_out.assignments as assignments,
        (left_out.fte + leaving_out.fte)::decimal(18, 4) as fte
    from left_out
    inner join lacking on left_out.as_at_date = lacking.as_at_date and left_out.org_code = lacking.org_code
    inner join leaving_out
        on
            left_out.as_at_date = leaving_out.as_at_date
            and left_out.org_code = leaving_out.org_code
            and left_out.step < leaving_out.step
    where
        left_out.assignments + leaving_out.assignments <= lacking.assignments
        and left_out.fte + leaving_out.fte <= lacking.fte
),

-- The fewest steps that make up the whole of it in assignments and in FTE at once; a tie tells nothing, and nor do several steps
-- where only one of the two was sent: some of a dozen numbers nearly always add up to a thirteenth. People don't decide, since who
-- has several assignments leaves the count with one step only.
hint as (
    select
        as_at_date,
        org_code,
        arg_min(array_to_string(rules, ', '), len(rules)) as rules,
        min(people) as people
    from (
        select
            left_out.as_at_date,
            left_out.org_code,
            left_out.rules,
            left_out.people
        from left_out
        inner join lacking on left_out.as_at_date = lacking.as_at_date and left_out.org_code = lacking.org_code
        where
            (lacking.assignments is null or left_out.assignments = lacking.assignments)
            and (lacking.fte is null or left_out.fte = lacking.fte)
            and if(
                len(left_out.rules) = 1,
                lacking.people is null or lacking.assignments is not null or left_out.people = lacking.people,
                lacking.assignments <> 0 and lacking.fte <> 0
            )
        qualify
            len(left_out.rules)
            = min(len(left_out.rules)) over (partition by left_out.as_at_date, left_out.org_code)
    ) as fewest
    group by as_at_date, org_code
    having count(*) = 1
),

row_count as (
    select
        as_at_date,
        org_code,
        max(rows) filter (rule = 'rows_in') as rows_in,
        max(rows) filter (rule = 'rejected') as rejected,
        max(rows) filter (rule = 'stopped') as stopped
    from waterfall
    group by as_at_date, org_code
),

-- Substantive assignments of people counted of which the file doesn't give the hours.
without_fte as (
    select
        owned.as_at_date,
        owned.org_code,
        sum(fate_count.without_fte)::bigint as assignments
    from owned
    inner join fate_count
        on
            owned.extract = fate_count.extract
            and owned.org_code = fate_count.org_code
            and owned.as_at_date = fate_count.as_at_date
    where fate_count.fate in ('counted', 'duplicate') and fate_count.without_fte > 0
    group by owned.as_at_date, owned.org_code
),

explained as (
    select
        compared.*,
        case
            when compared.ours is null then 'the file has no such figure'
            when compared.unexplained = 0 and compared.steps = 0 then 'the totals agree'
            when compared.unexplained = 0 then 'the steps explain the whole difference'
            -- Of people a step may take out fewer in the sender's count: who has two assignments leaves by one step only.
            when hint.rules is not null and (compared.measure <> 'people' or hint.people >= -compared.unexplained)
            then 'as much as ' || hint.rules || ' took out: the sender seems to have left them out already'
            when compared.measure = 'people' and compared.total = row_count.rows_in
            then 'as many people as the file has rows: the sender seems to have counted assignments'
            when compared.measure = 'fte' and compared.unexplained > 0 and without_fte.assignments > 0
            then 'assignments of people counted without FTE in the file: ' || without_fte.assignments
            when compared.has_unknown and row_count.rejected > 0
            then row_count.rejected || ' rows of the file were rejected: whose they are isn''t known'
            when row_count.stopped > 0
            then row_count.stopped || ' rows of the file were left out by the stop-list: whose they are isn''t known'
            when compared.has_unknown then 'the file withholds some of its counts'
            else 'ask the sender what the total counts'
        end as note
    from compared
    left join hint on compared.as_at_date = hint.as_at_date and compared.org_code = hint.org_code
    left join row_count on compared.as_at_date = row_count.as_at_date and compared.org_code = row_count.org_code
    left join without_fte on compared.as_at_date = without_fte.as_at_date and compared.org_code = without_fte.org_code
),

line as (
    select
        as_at_date,
        org_code,
        extracted_on,
        measure,
        0 as line,
        'sender' as item,
        value,
        'the sender''s own total' as note
    from sender
    union all
    select
        as_at_date,
        org_code,
        extracted_on,
        measure,
        step as line,
        rule as item,
        -value as value,
        meaning as note
    from taken_out
    union all
    select
        as_at_date,
        org_code,
        extracted_on,
        measure,
        (
            select waterfall_step.step
            from waterfall_step
            where waterfall_step.rule = 'people'
        ) as line,
        'ours' as item,
        ours as value,
        case measure
            when 'people' then 'substantive people counted'
            when 'assignments' then 'assignments that stand for a person counted'
            else 'contracted hours of the people counted'
        end as note
    from explained
    union all
    select
        as_at_date,
        org_code,
        extracted_on,
        measure,
        1 + (
            select waterfall_step.step
            from waterfall_step
            where waterfall_step.rule = 'people'
        ) as line,
        'unexplained' as item,
        unexplained as value,
        note
    from explained
    union all
    select
        owner.as_at_date,
        owner.org_code,
        owner.extracted_on,
        'people' as measure,
        0 as line,
        'sender' as item,
        null as value,
        if(
            owner.has_totals,
            'control totals sent, and none says that it is about this organisation and date',
            'no control totals sent'
        ) as note
    from owner
    anti join sender on owner.as_at_date = sender.as_at_date and owner.org_code = sender.org_code
    union all
    select distinct
        as_at_date,
        unnest(missing_codes) as org_code,
        null::date as extracted_on,
        'people' as measure,
        0 as line,
        'absent' as item,
        null as value,
        'expected, and no file was accepted' as note
    from coverage
)

select
    line.as_at_date,
    line.org_code,
    line.extracted_on,
    line.measure,
    line.line,
    line.item,
    line.value::decimal(18, 4) as value,
    line.note,
    waived_file.waivers,
    if(line.value is null, '[x]', null) as marker
from line
left join waived_file on line.org_code = waived_file.org_code and line.as_at_date = waived_file.as_at_date
order by line.as_at_date, line.org_code, line.measure, line.line;
