-- Grain:  as_at_date, org_code, field, source_value, classification, category, answer_status: what a sender's value became.
-- Inputs: value_count, owned, own_word, waived_file.
-- Caveat: exact counts: internal. Values are spelt as the list spells them, and blank where the cell was empty; a value outside the
--         lists is rejected before. `rows` are all accepted assignments, `people` the substantive people counted. Fields are the
--         answers and the grade; every row of one that the file has is here once: as a category, declined, missing or unknown. mapped_by and mapped_on say whose mapping
--         explains a word of the organisation's own.
select
    value_count.as_at_date,
    value_count.org_code,
    value_count.field,
    value_count.source_value,
    value_count.classification,
    value_count.category,
    value_count.answer_status,
    value_count.rows,
    value_count.people,
    own_word.owner as mapped_by,
    own_word.since as mapped_on,
    waived_file.waivers
from value_count
semi join owned
    on
        value_count.extract = owned.extract
        and value_count.org_code = owned.org_code
        and value_count.as_at_date = owned.as_at_date
left join own_word
    on
        value_count.org_code = own_word.org_code
        and value_count.field = own_word.field
        and value_count.source_value = own_word.source_value
left join waived_file
    on value_count.org_code = waived_file.org_code and value_count.as_at_date = waived_file.as_at_date
order by all;
