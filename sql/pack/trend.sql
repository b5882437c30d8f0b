-- Grain:  as_at_date, grade_family, grade_group, classification, category of one unit: every date, against residents, or where none are
--         held against its own workforce; for the groups that the committee follows. Substantive staff, clinical and not together.
-- Inputs: public_trend, run, pack_unit, followed.
-- Caveat: computed from rounded counts. Where coverage changes between two dates, so may a share for no other reason.
with ranked as (
    select
        public_trend.*,
        followed.place,
        row_number() over (
            partition by
                public_trend.as_at_date,
                public_trend.grade_family,
                public_trend.grade_group,
                public_trend.classification,
                public_trend.category
            order by if(public_trend.comparator = 'population', 0, 1), public_trend.comparator
        ) as comparator_rank
    from public_trend
    inner join run on public_trend.as_at_date <= run.as_at_date
    inner join pack_unit on public_trend.org_code = pack_unit.org_code
    inner join followed
        on
            public_trend.classification = followed.classification
            and public_trend.category = followed.category
    where public_trend.employment_type = 'substantive' and public_trend.clinical = 'all'
)

select ranked.* exclude (comparator_rank)
from ranked
where ranked.comparator_rank = 1
order by ranked.place, ranked.as_at_date, ranked.grade_family, ranked.grade_group;
