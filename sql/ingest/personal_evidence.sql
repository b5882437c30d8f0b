-- Grain:  a column of an extract (by its place) and a kind of personal data that its cells look like.
-- Inputs: sent_cell (extract, place, cell, times), sent_extent (extract, as_at_date, people), method (personal).
-- Caveat: shares are of distinct cells, so that a word for "none" counts once; of dates, of all cells. The dates that a file
--         describes are taken to be the latest one in it, or the sidecar's.
with written as (
    select
        extract,
        place,
        times,
        -- As programs write a whole number that once stood beside an empty cell.
        if(suffix(cell, '.0'), left(cell, -2), cell) as cell
    from sent_cell
),

cells as (
    select
        extract,
        place,
        cell,
        times,
        length(cell) as letters,
        contains(cell, '@') as has_at,
        regexp_matches(cell, '[0-9]') as has_digits
    from written
),

spelt as (
    select
        *,
        case when has_digits and letters <= 24 then upper(translate(cell, ' ().-', '')) end as together,
        case
            when not has_digits or letters not between 6 and 24 then null
            when contains(cell, ':') then regexp_replace(translate(cell, './ ', '---'), '[-T][0-9]{1,2}:.*$', '')
            else translate(cell, './ ', '---')
        end as dashed
    from cells
),

dated as (
    select
        *,
        case
            when dashed is null then null
            when regexp_full_match(dashed, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|(19|20)[0-9]{6}') then dashed
            when regexp_full_match(dashed, '[0-9]{1,2}-([0-9]{1,2}|[A-Za-z]{3,9})-[0-9]{4}') then dashed
            when regexp_full_match(dashed, '[0-9]{1,2}-([0-9]{1,2}|[A-Za-z]{3})-[0-9]{2}')
            then left(dashed, -2) || if(right(dashed, 2) >= '30', '19', '20') || right(dashed, 2)
        end as date_text
    from spelt
),

tried as (
    select
        extract,
        place,
        cell,
        times,
        -- A case looks at no more than it has to; `and` would try every pattern on every cell.
        case when has_at then regexp_matches(cell, '[^\s@,;<>]+@[^\s@,;<>]+[.][A-Za-z]{2,}') else false end as is_email,
        case when length(together) = 10 then is_nhs_number(cell) else false end as is_nhs_number,
        case
            when length(together) = 9
            then
                regexp_full_match(together, '[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]')
                and left(together, 2) not in ('BG', 'GB', 'KN', 'NK', 'NT', 'TN', 'ZZ')
            else false
        end as is_ni_number,
        case
            when length(together) between 11 and 15
            then regexp_full_match(together, '([+]440?|00440?|0)[1-357-9][0-9]{9}')
            else false
        end as is_phone,
        case
            when length(together) between 5 and 7
            then regexp_full_match(together, '([A-Z]{1,2}[0-9][A-Z0-9]?|GIR)[0-9][ABD-HJLNP-UW-Z]{2}')
            else false
        end as is_postcode,
        case
            when date_text is not null
            then
                try_strptime(
                    date_text, ['%Y-%m-%d', '%d-%m-%Y', '%d-%b-%Y', '%d-%B-%Y', '%Y%m%d', '%m-%d-%Y']
                )::date
        end as day,
        case
            when has_digits or has_at or letters not between 4 and 60 then false
            when
                list_has_any(
                    string_split_regex(lower(cell), '[^\p{L}]+'), (select personal.no_name_words from method)
                )
            then false
            when regexp_full_match(cell, '(?i)(mr|mrs|ms|miss|mx|dr|prof|sir|dame|rev)[.]? +\p{L}[\p{L}''’. -]+')
            then true
            else
                regexp_full_match(
                    cell, '\p{Lu}[\p{L}''’.-]*(,? +|, *)\p{Lu}[\p{L}''’.-]*( +\p{Lu}[\p{L}''’.-]*){0,2}'
                )
        end as is_name,
        case
            when has_digits or has_at or letters > 60 then false
            else
                regexp_full_match(
                    cell, '\p{L}[\p{L}''’-]*(,? +|, *|[._])\p{L}[\p{L}''’.-]*([ ._]+\p{L}[\p{L}''’.-]*){0,2}'
                )
        end as is_name_as_key
    from dated
),

described as (
    select
        sent_extent.extract,
        sent_extent.people,
        greatest(sent_extent.as_at_date, max(tried.day) filter (where year(tried.day) between 2000 and 2049))
            as as_at_date
    from sent_extent
    left join tried on sent_extent.extract = tried.extract
    group by sent_extent.extract, sent_extent.people, sent_extent.as_at_date
),

counted as (
    select
        tried.extract,
        tried.place,
        count(*) as cells,
        sum(tried.times) as all_cells,
        any_value(described.people) as people,
        count_if(tried.is_email) as emails,
        count_if(tried.is_nhs_number) as nhs_numbers,
        count_if(tried.is_ni_number) as ni_numbers,
        count_if(tried.is_phone) as phones,
        count_if(tried.is_postcode) as postcodes,
        count_if(tried.is_name) as names,
        count_if(tried.is_name_as_key) as names_as_keys,
        count(distinct tried.day) as days,
        coalesce(sum(tried.times) filter (where tried.day is not null), 0) as dates,
        coalesce(
            sum(tried.times) filter (
                where tried.day between described.as_at_date - to_years(method.personal.birth_date.oldest)
                and described.as_at_date - to_years(method.personal.birth_date.youngest)
            ),
            0
        ) as birth_dates
    from tried
    inner join described on tried.extract = described.extract
    cross join method
    group by tried.extract, tried.place
),

found as (
    select
        counted.extract,
        counted.place,
        counted.cells,
        unnest([
            struct_pack(kind := 'email', found := counted.emails, needs := method.personal.email),
            struct_pack(kind := 'nhs_number', found := counted.nhs_numbers, needs := method.personal.nhs_number),
            struct_pack(kind := 'ni_number', found := counted.ni_numbers, needs := method.personal.ni_number),
            struct_pack(kind := 'phone', found := counted.phones, needs := method.personal.phone),
            struct_pack(kind := 'postcode', found := counted.postcodes, needs := method.personal.postcode),
            struct_pack(kind := 'name_as_key', found := counted.names_as_keys, needs := method.personal.name_as_key)
        ]) as one
    from counted
    cross join method
)

select
    extract,
    place,
    one.kind
from found
where one.found >= one.needs.min_cells and one.found >= one.needs.min_share * cells
union all
select
    counted.extract,
    counted.place,
    'name' as kind
from counted
cross join method
where
    counted.names >= method.personal.name.min_cells
    and counted.names >= method.personal.name.min_share * counted.cells
    and counted.cells >= method.personal.name.min_distinct_share * counted.people
union all
select
    counted.extract,
    counted.place,
    'date_of_birth' as kind
from counted
cross join method
where
    counted.days >= method.personal.birth_date.min_days
    and counted.dates >= method.personal.birth_date.min_share * counted.all_cells
    and counted.birth_dates >= method.personal.birth_date.min_old_share * counted.dates
order by extract, place, kind
