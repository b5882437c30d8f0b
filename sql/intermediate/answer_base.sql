-- Grain:  a unit, date, employment type, family, clinical split, grade group and reported classification: the bases of its shares.
-- Inputs: answer_count, translation.
-- Caveat: where sources of different classifications meet, only those that translate into the reported one are in its base;
--         `sources` names them.
with pair as (
    select distinct
        characteristic,
        from_classification,
        to_classification
    from translation
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
    pair.to_classification as classification,
    whole_sum(if(answer_count.answer_status = 'known', answer_count.headcount, 0)) as known_headcount,
    whole_sum(answer_count.headcount) as total_headcount,
    min(answer_count.marker_rank) as marker_rank,
    list(distinct answer_count.classification order by answer_count.classification) as sources
from answer_count
inner join pair
    on
        answer_count.characteristic = pair.characteristic
        and answer_count.classification = pair.from_classification
group by all;
