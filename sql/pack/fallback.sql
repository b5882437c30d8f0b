-- Grain:  grade_family, grade_group, classification of one unit at the as-at date: too thin for a rate, and where to look instead.
--         Substantive staff, clinical and not together.
-- Inputs: public_fallback, pack_unit.
-- Caveat: `nothing` where no wider group of those tried has a rate either.
select public_fallback.*
from public_fallback
inner join pack_unit on public_fallback.org_code = pack_unit.org_code
where public_fallback.employment_type = 'substantive' and public_fallback.clinical = 'all'
order by public_fallback.grade_family, public_fallback.grade_group, public_fallback.classification;
