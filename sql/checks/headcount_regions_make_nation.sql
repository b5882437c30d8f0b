-- Grain:  a nation's count that isn't the sum of those of its ONS regions in the same file: a line.
-- Inputs: headcount, organisation.
-- Caveat: checked where the file holds a count for every region of the nation; a part of a region, such as Inner London, isn't one.
with regions as (
    select
        region.org_code,
        region.parent_code as nation_code,
        count(*) over (partition by region.parent_code) as regions
    from organisation as region
    inner join organisation as nation on region.parent_code = nation.org_code
    where region.org_type = 'ons_region' and nation.org_level = 'national'
),

counted as (
    select
        extract,
        source_line,
        org_code,
        row(
            as_at_date,
            employment_type,
            grade,
            clinical,
            staff_group,
            characteristic,
            classification,
            category,
            answer_status
        ) as cell,
        headcount
    from headcount
),

sums as (
    select
        counted.extract,
        counted.cell,
        regions.nation_code,
        sum(counted.headcount) as headcount
    from counted
    inner join regions on counted.org_code = regions.org_code
    group by counted.extract, counted.cell, regions.nation_code, regions.regions
    having count(distinct counted.org_code) = regions.regions and count(*) = count(counted.headcount)
)

select
    counted.extract,
    counted.source_line,
    'headcount' as field
from counted
inner join sums
    on counted.extract = sums.extract and counted.cell = sums.cell and counted.org_code = sums.nation_code
where counted.headcount <> sums.headcount
order by all;
