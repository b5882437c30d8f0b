-- Grain:  standard, as_at_date, org_code, line: a line of the form of a standard (wres: indicator 1, wdes: metric 1) for an NHS
--         employer, trust or ICB, at the as-at date and each 31 March (method.reporting_month_day).
-- Inputs: group_count, revised_group, grade_membership, reference_grade_groups, organisation, coverage, waived_unit, run, method.
-- Caveat: exact counts: internal. Substantive people only: bank is out of both (domain.md 3.4, 3.6), and so is what counted_as keeps
--         apart. The bands and clusters are split by clinical; doctors and dentists aren't, in the three groups of both standards
--         (domain.md 2.1), nor is the last line, everybody. A line of the form that nobody is in has counts of 0. Lines that no form
--         has, of whom it isn't known whether they are clinical and of other grades, are there where somebody is in them: with them
--         the is_detail lines add up to the last. Unknown is everybody whose answer isn't one of the two (domain.md 3.1a); only it
--         can hold a known answer that the standard has no group for. Where a count was withheld, nobody is set apart as of unknown
--         split. Percentages are tenths that add up to 100.0: what is left after rounding down goes to the largest remainders.
with form as (
    select forms.*
    from (
        values
        ('wres', 'wres', 'White', 'BME'),
        ('wdes', 'equality_act_2010', 'Disabled', 'Not disabled')
    ) as forms (standard, classification, first_category, second_category)
),

counted as (
    select
        form.standard,
        group_count.as_at_date,
        group_count.org_code,
        group_count.clinical,
        group_count.grade_family,
        group_count.grade_group,
        max(group_count.headcount) filter (group_count.category = form.first_category) as first_headcount,
        max(group_count.headcount) filter (group_count.category = form.second_category) as second_headcount,
        any_value(group_count.total_headcount) as total_headcount,
        any_value(group_count.source_marker) as source_marker
    from group_count
    inner join form on group_count.classification = form.classification
    inner join organisation on group_count.org_code = organisation.org_code
    cross join run
    cross join method
    where
        organisation.org_type in ('trust', 'icb')
        and group_count.employment_type = 'substantive'
        and (
            group_count.as_at_date = run.as_at_date
            or strftime(group_count.as_at_date, '%m-%d') = method.reporting_month_day
        )
    group by all
),

of_unknown_split as (
    select
        standard,
        as_at_date,
        org_code,
        'unknown' as clinical,
        grade_family,
        grade_group,
        whole_sum(if(clinical = 'all', first_headcount, -first_headcount)) as first_headcount,
        whole_sum(if(clinical = 'all', second_headcount, -second_headcount)) as second_headcount,
        whole_sum(if(clinical = 'all', total_headcount, -total_headcount)) as total_headcount,
        null as source_marker
    from counted
    group by all
    having whole_sum(if(clinical = 'all', total_headcount, -total_headcount)) > 0
),

every_count as (
    select * from counted
    union all
    select * from of_unknown_split
),

grade_group_of as (
    select distinct
        grade_membership.grade_family,
        grade_membership.grade_group,
        grade_membership.is_detail,
        coalesce(reference_grade_groups.label, 'Whole workforce') as label,
        coalesce(reference_grade_groups.sort_order::integer, 0) as sort_order
    from grade_membership
    left join reference_grade_groups on grade_membership.grade_group = reference_grade_groups.grade_group
),

-- The groups of each form: in section 1 split by clinical, in 2 doctors and dentists, in 3 everybody.
form_group as (
    select
        form.standard,
        grade_group_of.*,
        case
            when grade_group_of.grade_group = 'all' then 3
            when grade_group_of.grade_family = 'medical' then 2
            else 1
        end as section
    from form
    cross join grade_group_of
    where
        (grade_group_of.grade_family = 'all' and grade_group_of.grade_group = 'all')
        or grade_group_of.grade_group in ('wdes_5', 'wdes_6', 'wdes_7')
        or (grade_group_of.grade_family = 'other' and grade_group_of.is_detail)
        or (form.standard = 'wres' and grade_group_of.grade_family in ('afc', 'vsm') and grade_group_of.is_detail)
        or (form.standard = 'wdes' and grade_group_of.grade_group in ('wdes_1', 'wdes_2', 'wdes_3', 'wdes_4'))
),

split as (
    select splits.*
    from (
        values
        ('non_clinical', 1, 1),
        ('clinical', 2, 1),
        ('unknown', 3, 1),
        ('all', 4, 2),
        ('all', 5, 3)
    ) as splits (clinical, place, section)
),

