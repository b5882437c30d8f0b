-- Grain:  a line of the waterfall, in the order in which it is read.
-- Inputs: none.
-- Caveat: the lines of substantive staff begin with everything that came; those of the bank and of other employment with what they
--         took out of it: populations of their own. Which rule takes anybody out is method.counted_as.
select lines.*
from (
    values
    (0, 'rows_in', 'substantive', 'begins', 'rows of the file about this organisation and date'),
    (1, 'rejected', 'substantive', 'takes_out', 'rows that broke a rule of validation'),
    (2, 'checking', 'substantive', 'takes_out', 'subtotals, which check the other rows'),
    (3, 'stopped', 'substantive', 'takes_out', 'rows of people on the stop-list, whose rows are not used'),
    (4, 'not_in_post', 'substantive', 'takes_out', 'assignments that have ended or not begun, and what is no post'),
    (5, 'bank_only', 'substantive', 'takes_out', 'bank assignments of people who are not counted as substantive'),
    (6, 'honorary', 'substantive', 'takes_out', 'honorary assignments: employed by somebody else'),
    (7, 'non_executive', 'substantive', 'takes_out', 'chairs and non-executive directors: not employees'),
    (8, 'agency', 'substantive', 'takes_out', 'agency workers: employed by the agency'),
    (9, 'career_break', 'substantive', 'takes_out', 'assignments of people on a career break'),
    (10, 'no_fte', 'substantive', 'takes_out', 'substantive assignments without contracted hours'),
    (11, 'other_only', 'substantive', 'takes_out', 'other assignments of people who are counted in no other way'),
    (12, 'also_bank', 'substantive', 'takes_out', 'bank assignments of people counted as substantive'),
    (13, 'also_other', 'substantive', 'takes_out', 'other assignments of people counted as substantive or bank'),
    (14, 'duplicate', 'substantive', 'takes_out', 'further substantive assignments of a person, who keeps their hours'),
    (15, 'people', 'substantive', 'counts', 'substantive people counted'),
    (16, 'bank_rows', 'bank', 'begins', 'assignments taken out above as bank_only'),
    (17, 'bank_duplicate', 'bank', 'takes_out', 'further bank assignments of a person, who keeps their hours'),
    (18, 'bank_people', 'bank', 'counts', 'bank-only people counted'),
    (19, 'other_rows', 'other', 'begins', 'assignments taken out above as other_only'),
    (20, 'other_duplicate', 'other', 'takes_out', 'further other assignments of a person, who keeps their hours'),
    (21, 'other_people', 'other', 'counts', 'people in other employment only counted')
) as lines (step, rule, population, effect, meaning)
order by lines.step;
