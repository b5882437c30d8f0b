-- in_percent(weight_e12): a weight in units of 10⁻¹² as percent with one decimal, cut, so that 94.96 never reads as 95.0.
--
-- Returns: varchar, without the sign: 83.1.
create or replace macro in_percent(weight_e12) as
(weight_e12 // 10000000000) || '.' || (weight_e12 // 1000000000 % 10);
