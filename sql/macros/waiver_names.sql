-- waiver_names(waivers): names of waivers, each once, in order and separated by commas; null where there is none.
--
-- Returns: text.
-- Inputs:  waivers, a list of names, which may be null or hold nulls.
create or replace macro waiver_names(waivers) as
nullif(array_to_string(list_sort(list_distinct(coalesce(waivers, []))), ', '), '');
