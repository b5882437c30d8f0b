-- Grain:  a file that the row rests on: of each organisation whose people it counts, at its date; where it is held against twelve
--         months before, of that date too.
-- Inputs: every_submission (the mart submission of the release), member.
-- Caveat: rows are those of the whole file, which may speak about other organisations and dates too.
select
    every_submission.as_at_date,
    every_submission.org_code,
    every_submission.feed,
    every_submission.layout,
    every_submission.extract,
    every_submission.extracted_on,
    every_submission.rows_in,
    every_submission.rows_accepted,
    every_submission.rows_rejected,
    every_submission.rows_checking,
    every_submission.rows_stopped,
    every_submission.supersedes,
    every_submission.reason
from every_submission
inner join member on every_submission.org_code = member.org_code and every_submission.as_at_date = member.as_at_date
where every_submission.status = 'received'
order by every_submission.as_at_date desc, every_submission.org_code, every_submission.feed;
