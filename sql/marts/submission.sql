-- Grain:  as_at_date, org_code, feed: what each organisation sent about each date, and who was expected and sent nothing.
-- Inputs: owned, submission_file, revised_submission, coverage, waived_file.
-- Caveat: as_at_date is what the data describe, extracted_on the day they were taken; blank where the sender didn't say. Rows are
--         those of the whole file, which may speak about other organisations and dates too. supersedes is the extract that an
--         earlier snapshot held in its place.
with received as (
    select
        owned.as_at_date,
        owned.org_code,
        submission_file.feed,
        submission_file.layout,
        owned.extract,
        submission_file.extracted_on,
        submission_file.rows_in,
        submission_file.accepted as rows_accepted,
        submission_file.rejected as rows_rejected,
        submission_file.checking as rows_checking,
        submission_file.stopped as rows_stopped,
        revised_submission.earlier_extract as supersedes,
        revised_submission.reason
    from owned
    inner join submission_file
        on
            owned.extract = submission_file.extract
            and owned.org_code = submission_file.org_code
            and owned.as_at_date = submission_file.as_at_date
    left join revised_submission
        on
            owned.extract = revised_submission.extract
            and owned.org_code = revised_submission.org_code
            and owned.as_at_date = revised_submission.as_at_date
),

absent as (
    select distinct
        as_at_date,
        unnest(missing_codes) as org_code
    from coverage
)

select
    received.as_at_date,
    received.org_code,
    received.feed,
    'received' as status,
    received.layout,
    received.extract,
    received.extracted_on,
    received.rows_in,
    received.rows_accepted,
    received.rows_rejected,
    received.rows_checking,
    received.rows_stopped,
    received.supersedes,
    received.reason,
    waived_file.waivers,
    if(received.supersedes is null, null, '[r]') as marker
from received
left join waived_file on received.org_code = waived_file.org_code and received.as_at_date = waived_file.as_at_date
union all
select
    absent.as_at_date,
    absent.org_code,
    null as feed,
    'absent' as status,
    null as layout,
    null as extract,
    null as extracted_on,
    null as rows_in,
    null as rows_accepted,
    null as rows_rejected,
    null as rows_checking,
    null as rows_stopped,
    null as supersedes,
    null as reason,
    null as waivers,
    '[x]' as marker
from absent
order by as_at_date, org_code, feed;
