-- Grain:  the row of declaration_rate under explanation, its shares worked out again from its counts. One row.
-- Inputs: asked (the mart's row), method.
-- Caveat: exact counts: internal. Columns are named and rounded as in the mart.
select
    (asked.declared_headcount / asked.total_headcount)::decimal(18, 9) as declared_share,
    (asked.declined_headcount / asked.total_headcount)::decimal(18, 9) as declined_share,
    (asked.missing_headcount / asked.total_headcount)::decimal(18, 9) as missing_share,
    (asked.unknown_headcount / asked.total_headcount)::decimal(18, 9) as unknown_share,
    case
        when asked.declared_headcount >= method.known_share_adequate * asked.total_headcount then 'adequate'
        when asked.declared_headcount >= method.known_share_caution * asked.total_headcount then 'caution'
        when asked.total_headcount is not null then 'unreliable'
    end as rating
from asked
cross join method;
