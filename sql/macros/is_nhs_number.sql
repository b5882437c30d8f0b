-- is_nhs_number(cell): whether a text is ten digits whose last one is the check digit of the other nine.
--
-- Returns: boolean; false for anything else, null for null. The digits may be written 3-3-4, with blanks or hyphens.
-- Inputs:  a cell, without spaces around it.
-- Source:  NHS Data Dictionary, NHS NUMBER: the first nine digits are weighted 10 to 2, and 11 less the remainder of their sum by
--          11 is the check digit (11 is 0, and 10 isn't issued); so all ten, weighted 10 to 1, add up to a multiple of 11.
-- Caveat:  one in eleven ten-digit numbers passes by chance; only a column of them says something.
create or replace macro is_nhs_number(cell) as
if(
    regexp_full_match(cell, '[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}'),
    list_sum(
        list_transform(
            range(1, 11),
            lambda place: substr(translate(cell, ' -', ''), place::int, 1)::int * (11 - place)
        )
    ) % 11 = 0,
    if(cell is null, null, false)
);
