-- in_words(names): a list of names as a sentence has it: A; A and B; A, B and C.
--
-- Returns: varchar. Null or an empty list: null.
create or replace macro in_words(names) as
case
    when len(names) > 1 then array_to_string(names[:-2], ', ') || ' and ' || names[-1]
    else names[1]
end;
