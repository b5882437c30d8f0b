-- is_printed_percentage(percentage, part, whole, decimals): whether a printed percentage is that of two counts.
--
-- Returns: boolean; true where the percentage lies within half a unit of its last decimal around 100 * part / whole.
-- Inputs:  percentage as decimal; part and whole as whole numbers; decimals that the publisher prints.
-- Caveat:  whole numbers and decimals only, so nothing is rounded on the way. A share that lies exactly between two printed
--          values may be printed as either: publishers round half up, spreadsheets and programs also half to even.
create or replace macro is_printed_percentage(percentage, part, whole, decimals) as
abs(percentage * whole::decimal(18, 0) - 100 * part::decimal(18, 0)) * 2 * (10 ^ decimals)::integer <= whole;
