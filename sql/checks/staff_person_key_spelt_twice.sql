-- Grain:  a person's key that a file spells in two ways, as a spreadsheet does that drops zeros in front: a line of the second spelling.
-- Inputs: staff.
-- Caveat: the two would count as two people. Capitals and small letters, zeros in front and ".0" at the end make no other person.
with spellings as (
    select
        extract,
        org_code,
        person_key,
        min(source_line) as source_line
    from staff
    where person_key is not null
    group by extract, org_code, person_key
),

folded as (
    select
        *,
        coalesce(nullif(ltrim(lower(if(suffix(person_key, '.0'), person_key[: -3], person_key)), '0'), ''), '0') as key
    from spellings
)

select
    extract,
    max(source_line) as source_line,
    'person_key' as field
from folded
group by extract, org_code, key
having count(*) > 1
order by all;
