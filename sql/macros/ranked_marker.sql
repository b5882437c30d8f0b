-- The marker of a rank that marker_rank gave; null for null.
create or replace macro ranked_marker(rank) as
(['[c]', '[x]', '[z]', '[u]'])[rank];
