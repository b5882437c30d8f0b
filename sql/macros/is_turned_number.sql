-- is_turned_number(code): whether a code looks as if a spreadsheet had read it as a number.
--
-- Returns: boolean; true for digits only (50, 50.0) and for a number with a signed exponent (5.00E+01), both of which 5E1 becomes.
-- Inputs:  a code as its file has it, without spaces around it.
-- Source:  the code 5E1 itself has no sign, and isn't one.
create or replace macro is_turned_number(code) as
regexp_full_match(code, '[0-9]+([.,][0-9]+)?([Ee][+-][0-9]+)?');
