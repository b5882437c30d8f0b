-- ranked_marker(rank): the marker of a rank that marker_rank gave.
--
-- Returns: varchar; null for null.
create or replace macro ranked_marker(rank) as
(['[c]', '[x]', '[z]', '[u]'])[rank];