form_line as (
    select
        form_group.standard,
        form_group.grade_family,
        form_group.grade_group,
        split.clinical,
        form_group.section < 3 as is_detail,
        -- A line that no form has is left out where nobody is in it.
        split.clinical <> 'unknown' and form_group.grade_family <> 'other' as is_of_form,
        case
            when form_group.section = 2
            then regexp_replace(form_group.label, '^WDES cluster \d+: ', 'Medical and dental: ')
            else form_group.label
        end as label,
        row_number() over (
            partition by form_group.standard
            order by split.place, form_group.grade_family = 'other', form_group.sort_order, form_group.grade_group
        )::integer as line
    from form_group
    inner join split on form_group.section = split.section
),

employer as (
    select distinct
        standard,
        as_at_date,
        org_code
    from counted
),

revised as (
    select distinct
        form.standard,
        revised_group.as_at_date,
        revised_group.org_code,
        revised_group.clinical,
        revised_group.grade_family,
        revised_group.grade_group
    from revised_group
    inner join form on revised_group.classification = form.classification
    where revised_group.employment_type = 'substantive'
),

filled as (
    select
        employer.standard,
        employer.as_at_date,
        employer.org_code,
        form_line.line,
        form_line.clinical,
        form_line.grade_group,
        form_line.label,
        form_line.is_detail,
        if(every_count.standard is null, 0, every_count.first_headcount) as first_headcount,
        if(every_count.standard is null, 0, every_count.second_headcount) as second_headcount,
        if(every_count.standard is null, 0, every_count.total_headcount) as total_headcount,
        every_count.source_marker,
        revised.grade_group is not null as is_revised
    from employer
    inner join form_line on employer.standard = form_line.standard
    left join every_count
        on
            employer.standard = every_count.standard
            and employer.as_at_date = every_count.as_at_date
            and employer.org_code = every_count.org_code
            and form_line.clinical = every_count.clinical
            and form_line.grade_family = every_count.grade_family
            and form_line.grade_group = every_count.grade_group
    left join revised
        on
            employer.standard = revised.standard
            and employer.as_at_date = revised.as_at_date
            and employer.org_code = revised.org_code
            and form_line.clinical = revised.clinical
            and form_line.grade_family = revised.grade_family
            and form_line.grade_group = revised.grade_group
    where form_line.is_of_form or every_count.standard is not null
),

whole as (
    select
        *,
        total_headcount - first_headcount - second_headcount as unknown_headcount
    from filled
),

-- Tenths of a percent, rounded down, and what is left over of each.
tenths as (
    select
        *,
        1000 * first_headcount // nullif(total_headcount, 0) as first_tenths,
        1000 * second_headcount // nullif(total_headcount, 0) as second_tenths,
        1000 * unknown_headcount // nullif(total_headcount, 0) as unknown_tenths,
        1000 * first_headcount % nullif(total_headcount, 0) as first_rest,
        1000 * second_headcount % nullif(total_headcount, 0) as second_rest,
        1000 * unknown_headcount % nullif(total_headcount, 0) as unknown_rest
    from whole
),

-- How many tenths are still to be given (0, 1 or 2), and how many others come before each: the first of two alike comes first.
shared as (
    select
        *,
        1000 - first_tenths - second_tenths - unknown_tenths as left_over,
        (second_rest > first_rest)::integer + (unknown_rest > first_rest)::integer as first_rank,
        (first_rest >= second_rest)::integer + (unknown_rest > second_rest)::integer as second_rank,
        (first_rest >= unknown_rest)::integer + (second_rest >= unknown_rest)::integer as unknown_rank
    from tenths
)

select
    shared.standard,
    shared.as_at_date,
    shared.org_code,
    shared.line,
    shared.clinical,
    shared.grade_group,
    shared.label,
    shared.is_detail,
    shared.first_headcount,
    shared.second_headcount,
    shared.unknown_headcount,
    shared.total_headcount,
    (0.1 * (shared.first_tenths + (shared.first_rank < shared.left_over)::integer))::decimal(4, 1) as first_percent,
    (0.1 * (shared.second_tenths + (shared.second_rank < shared.left_over)::integer))::decimal(4, 1) as second_percent,
    (0.1 * (shared.unknown_tenths + (shared.unknown_rank < shared.left_over)::integer))::decimal(4, 1)
        as unknown_percent,
    coalesce(coverage.coverage, '1 of 1') as coverage,
    waived_unit.waivers,
    case
        when shared.unknown_headcount is null then coalesce(shared.source_marker, '[x]')
        when shared.total_headcount = 0 then '[z]'
        when shared.is_revised then '[r]'
    end as marker
from shared
left join coverage
    on shared.org_code = coverage.org_code and shared.as_at_date = coverage.as_at_date and coverage.sector = 'nhs'
left join waived_unit on shared.org_code = waived_unit.org_code and shared.as_at_date = waived_unit.as_at_date
order by shared.standard, shared.as_at_date, shared.org_code, shared.line;
