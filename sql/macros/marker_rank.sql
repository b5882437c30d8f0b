-- marker_rank(marker): a marker's place in the order of precedence.
--
-- Returns: 1 for [c], 2 for [x], 3 for [z], 4 for [u]; null for none. The least rank of several cells is that of their sum: whole
--          numbers, so that no order of rows matters.
-- Source:  design.md, marker.
create or replace macro marker_rank(marker) as
list_position(['[c]', '[x]', '[z]', '[u]'], marker);
