-- Grain:  as_at_date, org_level, org_code, employment_type, grade_family, clinical, grade_group, characteristic, classification,
--         category: what an earlier snapshot counted, and what is counted now.
-- Inputs: revised_group, roll_up, revised_submission, waived_unit.
-- Caveat: exact counts: internal. Only rows whose counts differ. A blank headcount was or is not there. resent names the
--         organisations whose files were sent again, with the reasons that they gave. waivers are
--         those of what is counted now; the earlier snapshot's manifest holds its own.
with resent as (
    select
        roll_up.org_code,
        roll_up.as_at_date,
        string_agg(
            revised_submission.org_code || ': ' || coalesce(nullif(revised_submission.reason, ''), 'no reason given'),
            '; ' order by revised_submission.org_code
        ) as resent
    from roll_up
    inner join revised_submission
        on roll_up.member_code = revised_submission.org_code and roll_up.as_at_date = revised_submission.as_at_date
    group by roll_up.org_code, roll_up.as_at_date
)

select
    revised_group.as_at_date,
    revised_group.org_level,
    revised_group.org_code,
    revised_group.employment_type,
    revised_group.grade_family,
    revised_group.clinical,
    revised_group.grade_group,
    revised_group.characteristic,
    revised_group.classification,
    revised_group.category,
    revised_group.earlier_headcount,
    revised_group.headcount,
    revised_group.headcount - revised_group.earlier_headcount as headcount_change,
    revised_group.earlier_known_headcount,
    revised_group.known_headcount,
    revised_group.earlier_total_headcount,
    revised_group.total_headcount,
    resent.resent,
    waived_unit.waivers,
    '[r]' as marker
from revised_group
left join resent on revised_group.org_code = resent.org_code and revised_group.as_at_date = resent.as_at_date
left join waived_unit
    on revised_group.org_code = waived_unit.org_code and revised_group.as_at_date = waived_unit.as_at_date
order by
    revised_group.as_at_date,
    revised_group.org_level,
    revised_group.org_code,
    revised_group.employment_type,
    revised_group.grade_family,
    revised_group.clinical,
    revised_group.grade_group,
    revised_group.characteristic,
    revised_group.classification,
    revised_group.category;
