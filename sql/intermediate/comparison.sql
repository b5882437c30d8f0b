-- Grain:  a group_count row and one comparator of representation_gap, as whole numbers: no share yet.
-- Inputs: group_count, revised_group, footprint_residents, reporting_date, roll_up, organisation, succession_part, method.
-- Caveat: every comparator at the dates that representation_gap reports, and those of trend at every date. `previous` of a unit
--         is there only if the same organisations reported then and now. A comparator that isn't there has nulls, and is [x] later.
--         `total` is compared with nothing: everybody is no share. Only trusts have `catchment`, as whole numbers of a thousand
--         million residents: docs/decisions/0008.
with comparator as (
    select unnest(['population', 'catchment', 'england', 'workforce', 'previous']) as comparator
),

reported as (
    select distinct
        roll_up.org_code,
        roll_up.as_at_date
    from roll_up
    inner join reporting_date
        on roll_up.member_code = reporting_date.org_code and roll_up.as_at_date = reporting_date.as_at_date
),

sector as (
    select unnest(['nhs', 'social_care']) as sector
),

-- The employers of a unit's figures, those that a merged one was made of in its place: a merger doesn't change them.
employers as (
    select
        roll_up.org_code,
        roll_up.as_at_date,
        sector.sector,
        list(
            distinct coalesce(succession_part.part_code, roll_up.member_code)
            order by coalesce(succession_part.part_code, roll_up.member_code)
        ) as org_codes
    from roll_up
    inner join organisation as member on roll_up.member_code = member.org_code
    cross join sector
    left join succession_part
        on
            roll_up.member_code = succession_part.whole_code
            and roll_up.as_at_date between succession_part.valid_from and succession_part.valid_to
            and succession_part.is_smallest
    where roll_up.org_level = 'organisation' or coalesce(member.sector, sector.sector) = sector.sector
    group by roll_up.org_code, roll_up.as_at_date, sector.sector
),

-- Units of whose organisations others reported twelve months before: the two counts aren't of the same employers.
changed as (
    select
        employers.org_code,
        employers.as_at_date,
        employers.sector
    from employers
    inner join employers as before
        on
            employers.org_code = before.org_code
            and employers.sector = before.sector
            and twelve_months_before(employers.as_at_date) = before.as_at_date
    where employers.org_codes <> before.org_codes
),

grouped as (
    select
        group_count.*,
        comparator.comparator,
        reported.org_code is not null as is_reported
    from group_count
    inner join organisation on group_count.org_code = organisation.org_code
    inner join comparator on comparator.comparator <> 'catchment' or organisation.org_type = 'trust'
    cross join method
    left join reported on group_count.org_code = reported.org_code and group_count.as_at_date = reported.as_at_date
    where
        if(
            group_count.characteristic = 'total',
            comparator.comparator = 'workforce',
            reported.org_code is not null or list_contains(method.trend_comparators, comparator.comparator)
        )
)

select
    grouped.*,
    case grouped.comparator
        when 'workforce' then workforce.headcount
        when 'previous' then if(changed.org_code is null, previous.headcount, null)
        else footprint_residents.comparator_headcount
    end as comparator_headcount,
    case grouped.comparator
        when 'workforce' then workforce.known_headcount
        when 'previous' then if(changed.org_code is null, previous.known_headcount, null)
        else footprint_residents.comparator_known_headcount
    end as comparator_known_headcount,
    case grouped.comparator
        when 'workforce' then workforce.total_headcount
        when 'previous' then if(changed.org_code is null, previous.total_headcount, null)
        else footprint_residents.comparator_total_headcount
    end as comparator_total_headcount,
    -- Why a count of staff that this one is held against was withheld.
    case grouped.comparator
        when 'workforce' then workforce.source_marker
        when 'previous' then if(changed.org_code is null, previous.source_marker, null)
    end as comparator_marker,
    footprint_residents.population_vintage,
    footprint_residents.age_range,
    footprint_residents.area_set,
    revised_group.org_code is not null or revised_comparator.org_code is not null as is_revised
from grouped
left join footprint_residents
    on
        grouped.org_code = footprint_residents.org_code
        and grouped.as_at_date = footprint_residents.as_at_date
        and grouped.comparator = footprint_residents.comparator
        and grouped.classification = footprint_residents.classification
        and grouped.category = footprint_residents.category
left join group_count as workforce
    on
        grouped.comparator = 'workforce'
        and workforce.grade_group = 'all'
        and grouped.as_at_date = workforce.as_at_date
        and grouped.org_code = workforce.org_code
        and grouped.employment_type = workforce.employment_type
        and grouped.grade_family = workforce.grade_family
        and grouped.clinical = workforce.clinical
        and grouped.classification = workforce.classification
        and grouped.category = workforce.category
left join changed
    on
        grouped.comparator = 'previous'
        and grouped.org_code = changed.org_code
        and grouped.as_at_date = changed.as_at_date
        and changed.sector = if(grouped.grade_family = 'social_care', 'social_care', 'nhs')
left join group_count as previous
    on
        grouped.comparator = 'previous'
        and twelve_months_before(grouped.as_at_date) = previous.as_at_date
        and grouped.org_code = previous.org_code
        and grouped.employment_type = previous.employment_type
        and grouped.grade_family = previous.grade_family
        and grouped.clinical = previous.clinical
        and grouped.grade_group = previous.grade_group
        and grouped.classification = previous.classification
        and grouped.category = previous.category
left join revised_group
    on
        grouped.as_at_date = revised_group.as_at_date
        and grouped.org_code = revised_group.org_code
        and grouped.employment_type = revised_group.employment_type
        and grouped.grade_family = revised_group.grade_family
        and grouped.clinical = revised_group.clinical
        and grouped.grade_group = revised_group.grade_group
        and grouped.classification = revised_group.classification
        and grouped.category = revised_group.category
left join revised_group as revised_comparator
    on
        if(
            grouped.comparator = 'previous', twelve_months_before(grouped.as_at_date), grouped.as_at_date
        ) = revised_comparator.as_at_date
        and grouped.org_code = revised_comparator.org_code
        and grouped.employment_type = revised_comparator.employment_type
        and grouped.grade_family = revised_comparator.grade_family
        and grouped.clinical = revised_comparator.clinical
        and if(grouped.comparator = 'workforce', 'all', grouped.grade_group) = revised_comparator.grade_group
        and grouped.classification = revised_comparator.classification
        and grouped.category = revised_comparator.category;
