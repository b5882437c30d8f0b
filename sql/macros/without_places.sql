-- without_places(dimensions, places): a row's places in the publisher's table, without some of them.
--
-- Returns: list of texts, null at the numbers that places lists; places may be null for none.
create or replace macro without_places(dimensions, places) as
list_transform(
    range(1, len(dimensions) + 1),
    lambda place: if(coalesce(list_contains(places, place), false), null, dimensions[place])
);
