-- is_formula(cell): whether a spreadsheet could take a cell of a CSV file for a formula, and run it.
--
-- Returns: true where it begins with =, +, - or @, also of full width, whatever blanks stand before; or where such a sign follows a
--          semicolon, tab or end of a line, which a spreadsheet of another country takes for the end of a cell. Null for null.
-- Source:  OWASP, CSV injection.
create or replace macro is_formula(cell) as
regexp_matches(cell, '(^|[;\t\r\n])\s*[=+\-@＝＋－＠]');
