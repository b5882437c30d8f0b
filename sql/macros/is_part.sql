-- is_part(total_places, places, left_out): whether a row is a part of a publisher's subtotal.
--
-- Returns: boolean; true where the row shares each of the subtotal's places in the publisher's table, and isn't left out of one that
--          stands for "all" (null).
-- Inputs:  the subtotal's dimensions; the row's dimensions and left_out, as long.
create or replace macro is_part(total_places, places, left_out) as
list_bool_and(
    list_transform(
        range(1, len(total_places) + 1),
        lambda place: if(total_places[place] is null, not left_out[place], total_places[place] = places[place])
    )
);
