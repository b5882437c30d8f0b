-- is_left_out(left_out, places): whether a row stays out of a subtotal over some of its places in the publisher's table.
--
-- Returns: boolean; true where any of them says so.
-- Inputs:  the row's left_out; the numbers of the places.
create or replace macro is_left_out(left_out, places) as
coalesce(list_bool_or(list_transform(places, lambda place: left_out[place])), false);
