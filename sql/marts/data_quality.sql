-- Grain:  as_at_date, org_code, item: how far a sender's file can carry what is computed from it.
-- Inputs: waterfall, value_mapping, submission_file, unmapped, reference_source_values, waived_file, method.
-- Caveat: exact counts: internal. Of substantive people counted, except for rejected rows. White British and White other are counted
--         both ways, whatever method.reassign_CA_CB_CC_CD_C2_to_A says. How many declared is the mart declaration_rate.
--         `[x]` not available, `[z]` nobody to count, `[u]` fewer than method.weak_base_headcount people.
with sent_row as (
    select
        as_at_date,
        org_code,
        max(rows) filter (rule = 'rows_in') as rows_in,
        max(rows) filter (rule = 'rejected') as rejected
    from waterfall
    group by as_at_date, org_code
),

-- One row per spelling: several lists may hold the same.
ethnic_code as (
    select
        classification,
        source_value,
        min(category) as first_letter,
        min(coalesce(alternative_category, category)) as reassigned
    from reference_source_values
    where characteristic = 'ethnicity' and classification = 'esr_16' and answer_status = 'known'
    group by classification, source_value
),

ethnicity as (
    select
        value_mapping.as_at_date,
        value_mapping.org_code,
        value_mapping.source_value,
        value_mapping.people,
        ethnic_code.first_letter,
        ethnic_code.reassigned
    from value_mapping
    inner join ethnic_code
        on
            value_mapping.field = 'ethnicity'
            and value_mapping.classification = ethnic_code.classification
            and value_mapping.source_value = ethnic_code.source_value
),

ethnic_count as (
    select
        as_at_date,
        org_code,
        coalesce(sum(people), 0) as known,
        coalesce(sum(people) filter (first_letter <> reassigned), 0) as home_nations,
        coalesce(sum(people) filter (first_letter = 'A'), 0) as british_first_letter,
        coalesce(sum(people) filter (reassigned = 'A'), 0) as british_reassigned,
        coalesce(sum(people) filter (first_letter = 'C'), 0) as other_first_letter,
        coalesce(sum(people) filter (reassigned = 'C'), 0) as other_reassigned,
        coalesce(sum(people) filter (regexp_full_match(source_value, 'C[LMN]( .*)?')), 0) as travellers
    from ethnicity
    group by as_at_date, org_code
),

grade_count as (
    select
        as_at_date,
        org_code,
        coalesce(sum(people) filter (category = 'other_grade'), 0) as other_grade,
        sum(people) as people
    from value_mapping
    where field = 'grade'
    group by as_at_date, org_code
),

item as (
    select
        as_at_date,
        org_code,
        'rows_rejected' as item,
        rejected as numerator,
        rows_in as denominator,
        'rows of the file that broke a rule of validation, of all rows; not known where a file speaks about several '
        || 'organisations or dates' as note,
        false as is_of_people
    from sent_row
    union all
    select
        submission_file.as_at_date,
        submission_file.org_code,
        'unmapped_' || unmapped.field as item,
        unmapped.rows as numerator,
        submission_file.rows_in as denominator,
        'rows rejected for a word that no list and no mapping of the organisation holds, of all of its file' as note,
        false as is_of_people
    from unmapped
    inner join submission_file on unmapped.extract = submission_file.extract
    union all
    select
        as_at_date,
        org_code,
        unnest([
            'ethnicity_home_nations_in_C',
            'white_british_first_letter',
            'white_british_reassigned',
            'white_other_first_letter',
            'white_other_reassigned',
            'gypsy_traveller_codes'
        ]) as item,
        unnest([
            home_nations,
            british_first_letter,
            british_reassigned,
            other_first_letter,
            other_reassigned,
            travellers
        ]) as numerator,
        known as denominator,
        unnest([
            'CA English, CB Scottish, CC Welsh, CD Cornish, C2 Northern Irish: White other by their first letter, '
            || 'White British in substance',
            'A alone: each code counts under its first letter',
            'A with CA, CB, CC, CD and C2',
            'C with all of its codes: each counts under its first letter',
            'C without CA, CB, CC, CD and C2',
            'CL, CM and CN: partial evidence, not to be read as a count of Gypsy, Roma or Traveller staff'
        ]) as note,
        true as is_of_people
    from ethnic_count
    union all
    select
        as_at_date,
        org_code,
        'grade_other' as item,
        other_grade as numerator,
        people as denominator,
        'people whose grade is no pay band, no medical grade and no very senior manager''s' as note,
        true as is_of_people
    from grade_count
)

select
    item.as_at_date,
    item.org_code,
    item.item,
    item.numerator::bigint as numerator,
    item.denominator::bigint as denominator,
    (item.numerator / nullif(item.denominator, 0))::decimal(18, 9) as share,
    item.note,
    waived_file.waivers,
    case
        when item.numerator is null then '[x]'
        when item.denominator = 0 then '[z]'
        when item.is_of_people and item.denominator < method.weak_base_headcount then '[u]'
    end as marker
from item
cross join method
left join waived_file on item.org_code = waived_file.org_code and item.as_at_date = waived_file.as_at_date
order by item.as_at_date, item.org_code, item.item;
