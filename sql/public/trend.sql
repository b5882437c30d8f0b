-- Grain:  the key of representation_gap, at every date: of the grade groups that are held, clinical or not together.
-- Inputs: trend (of the protected cells), unit_bound, method.
-- Caveat: computed from rounded counts. No verdict: the months in between aren't judged, and how a share moved is in
--         representation_gap against `previous`. Everybody has no share.
select
    trend.as_at_date,
    trend.org_level,
    trend.org_code,
    trend.employment_type,
    trend.grade_family,
    trend.clinical,
    trend.grade_group,
    trend.characteristic,
    trend.classification,
    trend.category,
    trend.comparator,
    trend.headcount,
    trend.known_headcount,
    trend.total_headcount,
    trend.workforce_share,
    trend.share_lower_95,
    trend.share_upper_95,
    trend.comparator_share,
    trend.gap_pp,
    trend.coverage,
    trend.waivers is not null as rests_on_waiver,
    trend.marker
from trend
cross join method
inner join unit_bound on trend.org_code = unit_bound.org_code and trend.as_at_date = unit_bound.as_at_date
where
    trend.clinical = 'all'
    and list_contains(method.disclosure.held_grade_groups, trend.grade_group)
    and (trend.characteristic = 'total' or trend.known_headcount >= unit_bound.min_known_held)
    and trend.marker is distinct from '[x]'
order by
    trend.as_at_date,
    trend.org_level,
    trend.org_code,
    trend.employment_type,
    trend.grade_family,
    trend.clinical,
    trend.grade_group,
    trend.characteristic,
    trend.classification,
    trend.category,
    trend.comparator;
