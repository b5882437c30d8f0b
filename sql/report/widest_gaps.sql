-- Grain:  a group whose share is clearly lower than the residents' it serves: the three widest gaps of each characteristic.
-- Inputs: representation_gap, run, method, organisation.
-- Caveat: exact counts, for the terminal of those who may see the internal marts. Substantive staff of one as-at date; whole
--         workforces and senior clusters only; small groups are left out (method.listed_*). A list of the widest gaps isn't a list
--         of the most important ones.
with candidate as (
    select
        representation_gap.*,
        organisation.org_name
    from representation_gap
    cross join run
    cross join method
    inner join organisation on representation_gap.org_code = organisation.org_code
    where
        representation_gap.as_at_date = run.as_at_date
        and representation_gap.employment_type = 'substantive'
        and representation_gap.clinical = 'all'
        and representation_gap.comparator = 'population'
        and representation_gap.verdict = 'lower'
        and representation_gap.marker is null
        and representation_gap.classification not in ('esr_16', 'census_2021_19', 'ons_5')
        and representation_gap.grade_group in ('all', 'afc_8a_plus', 'afc_8c_plus', 'consultant', 'vsm')
        and representation_gap.known_headcount >= method.listed_known_headcount
        and representation_gap.headcount >= method.listed_headcount
)

select
    characteristic,
    category,
    org_code,
    org_name,
    grade_family,
    grade_group,
    headcount,
    known_headcount,
    workforce_share,
    share_lower_95,
    share_upper_95,
    comparator_share,
    age_range,
    population_vintage,
    gap_pp,
    verdict
from candidate
qualify
    row_number() over (
        partition by characteristic
        order by gap_pp, org_code, grade_family, grade_group, category
    ) <= 3
order by characteristic, gap_pp, org_code, grade_family, grade_group, category;
