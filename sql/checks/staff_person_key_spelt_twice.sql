-- Grain:  a person's key that a file spells in two ways, as a spreadsheet does that drops zeros in front: a line of the second spelling.
-- Inputs: staff.
-- Caveat: the two would count as two people. Capitals and small letters, zeros in front and ".0" at the end make no other person. Most
--         files have no key with any of these, and then nothing is grouped.
with folded as (
    select
        extract,
        org_code,
        source_line,
        person_key,
        ltrim(lower(if(suffix(person_key, '.0'), left(person_key, -2), person_key)), '0') as folded_key
    from staff
),

spelt_otherwise as (
    select distinct
        extract,
        org_code,
        folded_key
    from folded
    where person_key <> folded_key
),

spellings as (
    select
        folded.extract,
        folded.org_code,
        folded.folded_key,
        folded.person_key,
        min(folded.source_line) as source_line
    from folded
    semi join spelt_otherwise
        on
            folded.extract = spelt_otherwise.extract
            and folded.org_code = spelt_otherwise.org_code
            and folded.folded_key = spelt_otherwise.folded_key
    group by folded.extract, folded.org_code, folded.folded_key, folded.person_key
)

select
    extract,
    max(source_line) as source_line,
    'person_key' as field
from spellings
group by extract, org_code, folded_key
having count(*) > 1
order by all;
