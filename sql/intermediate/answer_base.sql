-- Grain:  a unit, date, employment type, family, clinical split, grade group and reported classification: the bases of its shares.
-- Inputs: answer_count, translation.
-- Caveat: a classification is reported where any source of the unit's family translates into it; everybody is in its base, whatever
--         their source, and `sources` names all of them: what not every source can tell becomes [x] (group_count), never a share of
--         those who happen to be recorded in it.
with pair as (
    select distinct
        characteristic,
        from_classification,
        to_classification
    from translation
),

-- What is reported of a unit's family, whichever of its sources it is that translates.
reported as (
    select distinct
        answer_count.org_code,
        answer_count.as_at_date,
        answer_count.grade_family,
        answer_count.characteristic,
        pair.to_classification
    from answer_count
    inner join pair
        on
            answer_count.characteristic = pair.characteristic
            and answer_count.classification = pair.from_classification
)

select
    answer_count.as_at_date,
    answer_count.org_level,
    answer_count.org_code,
    answer_count.employment_type,
    answer_count.grade_family,
    answer_count.clinical,
    answer_count.grade_group,
    answer_count.is_detail,
    answer_count.characteristic,
    reported.to_classification as classification,
    whole_sum(if(answer_count.answer_status = 'known', answer_count.headcount, 0)) as known_headcount,
    whole_sum(answer_count.headcount) as total_headcount,
    min(answer_count.marker_rank) as marker_rank,
    list(distinct answer_count.classification order by answer_count.classification) as sources
from answer_count
inner join reported
    on
        answer_count.org_code = reported.org_code
        and answer_count.as_at_date = reported.as_at_date
        and answer_count.grade_family = reported.grade_family
        and answer_count.characteristic = reported.characteristic
group by all;
