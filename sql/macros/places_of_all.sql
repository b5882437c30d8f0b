-- places_of_all(dimensions): where a publisher's subtotal stands for "all".
--
-- Returns: list of the numbers of its places in the publisher's table that are null.
create or replace macro places_of_all(dimensions) as
list_filter(range(1, len(dimensions) + 1), lambda place: dimensions[place] is null);
