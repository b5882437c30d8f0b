-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic: at every date.
-- Inputs: declaration_rate (of the protected cells), method.
-- Caveat: computed from rounded counts. Where fewer than method.disclosure.min_known_headcount people are in the grade group there is
--         no row.
select
    declaration_rate.as_at_date,
    declaration_rate.org_level,
    declaration_rate.org_code,
    declaration_rate.employment_type,
    declaration_rate.grade_family,
    declaration_rate.clinical,
    declaration_rate.grade_group,
    declaration_rate.characteristic,
    declaration_rate.is_detail,
    declaration_rate.declared_headcount,
    declaration_rate.declined_headcount,
    declaration_rate.missing_headcount,
    declaration_rate.unknown_headcount,
    declaration_rate.total_headcount,
    declaration_rate.declared_share,
    declaration_rate.declined_share,
    declaration_rate.missing_share,
    declaration_rate.unknown_share,
    declaration_rate.rating,
    declaration_rate.coverage,
    declaration_rate.waivers is not null as rests_on_waiver,
    declaration_rate.marker
from declaration_rate
cross join method
where declaration_rate.total_headcount >= method.disclosure.min_known_headcount
order by
    declaration_rate.as_at_date,
    declaration_rate.org_level,
    declaration_rate.org_code,
    declaration_rate.employment_type,
    declaration_rate.grade_family,
    declaration_rate.clinical,
    declaration_rate.grade_group,
    declaration_rate.characteristic;
