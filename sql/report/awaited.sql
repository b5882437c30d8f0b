-- Grain:  an organisation that is expected to report for a date and of which nothing has come yet.
-- Inputs: arrived (org_code, as_at_date: of whom and when there are rows), expected_submission, organisation.
-- Caveat: the date is the latest of which anything has come. An employer that merged is awaited under the code that the register of
--         expected submissions names for the date; nobody is traced to a successor here.
with latest as (
    select max(as_at_date) as as_at_date
    from arrived
)

select
    latest.as_at_date,
    expected_submission.org_code,
    organisation.org_name
from expected_submission
inner join latest on latest.as_at_date between expected_submission.valid_from and expected_submission.valid_to
left join organisation
    on
        expected_submission.org_code = organisation.org_code
        and latest.as_at_date between organisation.valid_from and organisation.valid_to
anti join arrived
    on expected_submission.org_code = arrived.org_code and latest.as_at_date = arrived.as_at_date
order by expected_submission.org_code;
