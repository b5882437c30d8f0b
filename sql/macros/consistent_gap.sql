-- consistent_gap(comparator, x, n, comparator_x, comparator_n, rest, z): the interval of a gap at one end of what is consistent.
--
-- Returns: struct(lower double, upper double), as gap_interval.
-- Inputs:  as gap_interval; rest, the largest share of the whole that the rest may be, for a part against its whole. There the counts
--          at the end needn't be those of one table, and the share of the rest would be taken too small with them.
-- Source:  domain.md 4.2 and 4.4; docs/decisions/0005 and 0022.
-- Uses:    gap_interval, newcombe.
create or replace macro consistent_gap(comparator, x, n, comparator_x, comparator_n, rest, z) as
if(
    comparator = 'workforce',
    struct_pack(
        lower := rest * newcombe(x, n, comparator_x - x, comparator_n - n, z).lower,
        upper := rest * newcombe(x, n, comparator_x - x, comparator_n - n, z).upper
    ),
    gap_interval(comparator, x, n, comparator_x, comparator_n, z)
);
